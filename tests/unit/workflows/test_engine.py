"""Runs of made agents through `advance_run`, claim by claim, in one process."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from pytest_django import Settings

from agents.contract import AgentContext
from agents.models import AgentRun, AgentStep
from tests.factories.agents import MadeInput, asked, faulty, made_agent, scripted, use_agents
from tests.factories.workflows import (
    agent_node,
    doorbells,
    events,
    expire_lease,
    make_due,
    report_node,
    run_of,
    rung_clusters,
    statuses,
    workflow_of,
)
from tests.unit.workflows.rows import database_now
from tiktok_ops.content.models import Artifact
from workflows import catalogue, engine
from workflows.engine import (
    LEASE_MARGIN_SECONDS,
    advance_run,
    clock_down,
    give_back,
)
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import LONG_STEP_SECONDS
from workflows.outcomes import Claim, TryAgain
from workflows.protocol import claim, finish

pytestmark = pytest.mark.django_db

Act = Callable[[MadeInput, AgentContext], object]


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """One agent that speaks, one that does not."""
    use_agents(monkeypatch, made_agent("silent"), made_agent("speaker", speaks=True))


def advance(run: WorkflowRun) -> int:
    """Work on the run with all the time there is."""
    return advance_run(run.id, seconds_left=lambda: 10_000)


def node(key: str, *depends_on: str, agent: str = "silent", **changes: Any) -> Any:
    """Return a node that asks a made agent."""
    return agent_node(key, *depends_on, agent=agent, **changes)


def acting(monkeypatch: pytest.MonkeyPatch, act: Act, **changes: Any) -> WorkflowRun:
    """Return a run of one node whose agent does `act`, and a report after it."""
    use_agents(monkeypatch, made_agent("acting", on_compute=act))
    return run_of(workflow_of(node("a", agent="acting", **changes), report_node("report", "a")))


def raising(error: BaseException) -> Act:
    """Return an act that fails."""

    def act(given: MadeInput, context: AgentContext) -> None:
        raise error

    return act


def step_of(run: WorkflowRun, key: str = "a") -> WorkflowStep:
    """Return the run's step with this key."""
    step: WorkflowStep = run.steps.get(key=key)
    return step


def test_advance_run_goes_straight_on_to_its_end() -> None:
    run = run_of(workflow_of(node("a"), node("b", "a"), node("c", "a"), report_node("r", "b", "c")))
    assert advance(run) == 4
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert set(statuses(run).values()) == {"succeeded"}
    assert {step.claims for step in run.steps.all()} == {1}
    assert advance(run) == 0


def test_advance_run_hands_outputs_options_and_the_brief_on() -> None:
    workflow = workflow_of(
        node("a", inputs={"text": "brief.topic", "tags": "brief.tags"}, options={"number": 3}),
        node("b", "a", inputs={"text": "a.output.text", "number": "a.output.nested.number"}),
        node("c", "b", inputs={"number": "b.output.number"}, options={"text": "own"}),
    )
    run = run_of(workflow, given={"topic": "cheese"})
    advance(run)
    outputs: dict[str, Any] = {step.key: step.output for step in run.steps.all()}
    assert (
        outputs["a"]
        == outputs["b"]
        == {
            "text": "cheese",
            "number": 3,
            "nested": {"number": 3},
            "summary": "",
        }
    )
    assert (outputs["c"]["text"], outputs["c"]["number"]) == ("own", 3)


def test_advance_run_links_each_step_to_the_agent_run_it_came_from() -> None:
    run = run_of(workflow_of(node("a")))
    advance(run)
    agent_run = AgentRun.objects.get()
    assert step_of(run).agent_run == agent_run
    assert (agent_run.run_id, agent_run.step_id, agent_run.claim) == (run.id, step_of(run).id, 1)


@pytest.mark.parametrize(("seconds_left", "steps"), [(120.0, 1), (120.1, 2)])
def test_advance_run_goes_on_only_while_the_longest_node_fits(seconds_left: float, steps: int) -> None:
    run = run_of(workflow_of(node("a", timeout_seconds=5), node("b", "a", timeout_seconds=120)))
    assert advance_run(run.id, seconds_left=lambda: seconds_left) == steps
    left = {1: [("workflows.tasks.advance", (str(run.id),))], 2: []}[steps]
    assert doorbells()[1:] == left


