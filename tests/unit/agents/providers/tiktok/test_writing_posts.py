"""Announcing, sending and calling back a video: what goes over the wire, and what is never sent."""

from io import BytesIO
from typing import Any

import httpx
import pytest

from agents.providers.errors import (
    Advice,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.tiktok.write.chunks import Chunk, ChunkPlan, plan_chunks
from agents.providers.tiktok.write.posting import PostingWriter, UploadTicket, VideoPost
from tests.unit.agents.providers.tiktok.wire import (
    TOKEN,
    UPLOAD_URL,
    Handler,
    Recorder,
    answering,
    body_of,
    envelope,
    failing,
    live,
    refusing,
)

PUBLISH_ID = "v_pub_file~v2-1.757410000000000001"
ANNOUNCED = answering(envelope({"publish_id": PUBLISH_ID, "upload_url": UPLOAD_URL}))
POST = VideoPost(
    title="Three ways to cold brew #tea #coldbrew",
    privacy_level="PUBLIC_TO_EVERYONE",
    disable_comment=False,
    brand_organic_toggle=True,
    video_cover_timestamp_ms=1200,
)
PLAN = ChunkPlan(10, 4, (Chunk(0, 3), Chunk(4, 9)))


def writer(*handlers: Handler) -> tuple[PostingWriter, Recorder]:
    """Return a writer that gets these answers, and what it sent."""
    provider, recorder = live(*handlers)
    return PostingWriter(provider), recorder


def status(code: int) -> Handler:
    """Return a handler that answers with a bare status, as upload addresses do."""
    return lambda request: httpx.Response(code, request=request)


def send(made: PostingWriter, **changes: Any) -> bool:
    """Send the first chunk, with some arguments changed."""
    arguments: dict[str, Any] = {
        "upload_url": UPLOAD_URL,
        "plan": PLAN,
        "chunk": PLAN.chunks[0],
        "content": b"abcd",
    }
    return made.upload_chunk(**(arguments | changes))


def test_announce_video_sends_the_recorded_request() -> None:
    made, recorder = writer(ANNOUNCED)
    ticket = made.init_video(token=TOKEN, post=POST, plan=plan_chunks(75_000_123), timeout_seconds=7)
    assert ticket == UploadTicket(PUBLISH_ID, UPLOAD_URL)
    [request] = recorder.requests
    assert (request.method, request.url.path) == ("POST", "/v2/post/publish/video/init/")
    assert body_of(request) == {
        "post_info": {
            "title": "Three ways to cold brew #tea #coldbrew",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_duet": True,
            "disable_comment": False,
            "disable_stitch": True,
            "video_cover_timestamp_ms": 1200,
            "brand_content_toggle": False,
            "brand_organic_toggle": True,
            "is_aigc": False,
        },
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": 75000123,
            "chunk_size": 10000000,
            "total_chunk_count": 7,
        },
    }
    assert request.extensions["timeout"]["read"] == 7


def test_announce_video_by_default_allows_nothing_and_always_sends_both_brand_toggles() -> None:
    made, recorder = writer(ANNOUNCED)
    made.init_video(token=TOKEN, post=VideoPost("x", "SELF_ONLY"), plan=PLAN)
    assert body_of(recorder.requests[0])["post_info"] == {
        "title": "x",
        "privacy_level": "SELF_ONLY",
        "disable_comment": True,
        "disable_duet": True,
        "disable_stitch": True,
        "brand_content_toggle": False,
        "brand_organic_toggle": False,
        "is_aigc": False,
    }


