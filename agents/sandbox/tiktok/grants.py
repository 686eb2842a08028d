"""What creators allow our app on the sandbox TikTok: codes, tokens, their rotation and their end.

Tokens are kept as digests. The plain `act.sandbox~…` tokens of `wire.sandbox_token` are good beside these,
without a grant and for every scope: tests and accounts that never were connected speak with them.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet

from agents.sandbox.tiktok.notices import tell
from agents.sandbox.tiktok.wire import digest_of, username_of
from agents.sandbox_grant_models import SandboxGrant, SandboxToken
from agents.sandbox_models import SandboxCreator
from tiktok_ops.clock import database_now

SANDBOX_CLIENT_KEY = "aw_sandbox_client"
SANDBOX_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105
ACCESS_LASTS = timedelta(hours=2)
REFRESH_LASTS = timedelta(days=180)
CODE_LASTS = timedelta(minutes=10)
"""TikTok's pages of November 2026 for the tokens; for the code TikTok names no time."""

DISCONNECTED_BY_USER = 1
"""The `reason` of `authorization.removed` where the creator took it back."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a token is, and what it opens; None for everything the creator can allow."""

    username: str
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A fresh pair of tokens, and the grant they are of; the one moment the texts exist here."""

    access_token: str
    refresh_token: str
    grant: SandboxGrant


def owner_of(token: str) -> Owner | None:
    """Return whose an access token is, as long as it is good; None for any other."""
    if username := username_of(token):
        return Owner(username)
    found = (
        SandboxToken.objects.filter(
            access_digest=digest_of(token), grant__removed_at=None, expires_at__gt=database_now()
        )
        .select_related("grant__creator")
        .first()
    )
    return Owner(found.grant.creator.username, frozenset(found.grant.scopes)) if found and token else None


def grant_by_code(code: str) -> SandboxGrant | None:
    """Return the grant a code was given for, used or not."""
    return SandboxGrant.objects.select_related("creator").filter(code_digest=digest_of(code)).first()


def pair_by_token(token: str) -> SandboxToken | None:
    """Return the pair one of whose tokens this is, dead or not."""
    digest = digest_of(token)
    either = Q(access_digest=digest) | Q(refresh_digest=digest)
    return SandboxToken.objects.select_related("grant__creator").filter(either).first() if digest else None


def allow(
    creator: SandboxCreator,
    *,
    scopes: list[str],
    redirect_uri: str,
    code_challenge: str = "",
    client_key: str = SANDBOX_CLIENT_KEY,
) -> str:
    """Write down that a creator allows an app these scopes; return the code that is good for it, once."""
    code = f"{secrets.token_urlsafe(24)}*0!sandbox"  # TikTok's have such signs, too: it has to be encoded
    SandboxGrant.objects.create(
        creator=creator,
        client_key=client_key,
        scopes=[scope for scope in scopes if scope in creator.scopes],
        redirect_uri=redirect_uri,
        code_digest=digest_of(code),
        code_challenge=code_challenge,
        code_expires_at=database_now() + CODE_LASTS,
    )
    return code


def is_redeemable(grant: SandboxGrant, *, client_key: str, redirect_uri: str, verifier: str) -> bool:
    """Return whether a code may be turned into tokens by whoever shows this with it.

    The challenge is TikTok's own: the verifier's SHA-256 in hex, not in the base64 of RFC 7636.
    """
    challenge = hashlib.sha256(verifier.encode()).hexdigest()
    return (
        grant.code_used_at is None
        and grant.removed_at is None
        and database_now() < grant.code_expires_at
        and (grant.client_key, grant.redirect_uri) == (client_key, redirect_uri)
        and (
            not grant.code_challenge or hmac.compare_digest(grant.code_challenge.encode(), challenge.encode())
        )
    )


def redeem(grant: SandboxGrant) -> Pair:
    """Turn a grant's code into its first pair of tokens."""
    grant.code_used_at = database_now()
    grant.save(update_fields=["code_used_at"])
    return _issue(grant)


def is_renewable(pair: SandboxToken, *, refresh_token: str, client_key: str) -> bool:
    """Return whether this is the pair's refresh token, still good, of this app."""
    return (
        pair.refresh_digest == digest_of(refresh_token)
        and pair.rotated_at is None
        and pair.grant.removed_at is None
        and pair.grant.client_key == client_key
        and database_now() < pair.refresh_expires_at
    )


def renew(pair: SandboxToken) -> Pair:
    """Give a new pair for an old one, whose refresh token is dead from now on.

    The old access token stays good until it runs out: TikTok's pages say of the refresh token alone that it dies.
    """
    pair.rotated_at = database_now()
    pair.save(update_fields=["rotated_at"])
    return _issue(pair.grant)


def remove(grants: QuerySet[SandboxGrant]) -> int:
    """End grants with all their tokens; return how many were not over."""
    return grants.filter(removed_at=None).update(removed_at=database_now())


def take_back(creator: SandboxCreator, *, reason: int = DISCONNECTED_BY_USER) -> None:
    """Let a creator take our access back in the TikTok app; our app is told so by webhook."""
    if remove(SandboxGrant.objects.filter(creator=creator)):
        tell(creator, "authorization.removed", {"reason": reason}, at=database_now())


def _issue(grant: SandboxGrant) -> Pair:
    now = database_now()
    pair = Pair(f"act.{secrets.token_urlsafe(32)}", f"rft.{secrets.token_urlsafe(32)}", grant)
    SandboxToken.objects.create(
        grant=grant,
        access_digest=digest_of(pair.access_token),
        refresh_digest=digest_of(pair.refresh_token),
        issued_at=now,
        expires_at=now + ACCESS_LASTS,
        refresh_expires_at=now + REFRESH_LASTS,
    )
    return pair
