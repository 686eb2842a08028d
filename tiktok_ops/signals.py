"""Being asked to stop, safely: a flag a signal handler may set while the program waits on it."""

import os
import select
import signal
from types import FrameType


class Stop:
    """A flag to wait on. A pipe rather than a lock: setting it from a signal handler cannot dead-lock."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    @property
    def read_end(self) -> int:
        """The file descriptor a process that inherits it sees the flag by."""
        return self._read_end

    def set(self) -> None:
        """Raise the flag; once is enough."""
        os.write(self._write_end, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for the flag; return whether it is up."""
        readable, _, _ = select.select([self._read_end], [], [], seconds)
        return bool(readable)

    def on_signals(self) -> "Stop":
        """Raise the flag when this process gets SIGTERM or SIGINT."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)
        return self
