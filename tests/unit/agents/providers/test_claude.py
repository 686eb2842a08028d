"""Claude: what is sent, what options are taken, when the client is built, and that the key stays inside."""

import os
import pickle
import threading
import traceback
from typing import Any, cast

import httpx2
import pytest
from pydantic import BaseModel, Field, SecretStr

from agents.providers.claude import ClaudeProvider
from agents.providers.claude_client import PUBLIC_BASE_URL, SANDBOX_BASE_URL, SANDBOX_KEY
from agents.providers.errors import (
    OutputInvalid,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.sandbox.claude import SandboxClaudeTransport
from tests.unit.agents.providers.wire import (
    KEY,
    REQUEST,
    Handler,
    Recorder,
    answering,
    failing,
    live,
    make_request,
    message,
    refusing,
    said,
)


class Segment(BaseModel):
    """A part of an answer with every bound the API does not take."""

    name: str = Field(min_length=1, max_length=40)
    share: float = Field(ge=0, le=1)
    hooks: list[str] = Field(min_length=2, max_length=3)


def sent(**changes: Any) -> httpx2.Request:
    """Return what goes over the wire for the usual question with some fields changed."""
    recorder = Recorder()
    live(recorder).ask(make_request(**changes))
    return recorder.requests[-1]


def sent_body(**changes: Any) -> dict[str, Any]:
    """Return its body."""
    recorder = Recorder()
    live(recorder).ask(make_request(**changes))
    return recorder.body


def test_ask_sends_the_whole_question_and_nothing_else() -> None:
    assert sent_body(schema={"type": "object", "properties": {}, "additionalProperties": False}) == {
        "model": "claude-haiku-5-5",
        "max_tokens": 500,
        "system": [{"type": "text", "text": "You write for people.", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": REQUEST.user}],
        "output_config": {
            "format": {
                "type": "json_schema",
                "schema": {"type": "object", "properties": {}, "additionalProperties": False},
            }
        },
    }


@pytest.mark.parametrize(
    "name", ["temperature", "top_p", "top_k", "tools", "tool_choice", "thinking", "stream"]
)
def test_ask_never_sends(name: str) -> None:
    assert name not in sent_body()


def test_ask_sends_key_version_and_json() -> None:
    request = sent()
    assert (request.method, str(request.url)) == ("POST", f"{PUBLIC_BASE_URL}/v1/messages")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["anthropic-version"] == "2026-10-21"
    assert request.headers["content-type"] == "application/json"
    assert "x-api-key" not in request.headers


def test_ask_with_bounds_in_the_schema_moves_them_into_descriptions() -> None:
    body = sent_body(schema=Segment.model_json_schema())
    schema = body["output_config"]["format"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"] == {
        "type": "string",
        "title": "Name",
        "description": "{maxLength: 40, minLength: 1}",
    }
    assert "maximum" not in schema["properties"]["share"]
    assert schema["properties"]["hooks"]["items"] == {"type": "string"}


def test_ask_leaves_the_schema_it_was_given_alone() -> None:
    schema = Segment.model_json_schema()
    sent_body(schema=schema)
    assert schema == Segment.model_json_schema()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
        {"type": "object", "properties": {"a": {}}},
    ],
)
def test_ask_with_schema_the_api_cannot_take_is_refused_before_sending(schema: dict[str, Any]) -> None:
    recorder = Recorder()
    with pytest.raises(ProviderRejected, match="The schema 'words' cannot be sent"):
        live(recorder).ask(make_request(schema=schema))
    assert recorder.requests == []


@pytest.mark.parametrize(("given_seconds", "connect_seconds"), [(20.0, 5.0), (2.0, 2.0)])
def test_ask_sets_every_timeout(given_seconds: float, connect_seconds: float) -> None:
    assert sent(timeout_seconds=given_seconds).extensions["timeout"] == {
        "connect": connect_seconds,
        "read": given_seconds,
        "write": given_seconds,
        "pool": given_seconds,
    }


@pytest.mark.parametrize(
    "handler",
    [refusing(429, "rate_limit_error"), refusing(500, "api_error"), failing(httpx2.ReadTimeout("slow"))],
)
def test_ask_after_a_failure_never_tries_again_by_itself(handler: Handler) -> None:
    calls: list[str] = []

    def counting(request: httpx2.Request) -> httpx2.Response:
        calls.append(request.headers["x-stainless-retry-count"])
        return handler(request)

    with pytest.raises(ProviderError):
        live(counting).ask(REQUEST)
    assert calls == ["0"]


def test_ask_with_many_tokens_is_not_stopped_by_the_sdk() -> None:
    assert sent_body(max_tokens=64_000)["max_tokens"] == 64_000


def test_ask_with_base_url_sends_there() -> None:
    recorder = Recorder()
    live(recorder, base_url="https://gateway.example.com/claude").ask(REQUEST)
    assert str(recorder.requests[-1].url) == "https://gateway.example.com/claude/v1/messages"


def test_ask_with_variables_of_the_developer_uses_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-developer")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-of-the-developer")
    monkeypatch.setenv("ANTHROPIC_PROFILE", "developer")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://elsewhere.example.com")
    request = sent()
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.url.host == "api.anthropic.com"


