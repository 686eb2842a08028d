"""One connection that LISTENs for a whole web process, and everybody here who waits for a word of it.

A word says that there is something new about a topic, never what: whoever hears it looks into the table.
So words need not be kept. The queue of a subscriber has one place, a slow one finds one word for all it
missed, and after a lost connection everybody is told to look, for words may have been missed.
"""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection as django_connection
from psycopg import AsyncConnection, Error, sql

from tiktok_ops.live.presence import BE_HEARD
from tiktok_ops.live.reading import Reading

APPLICATION_NAME = "tiktok_ops live"
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 5.0

Topic: TypeAlias = tuple[str, str]
"""A channel and what is announced on it, as in ("run_events", the run's id)."""

_log = logging.getLogger(__name__)


class Heard(Enum):
    """What came of waiting."""

    NEWS = auto()
    NOTHING = auto()
    CLOSED = auto()


class Subscription:
    """Somebody who waits for words on one topic.

    `mark` is another after each word: what is read after it was another holds what the word was about.
    """

    def __init__(self, mark: int) -> None:
        self.mark = mark
        self.is_closed = False
        self._word = asyncio.Event()  # the queue with one place

    def tell(self, mark: int) -> None:
        """Leave the word that there is something new; never waits."""
        self.mark = mark
        self._word.set()

    def close(self) -> None:
        """Leave the word that nothing will come any more."""
        self.is_closed = True
        self._word.set()

    async def wait(self, seconds: float) -> Heard:
        """Wait for a word, at most so long; one that came before is found at once."""
        try:
            async with asyncio.timeout(seconds):
                await self._word.wait()
        except TimeoutError:
            return Heard.NOTHING
        if self.is_closed:
            return Heard.CLOSED
        self._word.clear()
        return Heard.NEWS


class Hub:
    """Tells the subscribers of this process what the database announces; belongs to one event loop.

    It starts to listen with its first subscriber. `reading` is how they look into tables.
    """

    def __init__(self, channels: Sequence[str]) -> None:
        self.reading = Reading()
        self._channels = channels
        self._subscriptions: defaultdict[Topic, set[Subscription]] = defaultdict(set)
        self._marks = 0
        self._listening: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def subscribers(self) -> int:
        """How many wait here."""
        return sum(len(waiting) for waiting in self._subscriptions.values())

    @contextmanager
    def subscribe(self, channel: str, about: str) -> Iterator[Subscription]:
        """Give a subscription for the block; raises `ValueError` for a channel that is not listened to."""
        if channel not in self._channels:
            raise ValueError(f"The channel {channel!r} is not listened to: add it to LIVE_CHANNELS.")
        topic, made = (channel, about), Subscription(self._next_mark())
        if self._is_closed:
            made.close()
        elif self._listening is None:
            self._listening = asyncio.create_task(self._keep_listening())
        self._subscriptions[topic].add(made)
        try:
            yield made
        finally:
            self._subscriptions[topic].discard(made)
            if not self._subscriptions[topic]:
                del self._subscriptions[topic]

    def close(self) -> None:
        """Let everybody who waits, and whoever comes yet, know that nothing will come any more."""
        self._is_closed = True
        for waiting in self._subscriptions.values():
            for subscription in waiting:
                subscription.close()

    async def shut_down(self) -> None:
        """Close, and let go of the connections."""
        self.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await self.reading.close()

    def _next_mark(self) -> int:
        """Return a number no reading of before was asked under."""
        self._marks += 1
        return self._marks

    def _tell(self, *topics: Topic) -> None:
        mark = self._next_mark()
        for topic in topics:
            for subscription in self._subscriptions.get(topic, ()):
                subscription.tell(mark)

    async def _keep_listening(self) -> None:
        """Listen for good; when the connection is lost, connect again, ever less often until it works."""
        delay = FIRST_DELAY_SECONDS
        while True:
            try:
                async with await self._connect() as connection:
                    delay = FIRST_DELAY_SECONDS
                    self._tell(*self._subscriptions)  # what was announced meanwhile, nobody heard
                    async for word in connection.notifies():
                        self._tell((word.channel, word.payload))
            except Error as error:
                _log.warning("live.deaf %s", str(error).strip())
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    async def _connect(self) -> AsyncConnection[Any]:
        """Return a connection that listens; raises psycopg's `Error`."""
        given = django_connection.get_connection_params()
        given |= {"application_name": APPLICATION_NAME, "connect_timeout": 10, "autocommit": True}
        # Django's own cursors and adapters are for its own connections.
        made = await AsyncConnection.connect(
            **{name: value for name, value in given.items() if name not in ("cursor_factory", "context")}
        )
        for channel in self._channels:
            await made.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        for statement in BE_HEARD:
            await made.execute(statement)
        return made


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current_hub() -> Hub:
    """Return the hub of the running event loop: a web process has one of each."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.LIVE_CHANNELS)
    return _hubs[loop]
