import ctypes
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tiktok_ops.env import BASE_DIR
from workflows import processes
from workflows.processes import DIE_WITH_PARENT, die_with_parent, is_gone, this_host, this_process

ENDED_PID = 2**22 + 1  # above any pid Linux gives out


def name(pid: int, started_at: str, *, host: str | None = None) -> str:
    """Return a process's name as claims carry it."""
    return f"{this_host() if host is None else host} {pid} {started_at}"


def test_name_this_process_by_host_number_and_start() -> None:
    host, pid, started_at = this_process().rsplit(" ", 2)
    assert host == this_host()
    assert host.startswith(f"{socket.gethostname()}/")
    assert int(pid) == os.getpid()
    assert int(started_at) > 0
    assert len(this_process()) <= 200


def test_name_a_fork_differs_from_its_parent() -> None:
    read_end, write_end = os.pipe()
    parent = this_process()
    child = os.fork()
    if child == 0:
        os.write(write_end, this_process().encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(read_end, 500).decode()
    os.close(read_end)
    os.close(write_end)
    assert told != parent
    assert told.split(" ")[1] == str(child)


def test_look_for_this_process_finds_it() -> None:
    assert not is_gone(this_process())


def test_look_for_a_process_that_ended_does_not_find_it() -> None:
    assert is_gone(name(ENDED_PID, "12345"))


def test_look_for_a_process_that_ended_but_was_not_buried_does_not_find_it() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    try:
        assert is_gone(name(child, processes._started_at(os.getpid())))
    finally:
        os.waitpid(child, 0)


def test_look_for_a_process_whose_number_another_has_now_does_not_find_it() -> None:
    assert is_gone(name(os.getpid(), "1"))


@pytest.mark.parametrize("host", ["other-host", "other-host/12345678/4026531836", ""])
def test_look_for_a_process_of_another_host_cannot_tell(host: str) -> None:
    assert not is_gone(name(ENDED_PID, "12345", host=host))


@pytest.mark.parametrize("rest", ["", " ", " someone", " -1 5", " 12x 5"])
def test_look_for_a_name_that_is_none_cannot_tell(rest: str) -> None:
    assert not is_gone(f"{this_host()}{rest}")


def test_look_for_a_process_without_proc_asks_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_gone(name(os.getpid(), ""))
    assert is_gone(name(ENDED_PID, ""))

    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not is_gone(name(1, ""))


def test_name_a_host_without_proc_by_its_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert this_host.__wrapped__() == socket.gethostname()


class Kernel:
    """What `die_with_parent` asks of the system, noted down instead of done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        monkeypatch.setattr(ctypes, "CDLL", lambda name: self)
        monkeypatch.setattr(os, "register_at_fork", lambda **hooks: self.asked.append(hooks))
        monkeypatch.setattr(os, "_exit", lambda code: self.asked.append(code))

    def prctl(self, option: int, number: int) -> None:
        """Note what was asked."""
        self.asked.append((option, number))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


BINDING = [(1, signal.SIGKILL), {"after_in_child": processes._signal_me_when_parent_ends}]


def test_die_with_parent_nobody_asked_for_asks_nothing(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel
) -> None:
    monkeypatch.delenv(DIE_WITH_PARENT, raising=False)
    die_with_parent()
    assert kernel.asked == []


def test_die_with_parent_elsewhere_than_on_linux_asks_nothing(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel
) -> None:
    monkeypatch.setenv(DIE_WITH_PARENT, str(os.getppid()))
    monkeypatch.setattr(sys, "platform", "darwin")
    die_with_parent()
    assert kernel.asked == []


def test_die_with_parent_binds_this_process_and_its_forks(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel
) -> None:
    monkeypatch.setenv(DIE_WITH_PARENT, str(os.getppid()))
    die_with_parent()
    assert kernel.asked == BINDING


def test_die_with_parent_that_ended_already_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel
) -> None:
    monkeypatch.setenv(DIE_WITH_PARENT, str(ENDED_PID))
    die_with_parent()
    assert kernel.asked == [*BINDING, 1]


CHILD = """
import os, sys, time
from workflows.processes import die_with_parent
die_with_parent()
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(60)
"""

SUPERVISOR = f"""
import os, subprocess, sys, time
environment = {{**os.environ, {DIE_WITH_PARENT!r}: str(os.getpid())}}
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], env=environment, start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.integration
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_kill_a_supervisor_takes_its_child_and_grandchild_along() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], cwd=BASE_DIR, stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        family = [psutil.Process(int(supervisor.stdout.readline())) for _ in range(2)]
        assert all(member.is_running() for member in family)
        supervisor.kill()
        gone, alive = psutil.wait_procs(family, timeout=10)
    assert (len(gone), alive) == (2, [])