def test_ask_when_sent_elsewhere_does_not_follow() -> None:
    hosts: list[str] = []

    def redirecting(request: httpx2.Request) -> httpx2.Response:
        hosts.append(request.url.host)
        return httpx2.Response(307, headers={"location": "https://thief.example.com/v1/messages"}, json={})

    with pytest.raises(ProviderMisconfigured, match="sends us elsewhere"):
        live(redirecting).ask(REQUEST)
    assert hosts == ["api.anthropic.com"]


# Options


@pytest.mark.parametrize("options", [{}, {"api_key": ""}, {"api_key": "", "base_url": "https://x.example"}])
def test_build_live_without_key_is_refused(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-developer")
    with pytest.raises(ProviderMisconfigured) as caught:
        ClaudeProvider("live", options)
    assert str(caught.value) == (
        "The provider 'claude' is live but ANTHROPIC_API_KEY is empty; set the key, or set its MODE to "
        "'sandbox'."
    )


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}é", "sk ant", "sk\x00"])
def test_build_live_with_key_that_is_none_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ProviderMisconfigured, match="ANTHROPIC_API_KEY holds a space") as caught:
        ClaudeProvider("live", {"api_key": key})
    assert key.strip() not in "".join(traceback.format_exception(caught.value))


def test_build_live_with_secret_key_sends_it() -> None:
    recorder = Recorder()
    live(recorder, api_key=SecretStr("sk-ant-another")).ask(REQUEST)
    assert recorder.requests[-1].headers["authorization"] == "Bearer sk-ant-another"


@pytest.mark.parametrize(
    "url", ["gateway.example.com", "ftp://x.example", "https:///x", "https://me:pass@x.example"]
)
def test_build_live_with_wrong_address_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ProviderMisconfigured, match="ANTHROPIC_BASE_URL is no address like") as caught:
        live(answering(message()), base_url=url)
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"key": KEY}, "['key']"),
        ({"api_key": 7}, "['api_key']"),
        ({"api_key": [KEY]}, "['api_key']"),
        ({"faults": {"tired": 1}}, "['faults']['tired']"),
        ({"faults": {"slow_seconds": -1}}, "['faults']['slow_seconds']"),
        ({"base_url": None}, "['base_url']"),
    ],
)
def test_build_with_wrong_option_names_it_without_showing_it(options: dict[str, Any], where: str) -> None:
    with pytest.raises(ProviderMisconfigured) as caught:
        ClaudeProvider("sandbox", options)
    assert str(caught.value).startswith(f"The OPTIONS{where} of the provider 'claude' is wrong (")
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


# Modes and processes


def test_ask_in_sandbox_uses_no_real_key_and_no_real_address() -> None:
    provider = ClaudeProvider("sandbox", {"api_key": KEY, "base_url": "https://gateway.example.com"})
    assert provider.simulated
    answer = provider.ask(REQUEST)
    assert set(answer.data) == {"summary"}
    (received,) = cast(SandboxClaudeTransport, provider.transport).received
    assert received.path == "/v1/messages"
    assert received.headers["host"] == SANDBOX_BASE_URL.removeprefix("https://")
    assert KEY not in repr(received)


def test_ask_in_sandbox_authorizes_as_the_sandbox() -> None:
    recorder = Recorder()
    ClaudeProvider("sandbox", {"api_key": KEY}, transport=httpx2.MockTransport(recorder)).ask(REQUEST)
    assert recorder.requests[-1].headers["authorization"] == f"Bearer {SANDBOX_KEY}"


