"""When an account's posts were seen most."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import FiniteFloat

from agents.contract import Typed
from agents.skills.statistics import median
from agents.skills.windows import posts_between
from tiktok_ops.content.figures import PostFigures

LOOKBACK_DAYS = 90
FEWEST_POSTS = 3
"""An hour with fewer posts says more about those posts than about the hour."""


class HourFigures(Typed):
    """An hour of the day in UTC (14 means 14:00 to 14:59), its posts and their median views."""

    hour: int
    posts: int
    median_views: FiniteFloat


def best_hours(posts: Iterable[PostFigures], as_of: datetime) -> tuple[HourFigures, ...]:
    """Return the UTC hours with 3 posts or more in `as_of - 90 days < created_at <= as_of`.

    Ordered by median views, highest first; hours with the same median by hour. Source: the health
    rule of the design, "UTC hours with ≥ 3 posts in the last 90 days, by median views".
    """
    views_by_hour: defaultdict[int, list[int]] = defaultdict(list)
    for post in posts_between(posts, after=as_of - timedelta(days=LOOKBACK_DAYS), until=as_of):
        views_by_hour[post.created_at.hour].append(post.views)
    hours = [
        HourFigures(hour=hour, posts=len(views), median_views=middle)
        for hour, views in views_by_hour.items()
        if len(views) >= FEWEST_POSTS and (middle := median(views)) is not None
    ]
    return tuple(sorted(hours, key=lambda hour: (-hour.median_views, hour.hour)))
