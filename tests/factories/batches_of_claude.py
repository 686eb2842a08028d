"""Steps that may wait for a batch of the sandbox Claude, and time that passes for both."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.db.models import F

from agents.models import BatchedQuestion, SandboxBatch
from agents.providers.claude import ClaudeProvider
from agents.providers.registry import get_provider
from tests.factories.agents import faulty
from tests.factories.workflows import agent_node, run_of, workflow_of
from workflows.engine import advance_run
from workflows.models import WorkflowRun, WorkflowStep


def batch_faults(**faults: Any) -> dict[str, Any]:
    """Return the setting PROVIDERS with the sandbox Claude, whose batches take a minute and fail as told."""
    return faulty(batches={"seconds": 60, **faults})


def run_that_may_wait(agent: str = "speaker", **node: Any) -> WorkflowRun:
    """Return a run of one agent that may wait, done as far as it can be."""
    return work(run_of(workflow_of(agent_node("ask", agent=agent, may_wait=True, **node), slug="may_wait")))


def work(run: WorkflowRun) -> WorkflowRun:
    """Do what is due."""
    while advance_run(run.id, seconds_left=lambda: 1000):
        pass
    run.refresh_from_db()
    return run


def step_of(run: WorkflowRun) -> WorkflowStep:
    """Return the run's only step, as it is now."""
    return run.steps.get()


def time_passes(seconds: float) -> None:
    """Let so much time pass: for the batches, for the questions in them, and for the steps that wait."""
    back = timedelta(seconds=seconds)
    SandboxBatch.objects.update(created_at=F("created_at") - back, done_at=F("done_at") - back)
    BatchedQuestion.objects.update(
        created_at=F("created_at") - back, tried_at=F("tried_at") - back, look_at=F("look_at") - back
    )
    waiting = WorkflowStep.objects.filter(status="waiting")
    waiting.update(started_at=F("started_at") - back, wake_at=F("wake_at") - back)


def question() -> BatchedQuestion:
    """Return the only question, as it is now."""
    return BatchedQuestion.objects.get()


def answering(status: int, kind: str, **headers: str) -> Callable[[httpx2.Request], httpx2.Response]:
    """Return a wire that refuses everything."""
    body = {"type": "error", "error": {"type": kind, "message": "No."}}
    return lambda request: httpx2.Response(status, json=body, headers=headers)


def use_wire(monkeypatch: pytest.MonkeyPatch, wire: Callable[[httpx2.Request], httpx2.Response]) -> None:
    """Let what is sent to Claude end at this wire."""
    provider = get_provider("claude")
    assert isinstance(provider, ClaudeProvider)
    monkeypatch.setattr(provider.transport, "handle_request", wire)
