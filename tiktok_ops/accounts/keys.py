"""API keys: shown once, kept as a digest, found again by the text an integrator sends.

A key is written `tto_<prefix>_<secret>`: the prefix finds the row, the secret proves it.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tiktok_ops.accounts.models import ApiKey, Brand, Membership, User, Workspace
from tiktok_ops.audit.services import record
from tiktok_ops.errors import Refused
from tiktok_ops.rest.scopes import Scope, parse_scopes

KEY_MARK = "tto"
USE_NOTED_EVERY = timedelta(minutes=1)

_PREFIX_LENGTH = 10
_PREFIX_ALPHABET = string.ascii_letters + string.digits
_SECRET_BYTES = 32
_NAME_LENGTH = 120
# 32 bytes are 43 characters of base64url (RFC 4648, section 5) without padding.
_WRITTEN = re.compile(rf"{KEY_MARK}_([A-Za-z0-9]{{8,12}})_([A-Za-z0-9_-]{{43}})")
_NO_DIGEST = "0" * 64

KeyStatus = Literal["active", "expired", "revoked"]


class KeyRefused(Refused):
    """This API key cannot be issued or revoked."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and its text, which exists nowhere else and is shown once."""

    key: ApiKey
    secret_text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _KeyText:
    """The two halves of a written key; its `repr` leaves the secret out."""

    prefix: str
    secret: str = field(repr=False)

    @classmethod
    def fresh(cls) -> Self:
        """Make a new one from the system's randomness."""
        prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(_PREFIX_LENGTH))
        return cls(prefix=prefix, secret=secrets.token_urlsafe(_SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the halves of `text`, None when it is not written like a key."""
        written = _WRITTEN.fullmatch(text)
        return cls(*written.groups()) if written else None

    @property
    def text(self) -> str:
        """The whole key, as the integrator keeps it."""
        return f"{KEY_MARK}_{self.prefix}_{self.secret}"

    @property
    def digest(self) -> str:
        """SHA-256 of the secret in hexadecimal: 32 random bytes need no salt and no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def issue_key(
    *,
    workspace: Workspace,
    name: str,
    scopes: Iterable[str],
    by: User | str,
    brand: Brand | None = None,
    acts_for: User | None = None,
    expires_at: datetime | None = None,
    is_sandbox_only: bool = True,
) -> IssuedKey:
    """Make a key for a workspace, or one brand of it, and return it with its text.

    A key that decides acts for a person who may decide there; people make one for themselves only.
    `expires_at` is aware; None means until revoked. Raises `ScopeRefused` or `KeyRefused`, each one
    sentence, having written nothing.
    """
    granted = parse_scopes(scopes)
    _check_name(name)
    _check_brand(brand, workspace)
    _check_expiry(expires_at)
    _check_decides_for_somebody(granted, acts_for)
    if acts_for is not None:
        _check_acts_for(acts_for, workspace=workspace, brand=brand, by=by)
    made = _KeyText.fresh()
    with transaction.atomic():
        key = ApiKey.objects.create(
            workspace=workspace,
            brand=brand,
            name=name.strip(),
            prefix=made.prefix,
            secret_digest=made.digest,
            scopes=[scope.value for scope in granted],
            acts_for=acts_for,
            is_sandbox_only=is_sandbox_only,
            created_by=by if isinstance(by, User) else None,
            expires_at=expires_at,
        )
        _record("api_key.issued", key, by=by)
    return IssuedKey(key=key, secret_text=made.text)


def revoke_key(*, key_id: UUID, by: User | str) -> ApiKey:
    """End a key at once and for good; its next request is refused.

    Raises `KeyRefused` when there is no such key, or it was revoked before.
    """
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().filter(id=key_id).first()
        if key is None:
            raise KeyRefused(f"There is no API key with the id {str(key_id)!r}.")
        if key.revoked_at is not None:
            raise KeyRefused(
                f"The API key {key.prefix!r} was revoked before, on {key.revoked_at:%Y-%m-%d %H:%M} UTC."
            )
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        _record("api_key.revoked", key, by=by)
    return key


def find_key(text: str) -> ApiKey | None:
    """Return the key written `text`, with its workspace, brand and person; None unless it may be used now.

    Wrong, expired and revoked keys are all None: who does not hold a key learns nothing from it.
    Notes the use, at most once a minute.
    """
    presented = _KeyText.read(text)
    del text  # a traceback that prints local variables must not print the key
    if presented is None:
        return None
    keys = ApiKey.objects.select_related("workspace", "brand", "acts_for")
    key = keys.filter(prefix=presented.prefix).first()
    # Compared also where there is no such prefix, so that the time taken does not tell which exist.
    is_genuine = hmac.compare_digest(presented.digest, key.secret_digest if key else _NO_DIGEST)
    now = timezone.now()
    if key is None or not is_genuine or key_status(key, at=now) != "active":
        return None
    _note_use(key, now)
    return key


def key_now(key: ApiKey) -> ApiKey | None:
    """Return the key as it is now, None when it may no longer be used; for answers that take their time."""
    now = ApiKey.objects.filter(id=key.id, secret_digest=key.secret_digest).first()
    return now if now is not None and key_status(now, at=timezone.now()) == "active" else None


def key_status(key: ApiKey, *, at: datetime) -> KeyStatus:
    """Return what the key is at a time: only an active one opens anything."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= at:
        return "expired"
    return "active"


def key_actor(key: ApiKey) -> str:
    """Return how the record names a key as an actor, as in `api_key:Ab3dEf6hIj`."""
    return f"api_key:{key.prefix}"


def _note_use(key: ApiKey, now: datetime) -> None:
    """Write the time of use, unless it, or another request meanwhile, did within the minute."""
    before = now - USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > before:
        return
    long_ago = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
    ApiKey.objects.filter(long_ago, id=key.id).update(last_used_at=now)
    key.last_used_at = now


def _record(verb: str, key: ApiKey, *, by: User | str) -> None:
    record(
        verb,
        by=by,
        subject=f"API key {key.prefix}",
        workspace_id=key.workspace_id,
        data={
            "name": key.name,
            "scopes": key.scopes,
            "acts_for": key.acts_for.username if key.acts_for else None,
            "brand": str(key.brand_id) if key.brand_id else None,
            "sandbox_only": key.is_sandbox_only,
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        },
    )


def _check_name(name: str) -> None:
    if not (name.strip() and len(name.strip()) <= _NAME_LENGTH and name.isprintable()):
        raise KeyRefused(
            f"The name {name!r} does not do for an API key: "
            f"say in 1 to {_NAME_LENGTH} printable characters who will use it."
        )


def _check_brand(brand: Brand | None, workspace: Workspace) -> None:
    if brand is not None and brand.workspace_id != workspace.id:
        raise KeyRefused(
            f"The brand {brand.name!r} is not one of the workspace {workspace.slug!r}: "
            "choose a brand of it, or none."
        )


def _check_expiry(expires_at: datetime | None) -> None:
    if expires_at is None:
        return
    if timezone.is_naive(expires_at):
        raise KeyRefused(f"The expiry {expires_at.isoformat()!r} has no time zone: add one, such as +00:00.")
    if expires_at <= timezone.now():
        raise KeyRefused(
            f"The expiry {expires_at.isoformat()!r} is not in the future: choose a later one, or none."
        )


def _check_decides_for_somebody(scopes: Iterable[Scope], person: User | None) -> None:
    """Raise `KeyRefused` unless the key acts for a person exactly when it may decide."""
    decides = Scope.APPROVALS_DECIDE in scopes
    if decides and person is None:
        raise KeyRefused(
            f"The scope {Scope.APPROVALS_DECIDE.value!r} needs a person: "
            "a decision is somebody's own, so say for whom the key acts."
        )
    if person is not None and not decides:
        raise KeyRefused(
            f"A key acts for {person.username!r} only to decide: "
            f"give it the scope {Scope.APPROVALS_DECIDE.value!r}, or let it act for nobody."
        )


def _check_acts_for(person: User, *, workspace: Workspace, brand: Brand | None, by: User | str) -> None:
    """Raise `KeyRefused` unless `by` may make a key that acts for this person, who decides there.

    What such a key decides counts as that person's own: who could make one for another, an owner for an
    approver, could approve in their name behind their back. Whoever has a shell holds the database and
    could do so anyway; a process (`by` is text) may therefore name anybody, and the audit trail says so.
    The person may lose the role later: each decision asks again.
    """
    if isinstance(by, User) and by != person:
        raise KeyRefused(
            f"A key that acts for {person.username!r} is theirs to make: make one that acts for yourself."
        )
    if not _decides(person, workspace, brand):
        where = f"on the brand {brand.name!r}" if brand else f"in the workspace {workspace.slug!r}"
        raise KeyRefused(
            f"{person.username!r} may not decide {where}, so no key may for them: "
            "give them the role of an approver, or finance approver, there first."
        )


def _decides(person: User, workspace: Workspace, brand: Brand | None) -> bool:
    """Return whether the person decides somewhere in the workspace, or for a key of one brand on that brand."""
    roles = person.memberships.granting(*Scope.APPROVALS_DECIDE.capabilities).filter(workspace=workspace)
    if brand is not None:
        roles = roles.filter(Q(reach=Membership.Reach.WORKSPACE) | Q(brands=brand))
    return person.is_active and roles.exists()
