import logging
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from tests.processes import wait_until
from tests.unit.workflows.rows import step_in, wait_for_presence
from tests.unit.workflows.test_supervisor_loads import GONE, held_by
from tiktok_ops.signals import Stop
from workflows import supervisor
from workflows.models import WorkflowRun, WorkflowStep
from workflows.presence import Present, present
from workflows.processes import DIE_WITH_PARENT
from workflows.supervisor import (
    Cluster,
    Load,
    Supervisor,
    current_load,
)

# --- a cluster of real processes, which does not work


@pytest.fixture
def clusters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Cluster]]:
    """Start clusters whose `manage.py` is a program of the test's."""
    made: list[Cluster] = []

    def start(program: str) -> Cluster:
        (tmp_path / "manage.py").write_text(program)
        made.append(Cluster("long"))
        made[-1].start()
        return made[-1]

    monkeypatch.setattr(supervisor, "BASE_DIR", tmp_path)
    yield start
    for cluster in made:
        cluster.kill()


TELL = """
import json, os, pathlib, sys, time
told = [sys.argv[1:], os.environ.get("TIKTOK_OPS_DIE_WITH_PARENT"), os.environ.get("Q_CLUSTER_NAME")]
pathlib.Path("told").write_text(json.dumps(told))
time.sleep(60)
"""

STUBBORN = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    pathlib.Path("told").write_text(str(child))
time.sleep(60)
"""

COUNTING = """
import pathlib, signal, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
pathlib.Path("told").write_text("up")
while not asked:
    time.sleep(0.01)
