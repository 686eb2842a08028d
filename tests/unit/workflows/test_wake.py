"""`workflow_wake` and `workflow_waking`: steps that wait for a time, in every condition and every run."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories.workflows import HOUR, doorbells, events
from tests.unit.workflows.rows import EVERY_ROW, LIVE_RUNS, call, everything, step_in
from workflows.keeper import wake_waiting
from workflows.models import WorkflowStep
from workflows.outcomes import Waits
from workflows.protocol import claim, finish, wake
from workflows.transitions import RUN

pytestmark = pytest.mark.django_db


def waiting(
    run_status: str = "running", *, since_due: timedelta | None = timedelta(seconds=1)
) -> WorkflowStep:
    """Return a waiting step whose time came so long ago, or that waits for none."""
    step = step_in("waiting", run_status)
    WorkflowStep.objects.filter(id=step.id).update(
        wake_at=timezone.now() - since_due if since_due is not None else None, error="It waits."
    )
    step.refresh_from_db()
    return step


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_wake_moves_waiting_steps_and_nothing_else(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)

    [(clusters,)] = call("workflow_wake", step.id)

    if condition == "waiting":
        step.refresh_from_db()
        assert (step.status, step.wake_at, step.error) == ("ready", None, "")
        assert clusters == (["short"] if run_status in LIVE_RUNS else [])
        assert events(step.run)[-1] == f"step.ready {step.key}"
    else:
        assert clusters is None
        assert everything(step.run) == before


def test_wake_of_no_step_changes_nothing() -> None:
    assert call("workflow_wake", "01920000-0000-7000-8000-000000000001") == [(None,)]


@pytest.mark.parametrize("run_status", RUN.statuses)
def test_waking_finds_steps_of_runs_that_go_on(run_status: str) -> None:
    step = waiting(run_status)

    assert call("workflow_waking", 10) == ([(step.id,)] if run_status in {"running", "waiting"} else [])


def test_waking_leaves_those_whose_time_has_not_come_and_those_without_one() -> None:
    waiting(since_due=-HOUR)
    waiting(since_due=None)

    assert call("workflow_waking", 10) == []


def test_waking_gives_the_longest_due_first_and_no_more_than_asked() -> None:
    late, later, _ = (waiting(since_due=timedelta(minutes=age)) for age in (3, 2, 1))

    assert call("workflow_waking", 2) == [(late.id,), (later.id,)]


@pytest.mark.parametrize(
    "status", ["pending", "ready", "running", "succeeded", "failed", "skipped", "cancelled"]
)
def test_step_that_does_not_wait_cannot_have_a_time_to_wake(status: str) -> None:
    step = step_in(status)

    with pytest.raises(IntegrityError, match="step_wakes_from_waiting"), transaction.atomic():
        WorkflowStep.objects.filter(id=step.id).update(wake_at=timezone.now())


def test_keeper_wakes_what_is_due_and_rings_once() -> None:
    step, later = waiting("waiting"), waiting("waiting", since_due=-HOUR)

    assert (wake_waiting(), wake_waiting()) == (1, 0)

    step.refresh_from_db()
    later.refresh_from_db()
    assert (step.status, later.status) == ("ready", "waiting")
    assert doorbells() == [("workflows.tasks.advance", (str(step.run_id),))]


def test_keeper_does_not_wake_in_a_paused_run() -> None:
    step = waiting("paused")

    assert wake_waiting() == 0

    step.refresh_from_db()
    assert step.status == "waiting"


def test_step_woken_again_and_again_is_not_taken_for_one_that_kills_its_worker() -> None:
    step = step_in("ready and due")
    for round_ in range(5):
        claimed = claim(step.run_id)
        assert claimed is not None, f"round {round_}"
        finish(claimed, Waits("Later.", 0), go_on=False)
        assert wake(step.id)

    assert call("workflow_starts", step.id) == [(0,)]


@pytest.mark.parametrize(("seconds", "wakes"), [(3600, True), (0, True), (None, False)])
def test_finish_with_waits_sets_the_time_only_where_there_is_one(seconds: float | None, wakes: bool) -> None:
    step = step_in("ready and due")
    claimed = claim(step.run_id)
    assert claimed is not None

    finish(claimed, Waits("For something.", seconds), go_on=False)

    step.refresh_from_db()
    assert (step.status, step.error, step.lease_until) == ("waiting", "For something.", None)
    assert (step.wake_at is not None) is wakes
    step.run.refresh_from_db()
    assert step.run.status == "waiting"
    event = step.run.events.get(kind="step.waiting")
    assert ("wake_at" in event.data) is wakes


def test_resume_of_a_step_that_waits_for_a_time_forgets_the_time() -> None:
    step = waiting()

    [(clusters,)] = call("workflow_resume", step.id, '{"status": "succeeded", "output": {}}')

    step.refresh_from_db()
    assert (clusters, step.status, step.wake_at) == ([], "succeeded", None)
