"""The sandbox's Display API: a creator's profile and public videos."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from agents.sandbox.tiktok.operations import Operation
from agents.sandbox.tiktok.records import EPOCH
from agents.sandbox.tiktok.rules import CALLS_A_MINUTE
from agents.sandbox.tiktok.videos import PICTURES, PublicVideo, public_videos, video_count
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
from agents.sandbox_models import SandboxCreator

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
_VIDEO_ID = re.compile(r"[1-8][0-9]{18}")


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
    until = None if page.cursor is None else _moment(page.cursor)
    found = public_videos(creator, before=until, most=page.max_count + 1)
    shown = found[: page.max_count]
    data = {
        "videos": [_video(one, fields) for one in shown],
        "cursor": shown[-1].milliseconds if shown else 0,
        "has_more": len(found) > len(shown),
    }
    return Reply(200, "ok", data)


def video_query(received: Received, creator: SandboxCreator) -> Reply:
    """Answer those of the videos asked for that are the creator's own and public."""
    fields = _fields(received, set(VIDEO_FIELDS))
    ids = read_body(VideoFilters, received, code="invalid_params").filters.video_ids
    known = [one for one in ids if _VIDEO_ID.fullmatch(one)]
    videos = public_videos(creator, ids=known) if known else []
    return Reply(200, "ok", {"videos": [_video(one, fields) for one in videos]})


def _fields(received: Received, known: set[str]) -> set[str]:
    """Return the fields asked for; every one has to be known."""
    fields = {name for name in received.query.get("fields", "").split(",") if name}
    unknown = sorted(fields - known)
    if unknown or not fields:
        raise WireError("invalid_params", f"fields: {', '.join(unknown) or 'is required'}")
    return fields


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
        "video_count": video_count(creator),
    }


VIDEO_FIELDS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "id": lambda video: video["item_id"],
    "title": lambda video: video["caption"][:LONGEST_TITLE],
    "video_description": lambda video: video["caption"][:LONGEST_TITLE],
    "create_time": lambda video: int(video["create_time"]),
    "is_aigc": lambda video: video["is_aigc"],
    "share_url": lambda video: video["share_url"],
    "embed_link": lambda video: video["embed_url"],
    "embed_html": lambda video: f'<blockquote cite="{video["share_url"]}"></blockquote>',
    "cover_image_url": lambda video: video["thumbnail_url"],
    "duration": lambda video: int(video["video_duration"]),
    "height": lambda video: 1920,
    "width": lambda video: 1080,
    "like_count": lambda video: video["likes"],
    "comment_count": lambda video: video["comments"],
    "share_count": lambda video: video["shares"],
    "view_count": lambda video: video["video_views"],
}
"""How each field of a video follows from what the Business API says of it."""


def _video(video: PublicVideo, fields: set[str]) -> dict[str, Any]:
    return {name: VIDEO_FIELDS[name](video.data) for name in sorted(fields)}


def _moment(milliseconds: int) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise WireError("invalid_params", "cursor: no time") from error


_LIST = frozenset({"video.list"})
_BASIC = frozenset({"user.info.basic"})
OPERATIONS = (
    Operation("user_info", "GET", "/v2/user/info/", _BASIC, user_info, CALLS_A_MINUTE["user_info"]),
    Operation("video_list", "POST", "/v2/video/list/", _LIST, video_list, CALLS_A_MINUTE["video_list"]),
    Operation("video_query", "POST", "/v2/video/query/", _LIST, video_query, CALLS_A_MINUTE["video_query"]),
)
