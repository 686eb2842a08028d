"""With which token we speak for an account, and under which ids TikTok speaks of it."""

from dataclasses import dataclass

from agents.providers.errors import AccessRefused
from agents.sandbox.tiktok.ids import advertiser_id_of, shop_cipher_of
from agents.sandbox.tiktok.wire import open_id_of, sandbox_token


@dataclass(frozen=True, slots=True)
class Access:
    """An account's token, and its id at each family: the Accounts API, ads and discovery, the shop."""

    token: str
    business_id: str
    advertiser_id: str
    shop_cipher: str


def access_token(*, handle: str, mode: str) -> str:
    """Return the access token of an account; the sandbox gives one to every account of mode "sandbox".

    Raises `AccessRefused` for any other: no account can be connected to TikTok itself yet.
    """
    if mode != "sandbox":
        raise AccessRefused(
            f"@{handle} is not connected to TikTok: connect it, or set its mode to 'sandbox'.",
            was_sent=False,
            may_have_acted=False,
        )
    return sandbox_token(handle)


def access_of(*, handle: str, mode: str) -> Access:
    """Return an account's token and ids. Raises `AccessRefused` as `access_token` does."""
    return Access(
        token=access_token(handle=handle, mode=mode),
        business_id=open_id_of(handle),
        advertiser_id=advertiser_id_of(handle),
        shop_cipher=shop_cipher_of(handle),
    )


def open_id(*, handle: str, mode: str) -> str:
    """Return TikTok's id of an account for our app; empty for an account that is not connected."""
    return open_id_of(handle) if mode == "sandbox" else ""
