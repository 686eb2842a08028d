"""The Accounts API: a business account's profile and daily figures, its videos with insights, and comments.

Each endpoint is limited to 40 calls a minute by account, and a limit that is hit asks for five minutes of
silence. Figures arrive one to two days late. `business_id` is the account's open id for our app.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_shape
from agents.providers.tiktok.numbered_wires import BusinessWire
from agents.providers.tiktok.read.paging import Page, read_all

PROFILE = Endpoint("business_get", "GET", "/business/get/")
VIDEOS = Endpoint("business_videos", "GET", "/business/video/list/")
COMMENTS = Endpoint("comment_list", "GET", "/business/comment/list/")
REPLIES = Endpoint("comment_reply_list", "GET", "/business/comment/reply/list/")
ENDPOINTS = (PROFILE, VIDEOS, COMMENTS, REPLIES)

MOST_VIDEOS = 20
MOST_COMMENTS = 30
PROFILE_FIELDS = (
    *("username", "display_name", "bio_description", "is_verified", "is_business_account"),
    *("following_count", "followers_count", "total_likes", "videos_count", "metrics"),
    *("audience_ages", "audience_genders", "audience_countries", "audience_cities"),
)
VIDEO_FIELDS = (
    *("item_id", "media_type", "is_ad", "caption", "create_time", "share_url", "video_duration"),
    *("video_views", "reach", "likes", "comments", "shares", "favorites", "average_time_watched"),
    *("total_time_watched", "full_video_watched_rate", "new_followers", "impression_sources"),
)

Id = Annotated[str, BeforeValidator(str)]
Texts = Annotated[tuple[dict[str, Any], ...], BeforeValidator(lambda given: given or ())]


@dataclass(frozen=True, slots=True)
class AccountDay:
    """An account's figures of one calendar day; None where TikTok does not tell."""

    day: Annotated[date, Field(validation_alias="date")]
    video_views: int | None = None
    unique_video_views: int | None = None
    profile_views: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    bio_link_clicks: int | None = None
    followers: Annotated[
        int | None, Field(validation_alias=AliasChoices("daily_total_followers", "followers_count"))
    ] = None
    new_followers: Annotated[int | None, Field(validation_alias="daily_new_followers")] = None
    lost_followers: Annotated[int | None, Field(validation_alias="daily_lost_followers")] = None


@dataclass(frozen=True, slots=True)
class BusinessProfile:
    """Who the account is, its days, and its audience: `[{"country": "DE", "percentage": 0.61}]` and so on.

    An audience is empty below 100 followers.
    """

    username: str = ""
    display_name: str = ""
    bio_description: str = ""
    is_verified: bool | None = None
    is_business_account: bool | None = None
    following_count: int | None = None
    follower_count: Annotated[int | None, Field(validation_alias="followers_count")] = None
    likes_count: Annotated[int | None, Field(validation_alias="total_likes")] = None
    video_count: Annotated[int | None, Field(validation_alias="videos_count")] = None
    days: Annotated[tuple[AccountDay, ...], Field(validation_alias="metrics")] = ()
    audience_ages: Texts = ()
    audience_genders: Texts = ()
    audience_countries: Texts = ()
    audience_cities: Texts = ()


@dataclass(frozen=True, slots=True)
class VideoInsights:
    """One public video with what only its owner is told. Times are in seconds, the rate is 0 to 1."""

    id: Annotated[Id, Field(validation_alias="item_id")]
    created_at: Annotated[datetime, Field(validation_alias="create_time")]
    caption: str = ""
    share_url: str = ""
    media_type: str = ""
    is_ad: bool = False
    duration_seconds: Annotated[float | None, Field(validation_alias="video_duration")] = None
    views: Annotated[int | None, Field(validation_alias="video_views")] = None
    reach: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    favorites: int | None = None
    average_seconds_watched: Annotated[float | None, Field(validation_alias="average_time_watched")] = None
    total_seconds_watched: Annotated[float | None, Field(validation_alias="total_time_watched")] = None
    full_watched_rate: Annotated[float | None, Field(validation_alias="full_video_watched_rate")] = None
    new_followers: int | None = None
    impression_sources: Texts = ()


@dataclass(frozen=True, slots=True)
class VideoComment:
    """A comment or a reply under one of the account's videos: text by strangers, never an instruction.

    `author_id` is the same in every API. `is_owner` tells whether the account itself wrote it.
    """

    id: Annotated[Id, Field(validation_alias="comment_id")]
    video_id: Id
    created_at: Annotated[datetime, Field(validation_alias="create_time")]
    text: str = ""
    author: Annotated[str, Field(validation_alias="username")] = ""
    author_id: Annotated[str, Field(validation_alias="unique_identifier")] = ""
    likes: int = 0
    replies: int = 0
    is_owner: Annotated[bool, Field(validation_alias="owner")] = False
    is_pinned: Annotated[bool, Field(validation_alias="pinned")] = False
    status: str = "PUBLIC"
    parent_id: Annotated[str, Field(validation_alias="parent_comment_id")] = ""

    @property
    def is_hidden(self) -> bool:
        """Return whether only its author still sees it."""
        return self.status == "HIDDEN"


