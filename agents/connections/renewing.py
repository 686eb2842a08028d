"""Renewing an account's access: one process asks TikTok, whatever number of them needs it.

1. Claim: one statement, committed. Whoever does not get it uses the token there is, or waits where it ran out.
2. Call: outside any transaction, shorter than the lease. No lock is held while TikTok thinks.
3. Keep: the new pair is committed, encrypted, before anybody uses it; fenced by the pair it replaces.

TikTok's refresh token is good once, and the old one dies with the answer. An answer that is lost, or a worker
that dies between 2 and 3, is found out by asking once more: either nothing had happened, or TikTok says
`invalid_grant`, and the account has to be connected again. Nothing else can be known.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection as database
from django.views.decorators.debug import sensitive_variables

from agents.connections.models import TikTokConnection
from agents.connections.services import (
    Pair,
    claim_renewal,
    keep_renewed,
    lose,
    pair_of,
    release_renewal,
)
from agents.providers.errors import (
    AccessRefused,
    Advice,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    ReconnectNeeded,
)
from agents.providers.registry import get_provider
from agents.providers.tiktok.grants import OAuth, SpeaksOAuth
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.vault.envelope import VaultKeyUnknown, VaultRefused

ALIAS = "tiktok"
EARLY_SECONDS = 30.0
"""A token is not used in its last seconds: the call would end after it."""

BUSY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Access:
    """A token to speak with, and the version of the pair it is of."""

    version: int
    token: str = field(repr=False)


class AccessBusy(ProviderUnavailable):
    """The account's access is being renewed this moment; wait."""

    default_advice = Advice.WAIT


def oauth_for(mode: str) -> OAuth:
    """Return the OAuth of TikTok in a mode, and in no other; raises `ProviderMisconfigured`."""
    provider = get_provider(ALIAS)
    if not isinstance(provider, SpeaksOAuth):
        raise ProviderMisconfigured(
            f"PROVIDERS[{ALIAS!r}]['BACKEND'] is {type(provider).__qualname__!r}, which is not TikTok; name a "
            "TikTok provider."
        )
    if provider.simulated != (mode == "sandbox"):
        here = "sandbox" if provider.simulated else "live"
        raise ProviderMisconfigured(
            f"The account is of the mode {mode!r} and TIKTOK_MODE is {here!r}: set the one to the other's.",
            was_sent=False,
            may_have_acted=False,
        )
    return provider.oauth


@sensitive_variables()
def access_of(connection: TikTokConnection, *, by: str, why: str) -> Access:
    """Return a good access token of a connection, renewed where that is due.

    Raises `ReconnectNeeded`, `AccessBusy` while another process renews one that ran out, and what the renewal
    itself raises where there is no good one left.
    """
    check_connected(connection)
    is_good = _is_after(connection.expires_at, seconds=EARLY_SECONDS)
    is_due = not _is_after(connection.renew_at)
    if is_due and claim_renewal(connection):
        try:
            return _renewed(connection, by=by)
        except ReconnectNeeded:
            raise
        except ProviderError as trouble:
            if trouble.may_have_acted or not is_good:
                raise
    elif not is_good:
        check_connected(_again(connection))
        raise AccessBusy(retry_after_seconds=BUSY_SECONDS, was_sent=False, may_have_acted=False)
    pair = _opened(connection, by=by, why=why)
    return Access(pair.version, pair.access_token)


def check_connected(connection: TikTokConnection) -> None:
    """Raise `ReconnectNeeded`, or `AccessRefused` where people ended the connection."""
    account = connection.account
    if connection.status == "disconnected":
        raise AccessRefused(
            f"{account} was disconnected from TikTok: choose 'Connect to TikTok' on its page.",
            was_sent=False,
            may_have_acted=False,
        )
    if connection.status == "reconnect":
        raise ReconnectNeeded(_reconnect(connection, connection.why))


def _reconnect(connection: TikTokConnection, why: str) -> str:
    return (
        f"{connection.account} has to be connected to TikTok again: {why} Choose 'Connect to TikTok' on its page; "
        "this goes on by itself then."
    )


def _is_after(moment: datetime, *, seconds: float = 0) -> bool:
    """Return whether a moment is more than `seconds` from now, by the database's clock."""
    with database.cursor() as cursor:
        cursor.execute("SELECT %s > clock_timestamp() + make_interval(secs => %s)", [moment, seconds])
        return bool(cursor.fetchone()[0])


def _again(connection: TikTokConnection) -> TikTokConnection:
    """Return the connection as it is now."""
    return TikTokConnection.objects.select_related("account").get(id=connection.id)


def _lost(connection: TikTokConnection, why: str, *, by: str) -> ReconnectNeeded:
    """Say that it has to be connected again, and return that to be raised."""
    lose(connection=connection, why=why, by=by)
    return ReconnectNeeded(_reconnect(connection, why))


@sensitive_variables()
def _renewed(connection: TikTokConnection, *, by: str) -> Access:
    """Renew the claimed connection and return the new access, which is kept by then."""
    account = connection.account
    if not _is_after(connection.refresh_expires_at):
        raise _lost(connection, "it was not used for so long that TikTok asks anew.", by=by)
    try:
        oauth = oauth_for(connection.mode)
        pair = _opened(connection, by=by, why="to renew it")
        pass_by(CrashPoint.IN_RENEWING, account.id)
        grant = oauth.refresh(refresh_token=pair.refresh_token)
    except ProviderError as trouble:
        if trouble.code == "invalid_grant":
            raise _lost(connection, "TikTok no longer takes what it gave us for it.", by=by) from trouble
        release_renewal(connection)
        raise
    pass_by(CrashPoint.BEFORE_PAIR_KEPT, account.id)
    version = keep_renewed(connection=connection, grant=grant, by=by)
    pass_by(CrashPoint.AFTER_PAIR_KEPT, account.id)
    if version is None:  # another pair is in use, or none
        check_connected(_again(connection))
        raise AccessBusy(retry_after_seconds=BUSY_SECONDS, was_sent=False, may_have_acted=False)
    return Access(version, grant.access_token)


@sensitive_variables()
def _opened(connection: TikTokConnection, *, by: str, why: str) -> Pair:
    """Return the pair in use; one that the vault has no more means that it has to be connected again."""
    try:
        return pair_of(connection, by=by, why=why)
    except VaultKeyUnknown as unknown:
        raise ProviderMisconfigured(str(unknown), was_sent=False, may_have_acted=False) from unknown
    except VaultRefused as refused:
        again = _again(connection)
        check_connected(again)
        if again.secret_version != connection.secret_version:  # renewed since it was read
            return pair_of(again, by=by, why=why)
        raise _lost(connection, "what opens it is not in the vault any more.", by=by) from refused
