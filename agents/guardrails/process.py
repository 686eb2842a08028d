"""The process that checks texts: a line of JSON in, a line of JSON out, until its input ends.

    python -m agents.guardrails.process [DOTTED.PATH.OF.DETECTORS]

It is a process of its own, without Django, settings or keys, so that a detector that hangs or crashes takes
nothing with it and can be stopped for good. Each detector may use so many seconds of this process's own time
(`ITIMER_VIRTUAL`, so that a busy machine interrupts nobody); one that waits rather than works is ended with the
process, by whoever asked.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from types import FrameType
from typing import IO, Any

from agents.guardrails.detectors.custom import pattern_detectors
from agents.guardrails.findings import Detector, ScanContext
from agents.guardrails.registry import DETECTORS
from agents.guardrails.running import function_of, run_detectors


def answer(line: bytes, detectors: Mapping[str, Detector]) -> dict[str, Any]:
    """Return what was found in what a line asks about, as JSON values."""
    asked = json.loads(line)
    context = ScanContext(**{name: _frozen(value) for name, value in asked["context"].items()})
    chosen = [detectors[name] for name in asked["detectors"]]
    findings, faults = run_detectors(
        [*chosen, *pattern_detectors(context.patterns)],
        asked["texts"],
        context,
        bound=partial(bounded, asked["seconds"]),
    )
    return {"findings": [asdict(one) for one in findings], "faults": [asdict(one) for one in faults]}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Interrupt what is inside by `TimeoutError` once it has used so many seconds of processor time."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def serve(lines: IO[bytes], out: IO[bytes], detectors: Mapping[str, Detector]) -> None:
    """Answer line by line until there are no more."""
    for line in lines:
        out.write(json.dumps(answer(line, detectors)).encode() + b"\n")
        out.flush()


def main(arguments: list[str]) -> None:
    """Serve on standard input; whatever a library prints goes where errors go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever asks; its end ends this
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    detectors: Any = function_of(arguments[0]) if arguments else DETECTORS
    serve(sys.stdin.buffer, out, detectors)


if __name__ == "__main__":
    main(sys.argv[1:])
