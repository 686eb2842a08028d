"""Loops: nodes done once for each item of a list, item by item, and what comes behind them."""

from typing import Any

import pytest
from django_q.models import OrmQ

from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, doorbells, report_node, run_of, workflow_of
from workflows.doorbells import DOORBELL
from workflows.engine import advance_run
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import Workflow
from workflows.outcomes import Expanded
from workflows.protocol import claim, finish
from workflows.validation import DefinitionRefused, InputRefused, check_workflow

pytestmark = pytest.mark.django_db

OVER = "brief.ideas"


@pytest.fixture(autouse=True)
def agents(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have agents that remember the texts they were asked about; "bad" fails on a text "wrong"."""
    asked: list[str] = []

    def remember(given: Any, context: Any) -> None:
        asked.append(given.text)
        if given.text == "wrong":
            raise RuntimeError("It is wrong.")

    use_agents(monkeypatch, *(made_agent(name, on_compute=remember) for name in ("first", "second", "last")))
    return asked


def looped(key: str, *depends_on: str, **changes: Any) -> Any:
    """Return a node done for each of the brief's ideas."""
    values = {"agent": key, "for_each": OVER, "inputs": {"text": "item"}} | changes
    return agent_node(key, *depends_on, **values)


def two_in_a_row() -> Workflow:
    """Return a workflow that does `second` after `first` for each idea, then writes a report."""
    return workflow_of(
        looped("first"),
        looped("second", "first", inputs={"text": "first.output.text"}),
        report_node("report", "second"),
        slug="loops",
    )


def started(workflow: Workflow, *ideas: Any) -> WorkflowRun:
    """Start the workflow with these ideas and do all there is to do."""
    run = run_of(workflow, given={"ideas": list(ideas)})
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run


def rows(run: WorkflowRun) -> list[tuple[str, int, str]]:
    """Return key, item and status of the run's steps, in order."""
    return list(run.steps.order_by("position", "item").values_list("key", "item", "status"))


def test_loop_does_its_nodes_for_each_item_in_order_and_what_is_behind_once() -> None:
    run = started(two_in_a_row(), "a", "b", "c")
    assert run.status == "succeeded"
    assert rows(run) == [
        ("each_brief_ideas", 0, "succeeded"),
        ("first", 1, "succeeded"),
        ("first", 2, "succeeded"),
        ("first", 3, "succeeded"),
        ("second", 1, "succeeded"),
        ("second", 2, "succeeded"),
        ("second", 3, "succeeded"),
        ("report", 0, "succeeded"),
    ]
    texts = run.steps.filter(key="second").order_by("item").values_list("output__text", flat=True)
    assert list(texts) == ["a", "b", "c"]
    assert run.events.filter(kind="run.expanded").values_list("data", flat=True)[0] == {
        "key": "each_brief_ideas",
        "items": 3,
    }


@pytest.mark.parametrize("given", [{}, {"ideas": []}])
def test_loop_over_nothing_goes_on_with_what_is_behind(given: dict[str, Any]) -> None:
    run = run_of(two_in_a_row(), given=given)
    advance_run(run.id, seconds_left=lambda: 1000)
    assert rows(run) == [("each_brief_ideas", 0, "succeeded"), ("report", 0, "succeeded")]


def test_item_that_fails_leaves_the_others_alone() -> None:
    run = started(two_in_a_row(), "a", "wrong", "c")
    assert run.status == "failed"
    assert [row for row in rows(run) if row[1] == 2] == [("first", 2, "failed"), ("second", 2, "skipped")]
    assert rows(run)[-1] == ("report", 0, "succeeded")
    assert run.steps.filter(key="second", status="succeeded").count() == 2


def test_node_behind_a_loop_reads_what_all_items_put_out(agents: list[str]) -> None:
    behind = agent_node("last", "first", agent="last", inputs={"tags": "first.output.text"})
    run = started(workflow_of(looped("first"), behind, slug="loops"), "a", "b")
    assert run.status == "succeeded"
    assert agents == ["a", "b", ""]
    given = WorkflowStep.objects.get(run=run, key="last").agent_run
    assert given is not None
    assert given.input["tags"] == ["a", "b"]


def test_loop_over_what_turns_out_to_be_no_list_fails_with_what_it_is(agents: list[str]) -> None:
    run = run_of(workflow_of(looped("first"), slug="loops"))
    WorkflowRun.objects.filter(id=run.id).update(input={"ideas": {"number": 0}})
    advance_run(run.id, seconds_left=lambda: 1000)
    assert run.steps.get(kind="expand").error == (
        "'brief.ideas' is {'number': 0}, which is no list: nothing can be done for each of it."
    )
    assert agents == []


def test_loop_over_more_items_than_may_be_fails_with_the_number() -> None:
    short = workflow_of(looped("first", most_items=2), slug="loops")
    with pytest.raises(InputRefused, match="The input 'ideas' has to be a list of at most 2 items"):
        run_of(short, given={"ideas": ["a", "b", "c"]})
    with pytest.raises(InputRefused, match="has to be a list of at most 2 items: it is 'abc'"):
        run_of(short, given={"ideas": "abc"})
    run = run_of(short)
    WorkflowRun.objects.filter(id=run.id).update(input={"ideas": ["a", "b", "c"]})
    advance_run(run.id, seconds_left=lambda: 1000)
    assert run.steps.get().error == (
        "'brief.ideas' has 3 items, and at most 2 may be done in one run: give fewer."
    )


def test_loop_items_are_claimed_by_whoever_is_first_and_never_twice() -> None:
    run = started(two_in_a_row(), *"abcdef")
    assert set(run.steps.values_list("claims", flat=True)) == {1}


def test_loop_rings_for_the_items_the_worker_does_not_go_on_with() -> None:
    run = run_of(two_in_a_row(), given={"ideas": ["a", "b", "c"]})
    OrmQ.objects.all().delete()  # the doorbell of the start was answered
    begun = claim(run.id)
    assert begun is not None
    items = Expanded(("a", "b", "c"))
    finished = finish(begun, items, go_on=True)
    assert (finished.next_claim is not None, finished.due) == (True, 2)
    assert doorbells() == [(DOORBELL, (str(run.id),))] * 2


def test_loop_rings_for_every_item_where_the_worker_does_not_go_on() -> None:
    run = run_of(two_in_a_row(), given={"ideas": ["a", "b", "c"]})
    begun = claim(run.id)
    assert begun is not None
    assert finish(begun, Expanded(("a", "b", "c")), go_on=False).due == 3


def test_loop_whose_beginning_died_begins_again_without_doubles() -> None:
    run = run_of(two_in_a_row(), given={"ideas": ["a"]})
    advance_run(run.id, seconds_left=lambda: 1000)
    keys = run.steps.values_list("key", "item", "round")
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        (
            [looped("first", for_each="gone.output.x")],
            "the node 'first' is done for each of 'gone.output.x', but 'gone' is no node.",
        ),
        (
            [looped("first"), looped("second", "first", for_each="first.output.text")],
            "the node 'second' loops over what the looped node 'first' puts out; loops do not nest.",
        ),
        (
            [agent_node("each_brief_ideas", agent="last"), looped("first")],
            "the key 'each_brief_ideas' begins the loop over 'brief.ideas'; name the node otherwise.",
        ),
        (
            [looped("first", for_each="brief.more.ideas")],
            "the node 'each_brief_more_ideas' reads 'items' from 'brief.more.ideas'; write it as brief.FIELD.",
        ),
        (
            [agent_node("last", agent="last", inputs={"text": "item"})],
            "the node 'last' reads 'text' from 'item', but is done once: give it for_each.",
        ),
        (
            [looped("first"), agent_node("last", "first", agent="last"), looped("second", "last")],
            "a loop waits for what waits for it: last → each_brief_ideas → last.",
        ),
    ],
)
def test_check_a_loop_that_could_not_begin_is_refused(nodes: list[Any], sentence: str) -> None:
    with pytest.raises(DefinitionRefused) as refusal:
        check_workflow(workflow_of(*nodes))
    assert sentence in str(refusal.value)
