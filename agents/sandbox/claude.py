"""Claude's endpoints at the wire: what the real ones take and say, without a model behind them.

It answers from the request alone, so the same question has the same answer in every process. It does
not know the world: its sentences are made of the facts it is given, in English whatever the locale.
Batches are in the database, for all processes. With a log, so is all that was asked, and a long system text
that was asked about a moment ago is read from the cache; without one nothing is ever found there.
"""

import hashlib
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2

from agents.sandbox import claude_batches, claude_log
from agents.sandbox.claude_drip import dripping
from agents.sandbox.claude_messages import input_tokens, message_to, object_in
from agents.sandbox.claude_models import model_note
from agents.sandbox.claude_wire import (
    COUNT_PATH,
    Question,
    WireError,
    check_headers,
    read_counted,
    read_question,
)
from agents.sandbox.faults import Fault, Faults
from tiktok_ops.apart import apart

LONGEST_LEDGER = 200
MODELS_PATH = "/v1/models/"
_FAILURES = {
    Fault.RATE_LIMITED: (429, "rate_limit_error", "This request would exceed your rate limit."),
    Fault.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    Fault.SERVER_ERROR: (500, "api_error", "Internal server error"),
}


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
    """The sandbox as an httpx2 transport; `received` is the ledger of this process's last 200 requests.

    With `keeps_log` every question is also written to the database (`claude_log`).
    """

    def __init__(self, faults: Faults | None = None, *, keeps_log: bool = False) -> None:
        self._faults = faults or Faults()
        self._keeps_log = keeps_log
        self._calls = 0
        self._lock = threading.Lock()
        self.received: deque[ReceivedRequest] = deque(maxlen=LONGEST_LEDGER)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request as the documented endpoint does."""
        content = request.read()
        request_id = f"req_{hashlib.sha256(content).hexdigest()[:24]}"
        try:
            response = self._serve(request, content, request_id)
        except WireError as error:
            response = _refusal(error.status, error.kind, str(error), request_id)
        self._record(request, response.status_code)
        return response

    def _serve(self, request: httpx2.Request, content: bytes, request_id: str) -> httpx2.Response:
        """Return what the endpoint answers. Raises `WireError` where it refuses."""
        path = request.url.path
        if path.startswith(claude_batches.PATH):
            check_headers(request.headers)
            return self._serve_batches(request, content, request_id)
        if path.startswith(MODELS_PATH) and request.method == "GET":
            check_headers(request.headers)
            return _answer(model_note(path.removeprefix(MODELS_PATH)), request_id)
        if path == COUNT_PATH:
            question = read_counted(request.method, request.headers, content)
            self._log(question, operation="count_tokens", request_id=request_id, status=200)
            return _answer({"input_tokens": input_tokens(question)}, request_id)
        question = read_question(request.method, path, request.headers, content)
        return self._respond(request, question, request_id)

    def _serve_batches(self, request: httpx2.Request, content: bytes, request_id: str) -> httpx2.Response:
        reply = claude_batches.serve(
            request.method,
            request.url.path,
            dict(request.url.params),
            content,
            faults=self._faults.batches,
            keeps_log=self._keeps_log,
        )
        if reply.is_lost:
            self._record(request, None)
            raise httpx2.ReadTimeout("The read operation timed out", request=request)
        return httpx2.Response(
            200,
            content=reply.content,
            headers={"request-id": request_id, "content-type": reply.content_type},
        )

    def _respond(self, request: httpx2.Request, question: Question, request_id: str) -> httpx2.Response:
        """Return the answer to a question, or what this call's fault makes of it."""
        fault, slow_seconds, drip_seconds = self._next_fault(question)
        log = partial(self._log, question, operation="messages", request_id=request_id, fault=fault or "")
        if fault is Fault.RESET_BEFORE:
            raise httpx2.ReadError("Connection reset by peer", request=request)
        self._wait(request, slow_seconds)
        if fault is Fault.RESET_AFTER:
            log(status=None)
            self._record(request, None)
            raise httpx2.ReadError("Connection reset by peer", request=request)
        if fault in _FAILURES:
            log(status=_FAILURES[fault][0])
            response = _refusal(*_FAILURES[fault], request_id)
            if fault is Fault.RATE_LIMITED:
                response.headers["retry-after"] = str(self._faults.retry_after_seconds)
            return response
        answer = _answer(self._message(question, fault, request_id), request_id)
        return dripping(answer, request, seconds=drip_seconds) if drip_seconds else answer

    def _message(self, question: Question, fault: Fault | None, request_id: str) -> dict[str, Any]:
        """Return the message of an answer; with a log, cached as it is there, and written down."""
        if not self._keeps_log:
            return message_to(question, request_id=request_id, fault=fault)[0]

        def answered_and_logged() -> dict[str, Any]:
            cached = claude_log.is_cached(question)
            message, tokens = message_to(question, request_id=request_id, fault=fault, is_cached=cached)
            claude_log.write(
                question,
                operation="messages",
                request_id=request_id,
                status=200,
                tokens=tokens,
                fault=fault or "",
            )
            return message

        return apart(answered_and_logged)

    def _log(self, question: Question, **told: Any) -> None:
        """Write down a question nothing was paid for."""
        if self._keeps_log:
            apart(partial(claude_log.write, question, **told))

    def _next_fault(self, question: Question) -> tuple[Fault | None, float, float]:
        """Return this call's fault, how slow it is and for how long it drips, and count it where it matches."""
        if not any(self._faults.matching in text for text in (question.system_text, *question.turns)):
            return None, 0.0, 0.0
        with self._lock:
            self._calls += 1
            faults = self._faults
            return faults.of_call(self._calls), faults.slow_seconds, faults.drip_seconds

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
            ReceivedRequest(request.method, request.url.path, headers, object_in(request.content), status)
        )


def _answer(body: dict[str, Any], request_id: str) -> httpx2.Response:
    return httpx2.Response(200, json=body, headers={"request-id": request_id})


def _refusal(status: int, kind: str, message: str, request_id: str) -> httpx2.Response:
    envelope = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    return httpx2.Response(status, json=envelope, headers={"request-id": request_id})
