"""The stream of a run's events: where it begins, what it sends, what it does while the database is away."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.urls import reverse

from tests.factories.workflows import WorkflowRunFactory
from tests.streams import ask, tell
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tiktok_ops.env import BASE_DIR
from tiktok_ops.live.hub import current_hub
from workflows.api import stream as module
from workflows.api.stream import HEARTBEAT, HELLO, Page, RunStream, read_page
from workflows.models import RunEvent, WorkflowRun
from workflows.transitions import EVENT_KINDS


def address_of(run: WorkflowRun) -> str:
    """Return where the run's events are."""
    return reverse("api-run-events", args=[run.id])


def make_events(run: WorkflowRun, count: int) -> None:
    """Give the run so many events."""
    RunEvent.objects.bulk_create(
        RunEvent(run=run, seq=seq, kind="step.running" if seq % 2 else "step.ready", data={"text": "a\nö"})
        for seq in range(1, count + 1)
    )


# --- what is read


@pytest.mark.django_db
def test_read_a_page_gives_events_as_the_list_does_on_one_line_each() -> None:
    run = WorkflowRunFactory.create(status="running")
    make_events(run, 3)
    listed = using(make_key(run.workspace)).get(address_of(run)).json()["results"]

    page = read_page(run.id, after=1)

    assert (page.end, page.is_full, [frame.seq for frame in page.frames]) == (b"", False, [2, 3])
    lines = page.frames[0].sent.decode().split("\n")
    assert lines[:2] == ["id: 2", "event: step.ready"]
    assert json.loads(lines[2].removeprefix("data: ")) == listed[1]
    assert lines[3:] == ["", ""]


@pytest.mark.django_db
def test_read_a_page_of_a_long_run_is_full_and_goes_on_after_it(django_assert_num_queries: Any) -> None:
    run = WorkflowRunFactory.create(status="running")
    make_events(run, module.PAGE_ROWS + 1)

    with django_assert_num_queries(2):
        first = read_page(run.id, after=0)

    assert (first.is_full, len(first.frames)) == (True, module.PAGE_ROWS)
    assert [frame.seq for frame in read_page(run.id, after=module.PAGE_ROWS).frames] == [module.PAGE_ROWS + 1]


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_read_a_page_of_a_run_that_is_over_has_the_end(status: str) -> None:
    run = WorkflowRunFactory.create(status=status)
    name, data, *rest = read_page(run.id, after=0).end.decode().split("\n")
    assert (name, rest) == ("event: end", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"run_id": str(run.id), "status": status}


# --- what is sent


def follow(
    run: WorkflowRun,
    *,
    after: int = 0,
    kind: str = "",
    may_read: Callable[[], bool] = lambda: True,
    until: Callable[[list[bytes]], bool] = lambda sent: False,
) -> list[bytes]:
    """Return what a stream of the run sends, until it ends or has sent enough."""
    sent: list[bytes] = []

    async def read() -> None:
        stream = RunStream(run.id, after=after, kind=kind, who="ana", may_read=may_read).follow()
        async for part in stream:
            sent.append(part)
            if until(sent):
                await stream.aclose()  # type: ignore[attr-defined]
        assert current_hub().subscribers == 0
        await current_hub().shut_down()

    asyncio.run(asyncio.wait_for(read(), 60))
    return sent


def numbers(sent: list[bytes]) -> list[int]:
    """Return the numbers of the events in what was sent."""
    lines = b"".join(sent).decode().splitlines()
    return [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]


@pytest.fixture
def quick(settings: Any) -> None:
    """Let streams ask and beat often."""
    settings.STREAM_HEARTBEAT_SECONDS, settings.STREAM_CHECK_SECONDS = 0.1, 0.05


def test_follow_a_run_that_is_over_sends_all_of_it_and_ends(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE_ROWS", 2)
    run = WorkflowRunFactory.create(status="failed")
    make_events(run, 5)
    sent = follow(run)
    assert (sent[0], numbers(sent)) == (HELLO, [1, 2, 3, 4, 5])
    assert sent[-1].startswith(b"event: end\n")
    assert numbers(follow(run, after=3)) == [4, 5]
    assert numbers(follow(run, kind="step.ready")) == [2, 4]
    assert [part[:10] for part in follow(run, after=5)] == [HELLO[:10], b"event: end"]


def test_follow_a_run_of_whole_pages_ends_as_well(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_ROWS", 2)
    run = WorkflowRunFactory.create(status="succeeded")
    make_events(run, 4)
    sent = follow(run)
    assert (numbers(sent), sent[-1][:10]) == ([1, 2, 3, 4], b"event: end")


def test_follow_a_run_in_which_nothing_happens_beats_and_asks_again(committed_db: str, quick: None) -> None:
    run, asked = WorkflowRunFactory.create(status="running"), []

    def may_read() -> bool:
        asked.append(1)
        return len(asked) < 8

    sent = follow(run, may_read=may_read)
    assert len(asked) == 8
    assert set(sent) == {HELLO, HEARTBEAT}


def test_follow_a_run_whose_word_is_lost_finds_the_event_at_the_next_heartbeat(
    committed_db: str, quick: None
) -> None:
    run = WorkflowRunFactory.create(status="running")

    def unheard(sent: list[bytes]) -> bool:
        if sent.count(HEARTBEAT) == 1 and not numbers(sent):
            ask(
                "INSERT INTO workflows_runevent (run_id, seq, at, kind, data)"
                " VALUES (%s, 1, now(), 'step.ready', '{}') RETURNING 1",
                run.id,
            )
        return bool(numbers(sent))

    assert numbers(follow(run, until=unheard)) == [1]


def test_follow_while_the_database_is_away_loses_nothing(
    committed_db: str, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = WorkflowRunFactory.create(status="running")
    tell(run.id, times=2)
    failures = {"read": 3, "check": 3}

    def fails(what: str) -> None:
        failures[what] -= 1
        if failures[what] >= 0:
            raise OperationalError("the database is starting up\n")

    def read(*args: Any, **kwargs: Any) -> Page:
        fails("read")
        return read_page(*args, **kwargs)

    def may_read() -> bool:
        fails("check")
        return True

    monkeypatch.setattr(module, "read_page", read)
    sent = follow(run, may_read=may_read, until=lambda sent: bool(numbers(sent)) and failures["check"] < 0)

    assert numbers(sent) == [1, 2]
    said = {record.getMessage() for record in caplog.records}
    assert {f"stream.{what} the database is starting up" for what in ("unread", "unchecked")} <= said


def test_follow_on_a_server_that_stops_ends_at_once(committed_db: str) -> None:
    run = WorkflowRunFactory.create(status="running")
    tell(run.id)

    def stop(sent: list[bytes]) -> bool:
        current_hub().close()
        return False

    assert follow(run, until=stop) == [HELLO]


def test_name_events_after_what_is_moved_and_where_to() -> None:
    assert len(set(EVENT_KINDS)) == len(EVENT_KINDS)
    assert {"run.queued", "step.running", "effect.confirmed"} <= set(EVENT_KINDS)
    statements = "".join(file.read_text() for file in (BASE_DIR / "workflows/sql").glob("*.sql"))
    assert set(re.findall(r"workflow_event\(\w+, '(\w+\.\w+)'", statements)) <= set(EVENT_KINDS)
