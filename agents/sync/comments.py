"""What people wrote under an account's newest posts; as many calls as one sync may make, the rest the next time."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F

from agents.providers.tiktok.read.business import VideoComment
from agents.sync.session import Session
from tiktok_ops.content.imports.facts import CommentFact
from tiktok_ops.content.imports.writing import write_facts
from tiktok_ops.content.models import Post

PART = "comments"
LOOKED_AT_DAYS = 30
"""Triage compares a day with the 28 before it; comments under older posts are few."""
MOST_CALLS = 35
"""TikTok allows 40 a minute for one account, and asks for five minutes of silence once they are used up."""


def sync_comments(session: Session) -> dict[str, Any]:
    """Take in the comments under posts of the last 30 days of which there are more or fewer than are known.

    The newest posts come first. `left` is how many posts wait for the next sync. Raises the reader's errors.
    """
    posts = _to_ask(session)
    found: list[VideoComment] = []
    calls, asked = 0, 0
    for video_id in posts:
        if calls >= MOST_CALLS:
            break
        more, used = _under(session, video_id, most_calls=MOST_CALLS - calls)
        found += more
        calls += used
        asked += 1
    with transaction.atomic():
        outcome = write_facts(
            map(_fact, found),
            account=session.locked(),
            reading=session.reading(),
            observed_at=session.now,
            progress=None,
            total=0,
        )
        tally = outcome.comments
        said = {
            "posts": asked,
            "left": len(posts) - asked,
            "new": tally.created,
            "changed": tally.updated,
            "same": tally.unchanged,
        }
        return session.done(PART, said)


def _to_ask(session: Session) -> list[str]:
    since = session.now - timedelta(days=LOOKED_AT_DAYS)
    posts = Post.objects.filter(account=session.account, created_at__gt=since)
    told = posts.annotate(known=Count("received_comments")).exclude(known=F("comments"))
    return list(told.order_by("-created_at").values_list("video_id", flat=True))


def _under(session: Session, video_id: str, *, most_calls: int) -> tuple[list[VideoComment], int]:
    """Return the comments under a video, newest first, and how many calls that took."""
    found: list[VideoComment] = []
    cursor: int | None = None
    for call in range(1, most_calls + 1):
        session.holding()
        page = session.tiktok.business.comment_page(
            token=session.access.token,
            business_id=session.access.business_id,
            video_id=video_id,
            cursor=cursor,
        )
        found += page.items
        if page.following is None:
            return found, call
        cursor = page.following
    return found, most_calls


def _fact(comment: VideoComment) -> CommentFact:
    return CommentFact(
        row=0,
        video_id=comment.video_id,
        comment_id=comment.id,
        parent_id=comment.parent_id if comment.parent_id != "0" else "",
        author=comment.author,
        text=comment.text,
        likes=comment.likes,
        created_at=comment.created_at,
    )
