"""Nodes that let time pass, and nodes that run only under a condition."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, run_of, statuses, workflow_of
from workflows.engine import advance_run
from workflows.keeper import wake_waiting
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import WaitNode
from workflows.overview import overview_of
from workflows.validation import DefinitionRefused, InputRefused, check_input, check_workflow
from workflows.waiting_nodes import MomentRefused, moment_to_wait_for

BEGUN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are two made agents."""
    use_agents(monkeypatch, made_agent("a"), made_agent("b"))


def wait(*depends_on: str, **changes: Any) -> WaitNode:
    """Return a node that waits an hour, unless told otherwise."""
    return WaitNode(key="wait", label="A rest", depends_on=depends_on, **({"seconds": 3600} | changes))


def work(run: WorkflowRun) -> WorkflowRun:
    """Do all there is to do."""
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run


def let_pass(run: WorkflowRun, seconds: float) -> WorkflowRun:
    """Let time pass for the run's waiting steps, and do what is due."""
    back = timedelta(seconds=seconds)
    waiting = WorkflowStep.objects.filter(run=run, status="waiting")
    waiting.update(started_at=F("started_at") - back, wake_at=F("wake_at") - back)
    wake_waiting()
    return work(run)


@pytest.mark.django_db
def test_wait_for_seconds_holds_no_worker_and_goes_on_then() -> None:
    run = work(run_of(workflow_of(wait(), agent_node("b", "wait", agent="b"), slug="waits")))
    assert (run.status, statuses(run)) == ("waiting", {"wait": "waiting", "b": "pending"})
    assert overview_of(run).waiting_on is not None
    assert str(overview_of(run).waiting_on).startswith("'A rest' waits since ")
    run = let_pass(run, 1800)
    assert statuses(run)["wait"] == "waiting"
    run = let_pass(run, 1801)
    assert (run.status, statuses(run)) == ("succeeded", {"wait": "succeeded", "b": "succeeded"})
    output = run.steps.get(key="wait").output or {}
    assert datetime.fromisoformat(output["waited_until"]) <= timezone.now()


@pytest.mark.django_db
def test_wait_until_a_moment_of_the_brief_that_is_past_goes_on_at_once() -> None:
    node = wait(seconds=None, inputs={"until": "brief.at"})
    run = work(run_of(workflow_of(node, slug="waits"), given={"at": "2026-11-20T10:00:00+01:00"}))
    assert run.status == "succeeded"
    assert run.steps.get().output == {"waited_until": "2026-11-20T10:00:00+01:00"}


@pytest.mark.parametrize("written", ["tomorrow", "2026-11-20T10:00:00", None, 5])
def test_wait_until_what_is_no_moment_is_refused(written: Any) -> None:
    with pytest.raises(MomentRefused, match=r"'A rest' waits until .* which is no moment: write it as 2026"):
        moment_to_wait_for(wait(seconds=None), begun=BEGUN, given={"until": written})


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({}, "The input lacks 'at', which 'A rest' needs: give it one."),
        (
            {"at": "tomorrow"},
            "The input 'at' does not do: 'A rest' waits until 'tomorrow', which is no moment",
        ),
    ],
)
def test_start_a_wait_until_what_is_no_moment_is_refused(given: dict[str, Any], refusal: str) -> None:
    waits = workflow_of(wait(seconds=None, inputs={"until": "brief.at"}), slug="waits")
    with pytest.raises(InputRefused, match=refusal):
        check_input(waits, given)


def test_wait_for_seconds_counts_from_the_first_turn() -> None:
    assert moment_to_wait_for(wait(seconds=90), begun=BEGUN, given={}) == BEGUN + timedelta(seconds=90)


@pytest.mark.parametrize("changes", [{"seconds": None}, {"inputs": {"until": "brief.at"}}])
def test_check_a_wait_for_nothing_or_for_two_things_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(
        DefinitionRefused, match="the node 'wait' waits `seconds`, or until its input 'until'"
    ):
        check_workflow(workflow_of(wait(**changes)))


CONDITION = {"path": "a.output.number", "op": "more", "value": 3}


@pytest.mark.django_db
@pytest.mark.parametrize(("number", "status"), [(4, "succeeded"), (3, "skipped")])
def test_node_under_a_condition_runs_where_it_holds_and_is_skipped_where_not(
    number: int, status: str
) -> None:
    first = agent_node("a", agent="a", options={"number": number})
    run = work(run_of(workflow_of(first, agent_node("b", "a", agent="b", when=CONDITION), slug="maybe")))
    step = run.steps.get(key="b")
    assert (run.status, step.status) == ("succeeded", status)
    assert step.error == ("" if status == "succeeded" else "Its condition does not hold.")


@pytest.mark.django_db
def test_condition_that_cannot_be_evaluated_fails_its_step() -> None:
    condition = {"path": "a.output.nested", "op": "more", "value": 3}
    run = work(
        run_of(
            workflow_of(
                agent_node("a", agent="a"), agent_node("b", "a", agent="b", when=condition), slug="maybe"
            )
        )
    )
    assert run.steps.get(key="b").error == (
        "The condition asks whether 'a.output.nested', which is {'number': 0}, is more 3: these cannot be compared."
    )


def test_check_a_condition_that_reads_what_is_not_put_out_is_refused() -> None:
    nodes = [
        agent_node("a", agent="a"),
        agent_node("b", "a", agent="b", when=CONDITION | {"path": "a.output.x"}),
    ]
    with pytest.raises(DefinitionRefused, match=r"the node 'b' reads 'when' from 'a\.output\.x'"):
        check_workflow(workflow_of(*nodes))


@pytest.mark.django_db
def test_field_of_the_brief_that_only_a_condition_reads_may_be_given() -> None:
    node = agent_node("a", agent="a", when={"path": "brief.loud", "op": "equal", "value": True})
    run = work(run_of(workflow_of(node, slug="maybe"), given={"loud": True}))
    assert statuses(run) == {"a": "succeeded"}
