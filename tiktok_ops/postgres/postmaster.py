"""The server process: what it writes about itself, whether it lives, how it is started and ended."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tiktok_ops.postgres.errors import EmbeddedServerError

StopMode = Literal["smart", "fast", "immediate"]

# https://www.postgresql.org/docs/18/server-shutdown.html
SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
}
PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class PidFile:
    """What a lock file of PostgreSQL says; `status` is empty in the one beside the socket."""

    pid: int
    socket_directory: str
    status: str

    @property
    def is_ready(self) -> bool:
        """Say whether the server accepted connections when it last wrote."""
        return self.status == "ready"


def read_pid_file(path: Path) -> PidFile | None:
    """Return what the lock file says, None when there is none or it is being written.

    Lines: pid, data directory, start time, port, socket directory, address, memory key, status
    (src/include/utils/pidfile.h).
    """
    try:
        lines = [line.strip() for line in path.read_text(errors="surrogateescape").splitlines()]
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    lines += [""] * 8
    return PidFile(pid, socket_directory=lines[4], status=lines[7]) if pid > 0 else None


def command_of(pid: int, *, proc: Path = Path("/proc")) -> bytes:
    """Return the command line of a process, its parts joined by spaces; empty when it is gone or a zombie.

    Linux tells it in /proc, macOS through `ps`.
    """
    if (proc / "self" / "cmdline").exists():
        with suppress(FileNotFoundError, ProcessLookupError):
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
        return b""
    return subprocess.run(("/bin/ps", "-ww", "-o", "args=", "-p", str(pid)), capture_output=True).stdout


def is_postmaster(pid: int, data: Path) -> bool:
    """Say whether this process serves this data directory; after a crash the number may be anybody's."""
    return b" -D " + os.fsencode(data) + b" -c " in command_of(pid)


def command(programs: Path, data: Path, socket_directory: Path) -> tuple[str, ...]:
    """Return the server's command line, with all settings: ours hold for old data directories too."""
    # Unquoted, a comma in the name would separate two directories.
    quoted = '"' + str(socket_directory).replace('"', '""') + '"'
    settings = SETTINGS | {"unix_socket_directories": quoted}
    pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return (str(programs / "postgres"), "-D", str(data), *pairs)


def end(pid: int, data: Path, *, mode: StopMode, timeout_seconds: float) -> None:
    """Ask the server to stop and wait until it is gone; raise EmbeddedServerError when it stays."""
    with suppress(ProcessLookupError):
        os.kill(pid, SIGNALS[mode])
    deadline = time.monotonic() + timeout_seconds
    while is_postmaster(pid, data):
        if time.monotonic() > deadline:
            raise EmbeddedServerError(
                f"PostgreSQL (process {pid}) did not stop within {timeout_seconds:g} seconds of a {mode} "
                "shutdown: stop it with `python -m tiktok_ops.postgres stop --mode immediate`."
            )
        time.sleep(PAUSE_SECONDS)


def remove_stale(lock_files: Sequence[Path]) -> None:
    """Remove lock files of a server known to be gone, lest PostgreSQL takes a reused number for it.

    Its orphans, if any are left, are still found by the shared memory of the data directory.
    """
    for path in lock_files:
        path.unlink(missing_ok=True)
