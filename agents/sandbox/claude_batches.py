"""The sandbox's Message Batches: create, retrieve, list, results and cancel, as documented, for all processes.

How a batch is follows from its times and the database's clock, so nothing has to move it on. What is wrong with
a request shows in its result, as with the real one, which also looks at requests only while it works on them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.sandbox import claude_log
from agents.sandbox.claude_messages import message_to
from agents.sandbox.claude_wire import Question, WireError, first_of, read_params
from agents.sandbox.faults import BatchFault, BatchFaults
from agents.sandbox_models import SandboxBatch, SandboxQuestion
from tiktok_ops.apart import apart
from tiktok_ops.clock import database_now

PATH = "/v1/messages/batches"
LIFETIME = timedelta(hours=24)
USUAL_PAGE = 20
LONGEST_PAGE = 1000
_ONE = re.compile(rf"{PATH}/([\w-]+)(/results|/cancel)?")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `is_lost` where it never arrives though Claude acted."""

    content: bytes
    content_type: str = "application/json"
    is_lost: bool = False


class _Asked(BaseModel):
    """One request of a batch."""

    model_config = ConfigDict(extra="forbid", strict=True)

    custom_id: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    params: dict[str, Any]


class _Body(BaseModel):
    """The body of a creation."""

    model_config = ConfigDict(extra="forbid", strict=True)

    requests: list[_Asked] = Field(min_length=1, max_length=100_000)


def serve(
    method: str,
    path: str,
    query: Mapping[str, str],
    content: bytes,
    *,
    faults: BatchFaults,
    keeps_log: bool = False,
) -> Reply:
    """Answer one request of the family. Raises `WireError` where it is refused."""
    if path == PATH and method == "POST":
        return _create(content, faults)
    if path == PATH and method == "GET":
        return _list(query)
    found = _ONE.fullmatch(path)
    if found is None or method != ("POST" if found[2] == "/cancel" else "GET"):
        raise WireError(404, "not_found_error", f"Not found: {path}")
    batch = SandboxBatch.objects.filter(batch_id=found[1]).first()
    if batch is None:
        raise WireError(404, "not_found_error", f"batch: {found[1]}")
    if found[2] == "/results":
        return _results(batch, keeps_log=keeps_log)
    return _cancel(batch) if found[2] == "/cancel" else _reply(_told(batch, database_now()))


def _create(content: bytes, faults: BatchFaults) -> Reply:
    try:
        body = _Body.model_validate_json(content)
    except ValidationError as error:
        raise WireError(400, "invalid_request_error", first_of(error)) from error
    names = [asked.custom_id for asked in body.requests]
    if len(set(names)) < len(names):
        raise WireError(400, "invalid_request_error", "requests: custom_id must be unique within a batch")
    with transaction.atomic():
        with connection.cursor() as cursor:  # batches are counted one at a time over all processes
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('sandbox claude batches'))")
        fault = faults.of_batch(SandboxBatch.objects.count() + 1)
        now = database_now()
        batch = SandboxBatch.objects.create(
            requests=[asked.model_dump() for asked in body.requests],
            created_at=now,
            done_at=now + (LIFETIME if fault is BatchFault.EXPIRED else timedelta(seconds=faults.seconds)),
            fate=fault or "",
        )
    return Reply(_reply(_told(batch, now)).content, is_lost=fault is BatchFault.LOST_ANSWER)


def _list(query: Mapping[str, str]) -> Reply:
    """Tell of the newest batches, after the one named `after_id`."""
    limit = query.get("limit", str(USUAL_PAGE))
    if not limit.isdecimal() or not 1 <= int(limit) <= LONGEST_PAGE:
        raise WireError(400, "invalid_request_error", f"limit: must be 1 to {LONGEST_PAGE}")
    rows = SandboxBatch.objects.order_by("-created_at", "-id")
    if after := SandboxBatch.objects.filter(batch_id=query.get("after_id", "")).first():
        rows = rows.filter(created_at__lt=after.created_at)
    found = list(rows[: int(limit) + 1])
    page, now = found[: int(limit)], database_now()
    return _reply(
        {
            "data": [_told(batch, now) for batch in page],
            "has_more": len(found) > len(page),
            "first_id": page[0].batch_id if page else None,
            "last_id": page[-1].batch_id if page else None,
        }
    )