def test_announce_video_never_shows_the_upload_address() -> None:
    made, _ = writer(ANNOUNCED)
    ticket = made.init_video(token=TOKEN, post=POST, plan=PLAN)
    assert repr(ticket) == f"UploadTicket(publish_id='{PUBLISH_ID}')"


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        ({}, "publish_id"),
        ({"publish_id": "x" * 65, "upload_url": UPLOAD_URL}, "publish_id"),
        ({"publish_id": "", "upload_url": UPLOAD_URL}, "publish_id"),
        ({"publish_id": PUBLISH_ID}, "upload_url"),
        ({"publish_id": PUBLISH_ID, "upload_url": ""}, "upload_url"),
    ],
)
def test_announce_video_without_a_usable_ticket_may_have_acted(data: dict[str, Any], missing: str) -> None:
    made, _ = writer(answering(envelope(data)))
    with pytest.raises(ProviderUnavailable, match=f"lacks a usable '{missing}'") as failed:
        made.init_video(token=TOKEN, post=POST, plan=PLAN)
    assert (failed.value.was_sent, failed.value.may_have_acted) == (True, True)


def test_announce_video_answered_with_a_foreign_address_is_refused() -> None:
    answer = {"publish_id": PUBLISH_ID, "upload_url": "https://evil.example/video/?upload_token=secret"}
    made, recorder = writer(answering(envelope(answer)))
    with pytest.raises(ProviderMisconfigured, match=r"not https under 'tiktokapis\.com'"):
        made.init_video(token=TOKEN, post=POST, plan=PLAN)
    assert len(recorder.requests) == 1


@pytest.mark.parametrize(
    ("handler", "was_sent", "may_have_acted"),
    [
        (failing(httpx.ConnectError), False, False),
        (failing(httpx.ReadTimeout), None, True),
        (failing(httpx.ReadError), None, True),
        (refusing("internal_error", status=500), True, True),
        (refusing("privacy_level_option_mismatch", status=403), True, False),
    ],
)
def test_announce_video_in_vain_says_what_may_have_happened(
    handler: Handler, was_sent: bool | None, may_have_acted: bool
) -> None:
    made, recorder = writer(handler)
    with pytest.raises(ProviderError) as failed:
        made.init_video(token=TOKEN, post=POST, plan=PLAN)
    assert (failed.value.was_sent, failed.value.may_have_acted) == (was_sent, may_have_acted)
    assert len(recorder.requests) == 1


@pytest.mark.parametrize(("code", "is_complete"), [(206, False), (201, True)])
def test_send_chunk_says_whether_tiktok_has_the_whole(code: int, is_complete: bool) -> None:
    made, recorder = writer(status(code))
    assert send(made, timeout_seconds=7) is is_complete
    [request] = recorder.requests
    assert (request.method, str(request.url), request.content) == ("PUT", UPLOAD_URL, b"abcd")
    assert request.headers["content-range"] == "bytes 0-3/10"
    assert request.headers["content-length"] == "4"
    assert request.headers["content-type"] == "video/mp4"
    assert "authorization" not in request.headers
    assert request.extensions["timeout"]["write"] == 7


@pytest.mark.parametrize("kind", ["video/mp4", "video/quicktime", "video/webm"])
def test_send_chunk_names_the_kind_of_video(kind: str) -> None:
    made, recorder = writer(status(206))
    send(made, content_type=kind)
    assert recorder.requests[0].headers["content-type"] == kind


@pytest.mark.parametrize(
    ("code", "ours", "advice"),
    [
        (400, "upload_invalid", Advice.GIVE_UP),
        (403, "upload_expired", Advice.GIVE_UP),
        (404, "upload_unknown", Advice.GIVE_UP),
        (416, "upload_out_of_order", Advice.RETRY),
    ],
)
def test_send_chunk_that_is_refused_says_how_to_go_on(code: int, ours: str, advice: Advice) -> None:
    made, _ = writer(status(code))
    with pytest.raises(ProviderRejected) as refused:
        send(made)
    assert (refused.value.code, refused.value.advice, refused.value.may_have_acted) == (ours, advice, False)


