"""What a measurement cost this machine, and what others took of it meanwhile."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

TICKS = os.sysconf("SC_CLK_TCK")
QUIET_SHARE = 0.1
QUIET_SECONDS = 1.0


def _busy_seconds() -> float:
    """Return the seconds all cores were busy since boot (proc(5), /proc/stat: all but idle and iowait)."""
    with open("/proc/stat") as stat:  # noqa: PTH123
        fields = [int(field) for field in stat.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def _used_by(process: psutil.Process) -> float:
    """Return the CPU seconds of a process, its living descendants, and its children that have ended."""
    used = 0.0
    for member in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            used += times.user + times.system + times.children_user + times.children_system
    return used


@dataclass(frozen=True, slots=True)
class Reading:
    """What clocks said: wall, the whole machine, the contender, and PostgreSQL, in seconds."""

    wall: float
    machine: float
    contender: float
    postgres: float

    @classmethod
    def take(cls, contender: psutil.Process, postmaster: psutil.Process) -> "Reading":
        """Read all clocks."""
        return cls(time.monotonic(), _busy_seconds(), _used_by(contender), _used_by(postmaster))


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds between two readings, and the share of all cores that others took."""

    wall_seconds: float
    contender_seconds: float
    postgres_seconds: float
    foreign_share: float

    @classmethod
    def between(cls, before: Reading, after: Reading) -> "Use":
        """Return what was used between two readings."""
        wall = after.wall - before.wall
        own = after.contender - before.contender
        postgres = after.postgres - before.postgres
        foreign = after.machine - before.machine - own - postgres
        return cls(wall, own, postgres, max(0.0, foreign / (wall * (os.cpu_count() or 1))))


def wait_for_quiet(*, at_most_seconds: float) -> bool:
    """Wait until the machine is nine tenths idle for a second; return whether it came to that."""
    end = time.monotonic() + at_most_seconds
    while time.monotonic() < end:
        before = _busy_seconds()
        time.sleep(QUIET_SECONDS)
        if (_busy_seconds() - before) / (QUIET_SECONDS * (os.cpu_count() or 1)) < QUIET_SHARE:
            return True
    return False
