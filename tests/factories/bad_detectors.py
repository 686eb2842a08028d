"""Detectors that do what no detector may, for `agents.guardrails.process` to be started with."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from agents.guardrails.findings import Category, Detector, Hit, ScanContext
from agents.skills.severity import Severity

Behaviour = Callable[[str, ScanContext], Any]


def fail(text: str, context: ScanContext) -> Iterator[Hit]:
    """Raise."""
    raise RuntimeError(text)


def spin(text: str, context: ScanContext) -> Iterator[Hit]:
    """Work without end."""
    while True:
        pass


def sleep(text: str, context: ScanContext) -> Iterator[Hit]:
    """Wait without end, which takes no processor time."""
    time.sleep(600)
    yield Hit(0, 1)


def leave(text: str, context: ScanContext) -> Iterator[Hit]:
    """End the process."""
    os._exit(3)


def die(text: str, context: ScanContext) -> Iterator[Hit]:
    """Be killed, as by a kernel that is out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield Hit(0, 1)


def answering(value: Any) -> Behaviour:
    """Return a detector that answers with this."""
    return lambda text, context: value


NONSENSE: tuple[Any, ...] = (
    None,
    5,
    ["email"],
    [None],
    [Hit(-1, 2)],
    [Hit(0, -1)],
    [Hit(0, 10_000)],
    [Hit(0, 1, score=float("nan"))],
    [Hit(0, 1, score=7.0)],
    [Hit(0, 1, score="sure")],  # type: ignore[arg-type]
    [Hit(0, 1, kind=5)],  # type: ignore[arg-type]
    [Hit(0.5, 1)],  # type: ignore[arg-type]
)

BEHAVIOURS: dict[str, Behaviour] = {
    "fail": fail,
    "spin": spin,
    "sleep": sleep,
    "leave": leave,
    "die": die,
    "fine": answering([Hit(0, 1, "fine", 0.9)]),
    "much": lambda text, context: [Hit(at, 1) for at in range(len(text))],
    **{f"nonsense{number}": answering(value) for number, value in enumerate(NONSENSE)},
}


def detector(name: str) -> Detector:
    """Return a detector that behaves so."""
    return Detector(name, Category.PERSONAL, name, "", "", Severity.HIGH, BEHAVIOURS[name], "THING")


DETECTORS = {name: detector(name) for name in BEHAVIOURS}
