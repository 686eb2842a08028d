"""Looking into the database from an event loop: one thread and one connection, however many want to know."""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections, connections

AnswerT = TypeVar("AnswerT")


class Reading:
    """Asks the database on a thread of its own; those who ask the same at the same time share the answer."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
        self._asked: dict[Hashable, asyncio.Future[Any]] = {}

    async def ask(self, read: Callable[[], AnswerT], *, same: Hashable = None) -> AnswerT:
        """Return what `read` returns, or raise what it raises.

        `same` names the question: while one of this name is under way, its answer is awaited instead.
        It must be another once a later answer could differ in a way that matters. None is never shared.
        """
        if same is None:
            return await self._start(read)
        asked = self._asked.get(same)
        if asked is None:
            asked = self._asked[same] = self._start(read)
            asked.add_done_callback(lambda done: self._forget(same, done))
        answer: AnswerT = await asyncio.shield(asked)  # whoever leaves does not take it from the others
        return answer

    async def close(self) -> None:
        """Close the connection and end the thread, once what was asked is answered."""
        await self._start(connections.close_all)
        self._thread.shutdown()

    def _start(self, read: Callable[[], AnswerT]) -> asyncio.Future[AnswerT]:
        return asyncio.get_running_loop().run_in_executor(self._thread, _read_fresh, read)

    def _forget(self, same: Hashable, done: asyncio.Future[Any]) -> None:
        del self._asked[same]
        done.exception()  # seen, should nobody be left to raise it to


def _read_fresh(read: Callable[[], AnswerT]) -> AnswerT:
    """Read on a connection that works: what requests do when they begin and end, streams have to do here."""
    close_old_connections()
    try:
        return read()
    finally:
        close_old_connections()