@pytest.mark.parametrize("code", [200, 500, 503])
def test_send_chunk_answered_oddly_may_have_arrived(code: int) -> None:
    made, _ = writer(status(code))
    with pytest.raises(ProviderUnavailable) as failed:
        send(made)
    assert (failed.value.advice, failed.value.may_have_acted) == (Advice.RETRY, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"content": b"abc"}, "from byte 0 has 3 bytes instead of 4; nothing was sent"),
        ({"content": b""}, "from byte 0 has 0 bytes instead of 4"),
        ({"content_type": "text/html"}, "The content type is 'text/html', not one of"),
        ({"upload_url": "http://open-upload.tiktokapis.com/"}, "is not https"),
    ],
)
def test_send_chunk_that_is_wrong_sends_nothing(changes: dict[str, Any], said: str) -> None:
    made, recorder = writer(status(206))
    with pytest.raises(ProviderError, match=said) as refused:
        send(made, **changes)
    assert recorder.requests == []
    assert (refused.value.was_sent, refused.value.may_have_acted) == (False, False)


def test_upload_file_sends_every_chunk_in_order_after_its_hook() -> None:
    made, recorder = writer(status(206), status(201))
    told: list[tuple[Chunk, int]] = []
    is_complete = made.upload(
        upload_url=UPLOAD_URL,
        plan=PLAN,
        file=BytesIO(b"abcdefghij"),
        before_chunk=lambda chunk, content: told.append((chunk, len(recorder.requests))),
    )
    assert is_complete
    assert [request.content for request in recorder.requests] == [b"abcd", b"efghij"]
    assert [request.headers["content-range"] for request in recorder.requests] == [
        "bytes 0-3/10",
        "bytes 4-9/10",
    ]
    assert told == [(PLAN.chunks[0], 0), (PLAN.chunks[1], 1)]


def test_upload_file_from_where_tiktok_is_sends_the_rest_only() -> None:
    made, recorder = writer(status(201))
    arguments: dict[str, Any] = {"upload_url": UPLOAD_URL, "plan": PLAN, "file": BytesIO(b"abcdefghij")}
    assert made.upload(**arguments, uploaded_bytes=4)
    assert [request.content for request in recorder.requests] == [b"efghij"]
    assert made.upload(**arguments, uploaded_bytes=10)
    assert len(recorder.requests) == 1


def test_upload_file_stops_where_the_hook_raises() -> None:
    made, recorder = writer(status(206))

    def stop(chunk: Chunk, content: bytes) -> None:
        assert len(content) == chunk.size_bytes
        if chunk.first:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        made.upload(upload_url=UPLOAD_URL, plan=PLAN, file=BytesIO(b"abcdefghij"), before_chunk=stop)
    assert [request.content for request in recorder.requests] == [b"abcd"]


def test_upload_file_that_became_shorter_sends_no_wrong_chunk() -> None:
    made, recorder = writer(status(206))
    with pytest.raises(ProviderRejected, match="from byte 4 has 3 bytes instead of 6"):
        made.upload(upload_url=UPLOAD_URL, plan=PLAN, file=BytesIO(b"abcdefg"))
    assert [request.content for request in recorder.requests] == [b"abcd"]


def test_upload_file_says_what_the_last_answer_said() -> None:
    made, _ = writer(status(206))
    assert not made.upload(upload_url=UPLOAD_URL, plan=PLAN, file=BytesIO(b"abcdefghij"))


def test_call_post_back_sends_its_publish_id() -> None:
    made, recorder = writer(answering(envelope()))
    made.cancel(token=TOKEN, publish_id=PUBLISH_ID, timeout_seconds=7)
    [request] = recorder.requests
    assert (request.method, request.url.path) == ("POST", "/v2/post/publish/cancel/")
    assert body_of(request) == {"publish_id": PUBLISH_ID}
    assert request.extensions["timeout"]["read"] == 7


@pytest.mark.parametrize(
    "code",
    ["invalid_publish_id", "token_not_authorized_for_specified_publish_id", "publish_not_cancellable"],
)
def test_call_post_back_in_vain_says_why(code: str) -> None:
    made, _ = writer(refusing(code))
    with pytest.raises(ProviderError) as refused:
        made.cancel(token=TOKEN, publish_id=PUBLISH_ID)
    assert refused.value.code == code
