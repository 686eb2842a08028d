"""LangGraph with its PostgreSQL checkpointer, each step written before the next: two processes share the threads.

It has no queue: the driver hands thread ids over in memory, so what a crash interrupts nobody takes up.
Needs `langgraph` and `langgraph-checkpoint-postgres` only (requirements/bench.txt).
"""

import multiprocessing
import operator
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypedDict
from uuid import uuid4

from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from benchmarks.contenders.protocol import Work, serve
from benchmarks.sizes import KILOBYTE, RUNS, RUNS_ALONE, RUNS_DECIDED, RUNS_IN_BURST, STEPS_A_RUN

WORKERS = 2


class State(TypedDict):
    """What the steps hand on: each adds its kilobyte under its name."""

    outputs: Annotated[dict[str, str], operator.or_]


def _node(name: str) -> Any:
    def run(state: State) -> dict[str, Any]:
        return {"outputs": {name: KILOBYTE}}

    return run


def _gate(state: State) -> dict[str, Any]:
    interrupt("Go on?")
    return {"outputs": {}}


def _graph(saver: PostgresSaver, *, has_gate: bool) -> Any:
    graph = StateGraph(State)
    for name in "abcdef":
        graph.add_node(name, _node(name))
    graph.add_edge(START, "a")
    for name in "bcd":
        graph.add_edge("a", name)
    graph.add_edge(["b", "c", "d"], "e")
    if has_gate:
        graph.add_node("gate", _gate)
        graph.add_edge("e", "gate")
    graph.add_edge("gate" if has_gate else "e", "f")
    graph.add_edge("f", END)
    return graph.compile(checkpointer=saver)


def _serve_threads(url: str, jobs: Any, results: Any) -> None:
    with PostgresSaver.from_conn_string(url) as saver:
        graphs = {has_gate: _graph(saver, has_gate=has_gate) for has_gate in (False, True)}
        results.put("up")
        for thread, has_gate, resumes in iter(jobs.get, None):
            given: Any = Command(resume="yes") if resumes else {"outputs": {}}
            graphs[has_gate].invoke(given, {"configurable": {"thread_id": thread}}, durability="sync")
            results.put(thread)


class Driver:
    """Hands threads to the processes and waits for them."""

    def __init__(self, jobs: Any, results: Any) -> None:
        self._jobs, self._results = jobs, results

    def do(self, threads: list[str], *, has_gate: bool = False, resumes: bool = False) -> float:
        """Run the threads and return the seconds until the last has ended."""
        began = time.monotonic()
        for thread in threads:
            self._jobs.put((thread, has_gate, resumes))
        for _ in threads:
            self._results.get()
        return time.monotonic() - began


def _threads(count: int) -> list[str]:
    return [str(uuid4()) for _ in range(count)]


def _apart(driver: Driver, thread: str, **options: bool) -> float:
    time.sleep(0.1)
    return driver.do([thread], **options)


def _work_of(workload: str, driver: Driver) -> Work:
    if workload == "W":
        return lambda: {"seconds": [driver.do(_threads(RUNS))], "steps": RUNS * STEPS_A_RUN}
    if workload == "L":
        return lambda: {
            "seconds": [_apart(driver, thread) for thread in _threads(RUNS_ALONE)],
            "steps": RUNS_ALONE * STEPS_A_RUN,
        }
    threads = _threads(RUNS_DECIDED if workload == "H" else RUNS_IN_BURST)
    driver.do(threads, has_gate=True)
    if workload == "H":
        return lambda: {
            "seconds": [_apart(driver, thread, has_gate=True, resumes=True) for thread in threads],
            "steps": len(threads),
        }
    return lambda: {"seconds": [driver.do(threads, has_gate=True, resumes=True)], "steps": len(threads)}


@contextmanager
def langgraph(workload: str, url: str) -> Iterator[Work]:
    """Make the tables, start two processes and warm them up."""
    with PostgresSaver.from_conn_string(url) as saver:
        saver.setup()
    context = multiprocessing.get_context("spawn")
    jobs, results = context.Queue(), context.Queue()
    workers = [
        context.Process(target=_serve_threads, args=(url, jobs, results), daemon=True) for _ in range(WORKERS)
    ]
    try:
        for worker in workers:
            worker.start()
        for _ in workers:
            results.get(timeout=60)
        driver = Driver(jobs, results)
        driver.do(_threads(10))
        yield _work_of(workload, driver)
    finally:
        for worker in workers:
            worker.kill()


if __name__ == "__main__":
    serve(langgraph)
