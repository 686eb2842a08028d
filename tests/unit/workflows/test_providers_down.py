"""A provider that is down: steps wait without losing a try, nothing is parked, and all go on when it is back."""

from typing import Any

import pytest

from agents.models import AgentStep
from agents.providers.errors import ProviderUnavailable
from tests.factories.accounts import AccountFactory
from tests.factories.agents import asked, made_agent, scripted, use_agents
from tests.factories.breakers import DOWN, breaker, let_cool_down, open_breaker
from tests.factories.workflows import agent_node, make_due, run_of, statuses, workflow_of
from workflows.engine import advance_run
from workflows.models import WorkflowRun, WorkflowStep
from workflows.overview import overview_of

pytestmark = pytest.mark.django_db

RUNS = 5


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[WorkflowRun]:
    """Return runs of one step each that asks a model."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    workflow = workflow_of(agent_node("only", agent="speaker"))
    account = AccountFactory.create()
    return [run_of(workflow, account) for _ in range(RUNS)]


def work(runs: list[WorkflowRun]) -> None:
    """Let every step's time have come, and do it."""
    for run in runs:
        for step in run.steps.filter(status="ready"):
            make_due(step)
        advance_run(run.id, seconds_left=lambda: 1000)


def test_claude_down_for_ten_minutes_parks_and_loses_nothing_and_all_resume(
    runs: list[WorkflowRun], settings: Any
) -> None:
    settings.PROVIDERS = scripted([ProviderUnavailable(DOWN)])
    for _ in range(10):  # ten rounds of everybody, over and over, while the cool-down passes now and then
        work(runs)
        let_cool_down(20)
    steps = WorkflowStep.objects.filter(run__in=runs)
    assert {step.status for step in steps} == {"ready"}
    assert {step.tries for step in steps} == {1}  # neither waiting for the breaker nor probing is a try
    assert 5 <= len(asked()) <= 10  # and Claude was left alone: five failures, then probes
    assert breaker().status == "open"
    waiting = overview_of(runs[-1]).waiting_on or ""
    assert "it is tried again at" in waiting
    assert "'claude' failed again and again at 'messages'" in waiting

    settings.PROVIDERS = scripted([{"summary": "All is well."}])
    let_cool_down()
    work(runs)

    assert [statuses(run) for run in runs] == [{"only": "succeeded"}] * RUNS
    assert {run.status for run in WorkflowRun.objects.all()} == {"succeeded"}
    assert breaker().status == "closed"


def test_step_that_waits_for_the_breaker_traces_that_nothing_was_asked(
    runs: list[WorkflowRun], settings: Any
) -> None:
    settings.PROVIDERS = scripted([{"summary": "All is well."}])
    open_breaker()
    work(runs[:1])
    assert asked() == []
    [called] = AgentStep.objects.filter(kind="claude")
    assert called.error.startswith("BreakerOpen: 'claude' failed again and again")
    step = runs[0].steps.get()
    assert (step.status, step.tries) == ("ready", 0)
