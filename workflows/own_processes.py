"""A worker or a keeper for one command, when none is up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tiktok_ops.env import BASE_DIR
from workflows.presence import present
from workflows.processes import DIE_WITH_PARENT
from workflows.supervisor import STOP_SECONDS

LOOK_SECONDS = 1.0


@dataclass(slots=True)
class OwnProcess:
    """A `manage.py` process this one started; unless it stays, it ends when this one ends, however that ends."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, *command: str, stays: bool = False) -> "OwnProcess":
        """Start `manage.py COMMAND ...`; what it has to say goes to this process's standard error."""
        environment = dict(os.environ)
        if not stays:
            environment[DIE_WITH_PARENT] = str(os.getpid())
        process = subprocess.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), *command],
            cwd=BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if stays else None,
            start_new_session=True,
        )
        return cls(process)

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end and wait until it has ended."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS + 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> "OwnProcess":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class WorkerForNow:
    """Sees to it that a worker is up while a command needs one; its own ends with the block, unless it stays."""

    def __init__(self, tell: Callable[[str], object], *, stays: bool) -> None:
        self._tell = tell
        self._stays = stays
        self._own: OwnProcess | None = None
        self._looked_at = float("-inf")

    def ensure(self) -> None:
        """Start a worker of our own when none is up, and say so; looks at most once a second.

        Another command's worker may end with that command, so one look at the start is not enough.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS or (self._own and self._own.is_alive):
            return
        self._looked_at = now
        if not present().workers:
            self._tell("No worker is up: starting one for this run.")
            self._own = OwnProcess.start("worker", "--until-idle", stays=self._stays)

    def __enter__(self) -> "WorkerForNow":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._own and not self._stays:
            self._own.stop()
