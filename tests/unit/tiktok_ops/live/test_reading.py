"""Asking the database from an event loop: together, in turn, and on one thread."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from django.db import OperationalError

from tiktok_ops.live.reading import Reading


class Table:
    """Answers how often it was read, once it is let go; the first readings wait for that."""

    def __init__(self) -> None:
        self.reads = 0
        self.threads: set[str] = set()
        self.let_go = threading.Event()

    def read(self) -> int:
        self.reads += 1
        self.threads.add(threading.current_thread().name)
        assert self.let_go.wait(20)
        return self.reads

    def fail(self) -> int:
        self.read()
        raise OperationalError("the database went away")


def run(scenario: Callable[[Reading, Table], Awaitable[Any]]) -> Any:
    """Return what comes of the scenario, with a reading that is closed at its end."""

    async def whole() -> Any:
        reading = Reading()
        try:
            return await asyncio.wait_for(scenario(reading, Table()), 30)
        finally:
            await reading.close()

    return asyncio.run(whole())


async def begun(*asked: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Return what was asked, each begun."""
    tasks = [asyncio.create_task(each) for each in asked]
    await asyncio.sleep(0)
    return tasks


def test_ask_the_same_at_the_same_time_reads_once_for_all() -> None:
    async def scenario(reading: Reading, table: Table) -> list[int]:
        asked = await begun(*(reading.ask(table.read, same="x") for _ in range(100)))
        table.let_go.set()
        return list(await asyncio.gather(*asked))

    assert run(scenario) == [1] * 100


def test_ask_something_else_or_without_a_name_reads_for_itself() -> None:
    async def scenario(reading: Reading, table: Table) -> tuple[list[int], set[str]]:
        names = ("x", "y", None, None)
        asked = await begun(*(reading.ask(table.read, same=name) for name in names))
        table.let_go.set()
        return await asyncio.gather(*asked), table.threads

    answers, threads = run(scenario)
    assert (sorted(answers), len(threads)) == ([1, 2, 3, 4], 1)


def test_ask_again_after_the_answer_reads_again() -> None:
    async def scenario(reading: Reading, table: Table) -> list[int]:
        table.let_go.set()
        return [await reading.ask(table.read, same="x") for _ in range(3)]

    assert run(scenario) == [1, 2, 3]


def test_leave_before_the_answer_takes_it_from_nobody() -> None:
    async def scenario(reading: Reading, table: Table) -> int:
        first, second = await begun(*(reading.ask(table.read, same="x") for _ in range(2)))
        first.cancel()
        await asyncio.wait([first])
        table.let_go.set()
        assert first.cancelled()
        return int(await second)

    assert run(scenario) == 1


def test_fail_to_read_is_raised_to_all_who_asked_and_forgotten() -> None:
    async def scenario(reading: Reading, table: Table) -> int:
        table.let_go.set()
        asked = await begun(*(reading.ask(table.fail, same="x") for _ in range(2)))
        for each in asked:
            with pytest.raises(OperationalError, match="went away"):
                await each
        return await reading.ask(table.read, same="x")

    assert run(scenario) == 2


def test_fail_to_read_for_somebody_who_left_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(reading: Reading, table: Table) -> None:
        [asked] = await begun(reading.ask(table.fail, same="x"))
        asked.cancel()
        table.let_go.set()
        await asyncio.wait([asked])

    run(scenario)
    assert caplog.records == []


def test_close_ends_the_thread() -> None:
    async def scenario() -> None:
        reading, table = Reading(), Table()
        table.let_go.set()
        await reading.ask(table.read)
        await reading.close()
        [name] = table.threads
        assert name not in {thread.name for thread in threading.enumerate()}

    asyncio.run(scenario())