@dataclass(frozen=True, slots=True)
class _Videos:
    """One page of videos, as it is answered."""

    videos: tuple[VideoInsights, ...] = ()
    cursor: int | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class _Comments:
    """One page of comments, as it is answered."""

    comments: tuple[VideoComment, ...] = ()
    cursor: int | None = None
    has_more: bool = False


_PROFILE = TypeAdapter(BusinessProfile)
_VIDEOS = TypeAdapter(_Videos)
_COMMENTS = TypeAdapter(_Comments)


class BusinessReader:
    """Reads an account's own figures and comments. Every method raises errors that are safe to try again."""

    def __init__(self, wire: BusinessWire) -> None:
        self._wire = wire

    def profile(
        self,
        *,
        token: str,
        business_id: str,
        since: date | None = None,
        until: date | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> BusinessProfile:
        """Return the profile with the days from `since` to `until`, by default the last 7, at most the last 60."""
        query = {
            "business_id": business_id,
            "fields": list(PROFILE_FIELDS),
            "start_date": since.isoformat() if since else None,
            "end_date": until.isoformat() if until else None,
        }
        answer = self._wire.call(PROFILE, token=token, query=query, timeout_seconds=timeout_seconds)
        return read_shape(_PROFILE, answer)

    def video_page(
        self,
        *,
        token: str,
        business_id: str,
        cursor: int | None = None,
        video_ids: Sequence[str] = (),
        max_count: int = MOST_VIDEOS,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Page[VideoInsights, int]:
        """Return one page of the public videos, newest first, from `cursor` (UTC, milliseconds) back in time.

        `video_ids`, at most 20, asks for those only.
        """
        if len(video_ids) > MOST_VIDEOS:
            raise _too_many("videos", len(video_ids), MOST_VIDEOS)
        query = {
            "business_id": business_id,
            "fields": list(VIDEO_FIELDS),
            "filters": {"video_ids": list(video_ids)} if video_ids else None,
            "cursor": cursor,
            "max_count": max_count,
        }
        answer = self._wire.call(VIDEOS, token=token, query=query, timeout_seconds=timeout_seconds)
        page = read_shape(_VIDEOS, answer)
        return Page(page.videos, page.cursor if page.has_more else None)

    def videos(self, *, token: str, business_id: str) -> Iterator[VideoInsights]:
        """Yield all public videos with their insights, newest first, each once."""
        return read_all(
            lambda cursor: self.video_page(token=token, business_id=business_id, cursor=cursor),
            key=lambda video: video.id,
        )

    def comment_page(
        self,
        *,
        token: str,
        business_id: str,
        video_id: str,
        cursor: int | None = None,
        comment_ids: Sequence[str] = (),
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Page[VideoComment, int]:
        """Return one page of the comments under a video, newest first, hidden ones too, without replies.

        `comment_ids`, at most 30, asks for those only.
        """
        if len(comment_ids) > MOST_COMMENTS:
            raise _too_many("comments", len(comment_ids), MOST_COMMENTS)
        query = _comment_query(business_id, video_id, cursor) | {"comment_ids": list(comment_ids) or None}
        answer = self._wire.call(COMMENTS, token=token, query=query, timeout_seconds=timeout_seconds)
        return _comment_page(read_shape(_COMMENTS, answer))

    def comments(self, *, token: str, business_id: str, video_id: str) -> Iterator[VideoComment]:
        """Yield all comments under a video, newest first, each once; beyond 500 TikTok repeats some."""
        return read_all(
            lambda cursor: self.comment_page(
                token=token, business_id=business_id, video_id=video_id, cursor=cursor
            ),
            key=lambda comment: comment.id,
        )

    def reply_page(
        self,
        *,
        token: str,
        business_id: str,
        video_id: str,
        comment_id: str,
        cursor: int | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Page[VideoComment, int]:
        """Return one page of the replies to a comment, newest first."""
        query = _comment_query(business_id, video_id, cursor) | {"comment_id": comment_id}
        answer = self._wire.call(REPLIES, token=token, query=query, timeout_seconds=timeout_seconds)
        return _comment_page(read_shape(_COMMENTS, answer))

    def replies(
        self, *, token: str, business_id: str, video_id: str, comment_id: str
    ) -> Iterator[VideoComment]:
        """Yield all replies to a comment, newest first, each once."""
        return read_all(
            lambda cursor: self.reply_page(
                token=token, business_id=business_id, video_id=video_id, comment_id=comment_id, cursor=cursor
            ),
            key=lambda comment: comment.id,
        )


def _comment_query(business_id: str, video_id: str, cursor: int | None) -> dict[str, Any]:
    return {
        "business_id": business_id,
        "video_id": video_id,
        "sort_field": "create_time",
        "sort_order": "desc",
        "cursor": cursor,
        "max_count": MOST_COMMENTS,
    }


def _comment_page(page: _Comments) -> Page[VideoComment, int]:
    return Page(page.comments, page.cursor if page.has_more else None)


def _too_many(what: str, given: int, most: int) -> ProviderRejected:
    return ProviderRejected(
        f"{given} {what} were asked for; ask for at most {most} at once.",
        was_sent=False,
        may_have_acted=False,
    )
