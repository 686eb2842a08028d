"""Who wants to know that a file was imported; apps above say so from their `AppConfig.ready()`."""

from collections.abc import Callable

from tiktok_ops.accounts.models import TikTokAccount

Listener = Callable[[TikTokAccount], object]
"""Called with the account in the transaction of the import, as its last act: what it raises undoes the import."""

_listeners: list[Listener] = []


def register_listener(listener: Listener) -> None:
    """Call `listener` after each import; raises `ValueError` when it is registered already."""
    if listener in _listeners:
        raise ValueError("This listener of imports is registered twice: register it once.")
    _listeners.append(listener)


def tell_listeners(account: TikTokAccount) -> None:
    """Tell them that a file was imported into the account."""
    for listener in _listeners:
        listener(account)
