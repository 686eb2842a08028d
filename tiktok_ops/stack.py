"""The processes `make up` runs, as one group: started in the background, found again by `make down`."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tiktok_ops.env import BASE_DIR, VAR_DIR
from tiktok_ops.errors import Refused

FIRST_PORT = 8000
PORTS_TRIED = 20
START_SECONDS = 60.0
STOP_SECONDS = 40.0
PID_FILE = VAR_DIR / "up.pid"
LOG_FILE = VAR_DIR / "up.log"
PORT_FILE = VAR_DIR / "up.port"


class StackRefused(Refused):
    """The processes could not be started."""


def free_port() -> int:
    """Return the first free loopback port from 8000 on.

    Raises `StackRefused` when none of the twenty is free.
    """
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise StackRefused(
        f"The ports {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} are all taken: end what uses one of them."
    )


def running_pid() -> int | None:
    """Return the process id of the running group's leader, None when there is none."""
    try:
        pid = int(PID_FILE.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid if _is_ours(pid) else None


def _is_ours(pid: int) -> bool:
    """Return whether the process is a group leader of ours and not another that got the same number."""
    try:
        return b"honcho" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # no /proc: not Linux
        return os.getpgid(pid) == pid


def start() -> str:
    """Start web, worker and keeper in the background and return the site's address once it answers.

    When they run already, their address. Raises `StackRefused` with the log's last lines.
    """
    if running_pid() is not None:
        return _address(int(PORT_FILE.read_text()))
    port = free_port()
    VAR_DIR.mkdir(exist_ok=True)
    with LOG_FILE.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "honcho", "--no-colour", "-f", "tiktok_ops/Procfile", "-d", ".", "start"],
            cwd=BASE_DIR,
            env={**os.environ, "PORT": str(port), "PYTHON": sys.executable},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    PID_FILE.write_text(str(process.pid))
    PORT_FILE.write_text(str(port))
    _wait_for(port, process)
    return _address(port)


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}/admin/"


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the site accepts connections. Raises `StackRefused` when it ends or takes too long."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe, suppress(OSError):
            probe.connect(("127.0.0.1", port))
            return
        time.sleep(0.1)
    stop()
    last = " / ".join(LOG_FILE.read_text(errors="replace").splitlines()[-3:])
    raise StackRefused(f"The processes did not start; the end of {LOG_FILE.name}: {last}")


def stop() -> bool:
    """Stop the group and wait until all of it has ended; return whether there was one."""
    pid = running_pid()
    if pid is None:
        PID_FILE.unlink(missing_ok=True)
        return False
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end and running_pid() is not None:
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    PID_FILE.unlink(missing_ok=True)
    return True
