import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.skills.posting_times import HourFigures, best_hours
from tests.factories.figures import NOON, make_post, make_posts
from tiktok_ops.content.figures import PostFigures

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


def _posts_at(hour: int, *views: int) -> list[PostFigures]:
    """One post per number of views, on consecutive days before `NOON`, within that hour."""
    return [
        make_post(created_at=datetime(2025, 6, 20 - day, hour, 7 * day % 60, tzinfo=UTC), views=count)
        for day, count in enumerate(views)
    ]


def test_rank_hours_of_enough_posts_puts_the_highest_median_first() -> None:
    posts = _posts_at(8, 100, 300, 200) + _posts_at(18, 900, 100, 400, 500)
    # 8 h: 100 200 300 -> 200; 18 h: 100 400 500 900 -> (400 + 500) / 2 = 450
    assert best_hours(posts, NOON) == (
        HourFigures(hour=18, posts=4, median_views=450.0),
        HourFigures(hour=8, posts=3, median_views=200.0),
    )


def test_rank_hours_with_two_posts_leaves_the_hour_out() -> None:
    assert best_hours(_posts_at(8, 1_000, 1_000) + _posts_at(9, 1, 1, 1), NOON) == (
        HourFigures(hour=9, posts=3, median_views=1.0),
    )


def test_rank_hours_with_equal_medians_puts_the_earlier_hour_first() -> None:
    posts = _posts_at(21, 50, 50, 50) + _posts_at(6, 50, 50, 50) + _posts_at(13, 50, 50, 50)
    assert [hour.hour for hour in best_hours(posts, NOON)] == [6, 13, 21]


def test_rank_hours_counts_the_whole_hour_and_not_the_next() -> None:
    first = datetime(2025, 6, 20, 17, 0, 0, tzinfo=UTC)
    last = datetime(2025, 6, 20, 17, 59, 59, 999_999, tzinfo=UTC)
    posts = [make_post(created_at=time) for time in (first, last, last - DAY, last + INSTANT)]
    assert [(hour.hour, hour.posts) for hour in best_hours(posts, NOON)] == [(17, 3)]


def test_rank_hours_at_the_edges_of_ninety_days_takes_only_the_later_one() -> None:
    within = [make_post(created_at=NOON), make_post(created_at=NOON - 89 * DAY)]
    just_inside = make_post(created_at=NOON - 90 * DAY + INSTANT)
    assert best_hours([*within, just_inside], NOON)[0].posts == 3
    assert best_hours([*within, make_post(created_at=NOON - 90 * DAY)], NOON) == ()
    assert best_hours([*within, make_post(created_at=NOON + INSTANT)], NOON) == ()


def test_rank_hours_of_posts_nobody_saw_shows_zero_views() -> None:
    assert best_hours(_posts_at(8, 0, 0, 0), NOON) == (HourFigures(hour=8, posts=3, median_views=0.0),)


def test_rank_hours_without_posts_is_empty() -> None:
    assert best_hours([], NOON) == ()


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=0, max_value=150))
def test_rank_hours_whatever_the_order_gives_the_same_ranking(seed: int, n: int) -> None:
    posts = make_posts(n, seed=seed)
    shuffled = random.Random(seed).sample(posts, k=n)
    ranking = best_hours(posts, NOON)
    assert best_hours(shuffled, NOON) == ranking
    assert sum(hour.posts for hour in ranking) <= n
    assert all(hour.posts >= 3 and 0 <= hour.hour <= 23 for hour in ranking)
    medians = [hour.median_views for hour in ranking]
    assert medians == sorted(medians, reverse=True)
