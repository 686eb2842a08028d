from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.windows import (
    WindowFigures,
    comments_per_1000_views,
    engagement_trend,
    median_engagement_rate,
    median_views,
    posts_between,
    window_figures,
)
from tests.factories.figures import NOON, make_post, make_posts

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("created_at", "is_inside"),
    [
        (NOON - DAY - INSTANT, False),
        (NOON - DAY, False),
        (NOON - DAY + INSTANT, True),
        (NOON, True),
        (NOON + INSTANT, False),
    ],
)
def test_select_posts_at_the_edges_takes_only_the_later_one(created_at: datetime, is_inside: bool) -> None:
    post = make_post(created_at=created_at)
    assert posts_between([post], after=NOON - DAY, until=NOON) == ([post] if is_inside else [])


def test_select_posts_keeps_the_order_given() -> None:
    newer, older = make_post(created_at=NOON), make_post(created_at=NOON - DAY)
    assert posts_between([newer, older], after=NOON - 2 * DAY, until=NOON) == [newer, older]
    assert posts_between([older, newer], after=NOON - 2 * DAY, until=NOON) == [older, newer]


@given(st.integers(min_value=0, max_value=40), st.integers(min_value=0, max_value=20 * 24))
def test_select_posts_in_touching_windows_shares_none_and_loses_none(n: int, hours_back: int) -> None:
    posts = make_posts(n, seed=n)
    border, start = NOON - timedelta(hours=hours_back), NOON - timedelta(days=400)
    before = posts_between(posts, after=start, until=border)
    after = posts_between(posts, after=border, until=NOON)
    assert before + after == posts


def test_describe_window_of_three_posts_gives_hand_computed_figures() -> None:
    posts = [
        make_post(views=1_000, likes=10, comments=4),
        make_post(views=3_000, likes=90, comments=0),
        make_post(views=2_000, likes=20, comments=5),
    ]
    # Comments: 4 + 0 + 5 = 9 on 6,000 views -> 1000 * 9 / 6000 = 1.5
    assert window_figures(posts) == WindowFigures(
        posts=3, median_views=2_000.0, median_likes=20.0, comments_per_1000_views=1.5
    )


def test_describe_window_of_even_number_of_posts_keeps_the_half() -> None:
    posts = [make_post(views=10, likes=1), make_post(views=13, likes=4)]
    figures = window_figures(posts)
    assert figures.median_views == 11.5  # (10 + 13) / 2
    assert figures.median_likes == 2.5  # (1 + 4) / 2


def test_describe_window_without_posts_has_no_figures() -> None:
    assert window_figures([]) == WindowFigures(
        posts=0, median_views=None, median_likes=None, comments_per_1000_views=None
    )


def test_describe_window_without_views_has_medians_but_no_comment_rate() -> None:
    assert window_figures([make_post(views=0, likes=0, comments=3)]) == WindowFigures(
        posts=1, median_views=0.0, median_likes=0.0, comments_per_1000_views=None
    )


def test_describe_window_rounds_the_comment_rate_and_nothing_before_it() -> None:
    posts = [make_post(views=700, comments=1), make_post(views=2_300, comments=1)]
    # 1000 * 2 / 3000 = 0.66666...
    assert comments_per_1000_views(posts) == 1000 * 2 / 3000
    assert window_figures(posts).comments_per_1000_views == 0.6667


def test_rate_comments_sums_over_posts_instead_of_averaging() -> None:
    posts = [make_post(views=10, comments=10), make_post(views=9_990, comments=0)]
    # The mean of the two rates would be (1000 + 0) / 2 = 500.
    assert comments_per_1000_views(posts) == 1.0


def test_median_views_of_no_posts_is_none() -> None:
    assert median_views([]) is None


def test_rate_engagement_adds_likes_comments_and_shares() -> None:
    # 70 likes, 20 comments and 10 shares are 100 of 1,000 views.
    assert median_engagement_rate([make_post(views=1_000, likes=70, comments=20, shares=10)]) == 0.1


def test_rate_engagement_leaves_out_posts_without_views() -> None:
    posts = [
        make_post(views=0, likes=5),
        make_post(views=100, likes=10, comments=0, shares=0),
        make_post(views=100, likes=30, comments=0, shares=0),
    ]
    # 0.1 and 0.3 -> 0.2; with the post nobody saw there would be three values or a division by zero.
    assert median_engagement_rate(posts) == pytest.approx(0.2)


def test_rate_engagement_of_a_post_with_one_view_counts_it() -> None:
    assert median_engagement_rate([make_post(views=1, likes=1, comments=0, shares=0)]) == 1.0


def test_rate_engagement_without_any_views_is_none() -> None:
    assert median_engagement_rate([make_post(views=0)]) is None


@pytest.mark.parametrize(
    ("likes", "direction", "change"),
    [
        (111, "rising", 0.11),
        (110, "steady", 0.1),  # exactly the band
        (100, "steady", 0.0),
        (90, "steady", -0.1),
        (89, "falling", -0.11),
    ],
)
def test_compare_engagement_against_a_rate_of_a_tenth_names_the_direction(
    likes: int, direction: str, change: float
) -> None:
    window = [make_post(views=1_000, likes=likes, comments=0, shares=0)]
    baseline = [make_post(views=1_000, likes=100, comments=0, shares=0)]
    trend = engagement_trend(window, baseline)
    assert trend.model_dump() == {
        "direction": direction,
        "window": likes / 1_000,
        "baseline": 0.1,
        "change": change,
    }


def test_compare_engagement_rounds_after_comparing() -> None:
    window = [make_post(views=3, likes=1, comments=0, shares=0)]
    baseline = [make_post(views=7, likes=2, comments=0, shares=0)]
    # 1/3 = 0.33333, 2/7 = 0.28571; (1/3 - 2/7) / (2/7) = (1/21) / (6/21) = 1/6 = 0.16667
    trend = engagement_trend(window, baseline)
    assert (trend.window, trend.baseline, trend.change) == (0.3333, 0.2857, 0.1667)


@pytest.mark.parametrize(("window_views", "baseline_views"), [(0, 100), (100, 0), (0, 0)])
def test_compare_engagement_without_views_on_one_side_says_nothing(
    window_views: int, baseline_views: int
) -> None:
    trend = engagement_trend([make_post(views=window_views)], [make_post(views=baseline_views)])
    assert trend.direction is None
    assert trend.change is None


def test_compare_engagement_with_a_baseline_nobody_liked_says_nothing() -> None:
    baseline = [make_post(views=100, likes=0, comments=0, shares=0)]
    trend = engagement_trend([make_post(views=100, likes=5)], baseline)
    assert trend.baseline == 0.0
    assert trend.direction is None
