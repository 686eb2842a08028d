"""Reading profile and videos: the recorded answers, the requests, and how pages are walked."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agents.providers.errors import AccessRefused, ProviderRejected, ProviderUnavailable
from agents.providers.tiktok.read.display import (
    MOST_VIDEOS,
    USER_FIELDS,
    VIDEO_FIELDS,
    TikTokUser,
    TikTokVideo,
    VideoPage,
)
from tests.unit.agents.providers.tiktok.wire import (
    TOKEN,
    Handler,
    answering,
    body_of,
    envelope,
    live,
    refusing,
)

USER = {
    "open_id": "_000Kq7mVw3exampleOpenId",
    "union_id": "u-5f2c-example",
    "avatar_url": "https://p16-sign.tiktokcdn.com/example.webp?x-expires=1795200000",
    "display_name": "Nordlicht Tea",
    "username": "nordlicht.tea",
    "bio_description": "Loose leaf from the north.",
    "profile_deep_link": "https://vm.tiktok.com/ZExample/",
    "is_verified": False,
    "follower_count": 18420,
    "following_count": 112,
    "likes_count": 250331,
    "video_count": 146,
}
VIDEO: dict[str, Any] = {
    "id": "7574100012345678901",
    "title": "Three ways to cold brew",
    "video_description": "Three ways to cold brew #tea #coldbrew",
    "create_time": 1763550000,
    "duration": 34,
    "height": 1920,
    "width": 1080,
    "cover_image_url": "https://p16-sign.tiktokcdn.com/cover.jpeg?x-expires=1763571600",
    "share_url": "https://www.tiktok.com/@nordlicht.tea/video/7574100012345678901",
    "embed_link": "https://www.tiktok.com/player/v1/7574100012345678901",
    "like_count": 932,
    "comment_count": 41,
    "share_count": 77,
    "view_count": 28110,
    "is_aigc": False,
}


def page(*ids: object, cursor: object = None, has_more: bool = False) -> Handler:
    """Return a handler that answers with a page of these videos."""
    videos = [{"id": one, "create_time": 1763550000} for one in ids]
    return answering(envelope({"videos": videos, "cursor": cursor, "has_more": has_more}))


def test_read_user_gives_the_recorded_profile() -> None:
    provider, recorder = live(answering(envelope({"user": USER})))
    assert provider.display.user_info(token=TOKEN) == TikTokUser(
        open_id="_000Kq7mVw3exampleOpenId",
        union_id="u-5f2c-example",
        username="nordlicht.tea",
        display_name="Nordlicht Tea",
        bio_description="Loose leaf from the north.",
        avatar_url="https://p16-sign.tiktokcdn.com/example.webp?x-expires=1795200000",
        profile_deep_link="https://vm.tiktok.com/ZExample/",
        is_verified=False,
        follower_count=18420,
        following_count=112,
        likes_count=250331,
        video_count=146,
    )
    [request] = recorder.requests
    assert (request.method, request.url.path, request.content) == ("GET", "/v2/user/info/", b"")
    assert request.url.params["fields"] == ",".join(USER_FIELDS)


def test_read_user_with_fewer_scopes_leaves_the_rest_unknown() -> None:
    provider, recorder = live(answering(envelope({"user": {"open_id": "o1"}})))
    user = provider.display.user_info(token=TOKEN, fields=["open_id"])
    assert user == TikTokUser(open_id="o1")
    assert (user.follower_count, user.is_verified, user.username) == (None, None, "")
    assert recorder.requests[0].url.params["fields"] == "open_id"


@pytest.mark.parametrize("code", ["scope_not_authorized", "scope_permission_missed"])
def test_read_user_outside_the_granted_scopes_asks_for_a_person(code: str) -> None:
    provider, _ = live(refusing(code, status=401))
    with pytest.raises(AccessRefused) as refused:
        provider.display.user_info(token=TOKEN)
    assert refused.value.code == code


@pytest.mark.parametrize("data", [{}, {"user": None}, {"user": {"follower_count": "many"}}])
def test_read_user_that_is_none_is_no_answer(data: dict[str, Any]) -> None:
    provider, _ = live(answering(envelope(data)))
    with pytest.raises(ProviderUnavailable, match="lacks a usable 'user"):
        provider.display.user_info(token=TOKEN)


def test_read_page_gives_the_recorded_video() -> None:
    data = {"videos": [VIDEO], "cursor": 1763550000000, "has_more": True}
    provider, recorder = live(answering(envelope(data)))
    video = TikTokVideo(
        id="7574100012345678901",
        created_at=datetime(2025, 11, 19, 11, 0, tzinfo=UTC),
        title="Three ways to cold brew",
        description="Three ways to cold brew #tea #coldbrew",
        duration_seconds=34,
        height=1920,
        width=1080,
        share_url="https://www.tiktok.com/@nordlicht.tea/video/7574100012345678901",
        embed_link="https://www.tiktok.com/player/v1/7574100012345678901",
        cover_image_url="https://p16-sign.tiktokcdn.com/cover.jpeg?x-expires=1763571600",
        like_count=932,
        comment_count=41,
        share_count=77,
        view_count=28110,
        is_aigc=False,
    )
    found = provider.display.video_list(token=TOKEN)
    assert found == VideoPage((video,), 1763550000000, True)
    assert found.videos[0].created_at.utcoffset() is not None
    [request] = recorder.requests
    assert (request.method, request.url.path) == ("POST", "/v2/video/list/")
    assert request.url.params["fields"] == ",".join(VIDEO_FIELDS)
    assert body_of(request) == {"max_count": 20}


def test_read_page_sends_the_cursor_and_the_size() -> None:
    provider, recorder = live(page())
    provider.display.video_list(token=TOKEN, cursor=0, max_count=5)
    assert body_of(recorder.requests[0]) == {"max_count": 5, "cursor": 0}


def test_read_video_whose_id_is_a_number_keeps_every_digit() -> None:
    provider, _ = live(page(7574100012345678901))
    assert provider.display.video_list(token=TOKEN).videos[0].id == "7574100012345678901"


@pytest.mark.parametrize("video", [{"id": "1"}, {"create_time": 1}, {"id": "1", "create_time": "soon"}])
def test_read_video_without_id_or_time_is_no_answer(video: dict[str, Any]) -> None:
    provider, _ = live(answering(envelope({"videos": [video]})))
    with pytest.raises(ProviderUnavailable, match=r"lacks a usable 'videos\.0\."):
        provider.display.video_list(token=TOKEN)


def test_walk_videos_follows_the_cursor_to_the_last_page() -> None:
    provider, recorder = live(page("a", "b", cursor=20, has_more=True), page("c", cursor=10))
    assert [video.id for video in provider.display.videos(token=TOKEN)] == ["a", "b", "c"]
    assert [body_of(request).get("cursor") for request in recorder.requests] == [None, 20]


def test_walk_videos_asks_only_for_pages_that_are_wanted() -> None:
    provider, recorder = live(page("a", "b", cursor=20, has_more=True))
    walk = provider.display.videos(token=TOKEN)
    assert recorder.requests == []
    assert next(walk).id == "a"
    assert len(recorder.requests) == 1


def test_walk_videos_gives_each_once_though_pages_overlap() -> None:
    provider, _ = live(page("a", "b", cursor=20, has_more=True), page("b", "c", cursor=10))
    assert [video.id for video in provider.display.videos(token=TOKEN)] == ["a", "b", "c"]


@pytest.mark.parametrize("cursor", [20, None])
def test_walk_videos_stops_at_a_page_that_leads_nowhere_new(cursor: object) -> None:
    provider, recorder = live(page("a", cursor=20, has_more=True), page("b", cursor=cursor, has_more=True))
    assert [video.id for video in provider.display.videos(token=TOKEN)] == ["a", "b"]
    assert len(recorder.requests) == 2


def test_walk_videos_stops_after_the_most_pages() -> None:
    pages = [page(str(at), cursor=100 - at, has_more=True) for at in range(5)]
    provider, recorder = live(*pages)
    assert len(list(provider.display.videos(token=TOKEN, most_pages=3))) == 3
    assert len(recorder.requests) == 3


def test_query_videos_asks_for_them_by_id() -> None:
    provider, recorder = live(answering(envelope({"videos": [VIDEO]})))
    [video] = provider.display.video_query(token=TOKEN, video_ids=["7574100012345678901", "2"])
    assert video.view_count == 28110
    [request] = recorder.requests
    assert (request.method, request.url.path) == ("POST", "/v2/video/query/")
    assert body_of(request) == {"filters": {"video_ids": ["7574100012345678901", "2"]}}


@pytest.mark.parametrize("number", [0, MOST_VIDEOS + 1])
def test_query_too_many_videos_or_none_sends_nothing(number: int) -> None:
    provider, recorder = live(page())
    with pytest.raises(ProviderRejected, match=f"{number} videos were asked for; ask for 1 to 20") as refused:
        provider.display.video_query(token=TOKEN, video_ids=["1"] * number)
    assert recorder.requests == []
    assert (refused.value.was_sent, refused.value.may_have_acted) == (False, False)


def test_wait_only_as_long_as_told_in_every_call() -> None:
    provider, recorder = live(answering(envelope({"user": {}, "videos": []})))
    provider.display.user_info(token=TOKEN, timeout_seconds=7)
    provider.display.video_list(token=TOKEN, timeout_seconds=7)
    provider.display.video_query(token=TOKEN, video_ids=["1"], timeout_seconds=7)
    assert [request.extensions["timeout"]["read"] for request in recorder.requests] == [7, 7, 7]
