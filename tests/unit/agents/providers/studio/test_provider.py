"""The studio's client at its wire: what it sends, what it reads, and every odd answer."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from agents.providers.errors import (
    Advice,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUnpaid,
)
from agents.providers.registry import check_providers
from agents.providers.studio.jobs import Job, JobState, Order, get_studio
from agents.providers.studio.provider import StudioProvider

KEY = "sk-studio-0123456789"
LIVE = {"api_key": KEY, "base_url": "https://studio.example.com/api/"}
CLIP = b"a clip, as far as this test is concerned" * 1000
DIGEST = f"sha-256=:{b64encode(hashlib.sha256(CLIP).digest()).decode()}:"
Answer = Callable[[httpx.Request], httpx.Response]


def studio(answer: Answer | httpx.Response, **options: Any) -> StudioProvider:
    """Return a live studio that is answered like this."""
    handler = answer if callable(answer) else lambda request: answer
    return StudioProvider("live", {**LIVE, **options}, transport=httpx.MockTransport(handler))


def job(**told: Any) -> httpx.Response:
    """Return an answer that tells of a job."""
    return httpx.Response(200, json={"job": {"id": "job_1", "status": "running"} | told})


def clip(content: bytes = CLIP, digest: str = DIGEST) -> httpx.Response:
    """Return an answer with a clip."""
    return httpx.Response(200, content=content, headers={"content-digest": digest})


def test_submit_sends_what_the_format_says_and_returns_the_job() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201, json={"job": {"id": "job_1", "status": "queued", "new": 1}, "new": 2})

    address = "https://ops.example.com/hooks/studio/"
    made = studio(answer, callback_url=address).submit(Order(prompt="A lamp", seconds=4), key="step-1")
    assert made == Job("job_1", JobState.QUEUED)
    [request] = sent
    assert (request.method, str(request.url)) == ("POST", "https://studio.example.com/api/v1/jobs")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["idempotency-key"] == "step-1"
    assert json.loads(request.content) == {"prompt": "A lamp", "seconds": 4.0, "callback_url": address}


@pytest.mark.parametrize(
    ("told", "state", "error"),
    [
        ({"status": "queued"}, JobState.QUEUED, ""),
        ({}, JobState.RUNNING, ""),
        ({"status": "succeeded"}, JobState.SUCCEEDED, ""),
        ({"status": "failed", "error": "out of\n paint"}, JobState.FAILED, "out of paint"),
    ],
)
def test_ask_how_a_job_is_returns_its_state(told: dict[str, Any], state: JobState, error: str) -> None:
    assert studio(job(**told)).status("job_1") == Job("job_1", state, error)


@pytest.mark.parametrize("job_id", ["", "../admin", "a/b", "a?b", "a b", "x" * 65, "ä"])
def test_ask_about_what_is_no_job_sends_nothing(job_id: str, tmp_path: Path) -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    with pytest.raises(ProviderRejected, match="is no id of a studio's job") as refused:
        studio(never).status(job_id)
    assert (refused.value.was_sent, refused.value.may_have_acted) == (False, False)
    with pytest.raises(ProviderRejected):
        studio(never).download(job_id, out=tmp_path / "clip")


def test_download_writes_the_bytes_of_the_digest(tmp_path: Path) -> None:
    out = tmp_path / "clip.mp4"
    assert studio(clip()).download("job_1", out=out) == len(CLIP)
    assert out.read_bytes() == CLIP


@pytest.mark.parametrize(
    "answer",
    [clip(CLIP[:-1]), clip(digest=""), clip(digest="sha-512=:x:"), httpx.Response(200, content=CLIP)],
)
def test_download_other_bytes_than_the_digest_says_is_tried_again(
    answer: httpx.Response, tmp_path: Path
) -> None:
    with pytest.raises(ProviderUnavailable, match="lacks a usable 'Content-Digest'; try again"):
        studio(answer).download("job_1", out=tmp_path / "clip.mp4")


def test_download_more_than_may_be_stops_reading(tmp_path: Path) -> None:
    read: list[bytes] = []

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            while True:
                read.append(b"x" * 1000)
                yield read[-1]

    with pytest.raises(ProviderRejected, match="has more than 5000 bytes; ask for a shorter one"):
        studio(lambda request: httpx.Response(200, stream=Endless())).download(
            "job_1", out=tmp_path / "clip.mp4", most_bytes=5000
        )
    assert len(read) == 6


@pytest.mark.parametrize(
    ("status", "kind", "advice", "may_have_acted"),
    [
        (301, ProviderMisconfigured, Advice.ASK_PERSON, True),
        (400, ProviderMisconfigured, Advice.ASK_PERSON, True),
        (401, ProviderMisconfigured, Advice.ASK_PERSON, False),
        (402, ProviderUnpaid, Advice.ASK_PERSON, False),
        (403, ProviderMisconfigured, Advice.ASK_PERSON, False),
        (404, ProviderRejected, Advice.GIVE_UP, False),
        (408, ProviderUnavailable, Advice.RETRY, True),
        (409, ProviderRejected, Advice.GIVE_UP, False),
        (413, ProviderRejected, Advice.GIVE_UP, False),
        (422, ProviderRejected, Advice.GIVE_UP, False),
        (429, ProviderRateLimited, Advice.WAIT, False),
        (500, ProviderUnavailable, Advice.RETRY, True),
        (503, ProviderUnavailable, Advice.RETRY, True),
    ],
)
def test_be_refused_with_a_status_says_what_to_do(
    status: int, kind: type[ProviderError], advice: Advice, may_have_acted: bool
) -> None:
    with pytest.raises(kind) as refused:
        studio(httpx.Response(status, headers={"location": "https://elsewhere.example"})).status("job_1")
    error = refused.value
    assert (type(error), error.advice, error.may_have_acted) == (kind, advice, may_have_acted)
    assert error.was_sent is True
    assert str(error).endswith(".")


def test_be_asked_to_slow_down_waits_as_long_as_it_says() -> None:
    answer = httpx.Response(429, headers={"retry-after": "17"}, json={"error": {"message": "too\nmuch"}})
    with pytest.raises(ProviderRateLimited) as refused:
        studio(answer).status("job_1")
    assert refused.value.retry_after_seconds == 17
    assert str(refused.value) == "The studio refused (429: too much); wait before the next call."


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"5", b'{"error": 5}', b'{"error": {"message": ""}}', b"[" * 100_000]
)
def test_be_refused_without_a_message_says_the_status_alone(content: bytes) -> None:
    with pytest.raises(ProviderRejected, match=r"^The studio refused \(404\); it knows no such job\.$"):
        studio(httpx.Response(404, content=content)).status("job_1")


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "body"),
        (b"<html>", "body"),
        (b"{}", "job"),
        (b'{"job": {"status": "running"}}', "job.id"),
        (b'{"job": {"id": "../x", "status": "running"}}', "job.id"),
        (b'{"job": {"id": "job_1", "status": "lost"}}', "job.status"),
    ],
)
def test_read_an_answer_that_lacks_something_is_tried_again(content: bytes, where: str) -> None:
    with pytest.raises(ProviderUnavailable, match=f"lacks a usable '{where}'; try again"):
        studio(httpx.Response(200, content=content)).status("job_1")


@pytest.mark.parametrize(
    ("error", "was_sent", "words"),
    [
        (httpx.ConnectError("no"), False, "could not be reached"),
        (httpx.ConnectTimeout("no"), False, "could not be reached"),
        (httpx.ReadTimeout("no"), None, "did not answer in full"),
        (httpx.ReadError("no"), None, "did not answer in full"),
    ],
)
def test_lose_the_connection_is_tried_again_and_shows_no_key(
    error: httpx.RequestError, was_sent: bool | None, words: str
) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ProviderUnavailable, match=words) as lost:
        studio(broken).submit(Order(prompt="A lamp"), key="k")
    assert lost.value.was_sent is was_sent
    assert lost.value.__context__ is None
    assert KEY not in str(lost.value)


def test_close_and_ask_again_opens_a_new_connection() -> None:
    made = studio(job())
    made.close()
    assert made.status("job_1").id == "job_1"
    made.close()
    assert made.status("job_1").id == "job_1"
    assert repr(made) == "StudioProvider(live)"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"api_key": ""}, "STUDIO_API_KEY is empty or no key; set it, or set STUDIO_MODE=sandbox."),
        ({"api_key": "a b"}, "STUDIO_API_KEY is empty or no key; set it, or set STUDIO_MODE=sandbox."),
        (
            {"base_url": ""},
            "STUDIO_BASE_URL is no https address like 'https://studio.example.com'; correct it.",
        ),
        (
            {"base_url": "http://studio.example.com"},
            "STUDIO_BASE_URL is no https address like 'https://studio.example.com'; correct it.",
        ),
        (
            {"colour": "red"},
            "The OPTIONS['colour'] of the provider 'studio' is wrong (Extra inputs are not permitted); correct it.",
        ),
    ],
)
def test_set_up_wrongly_is_refused_with_a_sentence(
    settings: Settings, options: dict[str, Any], sentence: str
) -> None:
    entry = {**settings.PROVIDERS["studio"], "MODE": "live", "OPTIONS": {**LIVE, **options}}
    settings.PROVIDERS = {"studio": entry}
    assert check_providers() == [sentence]


def test_get_the_studio_of_the_settings_is_the_sandbox() -> None:
    assert get_studio().simulated
    assert not studio(job()).simulated


def test_get_a_provider_that_makes_no_videos_is_refused() -> None:
    with pytest.raises(
        ProviderMisconfigured, match="'FfmpegTranscoder', which makes no videos; name a studio"
    ):
        get_studio("transcoder")
