"""What TikTok's OAuth gives and takes, as plain values; nothing in here speaks to anybody.

Source: developers.tiktok.com, "Login Kit" and "Manage user access tokens" (November 2026).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from urllib.parse import urlencode

from agents.providers.errors import ProviderError

SCOPES = (
    "user.info.basic",
    "user.info.profile",
    "user.info.stats",
    "video.list",
    "video.upload",
    "video.publish",
)
"""What an account is connected with: who it is, how it does, its videos, and to post."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A pair of tokens of one account, and how long each is good, in seconds, as TikTok says with it.

    The refresh token is good once: whoever gets a pair keeps it before using it. `open_id` is TikTok's id of
    the account for our app. `scopes` may be fewer than were asked for.
    """

    open_id: str
    scopes: tuple[str, ...]
    access_token: str = field(repr=False)
    expires_in_seconds: int
    refresh_token: str = field(repr=False)
    refresh_expires_in_seconds: int


class OAuth(Protocol):
    """What the provider's OAuth can be asked; `agents.providers.tiktok.oauth` has it."""

    def authorize_url(self, *, state: str, redirect_uri: str, verifier: str, hint: str) -> str:
        """Return where the account's owner says yes."""

    def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Return the first pair for a code."""

    def refresh(self, *, refresh_token: str) -> Grant:
        """Return a new pair for the one before."""

    def revoke(self, *, token: str) -> None:
        """End all that was granted with this token."""

    def refusal(self, *, error: str, said: str) -> ProviderError:
        """Return the error for what an owner's browser came back with instead of a code."""


@runtime_checkable
class SpeaksOAuth(Protocol):
    """A provider accounts can be connected to; its module is the registry's to import."""

    @property
    def oauth(self) -> OAuth:
        """Return its OAuth."""

    @property
    def simulated(self) -> bool:
        """Return whether this is the sandbox."""


def challenge_of(verifier: str) -> str:
    """Return the PKCE challenge as TikTok wants it: the SHA-256 in hex, not in the base64url of RFC 7636."""
    return hashlib.sha256(verifier.encode()).hexdigest()


def authorize_query(
    *, client_key: str, scopes: Sequence[str], redirect_uri: str, state: str, verifier: str
) -> str:
    """Return the query of the address where an account's owner is asked; consent is always shown."""
    asked: Mapping[str, str] = {
        "client_key": client_key,
        "scope": ",".join(scopes),
        "redirect_uri": redirect_uri,
        "state": state,
        "response_type": "code",
        "disable_auto_auth": "1",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    return urlencode(asked)
