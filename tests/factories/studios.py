"""The studio in runs: nodes that ask it, wait for it and fetch, what it answers, and time that passes for all."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from agents.models import SandboxStudioJob
from agents.providers.studio.jobs import Job, JobState, Order
from tests.factories.workflows import run_of, workflow_of
from workflows import studio as studio_nodes
from workflows.engine import advance_run
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import AnyNode, StudioJobNode, WaitNode

PROMPT = {"prompt": "A lamp, switched on", "seconds": 3}


def sandbox(settings: Settings, **faults: Any) -> None:
    """Let the sandbox studio need a minute for a clip, and be as told."""
    options = {**settings.PROVIDERS["studio"]["OPTIONS"], "faults": {"make_seconds": 60} | faults}
    studio = {**settings.PROVIDERS["studio"], "OPTIONS": options}
    settings.PROVIDERS = {**settings.PROVIDERS, "studio": studio}


def job_node(**changes: Any) -> StudioJobNode:
    """Return a node that asks for a clip."""
    inputs = {"prompt": "brief.prompt", "seconds": "brief.seconds"}
    return StudioJobNode(**({"key": "job", "label": "Ask the studio", "inputs": inputs} | changes))


def wait_node(**changes: Any) -> WaitNode:
    """Return a node that waits an hour for the studio to call back."""
    values: dict[str, Any] = {
        "key": "made",
        "label": "Being made",
        "callback": "studio",
        "depends_on": ("job",),
        "inputs": {"job": "job.output.job"},
    }
    return WaitNode(**(values | changes))


def started(*nodes: AnyNode, given: dict[str, Any] | None = None) -> WorkflowRun:
    """Return a run of these nodes, done as far as it can be."""
    return work(
        run_of(workflow_of(*(nodes or (job_node(), wait_node())), slug="clips"), given=given or PROMPT)
    )


def work(run: WorkflowRun) -> WorkflowRun:
    """Do what is due, whichever cluster it is for."""
    while advance_run(run.id, seconds_left=lambda: 1000):
        pass
    run.refresh_from_db()
    return run


def step(run: WorkflowRun, key: str = "made") -> WorkflowStep:
    """Return the step as it is now."""
    return run.steps.get(key=key)


def time_passes(seconds: float) -> None:
    """Let so much time pass, for the studio and for the steps that wait."""
    back = timedelta(seconds=seconds)
    SandboxStudioJob.objects.update(
        begun_at=F("begun_at") - back, done_at=F("done_at") - back, callback_at=F("callback_at") - back
    )
    waiting = WorkflowStep.objects.filter(status="waiting")
    waiting.update(started_at=F("started_at") - back, wake_at=F("wake_at") - back)


class MadeStudio:
    """A studio that answers as told; what is raised is raised for ever."""

    simulated = True

    def __init__(self, *answers: Job | Exception, clip: bytes | Exception = b"clip") -> None:
        self.answers = list(answers)
        self.clip = clip

    def submit(self, order: Order, *, key: str) -> Job:
        """Return the job that every step gets."""
        return Job("job_1", JobState.QUEUED)

    def status(self, job_id: str) -> Job:
        """Answer what is next."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def download(self, job_id: str, *, out: Path) -> int:
        """Write the clip."""
        if isinstance(self.clip, Exception):
            raise self.clip
        return out.write_bytes(self.clip)


def use(monkeypatch: pytest.MonkeyPatch, made: MadeStudio) -> None:
    """Have clips made by this one."""
    monkeypatch.setattr(studio_nodes, "get_studio", lambda: made)
