"""Every (function, state, outcome) row that has no test of its own elsewhere: what it writes, and else nothing."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.factories.workflows import events
from tests.unit.workflows.rows import CONDITIONS, EVERY_ROW, LIVE_RUNS, call, everything, step_in
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import Claim, Finished, Outcome, Skipped, Waits
from workflows.protocol import finish
from workflows.transitions import RUN, STEP

pytestmark = pytest.mark.django_db

GIVEN: dict[str, dict[str, Any]] = {
    "succeeded": {"status": "succeeded", "output": {"yes": True}},
    "failed": {"status": "failed", "error": "Ana said no."},
    "skipped": {"status": "skipped", "error": "Ana said no."},
}
"""What a step can be given from outside."""

RUNNING = [one for one in CONDITIONS if one.startswith("running")]
NOT_STARTED = "A run that is 'queued' cannot become 'succeeded'"


def end_of(step_status: str) -> str:
    """Return how a run ends whose only step ended so."""
    return "failed" if step_status == "failed" else "succeeded"


def now_is(step: WorkflowStep) -> tuple[str, str, bool]:
    """Return the statuses of run and step, and whether the run is marked as finished."""
    run = WorkflowRun.objects.get(id=step.run_id)
    return run.status, WorkflowStep.objects.get(id=step.id).status, run.finished_at is not None


@pytest.mark.parametrize("outcome", GIVEN)
@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_resume_gives_a_waiting_step_its_outcome_and_no_other(
    condition: str, run_status: str, outcome: str
) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    given = json.dumps(GIVEN[outcome])
    if condition != "waiting":
        assert call("workflow_resume", step.id, given) == [(None,)]
        assert everything(step.run) == before
        return
    if run_status == "queued" and end_of(outcome) == "succeeded":  # no claim leaves a run queued
        with pytest.raises(IntegrityError, match=NOT_STARTED), transaction.atomic():
            call("workflow_resume", step.id, given)
        assert everything(step.run) == before
        return
    assert call("workflow_resume", step.id, given) == [([],)]
    ends = run_status in LIVE_RUNS
    assert now_is(step) == (
        end_of(outcome) if ends else run_status,
        outcome,
        ends or run_status in RUN.terminal,
    )
    step.refresh_from_db()
    assert (step.output, step.error) == (GIVEN[outcome].get("output"), GIVEN[outcome].get("error", ""))
    assert step.finished_at is not None
    assert f"step.{outcome} {step.key}" in events(step.run)


@pytest.mark.parametrize("outcome", [Waits("For a time.", 90), Waits("For Ana."), Skipped("Nothing to do.")])
@pytest.mark.parametrize("run_status", RUN.statuses)
@pytest.mark.parametrize("condition", RUNNING)
def test_finish_with_waiting_or_nothing_to_do_writes_just_that(
    condition: str, run_status: str, outcome: Outcome
) -> None:
    step = step_in(condition, run_status)
    claimed = Claim(step.id, step.claims)
    if isinstance(outcome, Waits):
        assert finish(claimed, outcome, go_on=True) == Finished(None, 0)
        run_is = "waiting" if run_status == "running" else run_status
        assert now_is(step) == (run_is, "waiting", run_status in RUN.terminal)
        step.refresh_from_db()
        assert (step.error, step.wake_at is not None) == (outcome.why, outcome.seconds is not None)
        return
    if run_status == "queued":
        with pytest.raises(IntegrityError, match=NOT_STARTED):
            finish(claimed, outcome, go_on=True)
        return
    assert finish(claimed, outcome, go_on=True) == Finished(None, 0)
    ends = run_status in LIVE_RUNS
    is_over = ends or run_status in RUN.terminal
    assert now_is(step) == ("succeeded" if ends else run_status, "skipped", is_over)


def news_of(function: str, step: WorkflowStep) -> list[str]:
    """Call a function on the step's run and return the kinds of the events it leaves to be said."""
    [(news,)] = call(function, step.run_id)
    return [one["kind"] for one in json.loads(news)]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("run_status", RUN.statuses)
def test_go_on_closes_or_waits_says_so_and_returns_whom_to_ring(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    if run_status == "queued" and condition in STEP.terminal and end_of(condition) == "succeeded":
        with pytest.raises(IntegrityError, match=NOT_STARTED), transaction.atomic():
            call("workflow_go_on", step.run_id)
        return
    is_due = condition == "ready and due" and run_status in LIVE_RUNS
    assert call("workflow_go_on", step.run_id) == [(["short"] if is_due else [],)]
    closes = condition in STEP.terminal and run_status in LIVE_RUNS
    waits = condition == "waiting" and run_status == "running"
    assert events(step.run) == ([f"run.{end_of(condition)}"] if closes else ["run.waiting"] if waits else [])


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_close_ends_a_live_run_none_of_whose_steps_is_open(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    if condition not in STEP.terminal or run_status not in LIVE_RUNS:
        assert call("workflow_close", step.run_id) == [("[]",)]
        assert everything(step.run) == before
        return
    if run_status == "queued" and end_of(condition) == "succeeded":
        with pytest.raises(IntegrityError, match=NOT_STARTED), transaction.atomic():
            call("workflow_close", step.run_id)
        return
    assert news_of("workflow_close", step) == [f"run.{end_of(condition)}"]
    assert now_is(step) == (end_of(condition), condition, True)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_close_of_a_run_somebody_cancelled_says_cancelled_however_its_steps_ended(condition: str) -> None:
    step = step_in(condition)
    WorkflowRun.objects.filter(id=step.run_id).update(cancel_requested_at=step.run.as_of)
    call("workflow_close", step.run_id)
    is_over = condition in STEP.terminal
    assert now_is(step)[0] == ("cancelled" if is_over else "running")


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_mark_for_ringing_counts_what_is_due_once(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    is_due = condition == "ready and due" and run_status in LIVE_RUNS
    assert call("workflow_to_ring", step.run_id, "short") == [([],)]
    assert call("workflow_to_ring", step.run_id) == [(["short"] if is_due else [],)]
    assert (everything(step.run) != before) == is_due
    assert call("workflow_to_ring", step.run_id) == [([],)]


@pytest.mark.parametrize(("condition", "run_status"), EVERY_ROW)
def test_wait_is_said_of_a_running_run_whose_last_step_waits(condition: str, run_status: str) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    said = news_of("workflow_wait", step)
    if condition == "waiting" and run_status == "running":
        assert now_is(step) == ("waiting", "waiting", False)
        assert said == ["run.waiting"]
    else:
        assert said == []
        assert everything(step.run) == before


@pytest.mark.parametrize("run_status", RUN.statuses)
def test_event_is_numbered_in_whatever_state_the_run_is(run_status: str) -> None:
    run = step_in("waiting", run_status).run
    for _ in range(2):
        call("workflow_event", run.id, "run.resumed", "{}")
    assert list(run.events.order_by("seq").values_list("seq", "kind")) == [
        (1, "run.resumed"),
        (2, "run.resumed"),
    ]
