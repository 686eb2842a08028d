"""The events of a run as they happen: server-sent events (WHATWG HTML, section 9.2) out of the table.

A stream looks into the table from where its client stands: at first, when the database announces
something, and at every heartbeat. So neither a lost word nor a lost connection loses an event, and a
client that comes back with `Last-Event-ID` goes on where it stopped.
"""

import logging
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import Error, connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from tiktok_ops.live.hub import Heard, Subscription, current_hub
from tiktok_ops.rest.pagination import number_of
from tiktok_ops.rest.renderers import EventStreamRenderer
from tiktok_ops.rest.scopes import Scope
from tiktok_ops.rest.scoping import caller_now, caller_of
from workflows.api.serializers import EventSerializer
from workflows.models import RunEvent, WorkflowRun

CHANNEL = "run_events"
"""What the SQL function `workflow_event` announces on; the payload is the run's id."""

PAGE_ROWS = 200
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# A client that lost its stream comes back after so many milliseconds. A comment keeps proxies from hanging up.
HELLO = b"retry: 2000\n\n"
HEARTBEAT = b":\n\n"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """An event as it is sent."""

    seq: int
    kind: str
    sent: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, and what the run was when they were read; `end` is what to send when no more will come."""

    frames: tuple[Frame, ...]
    end: bytes

    @property
    def is_full(self) -> bool:
        """Whether there may be more already."""
        return len(self.frames) == PAGE_ROWS


class RunStream:
    """What one client is sent of one run: what came after number `after`, of one kind or of all.

    `may_read` says, from the database, whether the client may still read the run; `who` names the client,
    so that streams of one client ask together.
    """

    def __init__(
        self, run_id: UUID, *, after: int, kind: str, who: Hashable, may_read: Callable[[], bool]
    ) -> None:
        self._run_id, self._after, self._kind = run_id, after, kind
        self._who, self._may_read = who, may_read
        self._check_at = self._beat_at = 0.0
        self._is_forbidden = False

    async def follow(self) -> AsyncIterator[bytes]:
        """Yield what to send until the run is over, the server stops, or the client may no longer read it."""
        # The request has a thread of its own, which would keep its connection for as long as the stream lasts.
        await sync_to_async(connections.close_all)()
        self._check_at = monotonic() + settings.STREAM_CHECK_SECONDS
        with current_hub().subscribe(CHANNEL, str(self._run_id)) as words:
            yield self._said(HELLO)
            while await self._is_open(words):
                page = await self._next_page(words)
                if sent := b"".join(frame.sent for frame in page.frames if self._kind in ("", frame.kind)):
                    yield self._said(sent)
                if page.is_full:
                    continue
                if page.end:
                    yield page.end
                    return
                await self._wait(words)
                if monotonic() >= self._beat_at:
                    yield self._said(HEARTBEAT)

    async def _wait(self, words: Subscription) -> None:
        """Wait for news, until the next heartbeat or until the stream has to end."""
        while (left := self._beat_at - monotonic()) > 0:
            heard = await words.wait(min(left, self._check_at - monotonic()))
            if heard is not Heard.NOTHING or not await self._is_open(words):
                return

    def _said(self, sent: bytes) -> bytes:
        """Return what is sent now; the next heartbeat is due so long after it."""
        self._beat_at = monotonic() + settings.STREAM_HEARTBEAT_SECONDS
        return sent

    async def _is_open(self, words: Subscription) -> bool:
        """Return whether the stream may go on; asks again, when it is time, whether it may be read."""
        if words.is_closed or self._is_forbidden:
            return False
        if monotonic() >= self._check_at:
            self._check_at = monotonic() + settings.STREAM_CHECK_SECONDS
            same = ("may read", self._run_id, self._who)
            try:
                self._is_forbidden = not await current_hub().reading.ask(self._may_read, same=same)
            except Error as error:  # nothing is read meanwhile either
                _log.warning("stream.unchecked %s", str(error).strip())
        return not self._is_forbidden

    async def _next_page(self, words: Subscription) -> Page:
        """Return what comes next; nothing while the database is away, for it is read again later."""
        read = partial(read_page, self._run_id, after=self._after)
        try:
            # Many clients of one run, woken by one word, stand at one place: it is read once for all.
            same = (self._run_id, self._after, words.mark)
            page = await current_hub().reading.ask(read, same=same)
        except Error as error:
            _log.warning("stream.unread %s", str(error).strip())
            return Page((), b"")
        self._after = page.frames[-1].seq if page.frames else self._after
        return page


def read_page(run_id: UUID, *, after: int) -> Page:
    """Return the events after a number, at most `PAGE_ROWS`, and the end if the run is over."""
    # The run first: what was over by then has no event that the second statement would not see.
    run = WorkflowRun.objects.only("status", "mode").get(id=run_id)
    rows = run.events.filter(seq__gt=after).order_by("seq")[:PAGE_ROWS]
    frames = tuple(_frame(row) for row in rows)
    over = {"run_id": run.id, "status": run.status}
    return Page(frames, b"event: end\ndata: %b\n\n" % _json(over) if run.is_over else b"")


def _frame(row: RunEvent) -> Frame:
    data = _json(EventSerializer(row).data)
    sent = b"id: %d\nevent: %b\ndata: %b\n\n" % (row.seq, row.kind.encode(), data)
    return Frame(row.seq, row.kind, sent)


def _json(value: Any) -> bytes:
    """Return the value as the API writes it; there is no line break in it."""
    written: bytes = JSONRenderer().render(value)
    return written


def stream_events(request: Request, run: WorkflowRun) -> HttpResponseBase:
    """Return the answer that streams the run's events to whoever asked, who may read the run.

    Raises `NotAcceptable` where nothing can be streamed, and `ValidationError` for a number that is none.
    """
    if not isinstance(request._request, ASGIRequest):
        raise NotAcceptable(
            "Events are not streamed here, for this server is no ASGI server: "
            "ask for application/json, and again with ?after= the last number."
        )
    stream = RunStream(
        run.id,
        after=place_of(request),
        kind=request.query_params.get("kind", ""),
        who=(caller_of(request).who.pk, request.session.session_key),
        may_read=partial(may_read, request, run.id),
    )
    told: dict[str, Any] = {"content_type": EventStreamRenderer.media_type, "headers": HEADERS}
    return StreamingHttpResponse(stream.follow(), **told) if request.method == "GET" else HttpResponse(**told)


def may_read(request: Request, run_id: UUID) -> bool:
    """Return whether whoever asked may read the run now, by the rows of today."""
    caller = caller_now(request)
    if caller is None or not caller.holds(Scope.READ):
        return False
    return caller.sees(WorkflowRun.objects.all(), mode_path="mode").filter(id=run_id).exists()


def place_of(request: Request) -> int:
    """Return the number of the last event the client has; what a browser adds when it comes back goes first."""
    given = request.headers.get("Last-Event-ID")
    if given is not None:
        return number_of(given, name="Last-Event-ID")
    return number_of(request.query_params.get("after", "0"), name="after")
