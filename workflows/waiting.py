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
        return f"Waiting for a worker to take {due[0].key!r} since {_at(since, now)}."
    if ready:
        first = min(ready, key=lambda step: step.not_before)
        return f"{first.key!r} is tried again at {_at(first.not_before, now)}: {first.error}"
    waiting = [step for step in steps if step.status == "waiting"]
    if waiting:
        return _whose_turn(waiting, now)
    return "Waiting for the steps to be counted."


def _whose_turn(waiting: Sequence[WorkflowStep], now: datetime) -> str:
    """Return the sentence for steps that wait: for an approver first, else for what they say themselves."""
    asked = [step.approval for step in waiting if step.approval is not None and step.approval.is_undecided]
    if not asked:
        return _what_it_says(waiting, now)
    first = min(asked, key=lambda request: request.created_at)
    more = f" (and {len(asked) - 1} more)" if len(asked) > 1 else ""
    return f"Waiting for an approver since {_at(first.created_at, now)}: {first.title}{more}; then the run goes on."


def _what_it_says(waiting: Sequence[WorkflowStep], now: datetime) -> str:
    """Return why the step that is taken up again first waits, and until when."""
    timed = [(step.wake_at, step) for step in waiting if step.wake_at is not None]
    if not timed:
        first = waiting[0]
        return f"{first.error} {first.key!r} has waited since {_at(first.started_at or now, now)}, and goes on then."
    wake_at, first = min(timed, key=lambda pair: pair[0])
    return f"{first.error} {first.key!r} goes on at {_at(wake_at, now)}."


def _who_works(running: Sequence[WorkflowStep], now: datetime) -> str:
    """Return the sentence for steps in hand; a lease that ran out says that its worker is gone."""
    first = min(running, key=lambda step: step.position)
    if first.lease_until is not None and first.lease_until < now:
        return f"{first.key!r} was taken by a worker that is gone; another takes it over at once."
    since = first.started_at or now
    return f"A worker is on {first.key!r} since {_at(since, now)}."


def _at(moment: datetime, now: datetime) -> str:
    """Return the time of a moment, with its day unless that is today."""
    day = "" if moment.date() == now.date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment:%H:%M:%S} UTC"
