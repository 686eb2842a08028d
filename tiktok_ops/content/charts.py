"""Views of an account's posts as a picture: one dot a post. Decisions only; a template draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tiktok_ops.content.figures import PostFigures

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 24, 24
DAYS_SHOWN = 90
DAYS_BETWEEN_TICKS = 15


@dataclass(frozen=True, slots=True)
class Dot:
    """One post, in pixels, and what to say of it."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, in pixels along it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """A span of days, in pixels."""

    x: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class ViewsChart:
    """The picture up to `as_of`: dots by day and by views (logarithmic), the window and the baseline as bands."""

    as_of: datetime
    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where moments and views stand: days evenly from `begin`, views by powers of ten."""

    begin: datetime
    lowest: int
    highest: int

    def x(self, moment: datetime) -> float:
        share = (moment - self.begin) / timedelta(days=DAYS_SHOWN)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, views: int) -> float:
        share = (math.log10(max(views, 10**self.lowest)) - self.lowest) / (self.highest - self.lowest)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP), 1)

    def band(self, label: str, since: datetime, until: datetime) -> tuple[Band, ...]:
        """Return the span as far as it is shown, if it is."""
        since = max(since, self.begin)
        return (Band(self.x(since), round(self.x(until) - self.x(since), 1), label),) if since < until else ()


def views_chart(
    posts: Sequence[PostFigures], *, as_of: datetime, window_days: int, baseline_days: int
) -> ViewsChart | None:
    """Draw the posts of the 90 days up to `as_of`; None when there are fewer than two.

    Views are drawn on a logarithmic scale, for they differ by powers of ten; a post without views
    stands on the axis.
    """
    begin = as_of - timedelta(days=DAYS_SHOWN)
    shown = [post for post in posts if begin < post.created_at <= as_of]
    if len(shown) < 2:
        return None
    lowest = math.floor(math.log10(max(min(post.views for post in shown), 1)))
    highest = max(math.ceil(math.log10(max(max(post.views for post in shown), 1))), lowest + 1)
    frame = _Frame(begin, lowest, highest)
    window = as_of - timedelta(days=window_days)
    days = [as_of - timedelta(days=days) for days in range(0, DAYS_SHOWN, DAYS_BETWEEN_TICKS)]
    return ViewsChart(
        as_of=as_of,
        dots=tuple(
            Dot(
                frame.x(post.created_at),
                frame.y(post.views),
                f"{post.created_at:%d %b}: {post.views:,} views",
            )
            for post in shown
        ),
        x_ticks=tuple(Tick(frame.x(day), f"{day:%d %b}") for day in days),
        y_ticks=tuple(Tick(frame.y(10**power), _short(10**power)) for power in range(lowest, highest + 1)),
        bands=frame.band("baseline", window - timedelta(days=baseline_days), window)
        + frame.band("window", window, as_of),
    )


def _short(number: int) -> str:
    """Return a power of ten as people write it: 100, 1k, 10M."""
    for size, sign in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number // size}{sign}"
    return str(number)
