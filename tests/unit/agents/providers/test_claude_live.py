"""Claude in live mode over a real socket: a server on this machine stands in for the real one."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from agents.providers.claude import ClaudeProvider
from agents.providers.errors import (
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from agents.sandbox.claude import SandboxClaudeTransport
from agents.sandbox.faults import Faults
from tests.unit.agents.providers.wire import KEY, REQUEST, live, make_request, message

Reply = Callable[["_Handler"], None]


class _Server(ThreadingHTTPServer):
    """A server that does what a test says with each request, and keeps what came."""

    daemon_threads = True

    def __init__(self, reply: Reply) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply = reply
        self.seen: list[tuple[str, str, dict[str, Any]]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the test."""


class _Handler(BaseHTTPRequestHandler):
    """Reads a request and hands it on."""

    server: _Server

    def do_POST(self) -> None:
        """Keep what came and reply."""
        self.content = self.rfile.read(int(self.headers["content-length"] or 0))
        body = json.loads(self.content or b"{}")
        self.server.seen.append((self.path, self.headers["authorization"], body))
        self.server.reply(self)

    def do_GET(self) -> None:
        """Do the same: nothing comes in the body."""
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def send(status: int, body: dict[str, Any], **headers: str) -> Reply:
    """Return a reply with this status and body."""

    def reply(handler: _Handler) -> None:
        content = json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def send_text(text: str) -> Reply:
    """Return a reply of a 200 that is no JSON, as a proxy gives it."""

    def reply(handler: _Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/html")
        handler.send_header("content-length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return reply


def speak_as_the_sandbox(transport: SandboxClaudeTransport) -> Reply:
    """Return a reply that is whatever the sandbox's own transport answers to what really came."""

    def reply(handler: _Handler) -> None:
        request = httpx2.Request(
            handler.command,
            f"http://{handler.headers['host']}{handler.path}",
            headers=list(handler.headers.items()),
            content=handler.content,
        )
        answer = transport.handle_request(request)
        content = answer.read()
        handler.send_response(answer.status_code)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def reset(handler: _Handler) -> None:
    """Break the connection, as a dying server does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def sleep(handler: _Handler) -> None:
    """Answer too late."""
    time.sleep(0.6)
    send(200, message())(handler)


@contextmanager
def serving(reply: Reply) -> Iterator[tuple[_Server, ClaudeProvider]]:
    """Serve on a free port, and give a live provider that knows it."""
    server = _Server(reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    provider = ClaudeProvider("live", {"api_key": KEY, "base_url": f"http://127.0.0.1:{server.server_port}"})
    try:
        yield server, provider
    finally:
        provider.close()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak to this machine directly, whatever the environment says."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_ask_live_reaches_the_address_of_the_settings() -> None:
    with serving(send(200, message(), request_id="req_live")) as (server, provider):
        answer = provider.ask(REQUEST)
    assert (answer.data, answer.request_id) == ({"summary": "Fine."}, "req_live")
    ((path, authorization, body),) = server.seen
    assert (path, authorization) == ("/v1/messages", f"Bearer {KEY}")
    assert body["messages"] == [{"role": "user", "content": REQUEST.user}]


def test_ask_live_twice_gets_two_answers() -> None:
    with serving(send(200, message())) as (server, provider):
        assert provider.ask(REQUEST) == provider.ask(REQUEST)
    assert len(server.seen) == 2


def test_ask_live_when_rate_limited_says_how_long_and_asks_once() -> None:
    envelope = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    limiting = send(429, envelope, retry_after="30", request_id="req_x")
    with serving(limiting) as (server, provider), pytest.raises(ProviderRateLimited) as caught:
        provider.ask(REQUEST)
    assert (caught.value.retry_after_seconds, caught.value.request_id) == (30.0, "req_x")
    assert len(server.seen) == 1


def test_ask_live_of_a_slow_server_stops_waiting() -> None:
    with (
        serving(sleep) as (_, provider),
        pytest.raises(ProviderUnavailable, match=r"in time \(ReadTimeout\)"),
    ):
        provider.ask(make_request(timeout_seconds=0.2))


def test_ask_live_of_a_server_that_breaks_off_is_unavailable() -> None:
    with (
        serving(reset) as (server, provider),
        pytest.raises(ProviderUnavailable, match="connection to Claude"),
    ):
        provider.ask(REQUEST)
    assert len(server.seen) == 1


def test_ask_live_of_nobody_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        provider = ClaudeProvider(
            "live", {"api_key": KEY, "base_url": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        )
        with pytest.raises(ProviderUnavailable, match=r"failed \(ConnectError\)"):
            provider.ask(REQUEST)
        provider.close()


def test_ask_live_when_sent_elsewhere_keeps_the_key_to_itself() -> None:
    with serving(send(200, message())) as (thief, _):
        elsewhere = f"http://127.0.0.1:{thief.server_port}/v1/messages"
        with (
            serving(send(307, {}, location=elsewhere)) as (_, provider),
            pytest.raises(Exception, match="elsewhere"),
        ):
            provider.ask(REQUEST)
    assert thief.seen == []


def test_ask_live_of_a_server_that_speaks_the_wire_format_sends_what_it_wants() -> None:
    transport = SandboxClaudeTransport()
    with serving(speak_as_the_sandbox(transport)) as (server, provider):
        answer = provider.ask(REQUEST)
        tokens = provider.count_tokens(REQUEST)
        note = provider.look_up_model("claude-sonnet-4-5")
    assert (answer.stop_reason, answer.usage.input_tokens) == ("end_turn", tokens)
    assert (note.is_retired, note.retires_on) == (False, "2026-11-30")
    assert [path for path, _, _ in server.seen] == [
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/models/claude-sonnet-4-5",
    ]
    assert {authorization for _, authorization, _ in server.seen} == {f"Bearer {KEY}"}
    for received in transport.received:
        assert received.headers["anthropic-version"] == "2026-10-21"
        assert "x-api-key" not in received.headers
        assert received.status == 200


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limited", ProviderRateLimited),
        ("overloaded", ProviderUnavailable),
        ("refusal", ProviderRefused),
    ],
)
def test_ask_live_meets_what_the_server_does_by_name(fault: str, kind: type[ProviderError]) -> None:
    transport = SandboxClaudeTransport(Faults.model_validate({fault: 1}))
    with serving(speak_as_the_sandbox(transport)) as (_, provider):
        with pytest.raises(kind) as caught:
            provider.ask(REQUEST)
        assert provider.ask(REQUEST).data
    assert caught.value.request_id.startswith("req_")


@pytest.mark.parametrize("text", ["<html>Sign in to the proxy</html>", "", "null", "[]"])
def test_ask_live_of_a_server_that_speaks_no_json_is_unavailable(text: str) -> None:
    with serving(send_text(text)) as (_, provider):
        with pytest.raises(ProviderUnavailable, match="is no message"):
            provider.ask(REQUEST)
        with pytest.raises(ProviderUnavailable, match="is no number"):
            provider.count_tokens(REQUEST)
        with pytest.raises(ProviderUnavailable, match="told nothing of the model"):
            provider.look_up_model("claude-haiku-5-5")
        with pytest.raises(ProviderUnavailable, match="is no batch"):
            provider.batch("msgbatch_1")


@pytest.mark.django_db
def test_hand_in_a_batch_live_goes_from_creation_to_result_at_the_address_set() -> None:
    transport = SandboxClaudeTransport(Faults.model_validate({"batches": {"seconds": 0}}))
    provider = live(transport.handle_request)
    state = provider.submit_batch(REQUEST, custom_id="one-1")
    assert [listed.id for listed in provider.recent_batches(since=state.created_at)] == [state.id]
    assert provider.batch(state.id).has_ended
    result = provider.batch_result(state.id, custom_id="one-1")
    assert result is not None
    assert provider.read_result(result, request=REQUEST).data
    assert provider.batch_result(state.id, custom_id="one-2") is None
    assert provider.cancel_batch(state.id).has_ended
    # The results' address in the answer leads elsewhere; the key did not go there.
    assert {received.headers["host"] for received in transport.received} == {"api.anthropic.com"}
