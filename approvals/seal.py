"""The seal on a decision: an HMAC over what was decided, with a key that is not in the database.

HMAC-SHA256 (RFC 2104) over canonical JSON. Keys come from the environment, newest first; each has an id,
so that a decision sealed with an older key is still verified while both are configured.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from tiktok_ops.canonical import canonical_json
from tiktok_ops.errors import Overtaken


class SealBroken(Overtaken):
    """The seal does not match: what was approved is not what is here now."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal covers: who said what, when, of which bytes of which request on which account."""

    request_id: UUID
    account_id: UUID
    kind: str
    verb: str
    payload_sha256: str
    decided_by: UUID
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal and the id of the key it was made with."""

    value: str
    key_id: str


def digest_of(payload: bytes) -> str:
    """Return the SHA-256 of the bytes, in hex."""
    return hashlib.sha256(payload).hexdigest()


def seal(what: Sealed) -> Seal:
    """Seal with the newest key."""
    key_id, key = settings.APPROVAL_KEYS[0]
    return Seal(_hmac(what, key), key_id)


def check_seal(what: Sealed, made: Seal) -> None:
    """Raise `SealBroken` unless `made` is the seal on `what`, by the key it names."""
    key = dict(settings.APPROVAL_KEYS).get(made.key_id)
    if key is None:
        raise SealBroken(
            f"The key {made.key_id!r} this decision was sealed with is not configured: add it to APPROVAL_KEYS."
        )
    if not hmac.compare_digest(_hmac(what, key), made.value):
        raise SealBroken


def _hmac(what: Sealed, key: str) -> str:
    covered = canonical_json(
        {
            "request": str(what.request_id),
            "account": str(what.account_id),
            "kind": what.kind,
            "verb": what.verb,
            "payload_sha256": what.payload_sha256,
            "decided_by": str(what.decided_by),
            "decided_at": int(what.decided_at.timestamp() * 1_000_000),
        }
    )
    return hmac.new(key.encode(), covered, hashlib.sha256).hexdigest()
