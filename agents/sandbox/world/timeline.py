"""When a made account posts and how many watch: ordinary by construction, so that only what is planted stands out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from statistics import median

from agents.sandbox.world.material import CLOSINGS, Material
from agents.sandbox.world.model import WorldDay, WorldPost

WEEKS = 19
POSTS_PER_WEEK = 7
SPREAD = 0.42
"""A week's views lie evenly between `e^-0.42` and `e^0.42` of the account's usual ones: none is an outlier (an even
spread has no robust z-score beyond 1.35), and each week's median is the account's own."""

HOURS = (7, 12, 17, 18, 19, 20)
"""The hours (UTC) an account may post at; each has three of them."""
LARGEST_FALL = 0.15
"""An ordinary account's last week is at most this much below the week before."""
MOST_DRAWS = 200
SUPPRESSED_DAYS = 10
SUPPRESSED_TO = 0.04
VIRAL_TIMES = 24.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How an account does: usual views of a post, followers, rates per view."""

    usual_views: int
    followers: int
    likes_rate: float
    shares_rate: float
    comments_rate: float


def pace_of(dice: Random) -> Pace:
    """Draw how an account does."""
    usual = int(2_500 * math.exp(dice.uniform(0, 1.4)))
    return Pace(
        usual_views=usual,
        followers=int(usual * dice.uniform(3, 8)),
        likes_rate=dice.uniform(0.05, 0.11),
        shares_rate=dice.uniform(0.004, 0.012),
        comments_rate=2.9 / usual,
    )


def posts_of(dice: Random, material: Material, pace: Pace, as_of: datetime) -> tuple[WorldPost, ...]:
    """Return an ordinary account's posts, oldest first: one a day over 19 weeks, at hours of its own."""
    for _ in range(MOST_DRAWS):
        posts = _draw(dice, material, pace, as_of)
        if is_ordinary(posts, as_of):
            return posts
    raise AssertionError(f"{MOST_DRAWS} draws gave no ordinary account; the spread or the hours are wrong")


def is_ordinary(posts: Sequence[WorldPost], as_of: datetime) -> bool:
    """Return whether the last week did about as well as the one before."""
    ages = [(as_of - post.created_at, post.views_at(as_of)) for post in posts]
    week = timedelta(days=7)
    now = median(views for age, views in ages if age < week)
    before = median(views for age, views in ages if week <= age < 2 * week)
    return now >= before * (1 - LARGEST_FALL)


def _draw(dice: Random, material: Material, pace: Pace, as_of: datetime) -> tuple[WorldPost, ...]:
    hours = dice.sample(HOURS, 3)
    posts = []
    for week in range(WEEKS):
        places = dice.sample(range(POSTS_PER_WEEK), POSTS_PER_WEEK)
        for day, place in enumerate(places):
            noise = SPREAD * (2 * (place + 0.5) / POSTS_PER_WEEK - 1) + dice.uniform(-0.02, 0.02)
            caption, tags = caption_of(dice, material)
            posts.append(
                WorldPost(
                    video_id=video_id(dice),
                    created_at=_moment(dice, as_of, week * POSTS_PER_WEEK + day, dice.choice(hours)),
                    caption=caption,
                    hashtags=tags,
                    duration_seconds=dice.randint(9, 58),
                    final_views=int(pace.usual_views * math.exp(noise)),
                    likes_rate=pace.likes_rate * dice.uniform(0.9, 1.1),
                    shares_rate=pace.shares_rate * dice.uniform(0.8, 1.2),
                )
            )
    return tuple(sorted(posts, key=lambda post: post.created_at))


def _moment(dice: Random, as_of: datetime, days_ago: int, hour: int) -> datetime:
    """Return the time of that hour within the 24 hours that ended so many days before `as_of`."""
    until = as_of - timedelta(days=days_ago)
    back = (until.hour - hour) % 24
    found = until.replace(minute=0, second=0, microsecond=0) - timedelta(hours=back)
    found += timedelta(minutes=dice.randrange(60), seconds=dice.randrange(60))
    return found if found <= until else found - timedelta(days=1)


def caption_of(dice: Random, material: Material) -> tuple[str, tuple[str, ...]]:
    """Return a caption on one of the brand's topics, and its hashtags, which it ends with."""
    topic = dice.choice(material.topics)
    tags = topic.tags[: dice.randint(2, 3)]
    opening, detail, closing = dice.choice(topic.openings), dice.choice(topic.details), dice.choice(CLOSINGS)
    return f"{opening} {detail}. {closing} {' '.join(f'#{tag}' for tag in tags)}", tags


def video_id(dice: Random) -> str:
    """Return an id as TikTok gives videos: 19 digits that begin with 7."""
    return str(7 * 10**18 + dice.randrange(10**17, 10**18))


def suppressed(posts: Sequence[WorldPost], as_of: datetime) -> tuple[WorldPost, ...]:
    """Return the posts with those of the last ten days shown to hardly anybody."""
    since = as_of - timedelta(days=SUPPRESSED_DAYS)
    return tuple(
        replace(post, final_views=max(int(post.final_views * SUPPRESSED_TO), 1))
        if post.created_at > since
        else post
        for post in posts
    )


def with_viral(posts: Sequence[WorldPost], place: int) -> tuple[WorldPost, ...]:
    """Return the posts with one of them seen by 24 times as many."""
    return tuple(
        replace(post, final_views=int(post.final_views * VIRAL_TIMES)) if at == place else post
        for at, post in enumerate(posts)
    )


def days_of(dice: Random, posts: Sequence[WorldPost], pace: Pace, as_of: datetime) -> tuple[WorldDay, ...]:
    """Return the account's figures of each whole day from its first post on; views are those its posts gained."""
    day = posts[0].created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    days, followers, before = [], pace.followers * 0.8, 0
    while day + timedelta(days=1) <= as_of:
        end = day + timedelta(days=1)
        total = sum(post.views_at(end) for post in posts)
        gained, before = total - before, total
        followers += gained * dice.uniform(0.001, 0.003)
        days.append(WorldDay(day, int(followers), int(gained * dice.uniform(0.02, 0.04)), gained))
        day = end
    return tuple(days)