@pytest.mark.parametrize(("cluster", "steps"), [("short", 2), (None, 2)])
def test_advance_run_goes_on_only_within_its_cluster_and_rings_the_other(
    cluster: str | None, steps: int
) -> None:
    run = run_of(
        workflow_of(node("a"), node("b", "a"), node("long", "b", timeout_seconds=LONG_STEP_SECONDS + 1))
    )
    assert advance_run(run.id, seconds_left=lambda: 10_000, cluster=cluster) == steps
    assert statuses(run) == {"a": "succeeded", "b": "succeeded", "long": "ready"}
    assert rung_clusters() == ["short", "long"]
    assert advance_run(run.id, seconds_left=lambda: 10_000, cluster="short") == 0
    assert advance_run(run.id, seconds_left=lambda: 10_000, cluster="long") == 1


def test_advance_run_measures_the_time_left_by_its_own_clusters_nodes() -> None:
    run = run_of(workflow_of(node("a"), node("b", "a"), node("long", "b", timeout_seconds=280)))
    assert advance_run(run.id, seconds_left=lambda: 150, cluster="short") == 2


def test_advance_run_whose_lease_was_taken_over_stops_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lose(given: MadeInput, context: AgentContext) -> None:
        expire_lease(step_of(run))
        assert claim(run.id) is not None

    run = acting(monkeypatch, lose)
    assert advance(run) == 0
    assert statuses(run) == {"a": "running", "report": "pending"}
    assert "step.succeeded a" not in events(run)


