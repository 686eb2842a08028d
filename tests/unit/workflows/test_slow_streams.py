"""What a run does where Claude's answer begins in time and then drips in."""

from typing import Any

import pytest

from agents.models import AgentStep
from tests.factories.agents import made_agent, use_agents
from tests.factories.workflows import agent_node, make_due, run_of, workflow_of
from workflows.engine import advance_run
from workflows.models import WorkflowRun, WorkflowStep

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> WorkflowRun:
    """Return a run of one step that asks Claude and waits 2 seconds for it."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    return run_of(workflow_of(agent_node("only", agent="speaker", timeout_seconds=2)))


def let_drip(settings: Any, seconds: float) -> None:
    claude = settings.PROVIDERS["claude"]
    options = {**claude["OPTIONS"], "faults": {"drip_seconds": seconds}}
    settings.PROVIDERS = {**settings.PROVIDERS, "claude": {**claude, "OPTIONS": options}}


def worked(run: WorkflowRun) -> WorkflowStep:
    advance_run(run.id, seconds_left=lambda: 1000)
    return run.steps.get(key="only")


def test_answer_that_drips_in_is_read_to_its_end(run: WorkflowRun, settings: Any) -> None:
    let_drip(settings, 0.2)
    assert worked(run).status == "succeeded"


def test_answer_that_stops_dripping_is_given_up_and_asked_for_again(run: WorkflowRun, settings: Any) -> None:
    let_drip(settings, 8 * 3)  # eight pieces, each of which comes later than anybody waits
    step = worked(run)
    assert (step.status, step.tries) == ("ready", 1)
    [call] = AgentStep.objects.filter(kind="claude")
    assert call.error
    let_drip(settings, 0)
    make_due(step)
    assert worked(run).status == "succeeded"
