"""Real processes for tests: `manage.py` commands on a test's own database, and ways to kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest
from django.core.management import execute_from_command_line

from tiktok_ops.env import BASE_DIR


@dataclass(frozen=True, slots=True)
class Running:
    """A `manage.py` process and all it starts."""

    process: psutil.Popen

    def family(self) -> list[psutil.Process]:
        """Return the process and its descendants, those that still live."""
        with suppress(psutil.NoSuchProcess):
            return [self.process, *self.process.children(recursive=True)]
        return []

    def kill(self) -> None:
        """SIGKILL the process and all its descendants, and wait until they are gone."""
        family = self.family()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=10)

    def stop(self) -> int:
        """SIGTERM the process alone, as an operator would; return its exit code."""
        family = self.family()
        self.process.terminate()
        code: int = self.process.wait(40)
        _gone, alive = psutil.wait_procs(family, timeout=5)
        assert not alive, f"still there after a stop: {alive}"
        return code


def start_command(
    *arguments: str, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Running:
    """Start `manage.py ARGUMENTS` on the database of `DATABASE_URL`; what it logs goes to `log`, if given."""
    with log.open("a") if log else nullcontext() as file:
        process = psutil.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
            cwd=BASE_DIR,
            env={**os.environ, "LOG_LEVEL": "ERROR", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            # A shell without a terminal starts what it puts behind `&` deaf to Ctrl-C, and so all that starts.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
    return Running(process)


@contextmanager
def running(
    *arguments: str, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Running]:
    """Have `manage.py ARGUMENTS` running for the block; it and all it started is killed at the end."""
    started = start_command(*arguments, environment=environment, log=log)
    try:
        yield started
    finally:
        started.kill()


def call_command_line(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py ARGUMENTS` to its end and return its exit code and what it said."""
    return subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
        cwd=BASE_DIR,
        env={**os.environ, "LOG_LEVEL": "ERROR", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def call_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py ARGUMENTS` in this process, and return the same: for many that differ in their words only."""
    code: object = 0
    try:
        execute_from_command_line(["manage.py", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert isinstance(code, int)
    said = capsys.readouterr()
    return subprocess.CompletedProcess(arguments, code, said.out, said.err)


def wait_until(is_so: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait until `is_so()`; fail naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"after {seconds} s still not: {what}"
        time.sleep(0.05)  # whoever looks takes time from those it waits for
