from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories.workflows import (
    HOUR,
    WorkflowRunFactory,
    WorkflowStepFactory,
    claim_of,
    expire_lease,
)
from tests.unit.workflows.rows import EVERY_ROW, LIVE_RUNS, call, database_now, everything, step_in
from workflows.models import WorkflowStep
from workflows.outcomes import Claim
from workflows.protocol import MAX_CLAIMS, claim

pytestmark = pytest.mark.django_db

AGAIN_SECONDS = 15.0


def due(limit: int = 100) -> list[object]:
    """Return the runs of the steps that are due, and mark them rung."""
    return [run_id for run_id, _cluster in call("workflow_due", limit, AGAIN_SECONDS, MAX_CLAIMS)]


def exhausted(limit: int = 100) -> list[Claim]:
    """Return the claims of the steps that took their worker down as often as may be."""
    return [Claim(*row) for row in call("workflow_exhausted", limit, MAX_CLAIMS)]


def rung(step: WorkflowStep, at: datetime | None) -> None:
    """Let the step's doorbell have been rung at this time."""
    WorkflowStep.objects.filter(id=step.id).update(rung_at=at)


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_sweep_finds_due_steps_to_ring_and_exhausted_ones_to_park(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    before, now = everything(step.run), database_now()
    is_exhausted = condition == "running for the last time, lease over" and run_status in LIVE_RUNS
    is_due = condition in ("ready and due", "running, lease over") and run_status in LIVE_RUNS
    assert exhausted() == ([Claim(step.id, MAX_CLAIMS)] if is_exhausted else [])
    assert everything(step.run) == before
    assert due() == ([step.run_id] if is_due else [])
    if is_due:
        step.refresh_from_db()
        assert step.rung_at is not None
        assert now <= step.rung_at <= database_now()
        assert due() == []
    else:
        assert everything(step.run) == before


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_release_ends_a_lease_that_is_held_and_changes_nothing_else(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    assert call("workflow_release", step.id, step.claims - 1) == [(False,)]
    assert everything(step.run) == before
    [(released,)] = call("workflow_release", step.id, step.claims)
    assert released == (condition == "running")
    if released:
        lease_until = step.lease_until
        step.refresh_from_db()
        assert step.lease_until is not None
        assert step.lease_until <= database_now()
        WorkflowStep.objects.filter(id=step.id).update(lease_until=lease_until)
    assert everything(step.run) == before


def test_release_lets_the_next_worker_take_the_step_at_once() -> None:
    step = step_in("ready and due")
    claim(step.run_id)
    assert due() == []
    assert call("workflow_release", step.id, 1) == [(True,)]
    assert due() == [step.run_id]
    assert claim(step.run_id) == Claim(step.id, 2)


def test_release_a_step_that_does_not_exist_says_no() -> None:
    assert call("workflow_release", uuid4(), 1) == [(False,)]


@pytest.mark.parametrize(
    ("ago", "is_due"),
    [
        (None, True),
        (HOUR * 2, True),  # before it became due: that doorbell was for another try
        (timedelta(seconds=AGAIN_SECONDS - 5), False),
        (timedelta(seconds=AGAIN_SECONDS + 5), True),
    ],
)
@pytest.mark.parametrize("condition", ["ready and due", "running, lease over"])
def test_find_due_steps_rings_again_only_when_the_last_doorbell_led_to_nothing(
    condition: str, ago: timedelta | None, is_due: bool
) -> None:
    step = step_in(condition)
    since = timezone.now() - HOUR
    WorkflowStep.objects.filter(id=step.id, status="ready").update(not_before=since)
    WorkflowStep.objects.filter(id=step.id, status="running").update(lease_until=since)
    rung(step, None if ago is None else timezone.now() - ago)
    assert bool(due()) == is_due


def test_find_due_steps_gives_a_page_at_a_time_the_longest_due_first() -> None:
    run = WorkflowRunFactory.create()
    now = timezone.now()
    steps = [
        WorkflowStepFactory.create(run=run, not_before=now - timedelta(minutes=minutes))
        for minutes in (1, 3, 2)
    ]
    assert [len(due(limit=2)), len(due(limit=2)), len(due(limit=2))] == [2, 1, 0]
    assert run.steps.order_by("-rung_at")[0] == steps[0]


def test_find_due_steps_gives_a_row_for_each_step_of_a_run() -> None:
    run = WorkflowRunFactory.create()
    WorkflowStepFactory.create_batch(3, run=run)
    assert due() == [run.id] * 3


def test_find_exhausted_steps_gives_a_page_at_a_time_the_longest_over_first() -> None:
    early, late = (step_in("running for the last time, lease over") for _ in range(2))
    WorkflowStep.objects.filter(id=early.id).update(lease_until=timezone.now() - HOUR)
    assert exhausted(limit=1) == [Claim(early.id, MAX_CLAIMS)]
    assert exhausted() == [Claim(early.id, MAX_CLAIMS), Claim(late.id, MAX_CLAIMS)]


def test_count_starts_counts_claims_since_the_step_last_came_back() -> None:
    step = step_in("ready and due")
    other = WorkflowStepFactory.create(run=step.run, key=step.key, item=1, claims=7)
    assert call("workflow_starts", step.id) == [(0,)]
    claim(step.run_id)
    expire_lease(step)
    claim(step.run_id)
    assert call("workflow_starts", step.id) == [(claim_of(step).number,)] == [(2,)]
    step.run.events.create(
        seq=900, kind="step.ready", data={"key": step.key, "item": 0, "round": 0, "claim": 2}
    )
    step.run.events.create(seq=901, kind="step.ready", data={"key": step.key, "item": 0, "round": 0})
    assert call("workflow_starts", step.id) == [(0,)]
    assert call("workflow_starts", other.id) == [(7,)]
