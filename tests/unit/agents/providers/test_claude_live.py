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

import pytest

from agents.providers.claude import ClaudeProvider
from agents.providers.errors import ProviderRateLimited, ProviderUnavailable
from tests.unit.agents.providers.wire import KEY, REQUEST, make_request, message

Reply = Callable[[BaseHTTPRequestHandler], None]


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
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append((self.path, self.headers["authorization"], body))
        self.server.reply(self)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def send(status: int, body: dict[str, Any], **headers: str) -> Reply:
    """Return a reply with this status and body."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        content = json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Break the connection, as a dying server does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def sleep(handler: BaseHTTPRequestHandler) -> None:
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
