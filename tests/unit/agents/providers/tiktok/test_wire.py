"""The wire: what is sent and how, the envelope, broken connections, upload addresses, and no leaks."""

import os
import traceback
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from pydantic import TypeAdapter

from agents.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.tiktok.wire import Answer, Wire, read_answer, read_shape
from tests.unit.agents.providers.tiktok.wire import (
    LOG_ID,
    TOKEN,
    UPLOAD_URL,
    Handler,
    Recorder,
    answering,
    envelope,
    failing,
    refusing,
)

PATH = "/v2/user/info/"
OK = answering(envelope({"user": {}}))


def wire(*handlers: Handler) -> tuple[Wire, Recorder]:
    """Return a wire that gets these answers, and what it sent."""
    recorder = Recorder(handlers or [OK])
    made = Wire(
        base_url="https://open.tiktokapis.com/",
        upload_domain="tiktokapis.com",
        make_transport=lambda: recorder,
    )
    return made, recorder


def everything_shown(error: BaseException) -> str:
    """Return all an error shows of itself in a log: its text, fields, causes and traceback."""
    shown = "".join(traceback.format_exception(error))
    return shown + repr(error) + repr(vars(error)) + repr(error.__context__) + repr(error.__cause__)


def response(status: int, body: object) -> httpx.Response:
    """Return an answer."""
    return answering(body, status=status)(httpx.Request("GET", "https://open.tiktokapis.com/"))


def test_call_endpoint_sends_the_bearer_and_the_documented_json() -> None:
    made, recorder = wire()
    answer = made.call("POST", PATH, token=TOKEN, fields=("a", "b"), body={"title": "Grüße 🍵"})
    assert answer == Answer({"user": {}}, LOG_ID)
    [request] = recorder.requests
    assert (request.method, str(request.url)) == (
        "POST",
        "https://open.tiktokapis.com/v2/user/info/?fields=a%2Cb",
    )
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json; charset=UTF-8"
    assert request.content == '{"title": "Grüße 🍵"}'.encode()


def test_call_without_a_body_sends_none() -> None:
    made, recorder = wire()
    made.call("GET", PATH, token=TOKEN)
    [request] = recorder.requests
    assert request.content == b""
    assert "content-type" not in request.headers
    assert str(request.url) == "https://open.tiktokapis.com/v2/user/info/"


@pytest.mark.parametrize(("seconds", "connect"), [(2.0, 2.0), (60.0, 5.0)])
def test_call_waits_no_longer_than_told_and_never_long_to_connect(seconds: float, connect: float) -> None:
    made, recorder = wire(OK, answering(b"", status=201))
    made.call("GET", PATH, token=TOKEN, timeout_seconds=seconds)
    made.put(UPLOAD_URL, content=b"x", headers={}, timeout_seconds=seconds)
    waits = {"connect": connect, "read": seconds, "write": seconds, "pool": seconds}
    assert [request.extensions["timeout"] for request in recorder.requests] == [waits, waits]


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "umläut", "tab\t", "x\x00"])
def test_call_with_a_token_that_is_none_sends_nothing(token: str) -> None:
    made, recorder = wire()
    with pytest.raises(AccessRefused) as refused:
        made.call("GET", PATH, token=token)
    assert recorder.requests == []
    assert (refused.value.was_sent, refused.value.may_have_acted) == (False, False)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("status", [200, 201, 400, 500])
def test_read_answer_that_says_ok_is_a_success_whatever_the_status(status: int) -> None:
    assert read_answer(response(status, envelope({"a": 1})), token=TOKEN).data == {"a": 1}


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_read_answer_that_refuses_is_an_error_whatever_the_status(status: int) -> None:
    with pytest.raises(ProviderRejected) as refused:
        read_answer(response(status, envelope({"a": 1}, code="spam_risk_text")), token=TOKEN)
    assert refused.value.request_id == LOG_ID


@pytest.mark.parametrize("data", [[], "text", None, 3])
def test_read_answer_whose_data_is_no_object_has_none(data: object) -> None:
    assert read_answer(response(200, {"data": data, "error": {"code": "ok"}}), token=TOKEN) == Answer({}, "")


def test_read_log_id_in_either_spelling_bounded() -> None:
    body = envelope(logid="second")
    assert read_answer(response(200, body), token=TOKEN).log_id == LOG_ID
    del body["error"]["log_id"]
    assert read_answer(response(200, body), token=TOKEN).log_id == "second"
    assert len(read_answer(response(200, envelope(log_id="x" * 999)), token=TOKEN).log_id) == 100


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        {},
        {"error": "ok"},
        {"error": {"code": 0}},
        b'{"data":{},"error":{"code":"ok"',
    ],
)
def test_read_answer_that_is_no_envelope_goes_by_the_status(body: object) -> None:
    with pytest.raises(ProviderUnavailable, match="TikTok answered 200 and nothing we can read"):
        read_answer(response(200, body), token=TOKEN)
    with pytest.raises(ProviderMisconfigured, match="answered 404"):
        read_answer(response(404, body), token=TOKEN)


def test_read_shape_names_what_is_missing_and_shows_no_value() -> None:
    answer = Answer({"user": {"n": "a secret"}}, LOG_ID)
    with pytest.raises(ProviderUnavailable) as unusable:
        read_shape(TypeAdapter(dict[str, dict[str, int]]), answer)
    assert str(unusable.value) == "TikTok's answer lacks a usable 'user.n'; try again."
    assert "a secret" not in everything_shown(unusable.value)
    assert read_shape(TypeAdapter(dict[str, dict[str, str]]), answer) == answer.data


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_follow_no_redirect_that_would_take_the_token_along(status: int) -> None:
    elsewhere = {"location": "https://elsewhere.example/"}
    made, recorder = wire(lambda request: httpx.Response(status, headers=elsewhere, request=request))
    with pytest.raises(ProviderMisconfigured, match=f"answered {status}"):
        made.call("GET", PATH, token=TOKEN)
    assert len(recorder.requests) == 1


