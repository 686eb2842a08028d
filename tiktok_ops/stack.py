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
MARK = "TIKTOK_OPS_STACK"
ASKED_TO_STOP = ("uvicorn", "manage.py worker", "manage.py keeper")


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


def members() -> dict[int, str]:
    """Return the processes of the group, by id, with their command lines.

    Each carries the mark `MARK` in its environment, so that the group is found even when its leader was
    killed. Linux only; elsewhere just the leader is known, by the file it left.
    """
    if not Path("/proc/self").exists():
        return _leader_by_file()
    mark = f"{MARK}={VAR_DIR}".encode()
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return {pid: command for pid, command in found.items() if command and pid != os.getpid()}


def _leader_by_file() -> dict[int, str]:
    try:
        pid = int(PID_FILE.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return {}
    return {pid: "honcho"}


def start() -> str:
    """Start web, worker and keeper in the background and return the site's address once it answers.

    When they run already, their address. Raises `StackRefused` with the log's last lines.
    """
    if any("honcho" in command for command in members().values()):
        return _address(int(PORT_FILE.read_text()))
    stop()  # what an earlier group left behind when its leader was killed
    port = free_port()
    VAR_DIR.mkdir(exist_ok=True)
    with LOG_FILE.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "honcho", "--no-colour", "-f", "tiktok_ops/Procfile", "-d", ".", "start"],
            cwd=BASE_DIR,
            env={**os.environ, "PORT": str(port), "PYTHON": sys.executable, MARK: str(VAR_DIR)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        PID_FILE.write_text(str(process.pid))
        PORT_FILE.write_text(str(port))
        _wait_for(port, process)
    except BaseException:  # Ctrl-C too: nothing is left half started
        stop()
        raise
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
    last = " / ".join(LOG_FILE.read_text(errors="replace").splitlines()[-3:])
    raise StackRefused(f"The processes did not start; the end of {LOG_FILE.name}: {last}")


def stop() -> bool:
    """Stop the group and wait until all of it has ended; return whether there was one.

    Web, worker and keeper are asked one by one, and their leader ends with the last of them: were it
    asked itself, it would give the worker five seconds only.
    """
    there = members()
    for pid, command in there.items():
        is_asked = any(name in command for name in ASKED_TO_STOP) and "qcluster" not in command
        if is_asked or len(there) == 1:
            _signal(pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while members() and time.monotonic() < end:
        time.sleep(0.05)
    for pid in members():
        _signal(pid, signal.SIGKILL)
    PID_FILE.unlink(missing_ok=True)
    return bool(there)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
