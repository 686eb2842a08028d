"""The pages of posts, reports and the rest: readable, and safe whatever strangers and agents wrote."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.accounts import AccountFactory
from tests.factories.content import PostFactory
from tests.factories.figures import NOON
from tests.factories.pages import World, artifact, make_world
from tiktok_ops.content.models import Artifact, Comment, Creator, Post, PostMetrics

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>\u202e"
POSTS = "/admin/content/post/"


@pytest.fixture
def world() -> World:
    """Return a workspace with everybody in it, and strangers."""
    return make_world()


def _text(world: World, address: str) -> str:
    return world.client("viewer").get(address).content.decode()


def test_open_list_of_posts_shows_text_and_counts(world: World) -> None:
    PostFactory.create(
        account=world.account,
        caption="A lamp " * 40,
        created_at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
        views=1_234_567,
        likes=100_000,
        comments=20_000,
        shares=3_456,
    )
    text = _text(world, POSTS)
    for shown in ("1,234,567", "100,000", "20,000", "3,456", "10.0 %", "4 Mar 2026, 05:06 UTC", "A lamp"):
        assert shown in text, shown
    assert "A lamp " * 20 not in text


@pytest.mark.parametrize(("column", "first"), [("3", "low"), ("-3", "high")])
def test_sort_posts_by_views_puts_the_first_first(world: World, column: str, first: str) -> None:
    posts = {
        name: PostFactory.create(account=world.account, views=views)
        for name, views in (("low", 1), ("high", 1_000))
    }
    changelist: Any = world.client("viewer").get(f"{POSTS}?o={column}").context["cl"]
    assert changelist.result_list[0] == posts[first]


def test_open_post_without_views_has_no_engagement(world: World) -> None:
    post = PostFactory.create(account=world.account, views=0, caption="", hashtags=[], extra={})
    text = _text(world, f"{POSTS}{post.pk}/change/")
    assert "–" in text
    assert post.video_id in _text(world, POSTS)


def test_open_post_by_a_stranger_is_harmless(world: World) -> None:
    post = PostFactory.create(
        account=world.account,
        caption=HOSTILE,
        hashtags=[HOSTILE],
        url="javascript:alert(1)",
        extra={"a": HOSTILE},
    )
    for address in (POSTS, f"{POSTS}{post.pk}/change/"):
        text = _text(world, address)
        assert "<script>alert" not in text
        assert 'href="javascript' not in text
        assert "[U+202E]" in text


def test_open_post_with_an_https_address_links_to_it_carefully(world: World) -> None:
    post = PostFactory.create(account=world.account, url="https://www.tiktok.com/@demo/video/1")
    text = _text(world, f"{POSTS}{post.pk}/change/")
    assert 'href="https://www.tiktok.com/@demo/video/1" rel="noopener noreferrer nofollow"' in text


def test_open_post_shows_how_its_counts_came_about(world: World) -> None:
    post: Post = PostFactory.create(account=world.account, extra={"saves": "7"})
    for day, views in enumerate((100, 2_500)):
        PostMetrics.objects.create(post=post, views=views, observed_at=NOON + timedelta(days=day))
    text = _text(world, f"{POSTS}{post.pk}/change/")
    assert text.index("2,500") < text.index(">100<")
    assert "saves" in text


def test_open_post_with_many_snapshots_shows_a_page_of_them(world: World) -> None:
    post: Post = PostFactory.create(account=world.account)
    PostMetrics.objects.bulk_create(
        PostMetrics(post=post, views=90_000 + hour, observed_at=NOON + timedelta(hours=hour))
        for hour in range(25)
    )
    text = _text(world, f"{POSTS}{post.pk}/change/")
    assert "90,024" in text
    assert "90,004" not in text
    assert "90,004" in _text(world, f"{POSTS}{post.pk}/change/?metrics-page=2")


# Reports ---------------------------------------------------------------------------------------------


def test_open_report_renders_its_markdown(world: World) -> None:
    report = artifact(world.account, text="# Health\n\n| a |\n|---|\n| **1** |")
    text = _text(world, f"/admin/content/artifact/{report.pk}/change/")
    assert "<h1>Health</h1>" in text
    assert "<td><strong>1</strong></td>" in text
    assert f"/admin/workflows/workflowrun/{report.run_id}/change/" in text


def test_open_hostile_report_is_harmless(world: World) -> None:
    report = artifact(
        world.account, text=f"{HOSTILE} ![x](https://example.org/a.png) [y](javascript:alert(1))"
    )
    text = _text(world, f"/admin/content/artifact/{report.pk}/change/")
    assert "<script>alert" not in text
    assert 'example.org/a.png" ' in text or 'src="https://example.org' not in text
    assert 'href="javascript' not in text
    assert "[U+202E]" in text


def test_open_artifact_that_is_no_markdown_shows_it_as_it_is(world: World) -> None:
    draft = artifact(world.account, kind=Artifact.Kind.DRAFT, text="<b># x</b>", media_type="text/plain")
    text = _text(world, f"/admin/content/artifact/{draft.pk}/change/")
    assert '<pre class="ops-json">&lt;b&gt;# x&lt;/b&gt;</pre>' in text


def test_open_list_of_reports_names_account_and_kind(world: World) -> None:
    artifact(world.account)
    text = _text(world, "/admin/content/artifact/")
    assert f"Report on @{world.account.handle}" in text
    assert "Open the run" in text


# The rest --------------------------------------------------------------------------------------------


def test_open_comments_by_strangers_are_harmless(world: World) -> None:
    comment = Comment.objects.create(
        account=world.account,
        post=PostFactory.create(account=world.account),
        comment_id="1",
        author=HOSTILE[:80],
        text=HOSTILE,
        created_at=NOON,
    )
    for address in ("/admin/content/comment/", f"/admin/content/comment/{comment.pk}/change/"):
        text = _text(world, address)
        assert "<script>alert" not in text
        assert "[U+202E]" in text


def test_open_comment_without_text_and_author_shows_dashes(world: World) -> None:
    Comment.objects.create(
        account=world.account,
        post=PostFactory.create(account=world.account),
        comment_id="1",
        text="",
        created_at=NOON,
    )
    assert _text(world, "/admin/content/comment/").count(">–<") >= 1


def test_open_creators_shows_reach_and_engagement(world: World) -> None:
    Creator.objects.create(workspace=world.workspace, handle="maker", followers=12_345, engagement_rate=0.042)
    text = _text(world, "/admin/content/creator/")
    assert "12,345" in text
    assert "4.2 %" in text


def test_count_of_posts_on_accounts_is_each_accounts_own(world: World) -> None:
    PostFactory.create_batch(2, account=world.account)
    other = AccountFactory.create(workspace=world.workspace)
    PostFactory.create_batch(3, account=other)
    changelist: Any = world.client("viewer").get("/admin/accounts/tiktokaccount/").context["cl"]
    counts = {row.pk: row.posts_known for row in changelist.result_list}
    assert counts == {world.account.pk: 2, other.pk: 3}
