"""Why a run is not over, in one sentence: decisions only."""

from collections.abc import Sequence
from datetime import datetime

from workflows.models import WorkflowStep
from workflows.transitions import RUN


def why_waiting(run_status: str, steps: Sequence[WorkflowStep], *, now: datetime) -> str | None:
    """Return what the run waits for and since when, or None when it is over."""
    if run_status in RUN.terminal:
        return None
    if run_status == "paused":
        return "Paused by a person; it goes on when someone resumes it."
    running = [step for step in steps if step.status == "running"]
    if running:
        return _who_works(running, now)
    ready = [step for step in steps if step.status == "ready"]
    due = [step for step in ready if step.not_before <= now]
    if due:
        since = min(step.not_before for step in due)
        return f"Waiting for a worker to take {due[0].key!r} since {_at(since)}."
    if ready:
        first = min(ready, key=lambda step: step.not_before)
        return f"{first.key!r} is tried again at {_at(first.not_before)}: {first.error}"
    waiting = [step for step in steps if step.status == "waiting"]
    if waiting:
        return _whose_turn(waiting)
    return "Waiting for the steps to be counted."


def _whose_turn(waiting: Sequence[WorkflowStep]) -> str:
    """Return the sentence for steps that wait for a person."""
    asked = [step.approval for step in waiting if step.approval is not None]
    first = min(asked, key=lambda request: request.created_at)
    more = f" (and {len(asked) - 1} more)" if len(asked) > 1 else ""
    return (
        f"Waiting for an approver since {_at(first.created_at)}: {first.title}{more}; then the run goes on."
    )


def _who_works(running: Sequence[WorkflowStep], now: datetime) -> str:
    """Return the sentence for steps in hand; a lease that ran out says that its worker is gone."""
    first = min(running, key=lambda step: step.position)
    if first.lease_until is not None and first.lease_until < now:
        return f"{first.key!r} was taken by a worker that is gone; another takes it over at once."
    since = first.started_at or now
    return f"A worker is on {first.key!r} since {_at(since)}."


def _at(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"