def test_retry_nothing_when_it_fails() -> None:
    made, recorder = wire(refusing("internal_error", status=500), OK)
    with pytest.raises(ProviderUnavailable):
        made.call("GET", PATH, token=TOKEN)
    assert len(recorder.requests) == 1


FAILURES: list[Handler] = [
    failing(httpx.ConnectError),
    failing(httpx.ReadTimeout),
    failing(httpx.ReadError),
    failing(httpx.LocalProtocolError),
    refusing("access_token_invalid", status=401, message=f"{TOKEN} is bad"),
    refusing("something_new", message=f"Bearer {TOKEN}"),
    refusing(TOKEN),
    answering(f"<html>{TOKEN}".encode(), status=502),
]


@pytest.mark.parametrize("handler", FAILURES)
@pytest.mark.parametrize("level", ["DEBUG"])
def test_fail_in_any_way_never_shows_the_token(
    handler: Handler, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    made, _ = wire(handler)
    with caplog.at_level(level), pytest.raises(ProviderError) as failed:
        made.call("POST", PATH, token=TOKEN, body={})
    assert TOKEN not in everything_shown(failed.value)
    assert failed.value.__context__ is None
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(made) + repr(vars(made))


@pytest.mark.parametrize("handler", FAILURES[:4])
def test_fail_to_put_never_shows_the_upload_address(handler: Handler) -> None:
    made, _ = wire(handler)
    with pytest.raises(ProviderUnavailable) as failed:
        made.put(UPLOAD_URL, content=b"x", headers={}, timeout_seconds=1)
    assert "exampleUploadSecret" not in everything_shown(failed.value)


def test_put_bytes_sends_no_bearer_even_after_calls() -> None:
    made, recorder = wire(OK, answering(b"", status=206))
    made.call("GET", PATH, token=TOKEN)
    answer = made.put(UPLOAD_URL, content=b"bytes", headers={"Content-Range": "x"}, timeout_seconds=1)
    assert answer.status_code == 206
    request = recorder.requests[1]
    assert (request.method, str(request.url), request.content) == ("PUT", UPLOAD_URL, b"bytes")
    assert "authorization" not in request.headers
    assert TOKEN not in repr(request.headers.raw)


@pytest.mark.parametrize(
    "url",
    [
        "https://open-upload.tiktokapis.com/video/?upload_token=x",
        "https://upload.us.tiktokapis.com/video/",
        "https://tiktokapis.com/",
        "https://OPEN-UPLOAD.TIKTOKAPIS.COM/video/",
        "https://open-upload.tiktokapis.com:443/video/",
    ],
)
def test_check_upload_address_of_tiktok_lets_it_pass(url: str) -> None:
    wire()[0].check_upload_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not an address",
        "http://open-upload.tiktokapis.com/secret",
        "ftp://open-upload.tiktokapis.com/secret",
        "https://tiktokapis.com.evil.example/secret",
        "https://eviltiktokapis.com/secret",
        "https://169.254.169.254/secret",
        "https://[::1]/secret",
        "https://open-upload.tiktokapis.com@evil.example/secret",
        "https://secret@open-upload.tiktokapis.com/",
        "https://open-upload.tiktokapis.com:8443/secret",
        "https://evil.example\\@open-upload.tiktokapis.com/secret",
        "https://evil.example/secret?x=open-upload.tiktokapis.com",
        "https://open-upload.tiktokapis.com\n.evil.example/secret",
        "https://open-upload.tiktokapis.com:secret/",
        "https://[broken/secret",
        "//open-upload.tiktokapis.com/secret",
    ],
)
def test_check_upload_address_elsewhere_is_refused_unsent(url: str) -> None:
    made, recorder = wire()
    with pytest.raises(ProviderMisconfigured, match=r"not https under 'tiktokapis\.com'") as refused:
        made.put(url, content=b"x", headers={}, timeout_seconds=1)
    assert recorder.requests == []
    assert (refused.value.code, refused.value.was_sent) == ("upload_url_refused", False)
    assert refused.value.may_have_acted is False
    assert "secret" not in str(refused.value)


def test_close_wire_closes_what_this_process_opened_and_opens_again() -> None:
    made, recorder = wire()
    made.close()
    assert recorder.times_closed == 0
    made.call("GET", PATH, token=TOKEN)
    made.close()
    assert recorder.times_closed == 1
    made.call("GET", PATH, token=TOKEN)
    assert len(recorder.requests) == 2


def test_fork_process_gets_connections_of_its_own() -> None:
    made, recorder = wire()
    made.call("GET", PATH, token=TOKEN)
    parent = made._held
    assert parent is not None
    made._held = replace(parent, pid=os.getpid() + 1)  # as a child finds it
    made.close()
    assert recorder.times_closed == 0, "the parent's sockets are the parent's to close"
    made._held = replace(parent, pid=os.getpid() + 1)
    made.call("GET", PATH, token=TOKEN)
    assert made._held.client is not parent.client
    assert "client" not in repr(made._held)


def test_make_transport_is_asked_when_it_is_needed() -> None:
    asked: list[bool] = []

    def make() -> httpx.BaseTransport:
        asked.append(True)
        return Recorder([OK])

    makers: Callable[[], httpx.BaseTransport] = make
    made = Wire(base_url="https://x.example", upload_domain="x.example", make_transport=makers)
    assert asked == []
    made.call("GET", PATH, token=TOKEN)
    made.call("GET", PATH, token=TOKEN)
    assert asked == [True]