def test_advance_run_that_loses_its_lease_before_a_call_does_not_make_it(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def lose(given: MadeInput, context: AgentContext) -> None:
        expire_lease(step_of(run))
        assert claim(run.id) is not None

    settings.PROVIDERS = scripted([{"summary": "Fine."}])
    use_agents(monkeypatch, made_agent("acting", speaks=True, on_compute=lose))
    run = run_of(workflow_of(node("a", agent="acting")))
    assert advance(run) == 0
    assert asked() == []
    assert AgentRun.objects.get().status == "failed"


def test_advance_run_holds_the_lease_for_the_call_and_a_margin(settings: Settings) -> None:
    def say() -> dict[str, str]:
        [lease_until] = run.steps.values_list("lease_until", flat=True)
        assert lease_until is not None
        left.append((lease_until - database_now()).total_seconds())
        return {"summary": "Fine."}

    left: list[float] = []
    settings.PROVIDERS = scripted([say])
    settings.LEASE_SECONDS = 1
    run = run_of(workflow_of(node("a", agent="speaker", timeout_seconds=30)))
    assert advance(run) == 1
    longest = 30 + LEASE_MARGIN_SECONDS
    assert longest - 5 < left[0] <= longest


def test_refuse_an_input_fails_the_step_with_the_agents_sentence() -> None:
    run = run_of(workflow_of(node("a", options={"number": -1}), node("b", "a"), report_node("r", "a", "b")))
    advance(run)
    assert statuses(run) == {"a": "failed", "b": "skipped", "r": "succeeded"}
    step = step_of(run)
    assert step.error.startswith("The agent 'silent' does not take number = -1: ")
    assert step.traceback == ""
    run.refresh_from_db()
    assert run.status == "failed"
    assert Artifact.objects.filter(run_id=run.id, kind="report").count() == 1


def test_ask_a_model_without_a_price_fails_the_step_with_what_to_do(settings: Settings) -> None:
    settings.PROVIDERS = scripted([{"summary": "Fine."}])
    settings.MODELS = {"fast": "claude-brand-new", "smart": "claude-brand-new"}
    run = run_of(workflow_of(node("a", agent="speaker")))
    advance(run)
    step = step_of(run)
    assert (step.status, step.traceback) == ("failed", "")
    assert "'claude-brand-new'" in step.error
    assert "add a price row for it" in step.error
    assert asked() == []


def test_run_agent_with_a_bug_fails_the_step_and_keeps_the_traceback_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = acting(monkeypatch, raising(ZeroDivisionError("division by secret")))
    assert advance(run) == 2
    step = step_of(run)
    assert step.status == "failed"
    assert (
        step.error
        == "Something went wrong in 'A' (ZeroDivisionError); the details are kept for the engineers."
    )
    assert "division by secret" in step.traceback
    assert "Traceback (most recent call last)" in step.traceback
    assert statuses(run)["report"] == "succeeded"
    assert "secret" not in str([event.data for event in run.events.all()])


@pytest.mark.parametrize("error", [OperationalError("the server is gone"), InterfaceError("closed")])
def test_lose_the_database_in_a_step_gives_it_back_without_counting_a_try(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    run = acting(monkeypatch, raising(error))
    assert advance(run) == 0
    step = step_of(run)
    assert (step.status, step.error, step.tries) == ("ready", "The database was away.", 0)
    assert step.not_before > database_now()


def test_give_back_waits_for_the_database_and_leaves_the_step_to_its_lease_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[Claim] = []

    def away(claimed: Claim, outcome: object, *, go_on: bool) -> object:
        tried.append(claimed)
        if len(tried) < 3 or answers == "never":
            raise OperationalError("the server is gone")
        return finish(claimed, TryAgain("Away.", 0, counts_as_try=False), go_on=go_on)

    monkeypatch.setattr(engine, "finish", away)
    monkeypatch.setattr(engine, "RECONNECT_SECONDS", 0)
    run = run_of(workflow_of(node("a")))
    claimed = claim(run.id)
    assert claimed is not None
    answers = "never"
    assert not give_back(claimed, seconds=0.01)
    assert step_of(run).status == "running"
    answers, tried[:] = "soon", []
    assert give_back(claimed, seconds=5)
    assert (len(tried), step_of(run).status) == (3, "ready")
    assert not give_back(claimed, seconds=5)  # it is nobody's any more


def report_raising(run: WorkflowRun) -> str:
    """Fail with what no text of PostgreSQL can hold."""
    raise OSError("bytes: \x00 \ud800")


@pytest.mark.parametrize("report", [report_raising, lambda run: "# \x00"])
def test_come_to_what_postgresql_cannot_keep_fails_the_step_with_that_as_the_reason(
    monkeypatch: pytest.MonkeyPatch, report: Callable[[WorkflowRun], str]
) -> None:
    monkeypatch.setattr("workflows.executors.REPORTS", {"profile_audit": report})
    run = run_of(workflow_of(node("a"), report_node("report", "a")))
    assert advance(run) == 2
    step = step_of(run, "report")
    assert (step.status, step.claims) == ("failed", 1)
    assert step.error.startswith("What the step came to cannot be stored: ")
    assert not Artifact.objects.exists()


def test_read_an_output_that_is_not_there_fails_the_step_naming_the_path() -> None:
    run = run_of(workflow_of(node("a"), node("b", "a", inputs={"number": "a.output.nested.colour"})))
    assert advance(run) == 2
    step = step_of(run, "b")
    assert (step.status, step.claims) == ("failed", 1)
    assert step.error == "'a.output.nested.colour' leads to nothing: there is no 'colour'."
    assert step.traceback == ""


def test_run_a_definition_whose_agent_is_gone_since_fails_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_of(workflow_of(node("a"), node("b", "a")))
    use_agents(monkeypatch, made_agent("other"))
    catalogue.workflow_of.cache_clear()  # as in a process that was started since
    assert advance(run) == 1
    assert statuses(run) == {"a": "failed", "b": "skipped"}
    assert "asks for the agent 'silent'; there are other." in step_of(run).error


def test_meet_a_rate_limit_waits_without_counting_a_try(settings: Settings) -> None:
    settings.PROVIDERS = faulty(rate_limited=4, retry_after_seconds=7)
    run = run_of(workflow_of(node("a", agent="speaker", retry={"max_tries": 1})))
    for claims in range(1, 5):
        assert advance(run) == 1
        step = step_of(run)
        assert (step.status, step.tries, step.claims) == ("ready", 0, claims)
        assert step.not_before is not None
        assert advance(run) == 0
        make_due(step)
    assert advance(run) == 1
    assert statuses(run) == {"a": "succeeded"}


def test_meet_an_outage_tries_again_and_gives_up_after_the_last_try(settings: Settings) -> None:
    settings.PROVIDERS = faulty(server_error=3)
    run = run_of(workflow_of(node("a", agent="speaker"), node("b", "a"), report_node("r", "a")))
    for tries in (1, 2):
        assert advance(run) == 1
        assert (step_of(run).status, step_of(run).tries) == ("ready", tries)
        assert "trouble" not in step_of(run).error
        make_due(step_of(run))
    assert advance(run) == 2
    assert statuses(run) == {"a": "failed", "b": "skipped", "r": "succeeded"}
    assert step_of(run).error.startswith("Gave up after 3 tries: ")
    assert AgentStep.objects.filter(kind="claude").exclude(error="").count() == 3


def test_meet_an_outage_that_passes_succeeds_at_the_next_try(settings: Settings) -> None:
    settings.PROVIDERS = faulty(overloaded=1)
    run = run_of(workflow_of(node("a", agent="speaker")))
    advance(run)
    make_due(step_of(run))
    advance(run)
    step = step_of(run)
    assert (step.status, step.claims, step.error) == ("succeeded", 2, "")
    assert AgentRun.objects.filter(run_id=run.id).count() == 2


def test_clock_down_tells_what_is_left() -> None:
    left = clock_down(100)
    first = left()
    assert 99 < first <= 100
    assert left() <= first
    assert clock_down(-1)() < 0
