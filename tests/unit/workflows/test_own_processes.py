import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.processes import wait_until
from workflows import own_processes
from workflows.own_processes import OwnProcess, WorkerForNow
from workflows.presence import Present
from workflows.processes import DIE_WITH_PARENT

TELL = """
import json, os, pathlib, sys, time
pathlib.Path("told").write_text(json.dumps([sys.argv[1:], os.environ.get("TIKTOK_OPS_DIE_WITH_PARENT")]))
print("said on standard output")
print("said on standard error", file=sys.stderr, flush=True)
time.sleep(60)
"""
STUBBORN = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{TELL}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `manage.py` is, a program of the test's."""
    monkeypatch.delenv(DIE_WITH_PARENT, raising=False)
    monkeypatch.setattr(own_processes, "BASE_DIR", tmp_path)
    (tmp_path / "manage.py").write_text(TELL)
    return tmp_path


def told(folder: Path) -> list[object]:
    """Return the arguments a program was started with, and the parent it is to die with."""
    file = folder / "told"
    wait_until(lambda: file.exists() and bool(file.read_text()), seconds=20, what="the program is up")
    found: list[object] = json.loads(file.read_text())
    return found


def test_start_process_for_one_command_ends_with_the_block(folder: Path) -> None:
    with OwnProcess.start("worker", "--until-idle") as own:
        assert told(folder) == [["worker", "--until-idle"], str(os.getpid())]
        assert os.getpgid(own.process.pid) == own.process.pid
        assert own.process.args == [sys.executable, str(folder / "manage.py"), "worker", "--until-idle"]
    assert own.process.returncode == -signal.SIGTERM


def test_start_process_that_stays_does_not_die_with_this_one_and_is_silent(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with OwnProcess.start("keeper", stays=True):
        assert told(folder) == [["keeper"], None]
    assert capfd.readouterr() == ("", "")


def test_start_process_that_goes_speaks_on_standard_error_only(capfd: pytest.CaptureFixture[str]) -> None:
    said = ""

    def has_spoken() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return bool(said)

    with OwnProcess.start("worker"):
        wait_until(has_spoken, seconds=20, what="it speaks")
    assert said == "said on standard error\n"


def test_stop_process_that_ended_by_itself_is_no_error(folder: Path) -> None:
    (folder / "manage.py").write_text("")
    own = OwnProcess.start("worker")
    own.process.wait(20)
    own.stop()
    assert own.process.returncode == 0


def test_stop_process_that_does_not_listen_ends_it_after_a_while(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_processes, "STOP_SECONDS", -9.9)  # plus 10 are a tenth of a second
    (folder / "manage.py").write_text(STUBBORN)
    own = OwnProcess.start("worker")
    told(folder)
    own.stop()
    assert own.process.returncode == -signal.SIGKILL


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> list[Present]:
    """Who is said to be up, one answer a look; the last one stays."""
    answers = [Present(workers=0, keepers=0)]
    monkeypatch.setattr(own_processes, "present", lambda: answers.pop(0) if len(answers) > 1 else answers[0])
    monkeypatch.setattr(own_processes, "LOOK_SECONDS", 0)
    return answers


def test_ensure_a_worker_where_none_is_up_starts_one_and_says_so(folder: Path, up: list[Present]) -> None:
    said: list[str] = []
    with WorkerForNow(said.append, stays=False) as worker:
        worker.ensure()
        worker.ensure()
        assert told(folder) == [["worker", "--until-idle"], str(os.getpid())]
    assert said == ["No worker is up: starting one for this run."]


def test_ensure_a_worker_where_another_is_up_starts_none_until_that_ends(
    folder: Path, up: list[Present]
) -> None:
    up[:] = [Present(1, 0), Present(1, 0), Present(0, 0)]
    said: list[str] = []
    with WorkerForNow(said.append, stays=False) as worker:
        worker.ensure()
        worker.ensure()
        assert said == []
        worker.ensure()
        assert len(said) == 1


def test_ensure_a_worker_looks_once_a_second_at_most(
    folder: Path, up: list[Present], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_processes, "LOOK_SECONDS", 3600)
    up[:] = [Present(1, 0), Present(0, 0)]
    said: list[str] = []
    with WorkerForNow(said.append, stays=False) as worker:
        for _ in range(5):
            worker.ensure()
    assert said == []


def test_ensure_a_worker_that_stays_leaves_it_running(folder: Path, up: list[Present]) -> None:
    with WorkerForNow(lambda line: None, stays=True) as worker:
        worker.ensure()
        assert told(folder) == [["worker", "--until-idle"], None]
    own = worker._own
    assert own is not None
    assert own.is_alive
    own.stop()
    assert not own.is_alive
