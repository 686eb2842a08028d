"""A Messages endpoint at the wire: what the real one takes and says, without a model behind it.

It answers from the request alone, so the same question has the same answer in every process. It does
not know the world: its sentences are made of the facts it is given, in English whatever the locale.
Tokens are counted as UTF-8 bytes by 4, rounded up, of the texts that were really sent; nothing is ever
found in a cache, because that would depend on what was asked before.
"""

import hashlib
import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx2

from agents.sandbox.answers import answer_for
from agents.sandbox.claude_wire import Question, WireError, read_question
from agents.sandbox.faults import Fault, Faults

BYTES_PER_TOKEN = 4
LONGEST_LEDGER = 200
_FAILURES = {
    Fault.RATE_LIMITED: (429, "rate_limit_error", "This request would exceed your rate limit."),
    Fault.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    Fault.SERVER_ERROR: (500, "api_error", "Internal server error"),
}
_FACTS = re.compile(r"<facts>\s*(\{.*?\})\s*</facts>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request that arrived; the key is not kept.

    `body` is empty where it could not be read, `status` is None where no answer went back.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int | None


class SandboxClaudeTransport(httpx2.BaseTransport):
    """The sandbox as an httpx2 transport; `received` is the ledger of its last 200 requests."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._faults = faults or Faults()
        self._calls = 0
        self._lock = threading.Lock()
        self.received: deque[ReceivedRequest] = deque(maxlen=LONGEST_LEDGER)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request as the documented endpoint does."""
        content = request.read()
        request_id = f"req_{hashlib.sha256(content).hexdigest()[:24]}"
        try:
            question = read_question(request.method, request.url.path, request.headers, content)
        except WireError as error:
            response = _refusal(error.status, error.kind, str(error), request_id)
        else:
            response = self._respond(request, question, request_id)
        self._record(request, response.status_code)
        return response

    def _respond(self, request: httpx2.Request, question: Question, request_id: str) -> httpx2.Response:
        """Return the answer to a question, or what this call's fault makes of it."""
        fault, slow_seconds = self._next_fault(question)
        if fault is Fault.RESET_BEFORE:
            raise httpx2.ReadError("Connection reset by peer", request=request)
        self._wait(request, slow_seconds)
        if fault is Fault.RESET_AFTER:
            self._record(request, None)
            raise httpx2.ReadError("Connection reset by peer", request=request)
        if fault in _FAILURES:
            response = _refusal(*_FAILURES[fault], request_id)
            if fault is Fault.RATE_LIMITED:
                response.headers["retry-after"] = str(self._faults.retry_after_seconds)
            return response
        return httpx2.Response(
            200, json=_message(question, fault, request_id), headers={"request-id": request_id}
        )

    def _next_fault(self, question: Question) -> tuple[Fault | None, float]:
        """Return this call's fault and how slow it is, and count it where it matches."""
        if not any(self._faults.matching in text for text in (question.system_text, *question.turns)):
            return None, 0.0
        with self._lock:
            self._calls += 1
            return self._faults.of_call(self._calls), self._faults.slow_seconds

    def _wait(self, request: httpx2.Request, seconds: float) -> None:
        """Be slow; a client that waits for less than that times out, as it would on the network."""
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and seconds > patience:
            time.sleep(patience)
            self._record(request, None)
            raise httpx2.ReadTimeout("The read operation timed out", request=request)
        time.sleep(seconds)

    def _record(self, request: httpx2.Request, status: int | None) -> None:
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        self.received.append(
            ReceivedRequest(request.method, request.url.path, headers, _object(request.content), status)
        )


def count_tokens(text: str) -> int:
    """Return the sandbox's count of tokens: UTF-8 bytes by 4, rounded up."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def _message(question: Question, fault: Fault | None, request_id: str) -> dict[str, Any]:
    """Return the body of an answer: an empty thinking block, as able models send, and the text."""
    text, stop_reason = _text(question, fault)
    refused = stop_reason == "refusal"
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "", "signature": "sandbox"},
        {"type": "text", "text": text},
    ]
    return {
        "id": request_id.replace("req_", "msg_"),
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": [] if refused else blocks,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": None, "explanation": None} if refused else None,
        "usage": _usage(question, text),
    }


def _text(question: Question, fault: Fault | None) -> tuple[str, str]:
    """Return what is said, and why it stops there; an answer over `max_tokens` is really cut."""
    text = _said(question)
    match fault:
        case Fault.REFUSAL:
            return "", "refusal"
        case Fault.TRUNCATED:
            return text[: len(text) // 2], "max_tokens"
        case Fault.MALFORMED:
            return f"Here is the JSON you asked for:\n{text[:-1]}", "end_turn"
        case _:
            allowed = text.encode()[: question.max_tokens * BYTES_PER_TOKEN].decode(errors="ignore")
            return allowed, "end_turn" if allowed == text else "max_tokens"


def _said(question: Question) -> str:
    facts = facts_in(question.turns[-1])
    schema = question.answer_schema or {"type": "string", "title": "Summary"}
    answer = answer_for(schema, facts)
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    # Facts may escape half a surrogate pair, which no answer can carry.
    return text.encode("utf-8", "replace").decode()


def facts_in(text: str) -> dict[str, Any]:
    """Return the JSON object between `<facts>` and `</facts>`; empty where there is none."""
    for found in _FACTS.finditer(text):
        facts = _object(found[1].encode())
        if facts:
            return facts
    return {}


def _usage(question: Question, text: str) -> dict[str, Any]:
    sent = [question.system_text, *question.turns]
    return {
        "input_tokens": sum(map(count_tokens, sent)),
        "output_tokens": max(count_tokens(text), 1),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 0},
        "service_tier": "standard",
    }


def _refusal(status: int, kind: str, message: str, request_id: str) -> httpx2.Response:
    envelope = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    return httpx2.Response(status, json=envelope, headers={"request-id": request_id})


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
