"""What goes over the wire in these tests: a question, an answer, and a transport that gives answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx2
from pydantic import BaseModel

from agents.providers.claude import ClaudeProvider
from agents.providers.language import LanguageRequest

KEY = "sk-ant-secret-0123456789"

Handler = Callable[[httpx2.Request], httpx2.Response]


class Words(BaseModel):
    """The words asked for in these tests."""

    summary: str


REQUEST = LanguageRequest(
    model="claude-haiku-5-5",
    system="You write for people.",
    user='Summarise.\n\n<facts>\n{"posts":12}\n</facts>',
    schema=Words.model_json_schema(),
    schema_name="words",
    max_tokens=500,
    timeout_seconds=20,
)


def make_request(**changes: Any) -> LanguageRequest:
    """Return the usual question with some fields changed."""
    return replace(REQUEST, **changes)


def message(**changes: Any) -> dict[str, Any]:
    """Return the body of a good answer with some fields changed."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [{"type": "text", "text": '{"summary": "Fine."}'}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }
    return body | changes


def said(text: str) -> dict[str, Any]:
    """Return the body of an answer that says `text`."""
    return message(content=[{"type": "text", "text": text}])


def answering(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Handler:
    """Return a handler that gives this answer to everything; text and bytes go out as they are."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return lambda request: httpx2.Response(
        status, content=content, headers={"request-id": "req_7", **(headers or {})}
    )


def refusing(
    status: int, kind: str, *, text: str = "No.", headers: Mapping[str, str] | None = None
) -> Handler:
    """Return a handler that answers everything with an error envelope."""
    return answering(
        {"type": "error", "error": {"type": kind, "message": text}}, status=status, headers=headers
    )


def failing(error: Exception) -> Handler:
    """Return a handler whose connection breaks."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        raise error

    return handle


def live(handler: Handler, **options: Any) -> ClaudeProvider:
    """Return a live provider whose wire ends at `handler`."""
    return ClaudeProvider("live", {"api_key": KEY, **options}, transport=httpx2.MockTransport(handler))


class Recorder:
    """A wire that keeps what is sent over it."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer well, and remember."""
        self.requests.append(request)
        return answering(message())(request)

    @property
    def body(self) -> dict[str, Any]:
        """Return the body of the last request."""
        body: dict[str, Any] = json.loads(self.requests[-1].content)
        return body
