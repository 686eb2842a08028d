"""Posts as agents see them: one at a time with chosen figures, or a plausible series from a seed."""

import itertools
import random
import re
from datetime import UTC, datetime, timedelta

from tiktok_ops.content.figures import PostFigures

NOON = datetime(2025, 6, 30, 12, 0, tzinfo=UTC)
"""When these posts end unless a test says otherwise: a Monday noon in UTC."""

_ids = itertools.count(7_500_000_000_000_000_000)

_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Schnee überrascht Autofahrer am Gotthard", ("schnee", "gotthard", "schweiz")),
    ("So backt man Zürcher Gipfeli", ("gipfeli", "backen", "rezept")),
    ("Streik legt den Flughafen lahm", ("streik", "flughafen", "news")),
    ("Hündin rettet Kätzchen aus dem Fluss", ("tiere", "hund", "wholesome")),
    ("Was die neue Größe der Packung kostet", ("preise", "einkaufen", "sparen")),
    ("Three stretches for a stiff back", ("fitness", "training", "health")),
    ("Behind the counter of our smallest shop", ("behindthescenes", "shop", "team")),
    ("Wer gewinnt heute das Derby?", ("fussball", "derby", "sport")),
)


def make_post(
    *,
    video_id: str | None = None,
    created_at: datetime = NOON,
    caption: str = "Ein schöner Tag in Zürich #zürich #news",
    hashtags: tuple[str, ...] | None = None,
    views: int = 1_000,
    likes: int = 50,
    comments: int = 5,
    shares: int = 2,
) -> PostFigures:
    """Return one post; a new id each time, and the caption's own hashtags, unless they are given."""
    return PostFigures(
        video_id=str(next(_ids)) if video_id is None else video_id,
        created_at=created_at,
        caption=caption,
        hashtags=_hashtags_in(caption) if hashtags is None else hashtags,
        views=views,
        likes=likes,
        comments=comments,
        shares=shares,
    )


def make_posts(
    n: int, *, seed: int = 1, until: datetime = NOON, handle: str = "demo", hours_apart: float = 12.0
) -> list[PostFigures]:
    """Return `n` posts, oldest first, the last one at `until`; the same arguments give the same posts.

    Gaps are even around `hours_apart`. Views are log-normal around 8,000 with, now and then, a post
    nobody saw and a post everybody saw; the other counts are plausible shares of the views.
    """
    # A str seed is hashed with SHA-512, so it means the same in every process.
    rng = random.Random(f"{handle}:{seed}")
    times = [until]
    while len(times) < n:
        gap_seconds = round(hours_apart * 3600 * rng.uniform(0.2, 1.8))
        times.append(times[-1] - timedelta(seconds=gap_seconds))
    return [_plausible_post(rng, created_at=time, number=i) for i, time in enumerate(reversed(times[:n]))]


def _plausible_post(rng: random.Random, *, created_at: datetime, number: int) -> PostFigures:
    text, tags = rng.choice(_TOPICS)
    hashtags = tuple(rng.sample(tags, k=rng.randint(1, len(tags))))
    views = _plausible_views(rng)
    return make_post(
        # A real id carries the second of posting in its upper 32 bits.
        video_id=str((int(created_at.timestamp()) << 32) | number),
        created_at=created_at,
        caption=" ".join([text, *(f"#{tag}" for tag in hashtags)]),
        hashtags=hashtags,
        views=views,
        likes=round(views * rng.uniform(0.02, 0.12)),
        comments=round(views * rng.uniform(0.0005, 0.006)),
        shares=round(views * rng.uniform(0.001, 0.01)),
    )


def _plausible_views(rng: random.Random) -> int:
    luck = rng.random()
    if luck < 0.03:
        return 0
    typical = rng.lognormvariate(9.0, 0.9)
    return round(typical * 40) if luck > 0.97 else round(typical)


def _hashtags_in(caption: str) -> tuple[str, ...]:
    return tuple(tag.lower() for tag in re.findall(r"#(\w+)", caption))
