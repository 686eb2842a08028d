import math
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DataError, IntegrityError, transaction

from agents.models import AgentRun
from tests.factories.figures import NOON
from tests.factories.workflows import (
    WorkflowRunFactory,
    add_steps,
    claim_of,
    doorbells,
    events,
    expire_lease,
    rung_clusters,
    statuses,
)
from tests.unit.workflows.rows import CONDITIONS, LIVE_RUNS, call, database_now, everything, step_in
from tiktok_ops.content.models import Artifact
from tiktok_ops.queue import ring
from workflows.doorbells import DOORBELL
from workflows.keeper import ring_due
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import ArtifactDraft, Claim, Failed, Finished, LeaseLost, Outcome, Succeeded, TryAgain
from workflows.overview import overview_of
from workflows.processes import this_process
from workflows.protocol import claim, finish
from workflows.transitions import RUN

pytestmark = pytest.mark.django_db

REPORT = ArtifactDraft(kind="report", text="# Grüezi\n")
DONE = Succeeded(output={"score": 74, "name": "Zürich"}, artifacts=(REPORT,))
NOT_DONE = Failed(error="There is no agent 'x'.", traceback="Traceback ...")
LATER = TryAgain(error="Overloaded.", delay_seconds=90)
OUTCOMES: dict[str, Outcome] = {"succeeded": DONE, "failed": NOT_DONE, "try again": LATER}


@pytest.mark.parametrize("run_status", RUN.statuses)
@pytest.mark.parametrize("condition", [one for one in CONDITIONS if not one.startswith("running")])
def test_finish_a_step_that_is_not_running_is_refused_whatever_the_outcome(
    condition: str, run_status: str
) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    for outcome in OUTCOMES.values():
        for number in (step.claims, step.claims - 1):
            with pytest.raises(LeaseLost):
                finish(Claim(step.id, number), outcome, go_on=True)
    assert everything(step.run) == before


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("run_status", RUN.statuses)
@pytest.mark.parametrize(
    "condition", ["running", "running, lease over", "running for the last time, lease over"]
)
def test_finish_a_running_step_writes_its_outcome_under_the_current_claim_only(
    condition: str, run_status: str, outcome: str
) -> None:
    step = step_in(condition, run_status)
    before = everything(step.run)
    with pytest.raises(LeaseLost):
        finish(Claim(step.id, step.claims - 1), OUTCOMES[outcome], go_on=True)
    assert everything(step.run) == before
    if (run_status, outcome) == ("queued", "succeeded"):  # no claim leaves a run queued
        with pytest.raises(IntegrityError, match="A run that is 'queued' cannot become 'succeeded'"):
            finish(Claim(step.id, step.claims), OUTCOMES[outcome], go_on=True)
        assert everything(step.run) == before
        return
    assert finish(Claim(step.id, step.claims), OUTCOMES[outcome], go_on=True) == Finished(None, 0)
    check_written(step, OUTCOMES[outcome])
    step.run.refresh_from_db()
    ends = run_status in LIVE_RUNS and outcome != "try again"
    assert step.run.status == (outcome if ends else run_status)
    assert (step.run.finished_at is not None) == (ends or run_status in RUN.terminal)


def check_written(step: WorkflowStep, outcome: Outcome) -> None:
    """Assert that the step's row says what the outcome says."""
    step.refresh_from_db()
    assert step.lease_until is None
    match outcome:
        case Succeeded():
            assert (step.status, step.output, step.error) == ("succeeded", outcome.output, "")
            assert Artifact.objects.get(step_id=step.id).text == REPORT.text
        case Failed():
            assert (step.status, step.output) == ("failed", None)
            assert (step.error, step.traceback) == (outcome.error, outcome.traceback)
        case TryAgain():
            assert (step.status, step.error, step.tries) == ("ready", outcome.error, 1)
            assert timedelta(seconds=85) < step.not_before - database_now() <= timedelta(seconds=90)
    assert (step.finished_at is None) == isinstance(outcome, TryAgain)


def test_finish_with_an_older_claim_leaves_no_trace_of_it() -> None:
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"a": [], "b": ["a"], "c": ["a"]})
    first = claim(run.id)
    expire_lease(steps["a"])
    second = claim(run.id)
    assert first is not None
    assert second is not None
    before = everything(run)
    with pytest.raises(LeaseLost):
        finish(first, DONE, go_on=True)
    assert everything(run) == before
    assert statuses(run) == {"a": "running", "b": "pending", "c": "pending"}
    assert finish(second, DONE, go_on=False) == Finished(next_claim=None, due=2)
    with pytest.raises(LeaseLost):
        finish(second, DONE, go_on=False)


