"""The beginning and the end of a web process, as an ASGI server tells of them."""

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import pytest

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

    async def receive(self) -> dict[str, Any]:
        return self._messages.pop(0)

    async def send(self, message: dict[str, Any]) -> None:
        self.told.append(message["type"])


def test_serve_a_request_goes_to_the_application() -> None:
    server = Server()

    async def scenario() -> None:
        await with_lifespan(http_only)({"type": "http"}, server.receive, server.send)

    asyncio.run(scenario())
    assert server.told == ["http served"]


def test_live_from_start_to_stop_answers_both_and_closes_the_hub(seen: list[int]) -> None:
    server = Server("lifespan.startup", "lifespan.shutdown")

    async def scenario() -> bool:
        with current_hub().subscribe("run_events", "x") as words:
            await with_lifespan(http_only)({"type": "lifespan"}, server.receive, server.send)
            return words.is_closed

    assert asyncio.run(scenario())
    assert server.told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


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
