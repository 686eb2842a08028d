"""The sandbox TikTok over HTTP, for any client there is: the same service, the same state, the same ledger.

One address stands for all of TikTok's: their paths differ. Faults are acted out on the socket itself.
"""

import socket
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import httpx
from django.conf import settings
from django.db import connections

from agents.sandbox.tiktok import consent
from agents.sandbox.tiktok.faults import TikTokFault, TikTokFaults
from agents.sandbox.tiktok.notices import deliver_due, is_listened_to
from agents.sandbox.tiktok.pulling import pull_due
from agents.sandbox.tiktok.service import Served, serve
from agents.sandbox.tiktok.upload import UPLOAD_PATH
from agents.sandbox.tiktok.wire import SANDBOX_BASE_URL, SANDBOX_UPLOAD_HOST, Received

API_HOST = httpx.URL(SANDBOX_BASE_URL).host
MOST_BODY_BYTES = 130_000_000
"""A video's last chunk may have 128 MB."""

CLOCK_SECONDS = 0.2
WEBHOOK_TIMEOUT_SECONDS = 5.0
LONGEST_SILENCE_SECONDS = 600.0


class SandboxServer:
    """A sandbox TikTok that listens; `origin` is its address.

    `webhooks_to` is where our app takes webhooks; without it nobody is told anything. Between requests a
    clock pulls photos and tells what came to be.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: TikTokFaults | None = None,
        webhooks_to: str = "",
    ) -> None:
        self.faults = faults or TikTokFaults()
        self._http = _HTTPServer((host, port), _Handler)
        self._http.sandbox = self
        bound = self._http.server_address[1]
        self.origin = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        self._webhooks_to = webhooks_to
        self._is_over = Event()
        self._threads = [
            Thread(target=self._http.serve_forever, kwargs={"poll_interval": CLOCK_SECONDS}, daemon=True),
            Thread(target=self._run_clock, daemon=True),
        ]

    def start(self) -> "SandboxServer":
        """Begin to listen, in threads of its own."""
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; what is being answered is answered."""
        self._is_over.set()
        self._http.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()

    def _run_clock(self) -> None:
        while not self._is_over.wait(CLOCK_SECONDS):
            try:
                self._tick()
            finally:
                connections.close_all()

    def _tick(self) -> None:
        """Do what TikTok does by itself."""
        pull_due(self.faults)
        if self._webhooks_to and is_listened_to():
            secret = settings.WEBHOOK_SECRETS["tiktok"][0]
            deliver_due(client_key=settings.TIKTOK_CLIENT_KEY, secret=secret, post=self._tell)

    def _tell(self, header: str, body: bytes) -> int:
        headers = {"TikTok-Signature": header, "Content-Type": "application/json"}
        try:
            answer = httpx.post(
                self._webhooks_to, content=body, headers=headers, timeout=WEBHOOK_TIMEOUT_SECONDS
            )
        except httpx.HTTPError:
            return 0
        return answer.status_code


class _HTTPServer(ThreadingHTTPServer):
    """Knows the sandbox it serves."""

    sandbox: SandboxServer
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away: they do."""


class _Handler(BaseHTTPRequestHandler):
    """One connection's requests, one after the other."""

    protocol_version = "HTTP/1.1"
    server: _HTTPServer

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - the library names them

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the ledger has every request, and addresses carry tokens."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        content = self._body()
        if content is None:
            return
        if parts.path == consent.AUTHORIZE_PATH:
            self._show(_consent(self.command, parts.query, content))
            return
        received = Received(
            method=self.command,
            host=SANDBOX_UPLOAD_HOST if parts.path == UPLOAD_PATH else API_HOST,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            content=content,
            upload_origin=self.server.sandbox.origin,
        )
        self._respond(serve(received, self.server.sandbox.faults))

    def _body(self) -> bytes | None:
        """Return the body; None where it cannot be read, which is said by then."""
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            self._send(411, b"", {})
            return None
        if int(length) > MOST_BODY_BYTES:
            self._send(413, b"", {})
            return None
        return self.rfile.read(int(length))

    def _respond(self, served: Served) -> None:
        """Send the answer, or do to the connection what its fault demands."""
        time.sleep(served.slow_seconds)
        if served.fault is TikTokFault.TIMEOUT_AFTER:
            self._wait_for_hang_up()
        elif served.answer is None:
            self._reset()
        else:
            headers = {"Content-Type": "application/json; charset=utf-8"} if served.content else {}
            self._send(served.answer.status, served.content, headers)

    def _show(self, shown: consent.Shown) -> None:
        headers = (
            {"Location": shown.location} if shown.location else {"Content-Type": "text/html; charset=utf-8"}
        )
        self._send(shown.status, shown.html.encode(), headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        if status in {411, 413}:  # the body was not read, so nothing after it can be
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(content)

    def _wait_for_hang_up(self) -> None:
        """Say nothing until the client gives up."""
        self.connection.settimeout(LONGEST_SILENCE_SECONDS)
        self.close_connection = True
        self.connection.recv(1)

    def _reset(self) -> None:
        """Break the connection as a crash would: with a reset, not with an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _consent(method: str, query: str, content: bytes) -> consent.Shown:
    """Serve the page on which a creator is asked."""
    if method == "GET":
        return consent.ask(dict(parse_qsl(query)))
    given = parse_qs(content.decode(errors="replace"), keep_blank_values=True)
    act: Callable[..., consent.Shown] = consent.answer
    try:
        return act({name: values[0] for name, values in given.items()}, scopes=given.get("scopes", []))
    finally:
        connections.close_all()
