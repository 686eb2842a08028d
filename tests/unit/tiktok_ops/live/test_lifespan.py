"""The beginning and the end of a web process, as an ASGI server tells of them."""

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from tiktok_ops import starting
from tiktok_ops.live.hub import current_hub
from tiktok_ops.live.lifespan import close_on_signals, stopping, with_lifespan

ASKED_TO_STOP = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def seen() -> Iterator[list[int]]:
    """Have a server's handlers in place, and return the signals they saw."""
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in ASKED_TO_STOP}
    for number in ASKED_TO_STOP:
        signal.signal(number, lambda number, frame: caught.append(number))
    yield caught
    stopping.clear()
    for number, handler in before.items():
        signal.signal(number, handler)


async def http_only(scope: Any, receive: Any, send: Any) -> None:
    """Stand for Django."""
    await send({"type": f"{scope['type']} served"})


class Server:
    """What an ASGI server says to an application, and what it is told."""

    def __init__(self, *messages: str) -> None:
        self._messages = [{"type": message} for message in messages]
        self.told: list[str] = []
        self.why = ""

    async def receive(self) -> dict[str, Any]:
        return self._messages.pop(0)

    async def send(self, message: dict[str, Any]) -> None:
        self.told.append(message["type"])
        self.why = message.get("message", self.why)


def test_serve_a_request_goes_to_the_application() -> None:
    server = Server()

    async def scenario() -> None:
        await with_lifespan(http_only)({"type": "http"}, server.receive, server.send)

    asyncio.run(scenario())
    assert server.told == ["http served"]


@pytest.mark.usefixtures("committed_db")
def test_live_from_start_to_stop_answers_both_and_closes_the_hub(seen: list[int]) -> None:
    server = Server("lifespan.startup", "lifespan.shutdown")

    async def scenario() -> bool:
        with current_hub().subscribe("run_events", "x") as words:
            await with_lifespan(http_only)({"type": "lifespan"}, server.receive, server.send)
            return words.is_closed

    assert asyncio.run(scenario())
    assert server.told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def started() -> Server:
    """Return what a server was told that started the application and stops it at once."""
    server = Server("lifespan.startup", "lifespan.shutdown")

    async def scenario() -> None:
        await with_lifespan(http_only)({"type": "lifespan"}, server.receive, server.send)

    asyncio.run(scenario())
    return server


@pytest.mark.usefixtures("committed_db")
def test_start_with_a_queue_that_is_not_safe_is_refused_in_its_sentence(settings: Settings) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": None}
    server = started()
    assert server.told == ["lifespan.startup.failed"]
    assert server.why.startswith("Q_CLUSTER, the cluster 'short': 'timeout' is None")


@pytest.mark.usefixtures("committed_db")
def test_start_on_a_database_with_other_functions_is_refused_naming_them() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('workflow_renew'::regproc)")
        [before] = cursor.fetchone()
        cursor.execute("ALTER FUNCTION workflow_renew RENAME TO workflow_renewed")
    try:
        server = started()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER FUNCTION workflow_renewed RENAME TO workflow_renew")
            cursor.execute("SELECT pg_get_functiondef('workflow_renew'::regproc)")
            assert cursor.fetchone() == (before,)
    assert server.told == ["lifespan.startup.failed"]
    assert "(workflow_renew): run `make setup`" in server.why


def test_start_while_the_database_is_away_starts_and_is_not_ready(
    seen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("it is away")

    monkeypatch.setattr(starting, "_checks", [away])
    assert started().told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("number", ASKED_TO_STOP)
def test_catch_a_signal_closes_the_hub_and_leaves_the_rest_to_the_server(
    number: signal.Signals, seen: list[int]
) -> None:
    async def scenario() -> None:
        hub = current_hub()
        close_on_signals(hub)
        with hub.subscribe("run_events", "x") as words:
            signal.raise_signal(number)
            assert (seen, stopping.is_set()) == ([number], True)
            await words.wait(20)
            assert words.is_closed
        await hub.shut_down()

    asyncio.run(scenario())
    signal.raise_signal(number)  # after the loop has ended
    assert seen == [number, number]


def test_start_where_nobody_handles_signals_handles_none(seen: list[int]) -> None:
    async def scenario() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        close_on_signals(current_hub())

    asyncio.run(scenario())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_start_in_another_thread_handles_no_signals(seen: list[int]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def scenario() -> None:
        await asyncio.to_thread(close_on_signals, current_hub())

    asyncio.run(scenario())
    assert signal.getsignal(signal.SIGTERM) is before
