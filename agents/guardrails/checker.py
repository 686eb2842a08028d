"""Asking the process that checks, and stopping it where it does not answer: what cannot be checked is held.

One such process for each of ours that ever checks a text (about 35 MB, under a second to start), started when it is
first needed. It is a child that reads from a socket: it ends with us. A fork of ours starts its own.
"""

import atexit
import hashlib
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from agents.guardrails.findings import MOST_FINDINGS, Category, Finding, ScanContext
from agents.skills.severity import Severity

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "agents.guardrails.process")
MOST_CHARACTERS = 200_000
"""More text than a model reads, or a caption holds; it is not checked, and so held."""

DETECTOR_SECONDS = 2.0
"""Processor time of one detector for one call; the slowest takes 1 s for as many characters as are taken."""

PATIENCE_SECONDS = 30.0
"""Time on the clock for a whole call, the start of the process included, on a machine that is busy."""

MOST_KNOWN = 64
"""Questions whose findings are remembered: a step that waits or is tried again asks about the same bytes each time."""

_CHUNK = 65_536


class CheckFailed(Exception):
    """The texts could not be checked."""


@dataclass(slots=True)
class Checker:
    """The process that checks, for whoever asks in this one; one at a time."""

    command: Sequence[str] = COMMAND
    detector_seconds: float = DETECTOR_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    _lock: Lock = field(default_factory=Lock)
    _process: "subprocess.Popen[bytes] | None" = None
    _socket: socket.socket | None = None
    _of: int = 0
    _known: dict[bytes, tuple[Finding, ...]] = field(default_factory=dict)

    def check(
        self,
        texts: Mapping[str, str],
        detectors: Sequence[str],
        context: ScanContext,
        *,
        seconds: float | None = None,
    ) -> list[Finding]:
        """Return what was found; a detector that could not be asked is a finding of the category `fault`.

        `seconds` takes the place of `detector_seconds`. What was found without a fault in the same texts, by the same
        detectors in the same context, is remembered: they go by nothing else.

        Raises `CheckFailed` where nothing of it can be relied on; the process is then gone.
        """
        if sum(map(len, texts.values())) > MOST_CHARACTERS:
            raise CheckFailed(f"there are more than {MOST_CHARACTERS:,} characters")
        asked = {
            "texts": dict(texts),
            "detectors": list(detectors),
            "context": asdict(context) | {"patterns": dict(context.patterns)},
            "seconds": self.detector_seconds if seconds is None else seconds,
        }
        line = json.dumps(asked).encode() + b"\n"
        key = hashlib.sha256(line).digest()
        with self._lock:
            if key in self._known:
                return list(self._known[key])
            try:
                said = json.loads(self._exchange(line))
                found = _read(said, texts, {*detectors, *(f"custom:{name}" for name in context.patterns)})
                self._remember(key, found)
                return found
            except TimeoutError:
                self._stop()
                raise CheckFailed("it took too long") from None
            except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                self._stop()
                raise CheckFailed(f"the process that checks failed ({type(error).__name__})") from None

    def _remember(self, key: bytes, found: Sequence[Finding]) -> None:
        """Keep what was found in a check that was whole; the oldest makes room."""
        if not any(one.category is Category.FAULT for one in found):
            if len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[key] = tuple(found)

    def stop(self) -> None:
        """End the process; the next check starts another, and nothing is known before."""
        with self._lock:
            self._known.clear()
            self._stop()

    def _exchange(self, line: bytes) -> bytes:
        """Send a line and return the answer's; raises `TimeoutError` or `OSError`."""
        end = time.monotonic() + self.patience_seconds
        talk = self._started()
        talk.settimeout(self.patience_seconds)
        talk.sendall(line)
        received = bytearray()
        while not received.endswith(b"\n"):
            talk.settimeout(max(end - time.monotonic(), 0.001))
            chunk = talk.recv(_CHUNK)
            if not chunk or len(received) > MOST_FINDINGS * 2_000:
                raise ConnectionError
            received += chunk
            if time.monotonic() > end:
                raise TimeoutError
        return bytes(received)

    def _started(self) -> socket.socket:
        """Return the way to a process that runs and is ours."""
        if self._of != os.getpid():
            self._forget()
        if self._socket is None or self._process is None or self._process.poll() is not None:
            self._stop()
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    self.command, stdin=theirs.fileno(), stdout=theirs.fileno(), cwd=ROOT, env=_environment()
                )
            self._socket, self._of = ours, os.getpid()
        return self._socket

    def _forget(self) -> None:
        """Let go of the process of whoever this one was forked from; it is not ours to end."""
        if self._process is not None:
            self._process.returncode = 0  # else Popen would wait for a child that is not ours
        if self._socket is not None:
            self._socket.close()
        self._process = self._socket = None

    def _stop(self) -> None:
        process = self._process
        if process is not None and self._of == os.getpid():
            process.kill()
            process.wait()
        self._forget()


def _environment() -> dict[str, str]:
    """Return what the process is told of ours: nothing that is secret."""
    told = {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    kept = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE", "COV_"))}
    return told | kept


def _read(said: Any, texts: Mapping[str, str], asked: set[str]) -> list[Finding]:
    """Return the findings of an answer; raises where it is none, or one to another question."""
    findings = [_finding(one, texts, asked) for one in said["findings"]]
    if len(findings) > MOST_FINDINGS:
        raise ValueError(len(findings))
    return findings + [fault(str(one["detector"])[:80], str(one["why"])[:80]) for one in said["faults"]]


def _finding(one: Any, texts: Mapping[str, str], asked: set[str]) -> Finding:
    found = Finding(
        category=Category(one["category"]),
        detector=one["detector"],
        severity=Severity(one["severity"]),
        score=float(one["score"]),
        field=one["field"],
        offset=int(one["offset"]),
        length=int(one["length"]),
        replacement=str(one["replacement"]),
        kind=str(one["kind"])[:40],
    )
    if found.detector not in asked or found.category is Category.FAULT:
        raise ValueError(found.detector)
    if min(found.offset, found.length) < 0 or found.end > len(texts[found.field]):
        raise ValueError(found.offset)
    if not (math.isfinite(found.score) and 0 <= found.score <= 1):
        raise ValueError(found.score)
    return found


def fault(detector: str, why: str) -> Finding:
    """Return the finding that says that something could not be checked, and why."""
    return Finding(Category.FAULT, detector, Severity.HIGH, 1.0, "", 0, 0, kind=why)


CHECKER = Checker()
atexit.register(CHECKER.stop)