def _cancel(batch: SandboxBatch) -> Reply:
    """Cancel what is not done yet; a batch that has ended stays as it is."""
    now = database_now()
    SandboxBatch.objects.filter(id=batch.id, done_at__gt=now, cancelled_at=None).update(cancelled_at=now)
    batch.refresh_from_db()
    told = _told(batch, now)
    return _reply(told | {"processing_status": "canceling"} if batch.cancelled_at == now else told)


def _results(batch: SandboxBatch, *, keeps_log: bool) -> Reply:
    """Give the results of a batch that has ended, in no order one could rely on."""
    if not _has_ended(batch, database_now()):
        raise WireError(404, "not_found_error", f"batch {batch.batch_id}: results are not there yet")
    lines = [
        {"custom_id": asked["custom_id"], "result": _result(batch, asked, keeps_log=keeps_log)}
        for asked in reversed(batch.requests)
    ]
    content = "".join(f"{json.dumps(line)}\n" for line in lines)
    return Reply(content.encode(), content_type="application/x-jsonl")


def _result(batch: SandboxBatch, asked: Mapping[str, Any], *, keeps_log: bool) -> dict[str, Any]:
    """Return what became of one request."""
    if batch.cancelled_at is not None:
        return {"type": "canceled"}
    match batch.fate:
        case BatchFault.ERRORED:
            return _errored("api_error", "Internal server error")
        case BatchFault.INVALID:
            return _errored("invalid_request_error", "messages: this one is refused")
        case BatchFault.EXPIRED:
            return {"type": "expired"}
        case BatchFault.CANCELED:
            return {"type": "canceled"}
    try:
        question = read_params(asked["params"])
    except WireError as error:
        return _errored(error.kind, str(error))
    return {
        "type": "succeeded",
        "message": _message(batch, asked["custom_id"], question, keeps_log=keeps_log),
    }


def _message(batch: SandboxBatch, custom_id: str, question: Question, *, keeps_log: bool) -> dict[str, Any]:
    """Return the answer; the first time it is fetched it goes to the log, for it is paid once."""
    request_id = f"req_{batch.batch_id.removeprefix('msgbatch_')}_{custom_id}"[:100]
    message, tokens = message_to(question, request_id=request_id)
    message["usage"]["service_tier"] = "batch"
    if (
        keeps_log
        and not SandboxQuestion.objects.filter(batch_id=batch.batch_id, custom_id=custom_id).exists()
    ):
        apart(
            partial(
                claude_log.write,
                question,
                operation="batch",
                request_id=request_id,
                status=200,
                tokens=tokens,
                batch_id=batch.batch_id,
                custom_id=custom_id,
            )
        )
    return message


def _told(batch: SandboxBatch, now: datetime) -> dict[str, Any]:
    """Return a batch as the wire has it at `now`."""
    has_ended = _has_ended(batch, now)
    return {
        "id": batch.batch_id,
        "type": "message_batch",
        "processing_status": "ended" if has_ended else "in_progress",
        "request_counts": dict(_counts(batch, has_ended=has_ended)),
        "created_at": batch.created_at.isoformat(),
        "expires_at": (batch.created_at + LIFETIME).isoformat(),
        "ended_at": (batch.cancelled_at or batch.done_at).isoformat() if has_ended else None,
        "cancel_initiated_at": batch.cancelled_at.isoformat() if batch.cancelled_at else None,
        "archived_at": None,
        "results_url": f"https://elsewhere.invalid{PATH}/{batch.batch_id}/results" if has_ended else None,
    }


def _counts(batch: SandboxBatch, *, has_ended: bool) -> Iterator[tuple[str, int]]:
    names = {"": "succeeded", BatchFault.LOST_ANSWER: "succeeded", BatchFault.INVALID: "errored"}
    ended_as = "canceled" if batch.cancelled_at else names.get(batch.fate, batch.fate)
    for name in ("processing", "succeeded", "errored", "canceled", "expired"):
        yield name, len(batch.requests) if name == (ended_as if has_ended else "processing") else 0


def _has_ended(batch: SandboxBatch, now: datetime) -> bool:
    return batch.cancelled_at is not None or now >= batch.done_at


def _errored(kind: str, message: str) -> dict[str, Any]:
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}
    return {"type": "errored", "error": error}


def _reply(body: dict[str, Any]) -> Reply:
    return Reply(json.dumps(body).encode())
