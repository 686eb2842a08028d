"""Streams of events from a real web process: nothing lost, nothing twice, whatever happens on the way."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.test import Client

from tests.factories.accounts import person
from tests.factories.workflows import WorkflowRunFactory
from tests.streams import (
    PATIENCE_SECONDS,
    Reader,
    Web,
    ask,
    browser,
    elsewhere,
    key_of,
    listeners,
    reading,
    tell,
    web,
)
from tests.unit.tiktok_ops.rest.callers import make_key
from tiktok_ops.accounts.keys import revoke_key
from tiktok_ops.accounts.models import Membership
from tiktok_ops.accounts.roles import Role
from workflows.models import WorkflowRun

pytestmark = pytest.mark.integration

QUICK = {"STREAM_HEARTBEAT_SECONDS": "0.5", "STREAM_CHECK_SECONDS": "0.5"}
CLIENTS, EVENTS = 100, 40
# More than what sockets hold between a client that does not read and the server.
LARGE, LARGE_EVENTS = '{"note": "' + "x" * 60_000 + '"}', 250


@pytest.fixture(scope="module")
def server(module_db: str) -> Iterator[Web]:
    """Have one web process for these tests."""
    with web(QUICK) as started:
        yield started


@pytest.fixture
def run(module_db: str) -> WorkflowRun:
    """Return a run under way."""
    return WorkflowRunFactory.create(status="running")


def key_for(run: WorkflowRun) -> dict[str, str]:
    """Return the header of a key that may read the run."""
    return key_of(make_key(run.workspace))


AT_ONCE = 2 * settings.WEB_POOL["max_size"]


def count_connections() -> int:
    """Return how many connections the database has."""
    [(count,)] = ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    return int(count)


def whole(count: int) -> list[int]:
    """Return the numbers of all events of a run with so many."""
    return list(range(1, count + 1))


def test_read_with_a_hundred_clients_some_of_them_cut_sees_every_event_once_in_order(
    server: Web, run: WorkflowRun
) -> None:
    headers = key_for(run)
    tell(run.id, times=5)

    async def one(client: httpx.AsyncClient, *, is_cut: bool) -> list[int]:
        async with reading(client, run.id, headers) as first:
            await first.read(until=10 if is_cut else EVENTS)
        if not is_cut:
            return first.ids
        async with reading(client, run.id, headers, after=first.ids[-1]) as second:
            await second.read(until=EVENTS)
        return first.ids + second.ids

    async def happen() -> None:
        for _ in range(EVENTS - 5):
            await asyncio.sleep(0.01)
            tell(run.id)

    async def everybody() -> list[list[int]]:
        async with browser(server) as client:
            seen = [one(client, is_cut=number % 10 == 0) for number in range(CLIENTS)]
            gathered, _ = await asyncio.gather(asyncio.gather(*seen), happen())
            return gathered

    assert asyncio.run(everybody()) == [whole(EVENTS)] * CLIENTS


def test_read_with_more_clients_than_connections_listens_on_one_and_holds_none(
    server: Web, run: WorkflowRun
) -> None:
    headers = key_for(run)
    before = count_connections()

    async def scenario() -> None:
        async with browser(server) as client, AsyncExitStack() as stack:
            readers = [
                await stack.enter_async_context(reading(client, run.id, headers)) for _ in range(AT_ONCE)
            ]
            tell(run.id)
            for reader in readers:
                await reader.read(until=1)
            assert len(listeners()) == 1
            assert count_connections() <= before + 1 + settings.WEB_POOL["max_size"]
            answer = await client.get(f"/api/v1/runs/{run.id}/", headers=headers)
            assert answer.status_code == 200

    asyncio.run(scenario())


def test_answer_more_requests_at_once_than_there_are_connections_answers_all(
    server: Web, run: WorkflowRun
) -> None:
    path, headers = f"{server.address}/api/v1/runs/{run.id}/", key_for(run)
    before = count_connections()

    async def scenario() -> set[int]:
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            answers = await asyncio.gather(*(client.get(path, headers=headers) for _ in range(AT_ONCE)))
        return {answer.status_code for answer in answers}

    assert asyncio.run(scenario()) == {200}
    assert count_connections() <= before + settings.WEB_POOL["max_size"]


def test_read_a_run_to_its_end_ends_with_what_came_of_it(server: Web, run: WorkflowRun) -> None:
    headers = key_for(run)

    async def scenario() -> Reader:
        async with browser(server) as client, reading(client, run.id, headers) as reader:
            tell(run.id, kind="step.succeeded", data='{"key": "größe"}')
            await reader.read(until=1)
            ask(
                "WITH ended AS (UPDATE workflows_workflowrun SET status = 'succeeded', finished_at = now()"
                " WHERE id = %s RETURNING id) SELECT workflow_event(id, 'run.succeeded', '{}') FROM ended",
                run.id,
            )
            await reader.read()
            return reader

    reader = asyncio.run(scenario())
    assert [kind for kind, _ in reader.events] == ["step.succeeded", "run.succeeded", "end"]
    assert reader.events[0][1]["data"] == {"key": "größe"}
    assert reader.events[-1][1] == {"run_id": str(run.id), "status": "succeeded"}
    assert reader.answer.headers["Content-Type"] == "text/event-stream"
    assert reader.answer.headers["X-Accel-Buffering"] == "no"


def test_read_a_run_in_which_nothing_happens_hears_a_heartbeat(server: Web, run: WorkflowRun) -> None:
    headers = key_for(run)

    async def scenario() -> Reader:
        async with browser(server) as client, reading(client, run.id, headers) as reader:
            await reader.read(beats=2)
            return reader

    reader = asyncio.run(scenario())
    assert (reader.beats, reader.events) == (2, [])


def test_read_slowly_holds_up_nobody_and_misses_nothing(server: Web, run: WorkflowRun) -> None:
    headers = key_for(run)
    tell(run.id, times=LARGE_EVENTS, data=LARGE)

    async def scenario() -> tuple[Reader, Reader]:
        async with browser(server) as client, reading(client, run.id, headers) as slow:
            async with reading(client, run.id, headers) as quick:
                await quick.read(until=LARGE_EVENTS)
                tell(run.id)
                await quick.read(until=LARGE_EVENTS + 1)
            await slow.read(until=LARGE_EVENTS + 1)
            return slow, quick

    slow, quick = asyncio.run(scenario())
    assert slow.ids == quick.ids == whole(LARGE_EVENTS + 1)


def test_revoke_the_key_of_a_stream_ends_it_and_no_other(server: Web, run: WorkflowRun) -> None:
    issued, headers = make_key(run.workspace), key_for(run)

    async def scenario() -> tuple[Reader, Reader]:
        async with browser(server) as client, reading(client, run.id, headers) as kept:
            async with reading(client, run.id, key_of(issued)) as cut:
                await elsewhere(lambda: revoke_key(key_id=issued.key.id, by="test"))
                await cut.read()
            tell(run.id)
            await kept.read(until=1)
            return cut, kept

    cut, kept = asyncio.run(scenario())
    assert (cut.events, kept.ids) == ([], [1])


@pytest.mark.parametrize("change", ["the role is taken away", "the person signs out"])
def test_let_a_person_go_ends_their_stream(server: Web, run: WorkflowRun, change: str) -> None:
    ana, signed_in = person(run.workspace, Role.VIEWER), Client()
    signed_in.force_login(ana)
    headers = {"Cookie": f"sessionid={signed_in.cookies['sessionid'].value}"}
    changes = {
        "the role is taken away": lambda: Membership.objects.filter(user=ana).delete(),
        "the person signs out": signed_in.logout,
    }
    tell(run.id)

    async def scenario() -> Reader:
        async with browser(server) as client, reading(client, run.id, headers) as reader:
            await reader.read(until=1)
            await elsewhere(changes[change])
            await reader.read()
            return reader

    assert asyncio.run(scenario()).ids == [1]


def test_lose_the_connection_that_listens_loses_no_event(server: Web, run: WorkflowRun) -> None:
    headers = key_for(run)
    tell(run.id)

    async def scenario() -> tuple[Reader, int]:
        async with browser(server) as client, reading(client, run.id, headers) as reader:
            await reader.read(until=1)
            [before] = listeners()
            for number in range(2, 12):
                ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(%s)", listeners())
                tell(run.id)
                await reader.read(until=number)
            return reader, before

    reader, before = asyncio.run(scenario())
    assert reader.ids == whole(11)
    assert before not in listeners()


@contextmanager
def stuck(server: Web, run: WorkflowRun, headers: dict[str, str]) -> Iterator[None]:
    """Have a client for the block that asks for the run's events and never reads them."""
    lines = [f"GET /api/v1/runs/{run.id}/events/ HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", urlsplit(server.address).port or 0)) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        assert client.recv(12) == b"HTTP/1.1 200"
        yield


