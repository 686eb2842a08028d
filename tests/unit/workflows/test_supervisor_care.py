"""What the supervisor takes care not to punish: ordered stops, long imports, clusters that die at once."""

import time
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from tests.factories.accounts import AccountFactory
from tests.factories.workflows import doorbells
from tests.unit.workflows.rows import step_in
from tests.unit.workflows.test_supervisor import NotedCluster, StopAfter
from tests.unit.workflows.test_supervisor_loads import GONE, held_by
from tiktok_ops.content.models import ContentImport
from workflows import supervisor
from workflows.models import WorkflowStep
from workflows.processes import this_process
from workflows.supervisor import (
    Load,
    Pause,
    Supervisor,
    current_load,
    current_loads,
    return_steps_of_the_stopped,
)


@pytest.mark.django_db
def test_return_steps_of_the_stopped_counts_neither_a_try_nor_a_death() -> None:
    step = held_by(GONE)
    held_by(this_process())

    assert return_steps_of_the_stopped() == 1

    step.refresh_from_db()
    assert (step.status, step.tries, step.error) == ("ready", 0, "The worker was stopped; another goes on.")
    assert WorkflowStep.objects.filter(status="running").count() == 1
    assert len(doorbells()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "seconds_ago", "held"), [("running", 10, 1), ("running", 301, 0), ("queued", 10, 0)]
)
def test_count_load_counts_an_import_at_work_as_held(status: str, seconds_ago: float, held: int) -> None:
    ContentImport.objects.create(account=AccountFactory.create(), file_name="a.csv", status=status)
    ContentImport.objects.update(rung_at=Now() - timedelta(seconds=seconds_ago))

    assert current_load().held == held


def test_pause_grows_while_starts_follow_close_and_begins_anew_after_a_quiet_minute() -> None:
    pause = Pause()

    waits = [pause.next_seconds(now=second) for second in (0, 1, 2, 3, 4, 5, 6, 7, 8)]

    assert waits == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert pause.next_seconds(now=8 + supervisor.QUIET_SECONDS + 1) == 0


# --- two clusters, each judged by its own work


@pytest.mark.django_db
def test_count_load_of_a_cluster_leaves_out_what_is_the_others() -> None:
    step_in("ready and due")
    WorkflowStep.objects.update(cluster="long")
    held_by(this_process())
    ContentImport.objects.create(account=AccountFactory.create(), file_name="a.csv", status="running")

    assert current_loads()["long"] == Load(due=1, held=1, overdue=0, open=1)
    assert current_loads()["short"] == Load(due=0, held=1, overdue=0, open=1)
    assert current_load() == Load(due=1, held=2, overdue=0, open=2)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> dict[str, NotedCluster]:
    """The clusters a supervisor makes, by name; none is a process."""
    made: dict[str, NotedCluster] = {}

    def make(name: str) -> NotedCluster:
        made[name] = NotedCluster()
        made[name].name = name
        return made[name]

    monkeypatch.setattr(supervisor, "Cluster", make)
    monkeypatch.setattr(supervisor, "TICK_SECONDS", 0.01)
    return made


@pytest.mark.usefixtures("committed_db")
def test_supervise_two_clusters_starts_again_only_the_one_that_does_not_move(
    noted: dict[str, NotedCluster], settings: Settings
) -> None:
    settings.STALL_SECONDS = 0.2
    step_in("ready and due")
    WorkflowStep.objects.update(cluster="long")
    Supervisor(StopAfter(4, lambda look: time.sleep(0.25 if look == 2 else 0))).run()
    assert noted["short"].noted == ["start", "asked", "stop 20"]
    assert noted["long"].noted == ["start", "kill", "start", "asked", "stop 20"]


@pytest.mark.usefixtures("committed_db")
def test_supervise_host_without_long_workers_starts_no_such_cluster(
    noted: dict[str, NotedCluster], settings: Settings
) -> None:
    settings.CLUSTERS = {"short": 2, "long": 0}
    Supervisor(StopAfter(1)).run()
    assert noted.keys() == {"short"}