time.sleep(0.5)  # for a second signal, which would count as well
raise SystemExit(len(asked))
"""


def told(folder: Path) -> str:
    """Return what a program told once it was up."""
    file = folder / "told"
    wait_until(lambda: file.exists() and bool(file.read_text()), seconds=20, what="the program is up")
    return file.read_text()


def test_start_cluster_ties_it_to_this_process(clusters: Callable[[str], Cluster], tmp_path: Path) -> None:
    cluster = clusters(TELL)
    assert told(tmp_path) == f'[["qcluster", "--skip-checks"], "{os.getpid()}", "long"]'
    assert cluster.is_alive
    assert cluster.process is not None
    assert os.getpgid(cluster.process.pid) == cluster.process.pid != os.getpgid(0)
    assert DIE_WITH_PARENT == "TIKTOK_OPS_DIE_WITH_PARENT"


def test_stop_cluster_asks_its_main_process_and_waits(
    clusters: Callable[[str], Cluster], tmp_path: Path
) -> None:
    cluster = clusters(TELL)
    told(tmp_path)
    process = cluster.process
    cluster.stop(seconds=20)
    assert process is not None
    assert process.returncode == -signal.SIGTERM
    assert not cluster.is_alive


def test_stop_cluster_that_was_asked_to_does_not_signal_it_again(
    clusters: Callable[[str], Cluster], tmp_path: Path
) -> None:
    # django-q's handler, interrupted by the same signal, waits for a lock that it holds itself.
    cluster = clusters(COUNTING)
    told(tmp_path)
    process = cluster.process
    cluster.ask_to_stop()
    time.sleep(0.1)  # else the kernel makes one signal of two
    cluster.stop(seconds=20)
    assert process is not None
    assert process.returncode == 1


def test_stop_cluster_that_does_not_listen_ends_every_process_of_it(
    clusters: Callable[[str], Cluster], tmp_path: Path
) -> None:
    cluster = clusters(STUBBORN)
    child = psutil.Process(int(told(tmp_path)))
    process = cluster.process
    cluster.stop(seconds=0.1)
    assert process is not None
    assert process.returncode == -signal.SIGKILL
    assert psutil.wait_procs([child], timeout=5)[1] == []


def test_stop_cluster_that_ended_by_itself_is_no_error(clusters: Callable[[str], Cluster]) -> None:
    cluster = clusters("")
    assert cluster.process is not None
    cluster.process.wait(20)
    assert not cluster.is_alive
    cluster.stop(seconds=1)
    assert cluster.process is None


def test_stop_cluster_that_never_started_is_no_error() -> None:
    cluster = Cluster("short")
    cluster.stop(seconds=1)
    cluster.kill()
    assert not cluster.is_alive


# --- the supervisor, with a cluster that is only noted down


class NotedCluster:
    """A cluster that lives as long as it is said to."""

    lives: bool = True
    lived_seconds: float = 0

    name = "short"

    def __init__(self) -> None:
        self.noted: list[str] = []

    @property
    def is_alive(self) -> bool:
        """Return whether it is said to live."""
        return self.lives

    @property
    def started_at(self) -> float:
        """Return when it was started, for it to have lived as long as it is said to."""
        return time.monotonic() - self.lived_seconds

    def start(self) -> None:
        """Note it, and live."""
        self.noted.append("start")
        self.lives = True

    def kill(self) -> None:
        """Note it."""
        self.noted.append("kill")

    def ask_to_stop(self) -> None:
        """Note it."""
        self.noted.append("asked")

    def stop(self, *, seconds: float) -> None:
        """Note it."""
        self.noted.append(f"stop {seconds:.0f}")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> NotedCluster:
    """The one cluster of the supervisor under test, which looks without waiting."""
    noted = NotedCluster()
    settings.CLUSTERS = {"short": 2, "long": 0}
    monkeypatch.setattr(supervisor, "Cluster", lambda name: noted)
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.01)
    return noted


class StopAfter(Stop):
    """Goes up after so many looks, or when it is set; at each look it does what it is told."""

    def __init__(self, looks: float, act: Callable[[int], object] = lambda look: None) -> None:
        super().__init__()
        self.looks = looks
        self.act = act
        self.seen: list[Present] = []
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        """Look around, and say whether the looks are used up."""
        self.seen.append(present())
        self.waits.append(seconds)
        if len(self.seen) > self.looks:
            return True
        self.act(len(self.seen))
        return super().wait(0)


@pytest.mark.usefixtures("committed_db")
def test_supervise_until_told_to_stop_holds_its_place_and_stops_the_cluster(cluster: NotedCluster) -> None:
    stop = StopAfter(2)
    Supervisor(stop).run()
    assert cluster.noted == ["start", "asked", "stop 20"]
    assert stop.seen == [Present(0, 0), Present(1, 0), Present(1, 0)]
    wait_for_presence(Present(0, 0))


@pytest.mark.usefixtures("committed_db")
def test_supervise_cluster_that_died_starts_it_again(cluster: NotedCluster) -> None:
    def die(look: int) -> None:
        cluster.lives = look != 2

    Supervisor(StopAfter(3, die)).run()
    assert cluster.noted == ["start", "kill", "start", "asked", "stop 20"]


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize(
    ("lived_seconds", "pauses"),
    [(supervisor.SETTLED_SECONDS - 1, [0, 0.5]), (supervisor.SETTLED_SECONDS + 1, [0, 0])],
)
def test_supervise_cluster_that_dies_again_waits_longer_unless_it_had_lived_for_a_while(
    cluster: NotedCluster, lived_seconds: float, pauses: list[float]
) -> None:
    def die(look: int) -> None:
        cluster.lives = False

    cluster.lived_seconds = lived_seconds
    stop = StopAfter(4, die)
    Supervisor(stop).run()
    tick = supervisor.TICK_SECONDS
    assert stop.waits == [tick, pauses[0], tick, pauses[1], tick]


@pytest.mark.usefixtures("committed_db")
def test_supervise_cluster_that_does_not_move_starts_it_again_once(
    cluster: NotedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.STALL_SECONDS", 0.2)
    step_in("ready and due")
    Supervisor(StopAfter(4, lambda look: time.sleep(0.25 if look == 2 else 0))).run()
    assert cluster.noted == ["start", "kill", "start", "asked", "stop 20"]


@pytest.mark.usefixtures("committed_db")
def test_supervise_gives_back_what_dead_processes_held(cluster: NotedCluster) -> None:
    first, paused = held_by(GONE), held_by(GONE)
    WorkflowRun.objects.filter(id=paused.run_id).update(status="paused")  # which the load leaves out
    seen: list[Load] = []

    def look_on(look: int) -> None:
        seen.append(current_load())
        if look == 2:
            held_by(GONE)

    Supervisor(StopAfter(2, look_on)).run()
    assert [(load.held, load.overdue) for load in seen] == [(1, 0), (0, 1)]
    assert current_load() == Load(due=0, held=0, overdue=2, open=2)
    for step in (first, paused):
        step.refresh_from_db()
        assert (step.status, step.lease_until) < ("running", timezone.now())


@pytest.mark.usefixtures("committed_db")
def test_supervise_while_the_database_is_away_waits_for_it(
    cluster: NotedCluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> dict[str, Load]:
        raise OperationalError("the server is starting up\n")

    monkeypatch.setattr(supervisor, "current_loads", away)
    with caplog.at_level(logging.WARNING):
        Supervisor(StopAfter(2)).run()
    assert caplog.text.count("worker lost the database") == 2
    assert cluster.noted == ["start", "asked", "stop 20"]


@pytest.mark.usefixtures("committed_db")
def test_supervise_that_fails_stops_the_cluster_all_the_same(
    cluster: NotedCluster,
) -> None:
    def fail(look: int) -> None:
        raise RuntimeError("our bug")

    with pytest.raises(RuntimeError, match="our bug"):
        Supervisor(StopAfter(2, fail)).run()
    assert cluster.noted == ["start", "asked", "stop 20"]
    wait_for_presence(Present(0, 0))


@pytest.mark.usefixtures("committed_db")
def test_supervise_until_idle_keeps_too_and_ends_after_a_few_idle_looks(cluster: NotedCluster) -> None:
    step = step_in("ready later")

    def finish_at_third(look: int) -> None:
        if look == 3:
            WorkflowStep.objects.filter(id=step.id).update(status="cancelled")

    stop = StopAfter(math.inf, finish_at_third)
    Supervisor(stop, until_idle=True).run()
    assert stop.seen == [Present(0, 0), *[Present(1, 1)] * (2 + supervisor.IDLE_TICKS)]
    wait_for_presence(Present(0, 0))
    assert cluster.noted == ["start", "asked", "stop 20"]


@pytest.mark.usefixtures("committed_db")
def test_supervise_until_idle_counts_anew_when_there_is_more_to_do(cluster: NotedCluster) -> None:
    def have_work_at_second(look: int) -> None:
        if look == 2:
            step_in("ready later")
        if look == 3:
            WorkflowStep.objects.update(status="cancelled")

    stop = StopAfter(math.inf, have_work_at_second)
    Supervisor(stop, until_idle=True).run()
    assert len(stop.seen) == 3 + supervisor.IDLE_TICKS
