"""The posts of a stretch of time, and the figures that describe them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import FiniteFloat

from agents.contract import Typed
from agents.skills.statistics import Ratio, median, per_thousand, relative_change
from tiktok_ops.content.figures import PostFigures

STEADY_BAND = 0.10

MATURE_DAYS = 3
"""Younger posts still gather views; where views are judged post by post they are left out. Ours.

A curve of views by age would need counts taken at several ages; agents read only the newest ones.
"""


class WindowFigures(Typed):
    """What a window of posts amounts to; a figure is None where the window has nothing to tell it.

    The medians are per post, in views and in likes (exact, so they may end in .5);
    `comments_per_1000_views` is rounded to 4 decimals.
    """

    posts: int
    median_views: FiniteFloat | None
    median_likes: FiniteFloat | None
    comments_per_1000_views: Ratio | None


class EngagementTrend(Typed):
    """The median engagement rates of a window and its baseline, and the direction from one to the other.

    All ratios, rounded to 4 decimals; `change` and `direction` are None where there is nothing to compare.
    """

    direction: Literal["rising", "steady", "falling"] | None
    window: Ratio | None
    baseline: Ratio | None
    change: Ratio | None


def posts_between(posts: Iterable[PostFigures], *, after: datetime, until: datetime) -> list[PostFigures]:
    """Return the posts with `after < created_at <= until`, in the order given.

    Half open, so that windows that touch share no post and lose none.
    """
    return [post for post in posts if after < post.created_at <= until]


def median_views(posts: Iterable[PostFigures]) -> float | None:
    """Return the median views per post; None of no posts."""
    return median(post.views for post in posts)


def comments_per_1000_views(posts: Sequence[PostFigures]) -> float | None:
    """Return `1000 * sum of comments / sum of views`, unrounded; None where nobody viewed anything.

    Summed over the posts, not averaged per post: a post with ten views must not outweigh one with a
    million.
    """
    return per_thousand(sum(post.comments for post in posts), of=sum(post.views for post in posts))


def median_engagement_rate(posts: Iterable[PostFigures]) -> float | None:
    """Return the median of `(likes + comments + shares) / views` over the posts that have views.

    None where no post has any.
    """
    return median(post.interactions / post.views for post in posts if post.views)


def window_figures(posts: Sequence[PostFigures]) -> WindowFigures:
    """Return the figures of these posts, in any order."""
    return WindowFigures(
        posts=len(posts),
        median_views=median_views(posts),
        median_likes=median(post.likes for post in posts),
        comments_per_1000_views=comments_per_1000_views(posts),
    )


def engagement_trend(window: Iterable[PostFigures], baseline: Iterable[PostFigures]) -> EngagementTrend:
    """Compare the median engagement rates; a change of up to 10 % either way, 10 % included, is steady.

    The rate is `median_engagement_rate`; the band is ours.
    """
    now, before = median_engagement_rate(window), median_engagement_rate(baseline)
    change = relative_change(now, before)
    direction: Literal["rising", "steady", "falling"] | None = None
    if change is not None:
        direction = "rising" if change > STEADY_BAND else "falling" if change < -STEADY_BAND else "steady"
    return EngagementTrend(direction=direction, window=now, baseline=before, change=change)
