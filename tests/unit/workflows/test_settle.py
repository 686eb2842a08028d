from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.workflows import WorkflowRunFactory, add_steps, claim_of, events, statuses
from tests.forms import examples
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import Failed, Succeeded
from workflows.protocol import claim, finish

pytestmark = pytest.mark.django_db

Graph = Mapping[str, Sequence[str]]

DONE = Succeeded(output={})
NOT_DONE = Failed(error="It could not be done.")


def run_through(graph: Graph, *, failing: str = "", reports: str = "") -> WorkflowRun:
    """Run a graph of steps to its end; those in `failing` fail, those in `reports` run however others ended."""
    run: WorkflowRun = WorkflowRunFactory.create()
    add_steps(run, graph)
    run.steps.filter(key__in=reports.split()).update(runs_when="all_settled")
    taken = claim(run.id)
    while taken:
        key = WorkflowStep.objects.get(id=taken.step_id).key
        taken = finish(taken, NOT_DONE if key in failing.split() else DONE, go_on=True).next_claim
    run.refresh_from_db()
    return run


DIAMOND: Graph = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
AUDIT: Graph = {"one": [], "two": [], "more": ["one"], "report": ["one", "two", "more"]}


@pytest.mark.parametrize(
    ("graph", "failing", "reports", "ends", "status"),
    [
        (DIAMOND, "", "", "succeeded succeeded succeeded succeeded", "succeeded"),
        (DIAMOND, "d", "", "succeeded succeeded succeeded failed", "failed"),
        (DIAMOND, "b", "", "succeeded failed succeeded skipped", "failed"),
        (DIAMOND, "b c", "", "succeeded failed failed skipped", "failed"),
        (DIAMOND, "a", "", "failed skipped skipped skipped", "failed"),
        (AUDIT, "one", "report", "failed succeeded skipped succeeded", "failed"),
        (AUDIT, "one two", "report", "failed failed skipped succeeded", "failed"),
        (AUDIT, "report", "report", "succeeded succeeded succeeded failed", "failed"),
        ({"a": [], "r": ["a"], "b": ["r"]}, "a", "r", "failed succeeded succeeded", "failed"),
        (
            {"a": [], "b": ["a"], "r": ["b"], "c": ["b", "r"]},
            "a",
            "r",
            "failed skipped succeeded skipped",
            "failed",
        ),
    ],
)
def test_settle_graph_makes_ready_what_may_run_and_skips_the_rest(
    graph: Graph, failing: str, reports: str, ends: str, status: str
) -> None:
    run = run_through(graph, failing=failing, reports=reports)
    assert list(statuses(run).values()) == ends.split()
    assert run.status == status
    assert run.finished_at is not None


def test_settle_join_waits_for_its_last_branch() -> None:
    run = WorkflowRunFactory.create()
    steps = add_steps(run, DIAMOND)
    for key in ("a", "c"):
        claim(run.id)
        steps[key].refresh_from_db()
        if steps[key].status != "running":  # b came first
            claim(run.id)
        finish(claim_of(steps[key]), DONE, go_on=False)
    assert statuses(run)["d"] == "pending"
    steps["d"].refresh_from_db()
    assert (steps["d"].open_dependencies, steps["d"].broken_dependencies) == (1, 0)
    finish(claim_of(steps["b"]), DONE, go_on=False)
    assert statuses(run)["d"] == "ready"


def test_settle_skipped_steps_says_so_in_order_and_when() -> None:
    run = run_through({"a": [], "b": ["a"], "c": ["b"], "d": ["c"]}, failing="a")
    assert events(run)[-5:] == [
        "step.failed a",
        "step.skipped b",
        "step.skipped c",
        "step.skipped d",
        "run.failed",
    ]
    skipped = run.steps.filter(status="skipped")
    assert skipped.count() == 3
    for step in skipped:
        assert step.finished_at is not None
        assert (step.claims, step.started_at) == (0, None)


def test_settle_lets_a_step_be_due_from_the_moment_it_became_ready() -> None:
    run = WorkflowRunFactory.create()
    steps = add_steps(run, {"a": [], "b": ["a"]})
    before = steps["b"].not_before
    taken = claim(run.id)
    assert taken is not None
    finish(taken, DONE, go_on=False)
    steps["a"].refresh_from_db()
    steps["b"].refresh_from_db()
    assert steps["a"].finished_at is not None
    assert before < steps["a"].finished_at <= steps["b"].not_before
    assert steps["b"].finished_at is None


def test_settle_counts_no_step_of_another_run() -> None:
    ours, theirs = WorkflowRunFactory.create(), WorkflowRunFactory.create()
    add_steps(ours, {"a": [], "b": ["a"]})
    add_steps(theirs, {"a": [], "b": ["a"]})
    taken = claim(ours.id)
    assert taken is not None
    finish(taken, DONE, go_on=False)
    assert statuses(theirs) == {"a": "ready", "b": "pending"}


def test_close_leaves_a_run_open_that_has_a_step_left() -> None:
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": []})
    taken = claim(run.id)
    assert taken is not None
    finish(taken, NOT_DONE, go_on=False)
    run.refresh_from_db()
    assert (run.status, run.finished_at) == ("running", None)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, list[str]], set[str], set[str]]:
    """Return a graph without cycles, the steps that fail, and those that run however others ended."""
    keys = [f"k{number}" for number in range(draw(st.integers(1, 6)))]
    graph = {
        key: sorted(draw(st.sets(st.sampled_from(keys[:place])))) if place else []
        for place, key in enumerate(keys)
    }
    subset = st.sets(st.sampled_from(keys))
    return graph, draw(subset), draw(subset)


def ends_by_rule(graph: Graph, failing: set[str], reports: set[str]) -> dict[str, str]:
    """Return how each step must end, by the rule alone."""
    ends: dict[str, str] = {}
    for key, upstreams in graph.items():  # upstream first, as drawn
        may_run = key in reports or all(ends[upstream] == "succeeded" for upstream in upstreams)
        ends[key] = ("failed" if key in failing else "succeeded") if may_run else "skipped"
    return ends


@given(graphs())
@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_settle_any_graph_ends_every_step_as_the_rule_says(
    drawn: tuple[dict[str, list[str]], set[str], set[str]],
) -> None:
    graph, failing, reports = drawn
    run = run_through(graph, failing=" ".join(failing), reports=" ".join(reports))
    ends = ends_by_rule(graph, failing, reports)
    assert statuses(run) == ends
    assert run.status == ("failed" if "failed" in ends.values() else "succeeded")
    told = events(run)
    for key, upstreams in graph.items():
        for upstream in upstreams:
            if f"step.running {key}" in told:
                assert told.index(f"step.{ends[upstream]} {upstream}") < told.index(f"step.running {key}")
