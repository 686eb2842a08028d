from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from agents.sandbox.world.build import build_world
from agents.sandbox.world.model import FactKind, World, WorldPost

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(7, as_of=NOON)


def test_build_world_has_as_much_as_a_team_would_have(world: World) -> None:
    posts = [post for account in world.accounts for post in account.posts]
    assert len(world.brands) == 4
    assert len(world.accounts) == 12
    assert len(posts) == 1_596
    assert sum(len(post.comments) for post in posts) >= 4_000
    assert sum(len(account.products) for account in world.accounts) == 60
    assert sum(len(account.orders) for account in world.accounts) >= 1_000
    assert len({seen.tag for seen in world.trends}) == 40
    assert len(world.creators) == 80


def test_build_world_plants_each_kind_of_fact_once(world: World) -> None:
    assert Counter(fact.kind for fact in world.facts) == dict.fromkeys(FactKind, 1)


def test_build_world_twice_is_the_same_and_another_seed_another(world: World) -> None:
    assert build_world(7, as_of=NOON) == world
    assert build_world(8, as_of=NOON).facts != world.facts


def test_build_world_at_another_time_moves_it_as_a_whole(world: World) -> None:
    later = build_world(7, as_of=NOON + timedelta(days=1))
    first, moved = world.accounts[0].posts[0], later.accounts[0].posts[0]
    assert (moved.video_id, moved.caption) == (first.video_id, first.caption)
    assert moved.created_at - first.created_at == timedelta(days=1)


def test_build_world_without_a_time_ends_within_the_hour() -> None:
    assert timedelta() <= datetime.now(UTC) - build_world(7).as_of < timedelta(hours=1)


def test_world_has_nothing_from_its_future_and_ids_once(world: World) -> None:
    posts = [post for account in world.accounts for post in account.posts]
    moments = [post.created_at for post in posts]
    moments += [comment.created_at for post in posts for comment in post.comments]
    moments += [order.ordered_at for account in world.accounts for order in account.orders]
    assert max(moments) <= NOON
    ids = [post.video_id for post in posts]
    ids += [comment.comment_id for post in posts for comment in post.comments]
    ids += [order.order_id for account in world.accounts for order in account.orders]
    assert len(ids) == len(set(ids))


def test_comments_come_after_their_post(world: World) -> None:
    for account in world.accounts:
        for post in account.posts:
            assert all(comment.created_at >= post.created_at for comment in post.comments)


def test_views_grow_and_slow_down_as_the_curve_says() -> None:
    post = WorldPost("7", NOON, "", (), 10, final_views=1_000, likes_rate=0.1, shares_rate=0.01)
    hours = [post.views_at(NOON + timedelta(hours=after)) for after in (-1, 0, 12, 24, 240)]
    # 1,000 * (1 - 1/e) = 632.1; 1,000 * (1 - 1/e^2) = 864.7
    assert hours == [0, 0, 632, 864, 999]
    assert post.likes_at(NOON + timedelta(hours=12)) == 63
    assert post.shares_at(NOON + timedelta(hours=12)) == 6


def test_days_add_up_to_what_the_posts_gained(world: World) -> None:
    account = world.accounts[0]
    end = account.days[-1].day + timedelta(days=1)
    assert sum(day.video_views for day in account.days) == sum(post.views_at(end) for post in account.posts)
    followers = [day.followers for day in account.days]
    assert followers == sorted(followers)


def test_each_week_of_an_ordinary_account_has_its_usual_median(world: World) -> None:
    carriers = {fact.handle for fact in world.facts if fact.kind == FactKind.SUPPRESSED_ACCOUNT}
    for account in (each for each in world.accounts if each.handle not in carriers):
        weeks = [account.posts[start : start + 7] for start in range(0, 126, 7)]
        medians = [median(post.final_views for post in week) for week in weeks]
        assert max(medians) < 1.2 * min(medians)


def test_account_of_an_unknown_handle_is_refused(world: World) -> None:
    assert world.account("velvetfern").handle == "velvetfern"
    with pytest.raises(KeyError):
        world.account("nobody")
