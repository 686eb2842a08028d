"""Connecting an account: from our page to TikTok's and back, bound to one browser session, once, within minutes.

The session keeps the state (RFC 6749, 10.12) and what it was for. The PKCE verifier is not kept: it follows from
the state and the installation's secret.
"""

import hmac
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from uuid import UUID

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from agents.connections.models import TikTokConnection
from agents.connections.renewing import ALIAS, oauth_for
from agents.connections.services import connect, connection_of, disconnect, pair_of
from agents.providers.errors import AccessRefused, ProviderError
from agents.providers.registry import get_provider
from agents.providers.tiktok.grants import SCOPES, Grant, OAuth
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.errors import Refused
from tiktok_ops.vault.envelope import VaultRefused

if TYPE_CHECKING:
    from agents.providers.tiktok.read.display import DisplayReader

SESSION_KEY = "connecting_to_tiktok"
GOOD_SECONDS = 600
_SALT = "agents.connections.flow: PKCE verifier"
_NEEDED = frozenset(SCOPES)


class ConnectRefused(Refused):
    """This account cannot be connected."""


@runtime_checkable
class HasDisplay(Protocol):
    """A provider that can be asked who a token's account is; its module is the registry's to import."""

    @property
    def display(self) -> "DisplayReader":
        """Return what reads profiles."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a session waits to be called back for."""

    state: str
    account_id: UUID
    mode: str
    redirect_uri: str
    begun_at: float

    @property
    def verifier(self) -> str:
        """The PKCE verifier: 64 characters nobody without the installation's secret can tell."""
        return salted_hmac(_SALT, self.state, algorithm="sha256").hexdigest()


def begin(session: MutableMapping[str, Any], *, account: TikTokAccount, redirect_uri: str) -> str:
    """Remember in the session that this account is being connected; return where its owner is asked.

    A second beginning takes the first one's place. Raises `ConnectRefused` and `ProviderMisconfigured`.
    """
    if account.ownership != TikTokAccount.Ownership.OWN:
        raise ConnectRefused(f"{account} is a third party's: only an account of your own can be connected.")
    pending = Pending(token_urlsafe(32), account.id, account.mode, redirect_uri, time.time())
    url = oauth_for(account.mode).authorize_url(
        state=pending.state, redirect_uri=redirect_uri, verifier=pending.verifier, hint=account.handle
    )
    session[SESSION_KEY] = {
        "state": pending.state,
        "account_id": str(account.id),
        "mode": pending.mode,
        "redirect_uri": redirect_uri,
        "begun_at": pending.begun_at,
    }
    return url


def take(session: MutableMapping[str, Any], *, state: str) -> Pending:
    """Return what this session waits for, once: whatever comes of it, the state is good no more.

    Raises `ConnectRefused` for another session's state, a used one, or one that is too old.
    """
    kept: Mapping[str, Any] | None = session.pop(SESSION_KEY, None)
    if kept is None or not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
        raise ConnectRefused(
            "This answer of TikTok's is not for anything begun in this browser: begin again on the account's page."
        )
    pending = Pending(
        state=kept["state"],
        account_id=UUID(kept["account_id"]),
        mode=kept["mode"],
        redirect_uri=kept["redirect_uri"],
        begun_at=kept["begun_at"],
    )
    if not 0 <= time.time() - pending.begun_at <= GOOD_SECONDS:
        raise ConnectRefused("Connecting took longer than 10 minutes: begin again on the account's page.")
    return pending


@sensitive_variables()
def complete(pending: Pending, *, code: str, by: User) -> TikTokConnection:
    """Turn TikTok's code into a connection of the account it was begun for.

    Whoever signed in at TikTok has to be that account, and has to allow all that is asked; else what was
    granted is revoked at once. Raises `ConnectRefused` and `ProviderError`.
    """
    account = TikTokAccount.objects.visible_to(by, Capability.MANAGE).filter(id=pending.account_id).first()
    if account is None or account.mode != pending.mode:
        raise ConnectRefused(
            "You may not connect this account any more, or its mode was changed: look at it again."
        )
    oauth = oauth_for(pending.mode)
    grant = oauth.exchange(code=code, redirect_uri=pending.redirect_uri, verifier=pending.verifier)
    problem = _problem_of(grant, account)
    if problem:
        _give_back(oauth, grant)
        raise ConnectRefused(problem)
    return connect(account=account, mode=pending.mode, grant=grant, by=by)


def refusal_of(pending: Pending, *, error: str, said: str) -> Refused:
    """Return what to tell a person whom TikTok sent back without a code; `error` is TikTok's word for why."""
    if not error:
        return ConnectRefused("TikTok sent you back without a code and without a reason: connect it again.")
    return oauth_for(pending.mode).refusal(error=error, said=said)


@sensitive_variables("grant")
def _problem_of(grant: Grant, account: TikTokAccount) -> str:
    """Return why a grant does not do for the account; empty where it does."""
    missing = sorted(_NEEDED - set(grant.scopes))
    if missing:
        return (
            f"TikTok was not allowed to give us {', '.join(missing)} of {account}: connect it again and leave "
            "everything ticked."
        )
    username = _username_of(grant)
    if username.lower() != account.handle.lower():
        return f"You signed in to TikTok as @{username}, and this is {account}: sign out there, and connect it again."
    return ""


@sensitive_variables("grant")
def _username_of(grant: Grant) -> str:
    provider = get_provider(ALIAS)
    assert isinstance(provider, HasDisplay)
    return provider.display.user_info(token=grant.access_token).username


@sensitive_variables("grant")
def _give_back(oauth: OAuth, grant: Grant) -> None:
    """Revoke what was granted to us by mistake, as far as TikTok can be asked."""
    try:
        oauth.revoke(token=grant.access_token)
    except ProviderError:
        return  # it is kept nowhere, so it runs out unused


@sensitive_variables()
def end(*, account: TikTokAccount, by: User) -> None:
    """Disconnect the account: TikTok is asked to revoke, then its tokens are destroyed.

    Raises `ConnectRefused` where it is not connected, and `ProviderError` where TikTok could not be asked;
    then nothing has changed.
    """
    connection = connection_of(account, account.mode)
    if connection is None or connection.status == "disconnected":
        raise ConnectRefused(f"{account} is not connected to TikTok.")
    try:
        pair = pair_of(connection, by=f"user:{by.username}", why="to revoke it")
        oauth_for(connection.mode).revoke(token=pair.access_token)
    except VaultRefused:
        pass  # there is nothing left to revoke with
    except AccessRefused:
        pass  # TikTok had ended it already
    disconnect(connection=connection, by=by)
