"""What there is to do, what this host holds of it, and what the gone of this host still hold."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from model_bakery import baker

from tests.factories.workflows import HOUR, WorkflowRunFactory, WorkflowStepFactory
from tests.unit.workflows.rows import step_in
from tests.unit.workflows.test_processes import ENDED_PID
from tiktok_ops.content.fitting import CLUSTER
from tiktok_ops.content.models import Asset
from workflows.models import WorkflowStep
from workflows.processes import this_host, this_process
from workflows.supervisor import (
    NO_LOAD,
    Load,
    current_load,
    current_loads,
    release_leases_of_the_gone,
)

GONE = f"{this_host()} {ENDED_PID} 12345"
ELSEWHERE = "another-host/12345678/4026531836 17 12345"


def held_by(name: str, *, expired: bool = False) -> WorkflowStep:
    """Return a running step that the process called `name` holds."""
    lease_until = timezone.now() + (-timedelta(seconds=1) if expired else HOUR)
    step: WorkflowStep = WorkflowStepFactory.create(
        run__status="running", status="running", claimed_by=name, lease_until=lease_until
    )
    return step


@pytest.mark.django_db
def test_count_load_tells_due_work_from_what_this_host_holds() -> None:
    step_in("ready and due", "queued")
    step_in("ready later")
    held_by(this_process())
    held_by(this_process(), expired=True)
    held_by(ELSEWHERE)
    held_by(ELSEWHERE, expired=True)
    assert current_load() == Load(due=1, held=1, overdue=1, open=6)


@pytest.mark.django_db
def test_count_load_marks_what_this_host_holds_and_another_turn_of_it() -> None:
    assert current_load().mark == 0
    step_in("ready and due")
    held_by(ELSEWHERE)
    assert current_load().mark == 0
    step = held_by(this_process())
    first = current_load().mark
    WorkflowStep.objects.filter(id=step.id).update(lease_until=timezone.now() - HOUR)
    assert current_load().mark == first != 0  # a lease that runs out is no progress
    WorkflowStep.objects.filter(id=step.id).update(claims=2, lease_until=timezone.now() + HOUR)
    second = current_load().mark
    held_by(this_process())
    assert len({0, first, second, current_load().mark}) == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, 1),
        ({"tries": 0}, 0),  # nobody has taken it up
        ({"rung_at": (timezone.now() - HOUR).isoformat()}, 0),  # whoever had is gone
        ({"problem": "It cannot be made."}, 0),
        ({"problem": ""}, 1),  # a person had it made again
        ({"made": "the copy's id"}, 0),
    ],
)
def test_count_load_holds_a_video_whose_copy_is_being_made(changes: dict[str, Any], held: int) -> None:
    fitting = {"why": "Too wide.", "rung_at": timezone.now().isoformat(), "tries": 1} | changes
    baker.make(Asset, probe={"fitting": fitting})
    baker.make(Asset, probe={})
    assert current_loads().get(str(CLUSTER), NO_LOAD).held == held


@pytest.mark.django_db
@pytest.mark.parametrize("run_status", ["paused", "succeeded", "failed", "cancelled"])
def test_count_load_leaves_out_runs_nobody_may_work_on(run_status: str) -> None:
    for condition in ("ready and due", "ready later", "running"):
        step_in(condition, run_status)
    assert current_load() == Load(due=0, held=0, overdue=0, open=0)


@pytest.mark.django_db
def test_count_load_leaves_out_steps_that_are_not_to_be_taken() -> None:
    run = WorkflowRunFactory.create(status="running")
    for status in ("pending", "waiting", "succeeded", "failed", "skipped", "cancelled"):
        WorkflowStepFactory.create(run=run, status=status)
    assert current_load() == Load(due=0, held=0, overdue=0, open=0)


@pytest.mark.django_db
def test_release_leases_gives_back_only_what_the_dead_of_this_host_held() -> None:
    dead, alive, elsewhere, over = (
        held_by(GONE),
        held_by(this_process()),
        held_by(ELSEWHERE),
        held_by(GONE, expired=True),
    )
    leases = dict(WorkflowStep.objects.values_list("id", "lease_until"))
    assert release_leases_of_the_gone() == 1
    after = dict(WorkflowStep.objects.values_list("id", "lease_until"))
    assert {step for step in leases if leases[step] != after[step]} == {dead.id}
    assert current_load() == Load(due=0, held=1, overdue=2, open=4)
    assert {alive.id, elsewhere.id, over.id} < set(after)
