"""Where an asset is used; apps above say what they know of it.

They register here from their `AppConfig.ready()`; the asset's page calls what it finds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tiktok_ops.accounts.models import User
from tiktok_ops.content.models import Asset


@dataclass(frozen=True, slots=True)
class AssetUse:
    """One place an asset is used in: what it is called, and the page that shows it."""

    text: str
    url: str


FindUses = Callable[[Asset, User], list[AssetUse]]
"""Returns the newest uses of an asset that the person may see, and only a page of them."""

_finders: list[FindUses] = []


def register_uses(find: FindUses) -> None:
    """Let the pages of assets show what `find` finds; raises `ValueError` when it is registered already."""
    if find in _finders:
        raise ValueError("This way to find the uses of assets is registered twice: register it once.")
    _finders.append(find)


def uses_of(asset: Asset, user: User) -> list[AssetUse]:
    """Return where the asset is used, as far as the person may see it."""
    return [use for find in _finders for use in find(asset, user)]
