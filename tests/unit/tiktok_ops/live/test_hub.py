"""Words from the database: who hears them, who hears one for many, and what a lost connection does."""

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import AsyncConnection

from tests.processes import wait_until
from tests.streams import ask, listeners
from tiktok_ops.live import hub as live
from tiktok_ops.live.hub import Heard, Hub, Subscription, current_hub

ResultT = TypeVar("ResultT")
CHANNEL = "made"
SOON, LONG = 0.05, 20.0


def say(about: str, *, times: int = 1) -> None:
    """Announce something, each time in a transaction of its own."""
    for _ in range(times):
        ask("SELECT pg_notify(%s, %s)", CHANNEL, about)


def run(scenario: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return what comes of the scenario in an event loop of its own."""
    return asyncio.run(asyncio.wait_for(scenario, 60))


async def listening(hub: Hub, *subscriptions: Subscription) -> None:
    """Wait until the hub listens, which each subscriber is told of."""
    for subscription in subscriptions:
        assert await subscription.wait(LONG) is Heard.NEWS


def test_hear_what_is_announced_on_ones_topic_and_nothing_else(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL, "other"])
        with hub.subscribe(CHANNEL, "one") as one, hub.subscribe(CHANNEL, "two") as two:
            await listening(hub, one, two)
            say("one")
            assert await one.wait(LONG) is Heard.NEWS
            ask("SELECT pg_notify('other', 'two')")
            say("three")
            assert await two.wait(SOON) is await one.wait(SOON) is Heard.NOTHING
        await hub.shut_down()

    run(scenario())


def test_hear_of_a_word_that_came_before_waiting_at_once(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        with hub.subscribe(CHANNEL, "one") as early, hub.subscribe(CHANNEL, "one") as late:
            await listening(hub, early, late)
            say("one")
            await early.wait(LONG)
            assert await late.wait(0) is Heard.NEWS
        await hub.shut_down()

    run(scenario())


def test_hear_one_word_for_a_thousand_however_slow(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        with hub.subscribe(CHANNEL, "one") as slow, hub.subscribe(CHANNEL, "last") as last:
            await listening(hub, slow, last)
            ask(
                "SELECT pg_notify('made', 'one'), pg_notify('made', number::text) FROM generate_series(1, 1000) number"
            )
            say("one", times=20)
            say("last")
            await last.wait(LONG)
            assert await slow.wait(0) is Heard.NEWS
            assert await slow.wait(SOON) is Heard.NOTHING
        await hub.shut_down()

    run(scenario())


def test_mark_is_another_after_each_word_and_for_each_who_comes(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        with hub.subscribe(CHANNEL, "one") as one, hub.subscribe(CHANNEL, "one") as two:
            marks = {one.mark, two.mark}
            await listening(hub, one, two)
            assert one.mark == two.mark
            marks.add(one.mark)
            say("one")
            await one.wait(LONG)
            assert one.mark == two.mark
            assert len(marks | {one.mark}) == 4
        await hub.shut_down()

    run(scenario())


def test_subscribe_many_times_listens_on_one_connection(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        assert listeners() == []
        with ExitStack() as stack:
            each = [stack.enter_context(hub.subscribe(CHANNEL, str(number % 7))) for number in range(50)]
            await listening(hub, *each)
            assert (hub.subscribers, len(listeners())) == (50, 1)
        assert hub.subscribers == 0
        with hub.subscribe(CHANNEL, "1") as back:
            say("0")  # which nobody waits for any more
            say("1")
            assert await back.wait(LONG) is Heard.NEWS
        await hub.shut_down()
        wait_until(lambda: listeners() == [], seconds=LONG, what="nobody listens")

    run(scenario())


def test_lose_the_connection_tells_everybody_to_look_and_listens_again(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        with hub.subscribe(CHANNEL, "one") as one, hub.subscribe(CHANNEL, "two") as two:
            await listening(hub, one, two)
            [before] = listeners()
            ask("SELECT pg_terminate_backend(%s, 5000)", before)
            say("one")  # while nobody listens
            assert await one.wait(LONG) is await two.wait(LONG) is Heard.NEWS
            say("two")
            assert await two.wait(LONG) is Heard.NEWS
            assert listeners() != [before]
        await hub.shut_down()

    run(scenario())


class Failing(Hub):
    """A hub that cannot connect the first times."""

    failures = 3

    async def _connect(self) -> AsyncConnection[Any]:
        if self.failures:
            self.failures -= 1
            raise psycopg.OperationalError("the database is starting up")
        return await super()._connect()


def test_fail_to_connect_tries_again_ever_less_often(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(live, "LONGEST_DELAY_SECONDS", 0.02)

    async def scenario() -> int:
        hub = Failing([CHANNEL])
        with hub.subscribe(CHANNEL, "one") as one:
            await listening(hub, one)
            say("one")
            assert await one.wait(LONG) is Heard.NEWS
        await hub.shut_down()
        return hub.failures

    assert run(scenario()) == 0


def test_close_tells_those_who_wait_and_those_who_come() -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        hub.close()
        with hub.subscribe(CHANNEL, "one") as late:
            assert (late.is_closed, await late.wait(LONG)) == (True, Heard.CLOSED)
            assert await late.wait(LONG) is Heard.CLOSED
        await hub.shut_down()

    run(scenario())


def test_shut_down_ends_those_who_wait_and_the_connection(committed_db: str) -> None:
    async def scenario() -> None:
        hub = Hub([CHANNEL])
        with hub.subscribe(CHANNEL, "one") as one:
            await listening(hub, one)
            waiting = asyncio.create_task(one.wait(LONG))
            await asyncio.sleep(0)
            await hub.shut_down()
            assert await waiting is Heard.CLOSED
        wait_until(lambda: listeners() == [], seconds=LONG, what="nobody listens")

    run(scenario())


def test_subscribe_to_a_channel_nobody_listens_to_is_refused_with_a_sentence() -> None:
    sentence = "The channel 'other' is not listened to: add it to LIVE_CHANNELS."

    async def scenario() -> None:
        with pytest.raises(ValueError, match=f"^{sentence}$"), Hub([CHANNEL]).subscribe("other", "one"):
            pass

    run(scenario())


def test_current_hub_is_one_for_each_event_loop(settings: Any) -> None:
    async def scenario() -> Hub:
        assert current_hub() is current_hub()
        return current_hub()

    assert run(scenario()) is not run(scenario())
    assert "run_events" in settings.LIVE_CHANNELS