def test_build_live_is_not_simulated_and_has_no_transport_of_ours() -> None:
    provider = ClaudeProvider("live", {"api_key": KEY})
    assert not provider.simulated
    assert provider.transport is None
    provider.close()


def test_ask_live_that_fails_never_turns_to_the_sandbox() -> None:
    provider = live(failing(httpx2.ConnectError("refused")))
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            provider.ask(REQUEST)
    assert not provider.simulated
    assert isinstance(provider.transport, httpx2.MockTransport)


def test_build_opens_nothing_until_it_is_asked() -> None:
    provider = ClaudeProvider("sandbox", {})
    assert provider._held is None
    provider.ask(REQUEST)
    assert provider._held is not None


def test_ask_twice_uses_one_client() -> None:
    provider = ClaudeProvider("sandbox", {})
    provider.ask(REQUEST)
    first = provider.transport
    provider.ask(REQUEST)
    assert provider.transport is first
    assert len(cast(SandboxClaudeTransport, first).received) == 2


def test_ask_in_forked_child_uses_a_client_of_its_own() -> None:
    provider = ClaudeProvider("sandbox", {})
    provider.ask(REQUEST)
    before = provider.transport
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            text = provider.ask(REQUEST).text
            received = len(cast(SandboxClaudeTransport, provider.transport).received)
            os.write(writing, f"{provider.transport is before} {received} {text}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10_000).decode() == f"False 1 {provider.ask(REQUEST).text}"
    assert provider.transport is before
    os.close(reading)
    os.close(writing)


def test_close_then_ask_opens_a_new_client() -> None:
    provider = ClaudeProvider("sandbox", {})
    provider.ask(REQUEST)
    before = provider.transport
    provider.close()
    provider.close()
    provider.ask(REQUEST)
    assert provider.transport is not before


def test_close_of_a_client_of_another_process_only_forgets_it() -> None:
    provider = ClaudeProvider("sandbox", {})
    provider.ask(REQUEST)
    held = provider._held
    child = os.fork()
    if not child:
        try:
            provider.close()
            code = 0 if held and not held.client.is_closed() and provider._held is None else 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_ask_from_many_threads_answers_each() -> None:
    provider = ClaudeProvider("sandbox", {})
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(provider.ask(REQUEST).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [provider.ask(REQUEST).text] * 8


# The key


@pytest.mark.parametrize(
    "handler",
    [
        refusing(401, "authentication_error", text=f"invalid key {KEY}"),
        refusing(400, "invalid_request_error", text=f"bad header: Bearer {KEY}"),
        refusing(404, "not_found_error", text=KEY),
        refusing(403, "permission_error", text=f"x{KEY}x"),
        refusing(500, "api_error", text=KEY),
        refusing(418, KEY, text=KEY),
        failing(httpx2.ConnectError(f"Illegal header value b'Bearer {KEY}'")),
        failing(httpx2.ReadTimeout(KEY)),
        answering(f"<html>{KEY}</html>"),
        answering(said("not JSON")),
    ],
)
def test_ask_that_fails_never_shows_the_key(handler: Handler) -> None:
    provider = live(handler)
    with pytest.raises(ProviderError) as caught:
        provider.ask(REQUEST)
    error = caught.value
    shown = [str(error), repr(error), repr(vars(error)), repr(provider), str(provider), repr(vars(provider))]
    shown += traceback.format_exception(error)
    assert not [text for text in shown if KEY in text]
    assert KEY.encode() not in pickle.dumps(error)


@pytest.mark.parametrize(
    "handler", [refusing(401, "authentication_error"), failing(httpx2.ReadError("reset"))]
)
def test_ask_that_fails_at_the_vendor_keeps_nothing_of_its_error(handler: Handler) -> None:
    with pytest.raises(ProviderError) as caught:
        live(handler).ask(REQUEST)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_raised_answer_error_keeps_what_was_said_and_used() -> None:
    with pytest.raises(OutputInvalid) as caught:
        live(answering(said("Sorry!"))).ask(REQUEST)
    assert caught.value.answer is not None
    assert caught.value.answer.text == "Sorry!"
    assert caught.value.usage is not None
    assert caught.value.usage.input_tokens == 100
