"""The sandbox's Accounts API: a business account's profile, its daily figures, and its videos with insights."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, Json

from agents.sandbox.tiktok.operations import BUSINESS, Act, Operation
from agents.sandbox.tiktok.records import EPOCH, Kind, world_now
from agents.sandbox.tiktok.videos import PICTURES, public_videos, video_count
from agents.sandbox.tiktok.wire import (
    BusinessError,
    Received,
    Reply,
    business_reply,
    open_id_of,
    read_query,
)
from agents.sandbox_models import SandboxCreator, SandboxRecord

CALLS_A_MINUTE = 40
"""By account and endpoint."""
LONGEST_RANGE = timedelta(days=60)
USUAL_RANGE = timedelta(days=6)
"""The last seven days, today included."""
FEWEST_FOLLOWERS = 100
"""Whoever has fewer is told nothing of their audience."""
AUDIENCE = ("audience_ages", "audience_genders", "audience_countries", "audience_cities")
DAILY = ("metrics",)
PROFILE = (
    *("username", "display_name", "bio_description", "profile_image", "profile_deep_link", "is_verified"),
    *("is_business_account", "following_count", "followers_count", "total_likes", "videos_count"),
)
VIDEO_FIELDS = frozenset(
    {
        *("item_id", "media_type", "is_ad", "thumbnail_url", "share_url", "embed_url", "caption"),
        *("video_duration", "create_time", "likes", "comments", "shares", "favorites", "reach"),
        *("video_views", "total_time_watched", "average_time_watched", "full_video_watched_rate"),
        *("new_followers", "profile_views", "website_clicks", "video_view_retention"),
        *("impression_sources", "audience_genders", "audience_countries", "audience_cities"),
        *("audience_types", "engagement_likes"),
    }
)


class Query(BaseModel):
    """Base of what is read from a query of the Business API: text, with JSON for lists and objects."""

    model_config = ConfigDict(extra="forbid")

    business_id: str


class _Profile(Query):
    """The query of `business/get`."""

    fields: Json[list[str]] = []
    start_date: date | None = None
    end_date: date | None = None


class _Filters(BaseModel):
    """What videos are filtered by."""

    model_config = ConfigDict(extra="forbid")

    video_ids: list[str] = Field(default=[], max_length=20)
    ad_post_only: bool = False


class _Videos(Query):
    """The query of `business/video/list`."""

    fields: Json[list[str]] = []
    filters: Json[_Filters] = _Filters()
    cursor: int | None = None
    max_count: int = Field(default=10, ge=1, le=20)


def check_business_id(given: str, creator: SandboxCreator) -> None:
    """Refuse another account's id: a token speaks for one."""
    if given != open_id_of(creator.username):
        raise BusinessError(40001, "business_id: not the account of the access token")


def business_get(received: Received, creator: SandboxCreator) -> Reply:
    """Answer who the account is, and its figures of each day asked for."""
    asked = read_query(_Profile, received)
    check_business_id(asked.business_id, creator)
    wanted = _wanted(asked.fields, {*PROFILE, *AUDIENCE, *DAILY})
    now = world_now()
    everything: dict[str, Any] = _profile(creator) | {"metrics": _days(asked, creator, now)}
    if creator.follower_count < FEWEST_FOLLOWERS:
        wanted -= set(AUDIENCE)
    return business_reply({name: everything[name] for name in sorted(wanted) if name in everything})


def _wanted(fields: list[str], known: set[str]) -> set[str]:
    """Return the fields asked for, all of them where none is; refuses one that is not known."""
    unknown = sorted(set(fields) - known)
    if unknown:
        raise BusinessError(40002, f"fields: {', '.join(unknown)}")
    return set(fields) or known


def _profile(creator: SandboxCreator) -> dict[str, Any]:
    row = SandboxRecord.objects.filter(kind=Kind.PROFILE, owner=creator.username).first()
    return {
        "username": creator.username,
        "display_name": creator.display_name or creator.username,
        "bio_description": creator.bio_description,
        "profile_image": f"{PICTURES}/{creator.username}.webp",
        "profile_deep_link": f"https://www.tiktok.com/@{creator.username}",
        "following_count": creator.following_count,
        "followers_count": creator.follower_count,
        "total_likes": creator.likes_count,
        "videos_count": video_count(creator),
        "is_verified": False,
        "is_business_account": True,
    } | (row.data if row else {})


def _days(asked: _Profile, creator: SandboxCreator, now: datetime) -> list[dict[str, Any]]:
    """Return the figures of each day of the range, oldest first; a day's are there once it is over."""
    last = asked.end_date or now.date()
    first = asked.start_date or last - USUAL_RANGE
    if first > last or last > now.date():
        raise BusinessError(40002, "start_date, end_date: not in order, or in the future")
    if first < (now - LONGEST_RANGE).date():
        raise BusinessError(40002, f"start_date: at most {LONGEST_RANGE.days} days ago")
    rows = SandboxRecord.objects.filter(
        kind=Kind.ACCOUNT_DAY,
        owner=creator.username,
        key__gte=first.isoformat(),
        key__lte=last.isoformat(),
        at__lte=now,
    )
    return [row.data for row in rows.order_by("key")]


def business_videos(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the account's public videos with insights, newest first."""
    asked = read_query(_Videos, received)
    check_business_id(asked.business_id, creator)
    wanted = _wanted(asked.fields, set(VIDEO_FIELDS)) | {"item_id"}
    until = None if asked.cursor is None else _moment(asked.cursor)
    found = public_videos(creator, before=until, ids=asked.filters.video_ids, most=asked.max_count + 1)
    page = found[: asked.max_count]
    shown = [
        {name: one.data[name] for name in sorted(wanted) if name in one.data}
        for one in page
        if one.data["is_ad"] or not asked.filters.ad_post_only
    ]
    cursor = page[-1].milliseconds if page else 0
    return business_reply({"videos": shown, "cursor": cursor, "has_more": len(found) > len(page)})


def _moment(milliseconds: int) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise BusinessError(40002, "cursor: no time") from error


def _operation(name: str, path: str, scopes: set[str], act: Act) -> Operation:
    where = f"/open_api/v1.3/business/{path}"
    return Operation(name, "GET", where, frozenset(scopes), act, CALLS_A_MINUTE, BUSINESS)


OPERATIONS = (
    _operation("business_get", "get/", {"user.insights"}, business_get),
    _operation("business_videos", "video/list/", {"video.insights"}, business_videos),
)
