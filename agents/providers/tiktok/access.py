"""With which token we speak for an account, and under which ids TikTok speaks of it.

Tokens are in the vault alone: whoever speaks asks for one, uses it and forgets it. An account of the sandbox
that never was connected speaks with a token the sandbox gives to everybody; it knows the same creator by it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from agents.connections.renewing import access_of as connected_access
from agents.connections.services import connection_of, renew_soon
from agents.providers.errors import AccessRefused, ProviderUnavailable
from agents.sandbox.tiktok.ids import advertiser_id_of, shop_cipher_of
from agents.sandbox.tiktok.wire import open_id_of, sandbox_token
from tiktok_ops.accounts.models import TikTokAccount

ACTOR = "worker"
STALE = "access_token_invalid"


@dataclass(frozen=True, slots=True)
class Access:
    """An account's token, and its id at each family: the Accounts API, ads and discovery, the shop."""

    token: str = field(repr=False)
    business_id: str
    advertiser_id: str
    shop_cipher: str


@sensitive_variables()
def access_token(*, account: TikTokAccount, mode: str, by: str = ACTOR, handle: str = "") -> str:
    """Return an access token of the account that is good now; it is renewed first where that is due.

    `handle` is what the account was called when that was approved, where it may be called otherwise by now: the
    sandbox's plain token is of a name. Raises `AccessRefused` where it is not connected, `ReconnectNeeded` where
    it has to be again, and what TikTok's OAuth raises where it could not be renewed. Calls TikTok: never within
    a transaction.
    """
    return _access(account, mode, by=by, handle=handle)[1]


@contextmanager
def speaking_for(*, account: TikTokAccount, mode: str, by: str = ACTOR, handle: str = "") -> Iterator[str]:
    """Lend an access token, as `access_token` gives it, for the calls of the block.

    Where TikTok does not take it although its time has not come, it is renewed before the next call, and the
    block raises `ProviderUnavailable`: nothing was done, and trying again helps.
    """
    version, token = _access(account, mode, by=by, handle=handle)
    try:
        yield token
    except AccessRefused as refused:
        connection = connection_of(account, mode)
        if connection is None or refused.code != STALE:
            raise
        renew_soon(connection, version=version)
        raise ProviderUnavailable(
            f"TikTok did not take our access to {account}; it is renewed before the next call, so try again.",
            request_id=refused.request_id,
            code=STALE,
            was_sent=True,
            may_have_acted=False,
        ) from refused


def open_id(*, account: TikTokAccount, mode: str) -> str:
    """Return TikTok's id of an account for our app; empty for an account that never was connected."""
    connection = connection_of(account, mode)
    if connection is not None:
        return connection.open_id
    return open_id_of(account.handle) if mode == "sandbox" else ""


@sensitive_variables()
def _access(account: TikTokAccount, mode: str, *, by: str, handle: str) -> tuple[int, str]:
    """Return the version of the pair and its token; version 0 is the sandbox's plain token."""
    connection = connection_of(account, mode)
    if connection is not None:
        access = connected_access(connection, by=by, why=f"to speak to TikTok for {account}")
        return access.version, access.token
    if mode != "sandbox":
        raise AccessRefused(
            f"{account} is not connected to TikTok: choose 'Connect to TikTok' on its page, or set its mode to "
            "'sandbox'.",
            was_sent=False,
            may_have_acted=False,
        )
    return 0, sandbox_token(handle or account.handle)


@sensitive_variables()
def access_of(*, account: TikTokAccount, mode: str, by: str = ACTOR, handle: str = "") -> Access:
    """Return an account's token and ids. Raises as `access_token` does."""
    known = handle or account.handle
    return Access(
        token=access_token(account=account, mode=mode, by=by, handle=handle),
        business_id=open_id(account=account, mode=mode),
        advertiser_id=advertiser_id_of(known),
        shop_cipher=shop_cipher_of(known),
    )