def test_finish_a_step_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LeaseLost):
        finish(Claim(uuid4(), 1), DONE, go_on=False)


def test_finish_that_is_refused_leaves_the_callers_transaction_usable() -> None:
    step = step_in("succeeded")
    with transaction.atomic():
        with pytest.raises(LeaseLost):
            finish(claim_of(step), DONE, go_on=False)
        assert WorkflowStep.objects.filter(id=step.id).exists()


def test_finish_and_go_on_claims_one_successor_and_rings_for_the_others() -> None:
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"a": [], "b": ["a"], "c": ["a"], "d": ["a"], "e": ["b", "c"]})
    taken = claim(run.id)
    assert taken is not None
    assert finish(taken, DONE, go_on=True) == Finished(next_claim=Claim(steps["b"].id, 1), due=2)
    assert statuses(run) == {"a": "succeeded", "b": "running", "c": "ready", "d": "ready", "e": "pending"}
    assert doorbells() == [(DOORBELL, (str(run.id),))] * 2
    steps["b"].refresh_from_db()
    assert steps["b"].claimed_by == this_process()


def test_finish_and_go_on_while_others_wait_to_be_heard_rings_for_nobody_and_leaves_them_to_the_keeper() -> (
    None
):
    ring("made.up", uuid4())  # a doorbell that waits: no worker is free
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"a": [], "b": ["a"], "c": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    assert finish(taken, DONE, go_on=True) == Finished(next_claim=Claim(steps["b"].id, 1), due=0)
    assert len(doorbells()) == 1
    assert ring_due(limit=10) == 1  # should this worker die, or take long
    assert len(doorbells()) == 2


def test_finish_with_nothing_to_go_on_with_rings_whoever_waits() -> None:
    ring("made.up", uuid4())
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    assert finish(taken, DONE, go_on=False).due == 1


def test_finish_while_the_other_cluster_is_busy_rings_there_all_the_same() -> None:
    ring("made.up", uuid4())
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"a": [], "b": ["a"], "c": ["a"]})
    WorkflowStep.objects.filter(id=steps["c"].id).update(cluster="long")
    taken = claim(run.id)
    assert taken is not None
    assert finish(taken, DONE, go_on=True) == Finished(next_claim=Claim(steps["b"].id, 1), due=1)
    assert rung_clusters() == ["short", "long"]


def test_finish_without_going_on_rings_for_every_successor() -> None:
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": ["a"], "c": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    assert finish(taken, DONE, go_on=False) == Finished(next_claim=None, due=2)
    assert len(doorbells()) == 2


def test_finish_rings_for_a_step_once_only() -> None:
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": [], "c": ["a"], "d": ["b"]})
    first, second = claim(run.id), claim(run.id)
    assert first is not None
    assert second is not None
    assert finish(first, DONE, go_on=False).due == 1
    assert finish(second, DONE, go_on=False).due == 1
    assert len(doorbells()) == 2


@pytest.mark.parametrize("run_status", ["paused", "cancelled"])
def test_finish_in_a_run_a_person_stopped_keeps_the_result_and_starts_nothing(run_status: str) -> None:
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"a": [], "b": ["a"]})
    taken = claim(run.id)
    assert taken is not None
    over = {"finished_at": database_now()} if run_status == "cancelled" else {}
    WorkflowRun.objects.filter(id=run.id).update(status=run_status, **over)
    assert finish(taken, DONE, go_on=True) == Finished(next_claim=None, due=0)
    steps["a"].refresh_from_db()
    assert steps["a"].output == DONE.output
    assert doorbells() == []
    run.refresh_from_db()
    assert run.status == run_status


def test_finish_for_another_try_waits_its_time_and_counts_what_counts() -> None:
    step = step_in("running")
    waits = TryAgain(error="Slow down.", delay_seconds=0, counts_as_try=False)
    assert finish(claim_of(step), waits, go_on=True) == Finished(Claim(step.id, 2), due=0)
    assert finish(claim_of(step), LATER, go_on=True) == Finished(None, due=0)
    step.refresh_from_db()
    assert (step.status, step.tries, step.claims, step.error) == ("ready", 1, 2, "Overloaded.")
    assert claim(step.run_id) is None
    assert doorbells() == []


def test_finish_for_another_try_at_once_rings_for_it() -> None:
    step = step_in("running")
    assert finish(claim_of(step), TryAgain(error="Again.", delay_seconds=0), go_on=False).due == 1
    assert doorbells() == [(DOORBELL, (str(step.run_id),))]


