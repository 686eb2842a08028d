"""Any definition is refused with a sentence, or runs to an end in which every step has its due."""

from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from agents.contract import AgentContext
from tests.factories.agents import MadeInput, made_agent, use_agents
from tests.factories.workflows import events, run_of, statuses
from tests.forms import examples
from tiktok_ops.content.models import Artifact
from workflows.engine import advance_run
from workflows.models import WorkflowRun
from workflows.nodes import ReportNode, Workflow
from workflows.overview import overview_of
from workflows.transitions import STEP
from workflows.validation import DefinitionRefused, parse_workflow

pytestmark = pytest.mark.django_db

_numbers = count()

KEYS = "abcde"
AGENTS = ("fine", "broken", "nobody")
PATHS = (
    "brief.topic",
    "a.output.text",
    "b.output.nested.number",
    "c.output.colour",
    "d",
    "e.input.text",
    "brief",
)


def fail(given: MadeInput, context: AgentContext) -> None:
    raise RuntimeError("broken")


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """One agent that works, one that does not; the third is not there."""
    use_agents(monkeypatch, made_agent("fine"), made_agent("broken", on_compute=fail))


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return the usual, and now and then something odd."""
    return st.integers(0, 9).flatmap(lambda luck: odd if luck == 0 else usual)


def nodes_at(place: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return a node as JSON that mostly depends on nodes before it and mostly asks an agent there is."""
    before = st.lists(st.sampled_from(KEYS[:place]), max_size=place, unique=True) if place else st.just([])
    reads = st.dictionaries(st.sampled_from(["text", "colour"]), st.sampled_from(PATHS), max_size=1)
    common = {
        "key": mostly(st.just(KEYS[place]), st.sampled_from(KEYS)),
        "label": st.just("Any"),
        "depends_on": mostly(before, st.lists(st.sampled_from(KEYS), max_size=3)),
    }
    asks = {
        "kind": st.just("agent"),
        "agent": mostly(st.sampled_from(AGENTS[:2]), st.sampled_from(AGENTS)),
        "inputs": mostly(st.just({}), reads),
    }
    reports = {"kind": st.just("report"), "report": st.just("profile_audit")}
    return mostly(st.fixed_dictionaries({**common, **asks}), st.fixed_dictionaries({**common, **reports}))


definitions = st.integers(0, len(KEYS)).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            "slug": st.just("drawn"),
            "label": st.just("Drawn"),
            "purpose": st.just("At random."),
            "nodes": st.tuples(*(nodes_at(place) for place in range(size))).map(list),
        }
    )
)


def check_refusal(refusal: DefinitionRefused) -> None:
    """Assert that a refusal is one sentence that says what is wrong where."""
    sentence = str(refusal)
    assert sentence.startswith("The workflow 'drawn' is refused: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence


def check_end(run: WorkflowRun, workflow: Workflow) -> None:
    """Assert that the run is over, every step has ended, and none ran before those it waits for had ended."""
    run.refresh_from_db()
    ends, told = statuses(run), events(run)
    assert run.is_over
    assert (run.status == "failed") == ("failed" in ends.values())
    assert set(ends.values()) <= STEP.terminal
    for node in workflow.nodes:
        succeeded = all(ends[upstream] == "succeeded" for upstream in node.depends_on)
        ran = f"step.running {node.key}" in told
        assert ran == (succeeded or isinstance(node, ReportNode))
        assert (ends[node.key] == "skipped") == (not ran)
        for upstream in node.depends_on if ran else ():
            assert told.index(f"step.{ends[upstream]} {upstream}") < told.index(f"step.running {node.key}")
    assert len(told) == run.events.count() == overview_of(run).last_event
    reports = [node.key for node in workflow.nodes if isinstance(node, ReportNode)]
    assert Artifact.objects.filter(run_id=run.id).count() == len(reports)


@given(definitions)
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_run_any_definition_is_refused_with_a_sentence_or_runs_to_its_end(definition: dict[str, Any]) -> None:
    try:
        workflow = parse_workflow(definition)
    except DefinitionRefused as refusal:
        event("refused")
        check_refusal(refusal)
        return
    event("ran")
    # A slug of its own: the newest version is what runs, and examples share a database.
    run = run_of(workflow.model_copy(update={"slug": f"drawn_{next(_numbers)}"}))
    assert advance_run(run.id, seconds_left=lambda: 10_000) <= len(workflow.nodes)
    check_end(run, workflow)


@given(definitions)
@settings(
    max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_read_any_definition_that_can_run_gives_it_back_as_written(definition: dict[str, Any]) -> None:
    try:
        workflow = parse_workflow(definition)
    except DefinitionRefused:
        reject()
    assert parse_workflow(workflow.model_dump(mode="json")).digest == workflow.digest
