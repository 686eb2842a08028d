"""What TikTok's sandbox says of an account, taken in by the real clients."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.contract import AgentContext
from agents.definitions.trend_watcher import TrendInput, TrendWatcher
from agents.providers.errors import AccessRefused
from agents.sandbox.tiktok import records
from agents.sandbox.tiktok.ids import creator_open_id_of
from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import World
from agents.sandbox.world.planting import plant_world
from agents.sandbox_models import SandboxCreator, SandboxRecord, SandboxRequest
from agents.skills import trend_categories
from agents.skills.shop_categories import CATEGORIES
from agents.sync import comments as syncing_comments
from agents.sync import market
from agents.sync.creators import MOST_ASKED, turn_of
from agents.sync.parts import PARTS, SyncRefused, sync_part
from agents.sync.shop import OVERLAP
from agents.worlds import sync_account_now
from tests.factories.accounts import AccountFactory
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.content.models import (
    AccountMetrics,
    AudienceShare,
    Comment,
    Creator,
    OrderLine,
    Post,
    PostMetrics,
    Product,
    SyncState,
    Trend,
)

EACH = [name for name in PARTS if name != "all"]


@pytest.fixture(scope="module")
def world(module_db: str) -> World:
    """Plant one world for all tests of this module. TikTok counts calls by account, so each test has one of its own."""
    world = build_world(3)
    plant_world(world, grows=False)
    return world


def account_of(handle: str, **changes: Any) -> TikTokAccount:
    account: TikTokAccount = AccountFactory.create(handle=handle, **changes)
    return account


def calls(operation: str) -> int:
    return SandboxRequest.objects.filter(operation=operation).count()


def test_sync_an_account_brings_it_as_it_is_in_the_world(world: World) -> None:
    account = account_of("velvetfern")
    sync_account_now(account.id)
    made = world.account("velvetfern")
    posts = {post.video_id: post for post in Post.objects.filter(account=account)}
    assert posts.keys() == {post.video_id for post in made.posts}
    for post in made.posts:
        stored = posts[post.video_id]
        counts = (post.views_at(world.as_of), post.likes_at(world.as_of), post.comments_at(world.as_of))
        assert (stored.views, stored.likes, stored.comments) == counts
        assert (stored.caption, tuple(stored.hashtags)) == (post.caption, post.hashtags)
    newest = [post for post in made.posts if post.created_at > world.as_of - timedelta(days=29)]
    wanted = {comment.comment_id: comment.text for post in newest for comment in post.comments}
    known = dict(Comment.objects.filter(account=account).values_list("comment_id", "text"))
    assert wanted.items() <= known.items()
    assert {one.product_id: one.stock for one in Product.objects.filter(account=account)} == {
        one.product_id: one.stock for one in made.products
    }
    sold = OrderLine.objects.filter(account=account)
    assert {line.order_id: line.quantity for line in sold} == {
        one.order_id: one.quantity for one in made.orders
    }
    days = {one.day: one.video_views for one in AccountMetrics.objects.filter(account=account)}
    assert {day.day.date(): day.video_views for day in made.days}.items() >= days.items()
    assert len(days) >= 59
    assert AudienceShare.objects.filter(account=account, dimension="gender").count() == 2
    assert Trend.objects.filter(region="US").values("tag").distinct().count() == 40
    assert Creator.objects.filter(workspace=account.workspace).count() == 80


def test_sync_takes_in_what_creators_are_about_and_how_they_do(world: World) -> None:
    account = account_of("velvetfern.lab")
    sync_part("trends", account_id=account.id)
    made = {one.handle: one for one in world.creators}
    stored = {one.handle: one for one in Creator.objects.filter(workspace=account.workspace)}
    for handle, creator in stored.items():
        names = [CATEGORIES[one].name for one in made[handle].categories]
        assert creator.segments == dict.fromkeys(names, 1 / len(names))
    asked = {handle for handle, one in stored.items() if one.engagement_rate is not None}
    by_followers = sorted(made.values(), key=lambda one: (-one.followers, one.handle))
    assert asked == {one.handle for one in by_followers[:MOST_ASKED]}
    assert all(stored[handle].engagement_rate == made[handle].engagement_rate for handle in asked)
    # The next sync asks about others, and keeps what is known.
    sync_part("trends", account_id=account.id)
    known = Creator.objects.filter(workspace=account.workspace, engagement_rate__isnull=False)
    assert known.count() == 2 * MOST_ASKED


def test_sync_does_without_a_creator_who_left_the_marketplace(world: World) -> None:
    account = account_of("brothwell.es")
    gone = max(world.creators, key=lambda one: one.followers)
    key = creator_open_id_of(gone.handle)
    row = SandboxRecord.objects.get(kind=records.Kind.CREATOR, key=key)
    # Listed under an id by which it is not known any more.
    SandboxRecord.objects.filter(pk=row.pk).update(key="elsewhere")
    try:
        said = sync_part("trends", account_id=account.id)
    finally:
        SandboxRecord.objects.filter(pk=row.pk).update(key=key)
    assert said["creators"] == 80
    assert Creator.objects.get(workspace=account.workspace, handle=gone.handle).engagement_rate is None


def test_take_turns_asking_about_creators_who_are_known() -> None:
    """Unknown ones come first; in as many hours as it takes, everybody has a turn."""
    rates: dict[str, float | None] = {f"c{n}": 0.1 for n in range(3 * MOST_ASKED)}
    rates["new"] = None
    hours = [timezone.now() + timedelta(hours=hour) for hour in range(4)]
    turns = [turn_of(rates, now=hour) for hour in hours]
    assert all(turn[0] == "new" and len(turn) == MOST_ASKED for turn in turns)
    assert len({name for turn in turns for name in turn}) == 3 * (MOST_ASKED - 1) + 1
    assert turn_of({}, now=hours[0]) == []


def test_sync_takes_in_the_category_and_the_posts_of_trends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A category TikTok does not know costs its label only.
    monkeypatch.setattr(market, "CATEGORIES", ("NO_SUCH_CATEGORY", *trend_categories.CATEGORIES))
    account = account_of("brothwell.tools")
    said = sync_part("trends", account_id=account.id)
    assert said["trends"] == len(world.trends)
    made = {one.tag: one for one in world.trends}
    newest = Trend.objects.filter(region="US").order_by("tag", "-observed_at").distinct("tag")
    assert {one.tag: one.category for one in newest} == {tag: one.category for tag, one in made.items()}
    for one in newest:
        assert one.views == made[one.tag].views_ever
        assert one.posts == made[one.tag].views_ever // 900
    oldest = Trend.objects.filter(region="US").order_by("observed_at")[0]
    assert oldest.posts == made[oldest.tag].views_ever // 900 - made[oldest.tag].views_30_days // 900


def test_watch_trends_of_a_category_as_they_were_synced(world: World) -> None:
    account = account_of("fellrunner.alps", locale="en")
    for part in ("posts", "trends"):
        sync_part(part, account_id=account.id)
    context = AgentContext(account_id=account.id, handle=account.handle, as_of=timezone.now(), locale="en")
    account_sources(account)
    sports = TrendWatcher().compute(TrendInput(category="Sports & outdoor", min_fit=0), context)
    assert sports.source == "tiktok"
    of_sports = {one.tag for one in world.trends if one.category == "SPORTS_AND_OUTDOOR"}
    assert {*sports.rising_hashtags, *(one.tag for one in sports.trends)} <= of_sports
    none = TrendWatcher().compute(TrendInput(category="Pets"), context)
    assert none.source == "own posts"
    assert none.note.endswith(
        "None of TikTok's trends that were synced is of the category 'Pets' in US: "
        "these are of the account's own posts."
    )
    elsewhere = TrendWatcher().compute(TrendInput(region="FR"), context)
    assert "None of TikTok's trends that were synced is in FR: " in elsewhere.note


def account_sources(account: TikTokAccount) -> None:
    """Mark the account as synced, as the last part of a sync does."""
    TikTokAccount.objects.filter(id=account.id).update(data_source=TikTokAccount.Source.SYNC)


def test_sync_says_as_of_when_the_data_is_and_puts_it_on_record(world: World) -> None:
    account = account_of("velvetfern.vn")
    sync_account_now(account.id)
    account.refresh_from_db()
    states = {state.part: state.synced_at for state in SyncState.objects.filter(account=account)}
    assert states.keys() == set(EACH)
    assert account.data_source == TikTokAccount.Source.SYNC
    assert account.data_as_of == min(states[part] for part in ("profile", "posts", "comments"))
    event = AuditEvent.objects.get(verb="content.synced", workspace_id=account.workspace_id)
    assert event.data["parts"]["posts"] == {"read": 133, "new": 133, "changed": 0, "same": 0}


def test_sync_again_asks_only_for_what_may_have_changed(world: World) -> None:
    account = account_of("brothwell")
    sync_account_now(account.id)
    before = {name: calls(name) for name in ("business_videos", "comment_list", "shop_orders")}
    said = {name: sync_part(name, account_id=account.id) for name in EACH}
    # 35 days of a post a day are two pages of twenty; the comments are all known.
    assert calls("business_videos") - before["business_videos"] == 2
    assert calls("comment_list") == before["comment_list"]
    assert said["posts"]["new"] == said["posts"]["changed"] == 0
    lately = world.as_of - OVERLAP
    assert said["shop"]["orders"] <= sum(
        one.ordered_at >= lately for one in world.account("brothwell").orders
    )
    assert PostMetrics.objects.filter(post__account=account).count() == 133


def test_sync_takes_in_new_comments_of_posts_that_have_more_than_are_known(world: World) -> None:
    account = account_of("lumenaria.workshop")
    sync_account_now(account.id)
    newest = max(Post.objects.filter(account=account), key=lambda post: post.created_at)
    records.plant(
        [
            records.comment(
                "lumenaria.workshop", video_id=newest.video_id, text="one more", at=world.as_of, author="ines"
            )
        ]
    )
    # TikTok's count of the post's comments follows its curve; ours is told to be behind.
    Post.objects.filter(id=newest.id).update(comments=newest.comments + 1)
    said = sync_part("comments", account_id=account.id)
    assert (said["posts"], said["new"]) == (1, 1)
    assert Comment.objects.filter(account=account, text="one more").exists()


def test_sync_of_comments_leaves_what_is_too_much_for_one_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_of("fellrunner.mending")
    monkeypatch.setattr(syncing_comments, "MOST_CALLS", 4)
    sync_part("posts", account_id=account.id)
    first = sync_part("comments", account_id=account.id)
    assert first["posts"] == 4
    assert first["left"] > 0
    second = sync_part("comments", account_id=account.id)
    assert second["left"] == first["left"] - 4


def test_sync_holds_the_lease_before_each_call(world: World) -> None:
    account = account_of("fellrunner.supply")
    held: list[float] = []
    before = SandboxRequest.objects.count()
    for name in EACH:
        sync_part(name, account_id=account.id, hold=held.append)
    # The marketplace's pages after the first are read under the same hold.
    assert len(held) >= SandboxRequest.objects.count() - before - 4
    assert min(held) > 0


def test_sync_of_an_account_whose_posts_come_from_a_file_is_refused(world: World) -> None:
    account = account_of(handle="velvetfern.lab", data_source="file", data_as_of=world.as_of)
    before = SandboxRequest.objects.count()
    with pytest.raises(SyncRefused, match=r"@velvetfern\.lab come from an imported file"):
        sync_part("posts", account_id=account.id)
    assert SandboxRequest.objects.count() == before


def test_sync_of_a_live_account_that_is_not_connected_is_refused(world: World) -> None:
    account = account_of("brothwell", mode="live")
    with pytest.raises(AccessRefused, match="not connected"):
        sync_part("posts", account_id=account.id)


def test_sync_without_access_to_a_shop_leaves_it_out_and_without_posts_does_not(world: World) -> None:
    account = account_of("brothwell.es")
    SandboxCreator.objects.filter(username="brothwell.es").update(scopes=["user.info.basic"])
    assert "left_out" in sync_part("shop", account_id=account.id)
    assert not SyncState.objects.filter(account=account, part="shop").exists()
    with pytest.raises(AccessRefused):
        sync_part("posts", account_id=account.id)


def test_sync_of_an_account_without_a_shop_has_no_products(world: World) -> None:
    account = account_of("lumenaria.de", locale="de")
    assert sync_part("shop", account_id=account.id) == {"products": 0, "orders": 0, "lines": 0}
