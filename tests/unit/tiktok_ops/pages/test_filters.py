"""Filters by whole days and by status."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.accounts import AccountFactory
from tests.factories.content import PostFactory
from tests.factories.pages import World
from tiktok_ops.content.models import ContentImport, Post

POSTS = "/admin/content/post/"
IMPORTS = "/admin/content/contentimport/"


@pytest.fixture
def posts(world: World) -> dict[str, Post]:
    """Return three posts: at the beginning, in the middle and at the very end of 10 to 12 March."""
    moments = {
        "first": datetime(2026, 3, 10, 0, 0, tzinfo=UTC),
        "middle": datetime(2026, 3, 11, 12, 0, tzinfo=UTC),
        "last": datetime(2026, 3, 12, 23, 59, 59, 999_999, tzinfo=UTC),
    }
    return {name: PostFactory.create(account=world.account, created_at=at) for name, at in moments.items()}


def _found(world: World, address: str, query: str) -> set[Any]:
    changelist: Any = world.client("viewer").get(address + query).context["cl"]
    return {row.pk for row in changelist.result_list}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"first", "middle", "last"}),
        ("?created_at_from=2026-03-10&created_at_to=2026-03-12", {"first", "middle", "last"}),
        ("?created_at_from=2026-03-11", {"middle", "last"}),
        ("?created_at_to=2026-03-11", {"first", "middle"}),
        ("?created_at_from=2026-03-11&created_at_to=2026-03-11", {"middle"}),
        ("?created_at_from=2026-03-13", set()),
        ("?created_at_from=nonsense", {"first", "middle", "last"}),
        ("?created_at_from=&created_at_to=", {"first", "middle", "last"}),
    ],
)
def test_filter_by_days_includes_the_first_and_the_last(
    world: World, posts: dict[str, Post], query: str, names: set[str]
) -> None:
    assert _found(world, POSTS, query) == {posts[name].pk for name in names}


def test_filter_by_account_shows_its_rows_only(world: World, posts: dict[str, Post]) -> None:
    other = PostFactory.create(account=AccountFactory.create(workspace=world.workspace))
    assert _found(world, POSTS, f"?account__id__exact={other.account_id}") == {other.pk}
    assert other.pk not in _found(world, POSTS, f"?account__id__exact={world.account.pk}")


def test_filter_by_foreign_account_finds_nothing(world: World, posts: dict[str, Post]) -> None:
    foreign = PostFactory.create()
    assert _found(world, POSTS, f"?account__id__exact={foreign.account_id}") == set()


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("", {"queued", "failed"}),
        ("?status=queued", {"queued"}),
        ("?status=failed", {"failed"}),
        ("?status=running", set()),
        ("?status=nonsense", {"queued", "failed"}),
    ],
)
def test_filter_by_status_shows_those(world: World, query: str, statuses: set[str]) -> None:
    rows = {
        status: ContentImport.objects.create(account=world.account, file_name="a.csv", status=status).pk
        for status in ("queued", "failed")
    }
    assert _found(world, IMPORTS, query) == {rows[status] for status in statuses}


def test_open_list_offers_every_status_in_words(world: World) -> None:
    page = world.client("viewer").get(IMPORTS).content.decode()
    for status in ("Queued", "Running", "Succeeded", "Failed"):
        assert f">{status}</option>" in page