async def readiness(server: Web) -> int | None:
    """Return what a watcher that has no connection yet is told; None where nobody answers any more."""
    async with httpx.AsyncClient(base_url=server.address) as watcher:
        try:
            return (await watcher.get("/readyz", timeout=5)).status_code
        except httpx.TransportError:
            return None


def test_stop_the_server_with_streams_open_ends_them_and_it_within_its_time(run: WorkflowRun) -> None:
    headers = key_for(run)
    tell(run.id, times=LARGE_EVENTS, data=LARGE)

    async def scenario(server: Web) -> tuple[float, float]:
        async with browser(server) as client, AsyncExitStack() as stack:
            streams = [reading(client, run.id, headers, after=LARGE_EVENTS) for _ in range(10)]
            readers = [await stack.enter_async_context(stream) for stream in streams]
            assert (await client.get("/readyz")).status_code == 200
            asked = time.monotonic()
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            await asyncio.sleep(0.3)  # the signal is on its way
            assert await readiness(server) in {None, 503}
            for reader in readers:
                await reader.read()  # to a proper end: a stream that is cut raises
            return time.monotonic() - asked, await stopping

    with web(grace_seconds=2) as server, stuck(server, run, headers):
        streams_seconds, server_seconds = asyncio.run(scenario(server))
    assert streams_seconds < 2 < server_seconds < 5
