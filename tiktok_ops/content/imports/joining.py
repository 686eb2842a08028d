"""Which known post a row without a video id is about: by its time and its words, and never by a guess; no database."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tiktok_ops.content.imports.facts import PostFact

LATEST = timedelta(seconds=180)
"""How long after a video was made an export may say that it was posted. Source: measured, 13 to 150 seconds."""

NONE_THEN = "no known post is of that time: import the posts first (Studio's Content, or a scraper's file)"
SEVERAL_THEN = "several posts are of that time, and their likes do not tell which is meant"
NONE_SUCH = "no known post of that day begins with these words"
SEVERAL_SUCH = "several posts of that day begin with these words"
CLAIMED = "another row of the file is about the same post"
NOTHING_TO_GO_BY = "it says neither a time nor a caption to know the post by"


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What a post is known by; `made_at` is aware."""

    video_id: str
    made_at: datetime
    caption: str
    likes: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A row and the id of the post it is about; or "" and the reason."""

    fact: PostFact
    video_id: str
    why: str = ""


def join(facts: Sequence[PostFact], known: Iterable[KnownPost], *, zone: ZoneInfo) -> list[Joined]:
    """Return for each fact without a video id the post it is about, or why it cannot be told.

    A fact with a time is about the post made up to 180 seconds before it; where there are several, about
    the one with as many likes. A fact with a day is about the post of that day, on a clock in `zone`,
    whose caption begins with its words. Two facts about one post are both left out.
    """
    posts = sorted(known, key=lambda post: post.made_at)
    times = [post.made_at for post in posts]
    found = [_found(fact, posts, times, zone) for fact in facts]
    claims = Counter(video_id for video_id, _ in found if video_id)
    return [
        Joined(fact, "", CLAIMED) if claims[video_id] > 1 else Joined(fact, video_id, why)
        for fact, (video_id, why) in zip(facts, found, strict=True)
    ]


def _found(
    fact: PostFact, posts: Sequence[KnownPost], times: Sequence[datetime], zone: ZoneInfo
) -> tuple[str, str]:
    if fact.written_at is not None:
        start, end = bisect_left(times, fact.written_at - LATEST), bisect_right(times, fact.written_at)
        return _by_time(fact, posts[start:end])
    words = (fact.caption or "").rstrip(".… ")
    if fact.day is None or not words:
        return "", NOTHING_TO_GO_BY
    same = [post for post in posts if _day(post, zone) == fact.day and post.caption.startswith(words)]
    if len(same) == 1:
        return same[0].video_id, ""
    return "", SEVERAL_SUCH if same else NONE_SUCH


def _by_time(fact: PostFact, candidates: Sequence[KnownPost]) -> tuple[str, str]:
    if len(candidates) > 1:
        candidates = [post for post in candidates if post.likes == fact.likes]
        if len(candidates) != 1:
            return "", SEVERAL_THEN
    return (candidates[0].video_id, "") if candidates else ("", NONE_THEN)


def _day(post: KnownPost, zone: ZoneInfo) -> tuple[int, int]:
    local = post.made_at.astimezone(zone)
    return local.month, local.day
