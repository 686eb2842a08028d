"""Who is told of imports: apps above that registered, within the import's transaction."""

import io

import pytest

from tests.factories.accounts import AccountFactory
from tests.unit.tiktok_ops.content.imports.files import csv_file, rows
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.imports import listeners as registry
from tiktok_ops.content.imports.listeners import register_listener, tell_listeners
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.service import import_posts
from tiktok_ops.content.models import ContentImport, Post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_listeners", [])


def do_import(data: bytes) -> TikTokAccount:
    """Import the file into the account it is for, and return that."""
    account, _ = TikTokAccount.objects.get_or_create(
        handle="demo", workspace=AccountFactory.create().workspace
    )
    import_posts(account_id=account.id, stream=io.BytesIO(data), filename="posts.csv", by="test")
    return account


def test_tell_listeners_when_there_are_none_does_nothing() -> None:
    tell_listeners(TikTokAccount())


def test_import_a_file_tells_each_listener_of_the_account_with_all_of_it_written() -> None:
    told: list[tuple[str, TikTokAccount, int, str]] = []

    def listen(account: TikTokAccount) -> None:
        told.append(("first", account, Post.objects.count(), ContentImport.objects.get().status))

    register_listener(listen)
    register_listener(lambda account: told.append(("second", account, 0, "")))
    account = do_import(csv_file(rows(3)))
    assert told == [("first", account, 3, "succeeded"), ("second", account, 0, "")]


def test_import_a_file_that_is_refused_tells_nobody() -> None:
    told: list[TikTokAccount] = []
    register_listener(told.append)
    with pytest.raises(ImportRefused):
        do_import(b"nothing")
    assert told == []


def test_import_a_file_a_listener_cannot_bear_imports_nothing() -> None:
    def refuse(account: TikTokAccount) -> None:
        raise RuntimeError("a bug")

    register_listener(refuse)
    with pytest.raises(RuntimeError, match="a bug"):
        do_import(csv_file(rows(3)))
    assert not Post.objects.exists()


def test_register_the_same_listener_twice_is_refused() -> None:
    register_listener(tell_listeners)
    with pytest.raises(ValueError, match="registered twice: register it once"):
        register_listener(tell_listeners)
