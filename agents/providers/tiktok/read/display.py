"""The Display API: who the account is, and its public videos.

Each call is limited to 600 a minute for each token. Numbers may be missing: TikTok only gives the
fields of granted scopes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.wire import CALL_TIMEOUT_SECONDS, Wire, read_shape

BASIC_FIELDS = ("open_id", "union_id", "avatar_url", "display_name")
PROFILE_FIELDS = ("bio_description", "profile_deep_link", "is_verified", "username")
STATS_FIELDS = ("follower_count", "following_count", "likes_count", "video_count")
USER_FIELDS = (*BASIC_FIELDS, *PROFILE_FIELDS, *STATS_FIELDS)
VIDEO_FIELDS = (
    *("id", "create_time", "title", "video_description", "duration", "height", "width", "share_url"),
    *("embed_link", "cover_image_url", "like_count", "comment_count", "share_count", "view_count"),
    "is_aigc",
)
MOST_VIDEOS = 20
"""The most videos one page has, and the most one query takes."""
MOST_PAGES = 500

Id = Annotated[str, BeforeValidator(str)]


@dataclass(frozen=True, slots=True)
class TikTokUser:
    """Who an account is; texts are empty and numbers None where the scope was not granted."""

    open_id: str = ""
    union_id: str = ""
    username: str = ""
    display_name: str = ""
    bio_description: str = ""
    avatar_url: str = ""
    profile_deep_link: str = ""
    is_verified: bool | None = None
    follower_count: int | None = None
    following_count: int | None = None
    likes_count: int | None = None
    video_count: int | None = None


@dataclass(frozen=True, slots=True)
class TikTokVideo:
    """One public video. `title` and `description` are its caption, cut by TikTok to 150 characters.

    `cover_image_url` expires after 6 hours. Sizes are in pixels.
    """

    id: Id
    created_at: Annotated[datetime, Field(validation_alias="create_time")]
    title: str = ""
    description: Annotated[str, Field(validation_alias="video_description")] = ""
    duration_seconds: Annotated[int | None, Field(validation_alias="duration")] = None
    height: int | None = None
    width: int | None = None
    share_url: str = ""
    embed_link: str = ""
    cover_image_url: str = ""
    like_count: int | None = None
    comment_count: int | None = None
    share_count: int | None = None
    view_count: int | None = None
    is_aigc: bool | None = None


@dataclass(frozen=True, slots=True)
class VideoPage:
    """A page of videos, newest first; `cursor` (UTC, milliseconds) is where the next one begins."""

    videos: tuple[TikTokVideo, ...] = ()
    cursor: int | None = None
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class _UserData:
    """What `user/info` answers."""

    user: TikTokUser


_USER = TypeAdapter(_UserData)
_PAGE = TypeAdapter(VideoPage)


class DisplayReader:
    """Reads profile and videos. Every method raises the errors of `problems`, all safe to try again."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def user_info(
        self,
        *,
        token: str,
        fields: Sequence[str] = USER_FIELDS,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> TikTokUser:
        """Return who the token's account is; `fields` outside its scopes raise `AccessRefused`."""
        answer = self._wire.call(
            "GET", "/v2/user/info/", token=token, fields=tuple(fields), timeout_seconds=timeout_seconds
        )
        return read_shape(_USER, answer).user

    def video_list(
        self,
        *,
        token: str,
        cursor: int | None = None,
        max_count: int = MOST_VIDEOS,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> VideoPage:
        """Return one page of the account's public videos, from `cursor` (UTC, milliseconds) back in time."""
        body = {"max_count": max_count} | ({} if cursor is None else {"cursor": cursor})
        answer = self._wire.call(
            "POST",
            "/v2/video/list/",
            token=token,
            fields=VIDEO_FIELDS,
            body=body,
            timeout_seconds=timeout_seconds,
        )
        return read_shape(_PAGE, answer)

    def videos(self, *, token: str, most_pages: int = MOST_PAGES) -> Iterator[TikTokVideo]:
        """Yield all public videos, newest first, each once; one call a page, made when it is needed.

        Ends at the last page, at a page that leads nowhere new, and after `most_pages`.
        """
        seen: set[str] = set()
        cursors: set[int | None] = {None}
        cursor: int | None = None
        for _ in range(most_pages):
            page = self.video_list(token=token, cursor=cursor)
            fresh = [video for video in page.videos if video.id not in seen]
            seen.update(video.id for video in fresh)
            yield from fresh
            if not page.has_more or page.cursor in cursors:
                return
            cursor = page.cursor
            cursors.add(cursor)

    def video_query(
        self, *, token: str, video_ids: Sequence[str], timeout_seconds: float = CALL_TIMEOUT_SECONDS
    ) -> tuple[TikTokVideo, ...]:
        """Return those of 1 to 20 videos that are the account's own and public, in TikTok's order.

        Raises `ProviderRejected` unsent for another number of ids.
        """
        if not 1 <= len(video_ids) <= MOST_VIDEOS:
            raise ProviderRejected(
                f"{len(video_ids)} videos were asked for; ask for 1 to {MOST_VIDEOS} at once.",
                was_sent=False,
                may_have_acted=False,
            )
        answer = self._wire.call(
            "POST",
            "/v2/video/query/",
            token=token,
            fields=VIDEO_FIELDS,
            body={"filters": {"video_ids": list(video_ids)}},
            timeout_seconds=timeout_seconds,
        )
        return read_shape(_PAGE, answer).videos
