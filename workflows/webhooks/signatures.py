"""Whether a provider really sent these bytes, and when: decisions only.

Both our sources sign alike: `t=<Unix seconds>,s=<hex>`, where `s` is HMAC-SHA256 of `t`, a dot and the raw
body. Source: developers.tiktok.com, "Webhooks: Verification"; the studio's format is ours (docs/studio.md).
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from enum import StrEnum

TOLERANCE_SECONDS = 300
"""How far a message may be from now, before and after; TikTok's page says "too old" and no number."""

LONGEST_HEADER = 512
_SECONDS = re.compile(r"[0-9]{1,12}")
_HEX = re.compile(r"[0-9a-f]{64}")


class Age(StrEnum):
    """How old a signed message is: of now, late (it may be a repetition), or out of any time."""

    FRESH = "fresh"
    LATE = "late"
    OUT_OF_TIME = "out of time"


def signed_at(header: str | None, raw: bytes, *, secrets: Sequence[str]) -> int | None:
    """Return when `raw` was signed, in Unix seconds; None unless one of the secrets signed exactly that.

    A header without exactly one `t` and one `s`, both in their one spelling, is none. How long this takes
    does not depend on which secret fits or where a signature differs.
    """
    read = _read(header or "")
    if read is None:
        return None
    seconds, given = read
    signed = seconds.encode() + b"." + raw
    fits = [
        hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).digest(), given)
        for secret in secrets
        if secret
    ]
    return int(seconds) if any(fits) else None


def age_of(signed: int, *, now: int, late_seconds: int) -> Age:
    """Return how old a message is at `now`; `late_seconds` is how much longer its sender repeats itself."""
    age = now - signed
    if abs(age) <= TOLERANCE_SECONDS:
        return Age.FRESH
    return Age.LATE if 0 < age <= TOLERANCE_SECONDS + late_seconds else Age.OUT_OF_TIME


def _read(header: str) -> tuple[str, bytes] | None:
    """Return the seconds as they are written and the signature; None where the header is not whole."""
    if len(header) > LONGEST_HEADER:
        return None
    pairs = [part.strip(" ").partition("=") for part in header.split(",")]
    seconds = [value for name, _, value in pairs if name == "t"]
    given = [value for name, _, value in pairs if name == "s"]
    if len(seconds) != 1 or len(given) != 1:
        return None
    if not _SECONDS.fullmatch(seconds[0]) or not _HEX.fullmatch(given[0]):
        return None
    return seconds[0], bytes.fromhex(given[0])
