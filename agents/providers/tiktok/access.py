"""With which token we speak for an account, and under which id TikTok speaks of it."""

from agents.providers.errors import AccessRefused
from agents.sandbox.tiktok.wire import open_id_of, sandbox_token


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


def open_id(*, handle: str, mode: str) -> str:
    """Return TikTok's id of an account for our app; empty for an account that is not connected."""
    return open_id_of(handle) if mode == "sandbox" else ""
