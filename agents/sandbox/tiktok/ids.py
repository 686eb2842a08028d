"""Ids of the sandbox TikTok: an account's at each family follow from its username; new ones look like TikTok's."""

import hashlib
import secrets
from datetime import datetime

FIRST_ID = 7 * 10**18
"""TikTok's ids have 19 digits, above 2^53, and grow with time."""


def number_of(text: str, digits: int) -> str:
    """Return a number of so many digits that always is the same for a text; none begins with 0."""
    drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])
    lowest: int = 10 ** (digits - 1)
    return str(lowest + drawn % (9 * lowest))


def fresh_id(at: datetime) -> str:
    """Return a new id of something that came to be at a moment (aware); later ones are larger, to the second."""
    return str(FIRST_ID + (int(at.timestamp()) << 27) + secrets.randbelow(1 << 27))


def advertiser_id_of(username: str) -> str:
    """Return the id of an account's advertiser."""
    return number_of(f"advertiser {username}", 19)


def shop_id_of(username: str) -> str:
    """Return the id of an account's shop."""
    return number_of(f"shop {username}", 19)


def shop_cipher_of(username: str) -> str:
    """Return what names an account's shop in each call for it."""
    return f"ROW_{hashlib.sha256(f'shop {username}'.encode()).hexdigest()[:24]}"


def warehouse_id_of(username: str) -> str:
    """Return the id of the first warehouse of an account's shop."""
    return number_of(f"warehouse {username}", 19)


def creator_open_id_of(username: str) -> str:
    """Return under which id the shop's affiliate endpoints know a creator."""
    return f"c-{hashlib.sha256(f'creator {username}'.encode()).hexdigest()[:24]}"


def unique_identifier_of(username: str) -> str:
    """Return under which id the Accounts API knows whoever commented."""
    return f"+{hashlib.sha256(f'person {username}'.encode()).hexdigest()[:22]}"
