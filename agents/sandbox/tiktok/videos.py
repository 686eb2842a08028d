"""A creator's public videos as the families show them: those planted with a world, and those posted through us."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agents.sandbox.tiktok.records import EPOCH, Counted, Kind, seconds_of, world_now
from agents.sandbox_models import SandboxCreator, SandboxPost, SandboxRecord
from tiktok_ops.clock import database_now

COUNTS = ("views", "likes", "comments", "shares", "favorites")
_POST_ID = re.compile(r"[1-8][0-9]{0,18}")
PICTURES = "https://pictures.tiktok.sandbox.invalid"


@dataclass(frozen=True, slots=True)
class PublicVideo:
    """A video everybody can see: when it came out, and all the Business API could say of it."""

    at: datetime
    data: dict[str, Any]

    @property
    def milliseconds(self) -> int:
        """Return when it came out, in milliseconds since 1970: the cursor of whoever has read up to it."""
        return (self.at - EPOCH) // timedelta(milliseconds=1)


def public_videos(
    creator: SandboxCreator,
    *,
    before: datetime | None = None,
    ids: Collection[str] = (),
    most: int | None = None,
) -> list[PublicVideo]:
    """Return the creator's public videos, newest first: those before a moment, with these ids, so many at most."""
    now = world_now()
    planted = SandboxRecord.objects.filter(kind=Kind.VIDEO, owner=creator.username, at__lte=now)
    posted = SandboxPost.objects.filter(
        creator=creator, public_at__lte=database_now(), fail_reason="", cancelled_at=None
    )
    if before is not None:
        planted, posted = planted.filter(at__lt=before), posted.filter(published_at__lt=before)
    if ids:
        planted = planted.filter(key__in=ids)
        posted = posted.filter(post_id__in=[int(one) for one in ids if _POST_ID.fullmatch(one)])
    found = [_planted(row, now) for row in planted.order_by("-at", "-key")[:most]]
    found += [_posted(row, creator) for row in posted.order_by("-published_at", "-id")[:most]]
    return sorted(found, key=lambda one: one.at, reverse=True)[:most]


def video_count(creator: SandboxCreator) -> int:
    """Return how many public videos the creator has."""
    planted = SandboxRecord.objects.filter(kind=Kind.VIDEO, owner=creator.username, at__lte=world_now())
    posted = SandboxPost.objects.filter(
        creator=creator, public_at__lte=database_now(), fail_reason="", cancelled_at=None
    )
    return planted.count() + posted.count()


def _planted(row: SandboxRecord, now: datetime) -> PublicVideo:
    views, *others = counts_of(row.data, now)
    likes, comments, shares, favorites = others
    data = {
        **row.data,
        **_links(row.owner, row.key),
        "video_views": views,
        "likes": likes,
        "comments": comments,
        "shares": shares,
        "favorites": favorites,
        "reach": int(views * float(row.data["reach_share"])),
        "total_time_watched": round(views * float(row.data["average_time_watched"])),
    }
    return PublicVideo(row.at, data)


def _posted(row: SandboxPost, creator: SandboxCreator) -> PublicVideo:
    """Nobody watches what is posted here, and nobody looks into its bytes."""
    at = row.published_at or row.begun_at
    data = {
        "item_id": str(row.post_id),
        "media_type": "PHOTO" if row.photo_urls else "VIDEO",
        "is_ad": False,
        "is_aigc": row.post_info["is_aigc"],
        "caption": caption_of(row),
        "create_time": str(seconds_of(at)),
        "video_duration": 0,
        **_links(creator.username, str(row.post_id), kind="photo" if row.photo_urls else "video"),
        **dict.fromkeys(("video_views", "likes", "comments", "shares", "favorites", "reach"), 0),
    }
    return PublicVideo(at, data)


def caption_of(row: SandboxPost) -> str:
    """Return the words of a post: a video's caption, or a photo post's title and description."""
    words = (row.post_info["title"], row.post_info.get("description", ""))
    return "\n".join(filter(None, words))


def _links(username: str, item_id: str, *, kind: str = "video") -> dict[str, str]:
    return {
        "share_url": f"https://www.tiktok.com/@{username}/{kind}/{item_id}",
        "embed_url": f"https://www.tiktok.com/player/v1/{item_id}",
        "thumbnail_url": f"{PICTURES}/{item_id}.jpeg",
    }


def counts_of(data: dict[str, Any], now: datetime) -> tuple[int, ...]:
    """Return a planted video's `COUNTS` at a moment: even growth between the points of its curve."""
    points = sorted((_point(one) for one in data["curve"]), key=lambda one: one.at)
    before = [one for one in points if one.at <= now]
    after = [one for one in points if one.at > now]
    if not before:
        return (0,) * len(COUNTS)
    last, following = before[-1], after[0] if after else before[-1]
    span = (following.at - last.at).total_seconds()
    share = (now - last.at).total_seconds() / span if span else 0.0
    return tuple(
        getattr(last, name) + int((getattr(following, name) - getattr(last, name)) * share) for name in COUNTS
    )


def _point(one: dict[str, Any]) -> Counted:
    return Counted(at=datetime.fromisoformat(one["at"]), **{name: one[name] for name in COUNTS})
