from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.factories.workflows import (
    HOUR,
    WorkflowRunFactory,
    WorkflowStepFactory,
    claim_of,
    events,
    expire_lease,
    make_due,
)
from tests.unit.workflows.rows import EVERY_ROW, LIVE_RUNS, call, database_now, everything, step_in
from workflows.models import WorkflowStep
from workflows.outcomes import Claim, TryAgain
from workflows.processes import this_process
from workflows.protocol import MAX_CLAIMS, claim, finish

pytestmark = pytest.mark.django_db

TAKEN = ("ready and due", "running, lease over")


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_claim_takes_what_is_due_in_a_live_run_and_leaves_the_rest_alone(
    condition: str, run_status: str
) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    claimed = claim(step.run_id)
    if condition in TAKEN and run_status in LIVE_RUNS:
        assert claimed == Claim(step.id, step.claims + 1)
        step.refresh_from_db()
        assert (step.status, step.claims, step.claimed_by) == ("running", claimed.number, this_process())
        step.run.refresh_from_db()
        assert step.run.status == "running"
    else:
        assert claimed is None
        assert everything(step.run) == before


def test_claim_in_a_run_that_does_not_exist_takes_nothing() -> None:
    assert claim(uuid4()) is None


def test_claim_holds_the_step_by_the_clock_of_the_database() -> None:
    step = step_in("ready and due")
    earliest = database_now() + timedelta(seconds=30)
    call("workflow_claim", step.run_id, "me", 30.0, MAX_CLAIMS)
    step.refresh_from_db()
    assert step.lease_until is not None
    assert earliest <= step.lease_until <= database_now() + timedelta(seconds=30)


def test_claim_of_a_queued_run_starts_it_and_says_so_once() -> None:
    run = WorkflowRunFactory.create(status="queued")
    for key in ("a", "b"):
        WorkflowStepFactory.create(run=run, key=key)
    claim(run.id)
    run.refresh_from_db()
    started_at = run.started_at
    claim(run.id)
    run.refresh_from_db()
    assert started_at is not None
    assert run.started_at == started_at
    assert events(run) == ["run.running", "step.running a", "step.running b"]


def test_claim_in_a_waiting_run_takes_it_up_again_without_a_new_start() -> None:
    run = WorkflowRunFactory.create(status="waiting", started_at=timezone.now() - HOUR)
    WorkflowStepFactory.create(run=run, key="a")
    claim(run.id)
    before = run.started_at
    run.refresh_from_db()
    assert (run.status, run.started_at) == ("running", before)
    assert events(run) == ["run.running", "step.running a"]


def test_claim_goes_by_position_then_item_then_round() -> None:
    run = WorkflowRunFactory.create()
    order = [(2, 0, 0), (1, 1, 0), (1, 0, 1), (1, 0, 0)]
    for position, item, turn in order:
        WorkflowStepFactory.create(run=run, key=f"k{position}", position=position, item=item, round=turn)
    taken = []
    while claimed := claim(run.id):
        step = WorkflowStep.objects.get(id=claimed.step_id)
        taken.append((step.position, step.item, step.round))
    assert taken == sorted(order)


def test_claim_takes_one_step_of_its_own_run_at_a_time() -> None:
    ours, theirs = step_in("ready and due"), step_in("ready and due")
    assert claim(ours.run_id) == Claim(ours.id, 1)
    assert claim(ours.run_id) is None
    theirs.refresh_from_db()
    assert theirs.status == "ready"


def test_claim_after_a_crash_raises_the_number_and_keeps_the_first_start() -> None:
    step = step_in("ready and due")
    claim(step.run_id)
    step.refresh_from_db()
    started_at = step.started_at
    expire_lease(step)
    assert claim(step.run_id) == Claim(step.id, 2)
    step.refresh_from_db()
    assert started_at is not None
    assert step.started_at == started_at


def test_claim_event_tells_which_row_was_taken_under_which_number() -> None:
    step = WorkflowStepFactory.create(key="draft", item=3, round=1, claims=4)
    claim(step.run_id)
    event = step.run.events.get(kind="step.running")
    assert event.data == {"key": "draft", "item": 3, "round": 1, "claim": 5}


def test_claim_of_a_step_that_crashed_as_often_as_may_be_is_left_to_the_keeper() -> None:
    step = step_in("ready and due")
    for number in range(1, MAX_CLAIMS + 1):
        assert claim(step.run_id) == Claim(step.id, number)
        expire_lease(step)
    assert claim(step.run_id) is None


def test_claim_of_a_step_that_came_back_in_order_counts_its_crashes_anew() -> None:
    step = step_in("ready and due")
    for _ in range(MAX_CLAIMS + 2):
        claim(step.run_id)
        finish(
            claim_of(step), TryAgain(error="Slow down.", delay_seconds=5, counts_as_try=False), go_on=False
        )
        make_due(step)
    waited = claim_of(step).number
    for number in range(1, MAX_CLAIMS + 1):
        assert claim(step.run_id) == Claim(step.id, waited + number)
        expire_lease(step)
    assert claim(step.run_id) is None


@pytest.mark.parametrize(
    ("mine", "steps", "taken"),
    [("short", "short", True), ("long", "long", True), ("short", "long", False), (None, "long", True)],
)
def test_claim_for_a_cluster_takes_only_its_own_steps(mine: str | None, steps: str, taken: bool) -> None:
    step = step_in("ready and due")
    WorkflowStep.objects.filter(id=step.id).update(cluster=steps)
    before = everything(step.run)
    assert claim(step.run_id, cluster=mine) == (Claim(step.id, 1) if taken else None)
    assert (everything(step.run) != before) == taken


def test_claim_for_a_cluster_takes_over_only_its_own_expired_leases() -> None:
    step = step_in("running, lease over")
    assert claim(step.run_id, cluster="long") is None
    assert claim(step.run_id, cluster="short") == Claim(step.id, step.claims + 1)
