"""A worker or a keeper for one command, when none is up."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

from tiktok_ops.env import BASE_DIR
from workflows.processes import DIE_WITH_PARENT
from workflows.supervisor import STOP_SECONDS


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
