"""Where assets are used: what the apps above say, in the order they registered."""

import pytest

from tiktok_ops.accounts.models import User
from tiktok_ops.content import asset_uses as registry
from tiktok_ops.content.asset_uses import AssetUse, register_uses, uses_of
from tiktok_ops.content.models import Asset


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_finders", [])


def _find_first(asset: Asset, user: User) -> list[AssetUse]:
    return [AssetUse(f"{asset.sha256} seen by {user.username}", "/first/")]


def _find_second(asset: Asset, user: User) -> list[AssetUse]:
    return [AssetUse("second", "/second/"), AssetUse("third", "/third/")]


def test_find_uses_when_nobody_registered_is_nothing() -> None:
    assert uses_of(Asset(), User()) == []


def test_find_uses_asks_everybody_in_order() -> None:
    register_uses(_find_first)
    register_uses(_find_second)
    found = uses_of(Asset(sha256="abc"), User(username="ana"))
    assert [use.text for use in found] == ["abc seen by ana", "second", "third"]


def test_register_the_same_finder_twice_is_refused() -> None:
    register_uses(_find_first)
    with pytest.raises(ValueError, match="registered twice: register it once"):
        register_uses(_find_first)