def test_finish_after_a_failed_try_clears_what_that_one_said() -> None:
    step = step_in("running")
    finish(claim_of(step), TryAgain(error="Again.", delay_seconds=0), go_on=True)
    finish(claim_of(step), DONE, go_on=False)
    step.refresh_from_db()
    assert (step.status, step.error, step.tries) == ("succeeded", "", 1)


@pytest.mark.parametrize("outcome", [Succeeded, Failed, TryAgain])
def test_finish_names_the_agent_run_that_came_to_it(outcome: type[Outcome]) -> None:
    step = step_in("running")
    agent_run = AgentRun.objects.create(account=step.run.account, agent="made", as_of=NOON)
    made: dict[type, Outcome] = {
        Succeeded: Succeeded(output={}, agent_run_id=agent_run.id),
        Failed: Failed(error="No.", agent_run_id=agent_run.id),
        TryAgain: TryAgain(error="Again.", delay_seconds=0, agent_run_id=agent_run.id),
    }
    finish(claim_of(step), made[outcome], go_on=False)
    step.refresh_from_db()
    assert step.agent_run_id == agent_run.id
    if outcome is TryAgain:
        claim(step.run_id)
        finish(claim_of(step), Failed(error="No."), go_on=False)
        step.refresh_from_db()
        assert step.agent_run_id == agent_run.id


def test_finish_tells_in_its_event_what_came_of_which_claim() -> None:
    step = step_in("running")
    finish(claim_of(step), LATER, go_on=False)
    claim_again = TryAgain(error="", delay_seconds=0)
    WorkflowStep.objects.filter(id=step.id).update(not_before=database_now())
    taken = claim(step.run_id)
    assert taken is not None
    finish(taken, claim_again, go_on=True)
    finish(claim_of(step), NOT_DONE, go_on=False)
    found = [
        event.data | {"kind": event.kind} for event in step.run.events.all() if event.kind != "step.running"
    ]
    row = {"key": step.key, "item": 0, "round": 0}
    moments = [one.pop("not_before") for one in found if "not_before" in one]
    assert len(moments) == 2
    assert found == [
        {"kind": "step.ready", **row, "claim": 1, "error": "Overloaded."},
        {"kind": "step.ready", **row, "claim": 2},
        {"kind": "step.failed", **row, "claim": 3, "error": NOT_DONE.error},
        {"kind": "run.failed"},
    ]


def test_finish_numbers_the_events_of_a_run_without_a_gap() -> None:
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": ["a"], "c": ["a"]})
    taken = claim(run.id)
    while taken:
        taken = finish(taken, DONE, go_on=True).next_claim
    told = events(run)
    told[3:5] = sorted(told[3:5])  # siblings become ready at once, in no order
    assert told == [
        "run.running",
        *("step.running a", "step.succeeded a", "step.ready b", "step.ready c"),
        *("step.running b", "step.succeeded b"),
        *("step.running c", "step.succeeded c"),
        "run.succeeded",
    ]
    numbers = list(run.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert overview_of(run).last_event == len(numbers)


def test_finish_stores_what_the_step_made_with_its_digest() -> None:
    step = step_in("running")
    finish(claim_of(step), DONE, go_on=False)
    made = Artifact.objects.get()
    assert (made.run_id, made.step_id, made.account_id) == (step.run_id, step.id, step.run.account_id)
    assert (made.kind, made.media_type, made.text) == ("report", "text/markdown", "# Grüezi\n")
    assert made.sha256 == "3b57f9b0360c6658a620ce35292afdc27682e0196a5bc6a82394e0ecb0c7d3e7"


@pytest.mark.parametrize("value", [math.nan, "\x00", "\ud800"])
def test_finish_with_what_postgresql_cannot_keep_is_refused_and_writes_nothing(value: object) -> None:
    step = step_in("running")
    before = everything(step.run)
    with pytest.raises(DataError):
        finish(claim_of(step), Succeeded(output={"value": value}, artifacts=(REPORT,)), go_on=True)
    assert everything(step.run) == before


def test_call_finish_returns_one_row_with_nothing_to_do() -> None:
    step = step_in("running")
    assert call("workflow_finish", step.id, 1, '{"status": "failed", "error": "No."}', "me", None, 3) == [
        (None, None, None, [])
    ]


def test_finish_that_gets_no_answer_from_the_database_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    step = step_in("running")
    monkeypatch.setattr("workflows.protocol._call", lambda sql, arguments: None)
    with pytest.raises(RuntimeError, match="workflow_finish returned nothing"):
        finish(Claim(step.id, 1), DONE, go_on=False)
