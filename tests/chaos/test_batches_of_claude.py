"""Workers die while a question is handed in with a batch and while it is collected: it is asked and paid once."""

import signal
from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
from pytest_django import Settings

from agents.models import AgentRun, AgentStep, BatchedQuestion, SandboxBatch
from agents.providers.registry import get_language_provider
from tests.chaos.test_deaths_of_others import end_of
from tests.factories.agents import made_agent, use_agents
from tests.factories.batches_of_claude import batch_faults, step_of, time_passes, work
from tests.factories.workflows import agent_node, expire_lease, run_of, workflow_of
from tests.forms import times
from tiktok_ops.crash_points import CrashPoint, passes
from workflows.engine import advance_run
from workflows.keeper import wake_waiting
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.usefixtures("committed_db")]

DEATHS = times(long=20, short=2)
POINTS = [point for point in CrashPoint if point.startswith("batch.")]
MOST_LOOKS = 12
MINUTE = 61


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """One agent that speaks, and a sandbox whose batches take a minute."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = batch_faults()
    get_language_provider()  # the vendor's library is loaded once, not by every child


def begun() -> WorkflowRun:
    """Return a run of one agent that may wait, of which nothing is done."""
    return run_of(workflow_of(agent_node("ask", agent="speaker", may_wait=True), slug="may_wait"))


def to_its_end(run: WorkflowRun) -> WorkflowRun:
    """Let minutes pass until the run is over."""
    for _ in range(MOST_LOOKS):
        if work(run).status == "succeeded":
            return run
        time_passes(MINUTE)
        wake_waiting()
    raise AssertionError(step_of(run).error)


def paid(run: WorkflowRun) -> list[Decimal]:
    """Return what each answer of the run cost."""
    answers = AgentStep.objects.filter(agent_run__run_id=run.id, kind="claude")
    return list(answers.values_list("cost_usd", flat=True))


@pytest.mark.parametrize("point", POINTS)
def test_death_of_a_worker_around_a_batch_asks_and_pays_once(point: CrashPoint) -> None:
    price = paid(to_its_end(begun()))
    hit: Counter[str] = Counter()
    for _ in range(DEATHS):
        SandboxBatch.objects.all().delete()
        run = begun()
        if point is CrashPoint.BEFORE_COLLECTED:
            work(run)
            time_passes(MINUTE)
            wake_waiting()
        try:
            dies = partial(advance_run, run.id, seconds_left=lambda: 1000)
            assert end_of(dies, at=point) == -signal.SIGKILL
        finally:
            for mark in passes(point, step_of(run).id):
                mark.unlink()
        hit.update(BatchedQuestion.objects.filter(step_id=step_of(run).id).values_list("status", flat=True))
        expire_lease(step_of(run))
        to_its_end(run)
        assert SandboxBatch.objects.count() == 1
        assert paid(run) == price
        asked = BatchedQuestion.objects.filter(step_id=step_of(run).id)
        assert [question.status for question in asked] == ["answered"]
        assert AgentRun.objects.get(run_id=run.id).cost_usd == sum(price)
    print(f"{point}: {DEATHS} kills, in states {dict(hit)}")  # noqa: T201
    assert hit.total() == DEATHS
