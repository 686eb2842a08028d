"""Real web processes for tests, and clients that read server-sent events from them."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import httpx
import psycopg
from django.db import connections

from tests.processes import wait_until
from tiktok_ops.accounts.keys import IssuedKey
from tiktok_ops.env import BASE_DIR
from tiktok_ops.live.hub import APPLICATION_NAME

PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Web:
    """A web process at `address` (without a slash at the end)."""

    process: subprocess.Popen[bytes]
    address: str

    def stop(self) -> float:
        """SIGTERM it, as an operator would, and return after how many seconds it ended."""
        asked = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)
        return time.monotonic() - asked


@contextmanager
def web(environment: Mapping[str, str] | None = None, *, grace_seconds: int = 3) -> Iterator[Web]:
    """Have uvicorn serve the database of `DATABASE_URL` for the block, as `make up` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["uvicorn", "tiktok_ops.asgi:application", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--timeout-graceful-shutdown", str(grace_seconds)],
        cwd=BASE_DIR,
        env={**os.environ, "LOG_LEVEL": "ERROR", **(environment or {})},
    )
    try:
        wait_until(lambda: _answers(port), seconds=30, what="the web process answers")
        yield Web(process, f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(slots=True)
class Reader:
    """A client of one stream, and what it was sent; `beats` counts comments, `ids` are of the events."""

    answer: httpx.Response
    lines: AsyncIterator[str] = field(init=False)
    events: list[tuple[str, Any]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    beats: int = 0

    def __post_init__(self) -> None:
        self.lines = self.answer.aiter_lines()

    async def read(self, *, until: int | None = None, beats: int | None = None) -> None:
        """Read until the event of this number, so many heartbeats, or the end."""
        kind = ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if line == ":":
                    self.beats += 1
                elif name == "id":
                    self.ids.append(int(value))
                elif name == "event":
                    kind = value
                elif name == "data":
                    self.events.append((kind, json.loads(value)))
                elif line == "" and (self._has(until) or (beats is not None and self.beats >= beats)):
                    return

    def _has(self, number: int | None) -> bool:
        return number is not None and number in self.ids[-1:] and len(self.events) == len(self.ids)


@asynccontextmanager
async def reading(
    client: httpx.AsyncClient, run_id: UUID, headers: Mapping[str, str], *, after: int | None = None
) -> AsyncIterator[Reader]:
    """Have a stream of the run open for the block; `after` is the event a browser would come back with."""
    told = {"Accept": "text/event-stream", **headers}
    if after is not None:
        told["Last-Event-ID"] = str(after)
    async with client.stream("GET", f"/api/v1/runs/{run_id}/events/", headers=told) as answer:
        assert answer.status_code == 200, answer.status_code
        yield Reader(answer)


def key_of(issued: IssuedKey) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {issued.secret_text}"}


@asynccontextmanager
async def browser(server: Web) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client with as many connections as are wanted."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=server.address, limits=limits, timeout=PATIENCE_SECONDS) as client:
        yield client


def tell(run_id: UUID, *, times: int = 1, kind: str = "step.running", data: str = "{}") -> None:
    """Append events to the run as the engine does, each announced, in one transaction."""
    ask("SELECT workflow_event(%s, %s, %s) FROM generate_series(1, %s)", run_id, kind, data, times)


def listeners() -> list[int]:
    """Return the backends that listen for web processes on the database of `DATABASE_URL`."""
    here = "datname = current_database() AND application_name = %s"
    return [pid for (pid,) in ask(f"SELECT pid FROM pg_stat_activity WHERE {here}", APPLICATION_NAME)]


def ask(statement: LiteralString, *values: Any, **named: Any) -> list[Any]:
    """Return the rows of a statement that commits by itself; without Django, which refuses to in an event loop."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        return connection.execute(statement, named or values).fetchall()


async def elsewhere(do: Callable[[], object]) -> None:
    """Do something with Django's database while an event loop runs."""

    def work() -> None:
        try:
            do()
        finally:
            connections.close_all()

    await asyncio.to_thread(work)
