"""An account's posts with their counts, newest first; what has settled is not asked for again."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction

from agents.providers.tiktok.read.business import VideoInsights
from agents.providers.tiktok.read.paging import read_all
from agents.skills.hashtags import extract_hashtags
from agents.sync.session import Session
from tiktok_ops.content.imports.facts import PostFact
from tiktok_ops.content.imports.writing import write_facts
from tiktok_ops.content.models import Post

PART = "posts"
SETTLED_DAYS = 35
"""Counts of older posts hardly move; they are read once, on the first sync. Ours: windows look back 44 days."""


def sync_posts(session: Session) -> dict[str, Any]:
    """Take in the account's public posts: all on the first sync, then those of the last 35 days and new ones.

    Raises the errors of the reader.
    """
    facts = [_fact(video) for video in _videos(session)]
    with transaction.atomic():
        outcome = write_facts(
            facts,
            account=session.locked(),
            reading=session.reading(),
            observed_at=session.now,
            progress=None,
            total=0,
        )
        tally = outcome.posts
        said = {"read": len(facts), "new": tally.created, "changed": tally.updated, "same": tally.unchanged}
        return session.done(PART, said)


def _videos(session: Session) -> Iterator[VideoInsights]:
    """Yield the videos to take in, newest first, up to the first that is known and has settled."""
    settled = session.now - timedelta(days=SETTLED_DAYS)
    is_first = session.synced_at(PART) is None
    known = set(Post.objects.filter(account=session.account).values_list("video_id", flat=True))
    access, business = session.access, session.tiktok.business
    pages = session.held(
        lambda cursor: business.video_page(token=access.token, business_id=access.business_id, cursor=cursor)
    )
    for video in read_all(pages, key=lambda video: video.id):
        if not is_first and video.created_at < settled and video.id in known:
            return
        yield video


def _fact(video: VideoInsights) -> PostFact:
    """Return a video as a whole fact; a count TikTok does not tell counts as 0, which is how content keeps it."""
    return PostFact(
        row=0,
        video_id=video.id,
        url=video.share_url,
        created_at=video.created_at,
        caption=video.caption,
        hashtags=extract_hashtags(video.caption),
        views=video.views or 0,
        likes=video.likes or 0,
        comments=video.comments or 0,
        shares=video.shares or 0,
        extra=_extra(video),
        is_whole=True,
    )


def _extra(video: VideoInsights) -> dict[str, str]:
    told = {
        "duration_seconds": video.duration_seconds,
        "reach": video.reach,
        "favorites": video.favorites,
        "average_seconds_watched": video.average_seconds_watched,
        "full_watched_rate": video.full_watched_rate,
    }
    return {name: str(value) for name, value in told.items() if value is not None}
