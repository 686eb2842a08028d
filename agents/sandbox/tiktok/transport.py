"""The sandbox TikTok as an httpx transport: the real clients speak to it and cannot tell."""

import time

import httpx
from django.db import InterfaceError, OperationalError

from agents.sandbox.tiktok.faults import TikTokFault, TikTokFaults
from agents.sandbox.tiktok.service import Served, serve
from agents.sandbox.tiktok.wire import (
    SANDBOX_BASE_URL,
    SANDBOX_BUSINESS_BASE_URL,
    SANDBOX_SHOP_BASE_URL,
    SANDBOX_UPLOAD_HOST,
    Received,
)

_BASE_URLS = (SANDBOX_BASE_URL, SANDBOX_BUSINESS_BASE_URL, SANDBOX_SHOP_BASE_URL)
_HOSTS = {SANDBOX_UPLOAD_HOST, *(httpx.URL(url).host for url in _BASE_URLS)}
_RESET = "Connection reset by peer"


class SandboxTikTokTransport(httpx.BaseTransport):
    """Answers as TikTok does. It holds nothing: state and ledger are in the database, for all processes."""

    def __init__(self, faults: TikTokFaults | None = None) -> None:
        self._faults = faults or TikTokFaults()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or break the connection as its fault demands.

        Without its database TikTok is gone in the middle of a request: the connection breaks.
        """
        if request.url.host not in _HOSTS:
            raise httpx.ConnectError("Name or service not known", request=request)
        received = Received(
            method=request.method,
            host=request.url.host,
            path=request.url.path,
            query=dict(request.url.params),
            headers=dict(request.headers),
            content=request.read(),
        )
        try:
            served = serve(received, self._faults)
        except (OperationalError, InterfaceError) as error:
            raise httpx.ReadError(_RESET, request=request) from error
        return _respond(request, served)


def _respond(request: httpx.Request, served: Served) -> httpx.Response:
    if served.fault is TikTokFault.UNREACHABLE:
        raise httpx.ConnectError("Connection refused", request=request)
    _wait(request, served.slow_seconds)
    if served.fault is TikTokFault.TIMEOUT_AFTER:
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if served.answer is None:
        raise httpx.ReadError(_RESET, request=request)
    headers = {"content-type": "application/json; charset=utf-8"} if served.content else {}
    return httpx.Response(served.answer.status, content=served.content, headers=headers, request=request)


def _wait(request: httpx.Request, seconds: float) -> None:
    """Be slow; a client that waits for less than that times out, as it would on the network."""
    patience = request.extensions.get("timeout", {}).get("read")
    if patience is not None and seconds > patience:
        time.sleep(patience)
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    time.sleep(seconds)
