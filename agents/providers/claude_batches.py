"""Claude's Message Batches: a question handed in now, answered within a day, at half the price.

Source: the API reference of 2026-10-21 and `anthropic` 2.10. Results are fetched from the address set, never
from the one the answer names: the key goes nowhere else.
"""

import json
from datetime import datetime
from typing import Any, Literal

import anthropic
import httpx2
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from agents.providers.batches import CAME_TO_NOTHING, BatchResult, BatchState
from agents.providers.claude_answers import LONGEST_BODY_BYTES, read_answer
from agents.providers.claude_client import ClaudeClient, timeout_of
from agents.providers.claude_problems import LONGEST_REQUEST_ID, error_of_result
from agents.providers.claude_questions import BATCH_TTL, params_of
from agents.providers.errors import Advice, ProviderUnavailable
from agents.providers.language import LanguageAnswer, LanguageRequest

PATH = "/v1/messages/batches"
CALL_SECONDS = 20.0
PAGE = 100
MOST_PAGES = 20
"""How far back a search for a lost batch goes: 2,000 batches."""


class _Counts(BaseModel):
    """How many requests of a batch are where."""

    processing: int = Field(ge=0)
    succeeded: int = Field(ge=0)
    errored: int = Field(ge=0)
    canceled: int = Field(ge=0)
    expired: int = Field(ge=0)


class _Batch(BaseModel):
    """A batch, as the wire has it."""

    id: str = Field(pattern=r"^[\w-]{1,100}$")
    processing_status: Literal["in_progress", "canceling", "ended"]
    request_counts: _Counts
    created_at: AwareDatetime
    expires_at: AwareDatetime


class _Page(BaseModel):
    """A page of batches, newest first."""

    data: list[_Batch]
    has_more: bool


class _Result(BaseModel):
    """What became of a request; `message` where it succeeded, `error` where it did not."""

    type: str
    message: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class _Line(BaseModel):
    """A line of the results."""

    custom_id: str
    result: _Result


class ClaudeBatches(ClaudeClient):
    """The batches of Claude; see `BatchProvider` for what each method promises."""

    def submit_batch(self, request: LanguageRequest, *, custom_id: str) -> BatchState:
        """Hand in a batch of this one question; its system text is kept in the cache for an hour."""
        asked = {"custom_id": custom_id, "params": params_of(request, cache_ttl=BATCH_TTL)}
        return self._told(self._send("POST", PATH, body={"requests": [asked]}))

    def batch(self, batch_id: str) -> BatchState:
        """Return how a batch is."""
        return self._told(self._send("GET", f"{PATH}/{batch_id}"))

    def recent_batches(self, *, since: datetime) -> list[BatchState]:
        """Return the batches created at or after `since`, newest first, at most 2,000."""
        found: list[BatchState] = []
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = _read(_Page, self._send("GET", PATH, params={"limit": PAGE, **after}))
            states = [_state(batch) for batch in page.data]
            found += [state for state in states if state.created_at >= since]
            if not page.has_more or not states or states[-1].created_at < since:
                break
            after = {"after_id": states[-1].id}
        return found

    def batch_result(self, batch_id: str, *, custom_id: str) -> BatchResult | None:
        """Return the result of one request of a batch that has ended, matched by its `custom_id`."""
        response = self._send("GET", f"{PATH}/{batch_id}/results")
        for line in _lines(response):
            if line.custom_id == custom_id:
                return _result(line.result)
        return None

    def read_result(self, result: BatchResult, *, request: LanguageRequest) -> LanguageAnswer:
        """Return the answer in a result; its request id is the message's own id, batches have no other."""
        return read_answer(result.body.encode(), request_id=_message_id(result.body), request=request)

    def cancel_batch(self, batch_id: str) -> BatchState:
        """Ask for the end of a batch."""
        return self._told(self._send("POST", f"{PATH}/{batch_id}/cancel", body={}))

    def _send(
        self, method: Literal["GET", "POST"], path: str, *, body: Any = None, params: Any = None
    ) -> httpx2.Response:
        """Send one request and return what came."""
        options: Any = {"timeout": timeout_of(CALL_SECONDS), **({"params": params} if params else {})}

        def send(client: anthropic.Anthropic) -> httpx2.Response:
            if method == "POST":
                return client.post(path, body=body, cast_to=httpx2.Response, options=options)
            return client.get(path, cast_to=httpx2.Response, options=options)

        return self.call(send)

    def _told(self, response: httpx2.Response) -> BatchState:
        return _state(_read(_Batch, response))


def _state(batch: _Batch) -> BatchState:
    counts = batch.request_counts.model_dump().values()
    return BatchState(
        id=batch.id,
        has_ended=batch.processing_status == "ended",
        requests=sum(counts),
        created_at=batch.created_at,
        expires_at=batch.expires_at,
    )


def _read(kind: type[Any], response: httpx2.Response) -> Any:
    """Return the body as it should be, or raise where it is something else (a proxy's page)."""
    try:
        return kind.model_validate_json(response.content)
    except ValidationError:
        raise _not_understood(response) from None


def _lines(response: httpx2.Response) -> list[_Line]:
    """Return the results, one a line. Raises `ProviderUnavailable` where they are none."""
    if len(response.content) > LONGEST_BODY_BYTES:
        raise _not_understood(response)
    try:
        return [_Line.model_validate_json(line) for line in response.content.splitlines() if line.strip()]
    except ValidationError:
        raise _not_understood(response) from None


def _result(result: _Result) -> BatchResult:
    """Return the message of a request that succeeded; raise for what became of any other."""
    if result.type == "succeeded" and result.message is not None:
        return BatchResult(json.dumps(result.message))
    if result.type == "errored":
        problem = error_of_result(result.error or {})
    else:
        sentence, advice = _NO_ANSWER.get(result.type, _UNKNOWN_RESULT)
        problem = ProviderUnavailable(sentence, advice=advice)
    problem.code = CAME_TO_NOTHING
    raise problem


_NO_ANSWER = {
    "expired": (
        "Claude did not get to the batch within a day; nothing was paid; try again.",
        Advice.RETRY,
    ),
    "canceled": (
        "Somebody cancelled the batch at Claude before it was answered; nothing was paid; try the step again "
        "if that was not meant.",
        Advice.ASK_PERSON,
    ),
}
_UNKNOWN_RESULT = (
    "Claude's batch came to something that is not known here; a person has to look at it.",
    Advice.ASK_PERSON,
)


def _message_id(body: str) -> str:
    """Return the id of a message that was read before; it is what Claude's support asks for."""
    given = json.loads(body).get("id")
    return given[:LONGEST_REQUEST_ID] if isinstance(given, str) and given.isascii() else ""


def _not_understood(response: httpx2.Response) -> ProviderUnavailable:
    return ProviderUnavailable(
        "Claude's address answered with something that is no batch; try again, and check ANTHROPIC_BASE_URL "
        "if it stays.",
        request_id=response.headers.get("request-id", "")[:LONGEST_REQUEST_ID],
    )
