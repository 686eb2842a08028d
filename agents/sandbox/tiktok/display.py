"""The sandbox's Display API: a creator's profile and public videos."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from agents.sandbox.tiktok.operations import Operation
from agents.sandbox.tiktok.rules import CALLS_A_MINUTE, database_now
from agents.sandbox.tiktok.wire import (
    Page,
    Received,
    Reply,
    VideoFilters,
    WireError,
    digest_of,
    open_id_of,
    read_body,
)
from agents.sandbox_models import SandboxCreator, SandboxPost

USER_SCOPES = {
    "user.info.basic": {
        "open_id",
        "union_id",
        "avatar_url",
        "avatar_url_100",
        "avatar_large_url",
        "display_name",
    },
    "user.info.profile": {
        "bio_description",
        "profile_deep_link",
        "profile_web_link",
        "is_verified",
        "username",
    },
    "user.info.stats": {"follower_count", "following_count", "likes_count", "video_count"},
}
LONGEST_TITLE = 150
PICTURES = "https://pictures.tiktok.sandbox.invalid"
_VIDEO_ID = re.compile(r"[1-8][0-9]{18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def user_info(received: Received, creator: SandboxCreator) -> Reply:
    """Answer who the creator is, with the fields asked for."""
    fields = _fields(received, set().union(*USER_SCOPES.values()))
    for scope, named in USER_SCOPES.items():
        if fields & named and scope not in creator.scopes:
            raise WireError("scope_not_authorized", f"The user did not authorize the scope {scope}.")
    everything = _user(creator)
    return Reply(200, "ok", {"user": {name: everything[name] for name in sorted(fields)}})


def video_list(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the creator's public videos, newest first."""
    fields = _fields(received, set(VIDEO_FIELDS))
    page = read_body(Page, received, code="invalid_params")
    videos = _public(creator)
    if page.cursor is not None:
        # A cursor is in milliseconds; the database keeps microseconds.
        videos = videos.filter(published_at__lt=_moment(page.cursor))
    found = list(videos.order_by("-published_at", "-id")[: page.max_count + 1])
    shown = found[: page.max_count]
    cursor = _milliseconds(shown[-1].published_at) if shown else 0
    data = {
        "videos": [_video(post, fields) for post in shown],
        "cursor": cursor,
        "has_more": len(found) > len(shown),
    }
    return Reply(200, "ok", data)


def video_query(received: Received, creator: SandboxCreator) -> Reply:
    """Answer those of the videos asked for that are the creator's own and public."""
    fields = _fields(received, set(VIDEO_FIELDS))
    ids = read_body(VideoFilters, received, code="invalid_params").filters.video_ids
    known = [int(one) for one in ids if _VIDEO_ID.fullmatch(one)]
    videos = _public(creator).filter(post_id__in=known).order_by("-published_at", "-id")
    return Reply(200, "ok", {"videos": [_video(post, fields) for post in videos]})


def _fields(received: Received, known: set[str]) -> set[str]:
    """Return the fields asked for; every one has to be known."""
    fields = {name for name in received.query.get("fields", "").split(",") if name}
    unknown = sorted(fields - known)
    if unknown or not fields:
        raise WireError("invalid_params", f"fields: {', '.join(unknown) or 'is required'}")
    return fields


def _public(creator: SandboxCreator) -> QuerySet[SandboxPost]:
    return SandboxPost.objects.filter(
        creator=creator, public_at__lte=database_now(), fail_reason="", cancelled_at=None
    )


def _user(creator: SandboxCreator) -> dict[str, Any]:
    link = f"https://www.tiktok.com/@{creator.username}"
    pictures = ("avatar_url", "avatar_url_100", "avatar_large_url")
    return dict.fromkeys(pictures, f"{PICTURES}/{creator.username}.webp") | {
        "open_id": open_id_of(creator.username),
        "union_id": digest_of(f"union {creator.username}")[:36],
        "display_name": creator.display_name or creator.username,
        "bio_description": creator.bio_description,
        "profile_deep_link": link,
        "profile_web_link": link,
        "is_verified": False,
        "username": creator.username,
        "follower_count": creator.follower_count,
        "following_count": creator.following_count,
        "likes_count": creator.likes_count,
        "video_count": _public(creator).count(),
    }


def _link(post: SandboxPost) -> str:
    return f"https://www.tiktok.com/@{post.creator.username}/video/{post.post_id}"


VIDEO_FIELDS: Mapping[str, Callable[[SandboxPost], Any]] = {
    "id": lambda post: str(post.post_id),
    "title": lambda post: post.post_info["title"][:LONGEST_TITLE],
    "video_description": lambda post: post.post_info["title"][:LONGEST_TITLE],
    "create_time": lambda post: _milliseconds(post.published_at) // 1000,
    "is_aigc": lambda post: post.post_info["is_aigc"],
    "share_url": _link,
    "embed_link": lambda post: f"https://www.tiktok.com/player/v1/{post.post_id}",
    "embed_html": lambda post: f'<blockquote cite="{_link(post)}"></blockquote>',
    "cover_image_url": lambda post: f"{PICTURES}/{post.post_id}.jpeg",
    "duration": lambda post: 0,
    "height": lambda post: 1920,
    "width": lambda post: 1080,
    "like_count": lambda post: 0,
    "comment_count": lambda post: 0,
    "share_count": lambda post: 0,
    "view_count": lambda post: 0,
}
"""How to answer each field of a video; nobody watches videos here, and nobody looks into their bytes."""


def _video(post: SandboxPost, fields: set[str]) -> dict[str, Any]:
    return {name: VIDEO_FIELDS[name](post) for name in sorted(fields)}


def _milliseconds(at: datetime | None) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1) if at else 0


def _moment(milliseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise WireError("invalid_params", "cursor: no time") from error


_LIST = frozenset({"video.list"})
_BASIC = frozenset({"user.info.basic"})
OPERATIONS = (
    Operation("user_info", "GET", "/v2/user/info/", _BASIC, user_info, CALLS_A_MINUTE["user_info"]),
    Operation("video_list", "POST", "/v2/video/list/", _LIST, video_list, CALLS_A_MINUTE["video_list"]),
    Operation("video_query", "POST", "/v2/video/query/", _LIST, video_query, CALLS_A_MINUTE["video_query"]),
)
