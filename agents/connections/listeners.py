"""What apps above do when an account was connected: they register here, and are called after that is committed."""

from collections.abc import Callable

from tiktok_ops.accounts.models import TikTokAccount

Listener = Callable[[TikTokAccount], None]
_LISTENERS: list[Listener] = []


def register_listener(listener: Listener) -> None:
    """Have `listener` called with each account that was connected, for the first time or again."""
    if listener in _LISTENERS:
        raise ValueError(f"{listener!r} listens to connections already.")
    _LISTENERS.append(listener)


def tell_connected(account: TikTokAccount) -> None:
    """Tell everybody that the account was connected."""
    for listener in _LISTENERS:
        listener(account)
