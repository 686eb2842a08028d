"""What agents read: the content tables as plain values."""

from datetime import datetime
from uuid import UUID

from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.models import Post


def posts_until(account_id: UUID, *, as_of: datetime, since: datetime | None = None) -> list[PostFigures]:
    """Return the account's posts with `since < created_at <= as_of`, oldest first, with their newest counts.

    Without `since`, all of them up to `as_of`.
    """
    posts = Post.objects.filter(account_id=account_id, created_at__lte=as_of)
    if since is not None:
        posts = posts.filter(created_at__gt=since)
    rows = posts.order_by("created_at", "video_id").values_list(
        "video_id", "created_at", "caption", "hashtags", "views", "likes", "comments", "shares"
    )
    return [PostFigures(*row[:3], tuple(row[3]), *row[4:]) for row in rows]
