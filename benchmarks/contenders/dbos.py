"""DBOS: a queue polled every 20 ms, two worker processes, steps one by one; a message stands for the decision.

Needs `dbos` only (requirements/bench.txt).
"""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from dbos import DBOS, DBOSClient, DBOSConfig

from benchmarks.contenders.protocol import Work, serve
from benchmarks.sizes import KILOBYTE, RUNS, RUNS_ALONE, RUNS_DECIDED, RUNS_IN_BURST, STEPS_A_RUN

WORKERS = 2
TOPIC = "decision"
QUEUE = "bench"


@DBOS.step()
def step(data: str) -> str:
    """Hand on what was given."""
    return data


def _fork(data: str) -> str:
    first = step(data)
    second, _, _ = step(first), step(first), step(first)
    return step(second)


@DBOS.workflow()
def six_steps(data: str) -> str:
    """A → (B, C, D) → E → F."""
    return step(_fork(data))


@DBOS.workflow()
def gated(data: str) -> str:
    """The same, with a wait for a message before F."""
    forked = _fork(data)
    DBOS.set_event("waits", True)
    DBOS.recv(TOPIC, timeout_seconds=600)
    return step(forked)


def _configuration(url: str) -> DBOSConfig:
    return {"name": "bench", "system_database_url": url, "run_admin_server": False, "log_level": "ERROR"}


def _serve_queue(url: str, number: int, is_up: "multiprocessing.synchronize.Event") -> None:
    os.environ["DBOS__VMID"] = f"worker-{number}"  # what tells executors apart
    DBOS(config=_configuration(url))
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=100, polling_interval_sec=0.02)
    is_up.set()
    time.sleep(3600)


class Driver:
    """Submits, signals, and waits for ends by the status table."""

    def __init__(self, url: str) -> None:
        self._client = DBOSClient(system_database_url=url)
        self._looking = psycopg.connect(url, autocommit=True)

    def start(self, name: str) -> str:
        """Enqueue a workflow and return its id."""
        run = str(uuid4())
        options = {"queue_name": QUEUE, "workflow_name": name, "workflow_id": run}
        self._client.enqueue(options, KILOBYTE)
        return run

    def until_over(self, runs: list[str]) -> None:
        """Wait until all of the runs have succeeded."""
        while self._count(runs) < len(runs):
            time.sleep(0.002 if len(runs) == 1 else 0.02)

    def _count(self, runs: list[str]) -> int:
        row = self._looking.execute(
            "SELECT count(*) FROM dbos.workflow_status WHERE workflow_uuid = ANY(%s) AND status = 'SUCCESS'",
            [runs],
        ).fetchone()
        return row[0] if row else 0

    def run_all(self, count: int) -> float:
        """Return the seconds from the first submit to the last end."""
        began = time.monotonic()
        self.until_over([self.start("six_steps") for _ in range(count)])
        return time.monotonic() - began

    def waiting(self, count: int) -> list[str]:
        """Return runs that wait for their message."""
        runs = [self.start("gated") for _ in range(count)]
        for run in runs:
            self._client.get_event(run, "waits", timeout_seconds=60)
        return runs

    def decide(self, runs: list[str]) -> float:
        """Send each its message and return the seconds until all are over, from the last commit where it is one."""
        began = time.monotonic()
        for run in runs:
            self._client.send(run, "yes", TOPIC)
        if len(runs) == 1:
            began = time.monotonic()
        self.until_over(runs)
        return time.monotonic() - began


def _apart(work: Callable[[], float]) -> float:
    time.sleep(0.1)
    return work()


def _work_of(workload: str, driver: Driver) -> Work:
    if workload == "W":
        return lambda: {"seconds": [driver.run_all(RUNS)], "steps": RUNS * STEPS_A_RUN}
    if workload == "L":
        return lambda: {
            "seconds": [_apart(lambda: driver.run_all(1)) for _ in range(RUNS_ALONE)],
            "steps": RUNS_ALONE * STEPS_A_RUN,
        }
    runs = driver.waiting(RUNS_DECIDED if workload == "H" else RUNS_IN_BURST)
    if workload == "H":
        return lambda: {
            "seconds": [_apart(lambda: driver.decide([run])) for run in runs],  # noqa: B023
            "steps": len(runs),
        }
    return lambda: {"seconds": [driver.decide(runs)], "steps": len(runs)}


@contextmanager
def dbos(workload: str, url: str) -> Iterator[Work]:
    """Start two worker processes and warm them up."""
    context = multiprocessing.get_context("spawn")
    flags = [context.Event() for _ in range(WORKERS)]
    workers = [
        context.Process(target=_serve_queue, args=(url, number, flag), daemon=True)
        for number, flag in enumerate(flags)
    ]
    try:
        # One after the other: the first makes the tables.
        for worker, flag in zip(workers, flags, strict=True):
            worker.start()
            if not flag.wait(60):
                sys.exit("A DBOS worker did not come up within a minute.")
        driver = Driver(url)
        driver.run_all(10)
        yield _work_of(workload, driver)
    finally:
        for worker in workers:
            worker.kill()


if __name__ == "__main__":
    serve(dbos)
