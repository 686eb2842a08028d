"""What goes over the wire in these tests: recorded answers, and transports that give them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from agents.providers.tiktok.provider import TikTokProvider

TOKEN = "act.exampleSecretA1b2C3d4"
UPLOAD_URL = "https://open-upload.tiktokapis.com/video/?upload_id=7574&upload_token=exampleUploadSecret"
LOG_ID = "20261120093001ABCDEF0123456789"

Handler = Callable[[httpx.Request], httpx.Response]


class Recorder(httpx.BaseTransport):
    """Gives its answers in turn, the last one for ever, and keeps the requests."""

    def __init__(self, handlers: Sequence[Handler]) -> None:
        self._handlers = list(handlers)
        self.requests: list[httpx.Request] = []
        self.times_closed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        handler = self._handlers.pop(0) if len(self._handlers) > 1 else self._handlers[0]
        return handler(request)

    def close(self) -> None:
        self.times_closed += 1


def envelope(data: object = None, *, code: str = "ok", message: str = "", **error: Any) -> dict[str, Any]:
    """Return the body of an answer."""
    told = {"code": code, "message": message, "log_id": LOG_ID} | error
    return {"data": {} if data is None else data, "error": told}


def answering(body: object, *, status: int = 200) -> Handler:
    """Return a handler that answers with a body; bytes go out as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: httpx.Response(status, content=content, request=request)


def refusing(code: str, *, status: int = 400, message: str = "No.") -> Handler:
    """Return a handler that refuses with a code."""
    return answering(envelope(code=code, message=message), status=status)


def failing(kind: type[httpx.RequestError], text: str = "") -> Handler:
    """Return a handler whose connection fails; what it says holds the token, as httpx's may."""

    def handle(request: httpx.Request) -> httpx.Response:
        raise kind(text or f"broke with {TOKEN}", request=request)

    return handle


def live(*handlers: Handler) -> tuple[TikTokProvider, Recorder]:
    """Return a live provider that gets these answers, and what it sent."""
    recorder = Recorder(handlers)
    return TikTokProvider("live", {}, transport=recorder), recorder


def body_of(request: httpx.Request) -> Any:
    """Return the JSON a request carried."""
    return json.loads(request.content)
