"""Which process holds a claim, and whether it still exists.

A lease protects against what cannot be seen: another host, a hung process. A process of this very
host that is gone can be seen to be gone, and what it held is given back at once.
"""

import ctypes
import os
import select
import signal
import socket
import sys
from functools import cache
from pathlib import Path

DIE_WITH_PARENT = "TIKTOK_OPS_DIE_WITH_PARENT"
STOP_FD = "TIKTOK_OPS_STOP_FD"
_PR_SET_PDEATHSIG = 1  # prctl(2), Linux


@cache
def this_host() -> str:
    """Return a name for this host and its process table (two containers may share a host name)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        table = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:  # no /proc: not Linux
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{table}"


def _started_at(pid: int) -> str:
    """Return when a process began, in clock ticks since boot (proc(5), field 22); empty when unknown or gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def this_process() -> str:
    """Return this process's name in `claimed_by`: host, process id and when it began."""
    return _name_of(os.getpid())


@cache
def _name_of(pid: int) -> str:
    """Return the name of the process `pid`; kept per id, so that a fork gets its own."""
    return f"{this_host()} {pid} {_started_at(pid)}"


def is_gone(name: str) -> bool:
    """Return whether the process called `name` was of this host and no longer exists."""
    host, _, rest = name.partition(" ")
    pid, _, started_at = rest.partition(" ")
    if host != this_host() or not pid.isdigit():
        return False
    if started_at:
        return _started_at(int(pid)) != started_at
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def die_with_parent() -> None:
    """End this process, and every process it forks, when its parent ends, however that ends.

    Only where the environment asks for it, and only on Linux; elsewhere an orphan works on until its
    lease runs out, and its result is refused by its claim.
    """
    parent = os.environ.get(DIE_WITH_PARENT)
    if parent is None or not sys.platform.startswith("linux"):
        return
    _signal_me_when_parent_ends()
    os.register_at_fork(after_in_child=_signal_me_when_parent_ends)
    if os.getppid() != int(parent):  # it ended before we could ask
        os._exit(1)


def is_stopping() -> bool:
    """Return whether this process's supervisor said that its cluster is to stop, or is gone itself.

    It says so over a pipe that all processes of the cluster inherit; one without a supervisor is never stopped so.
    """
    given = os.environ.get(STOP_FD)
    if given is None:
        return False
    readable, _, _ = select.select([int(given)], [], [], 0)
    return bool(readable)


def _signal_me_when_parent_ends() -> None:
    """Ask the kernel to kill this process when the process that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
