"""What holds of a run after anything anybody did to it."""

from typing import Any

from workflows.effects.models import Effect
from workflows.models import StepDependency, WorkflowRun, WorkflowStep
from workflows.transitions import RUN, STEP


def check_all(run: WorkflowRun) -> None:
    """Assert all of it."""
    counters_are_what_is_counted_afresh(run)
    run_is_never_stuck(run)
    what_runs_has_a_lease(run)
    events_tell_all_of_it_without_a_gap(run)
    nothing_leaves_that_was_not_approved(run)


def counters_are_what_is_counted_afresh(run: WorkflowRun) -> None:
    """Each step that has not begun counts what it waits for, and what of it had no success."""
    edges = StepDependency.objects.filter(downstream__run=run).select_related("upstream")
    before: dict[Any, list[str]] = {}
    for edge in edges:
        before.setdefault(edge.downstream_id, []).append(edge.upstream.status)
    for step in run.steps.exclude(status__in=["skipped", "cancelled"]):
        statuses = before.get(step.id, [])
        still_open = sum(status not in STEP.terminal for status in statuses)
        broken = sum(status in STEP.terminal and status != "succeeded" for status in statuses)
        counted = (step.open_dependencies, step.broken_dependencies)
        if step.status == "pending":
            assert counted == (still_open, broken), (step.key, step.round)
            assert still_open > 0, (step.key, step.round)
        else:
            assert (step.open_dependencies, still_open) == (0, 0), (step.key, step.round)


def run_is_never_stuck(run: WorkflowRun) -> None:
    """A run that is not over is paused, or has a step that is due, at work, or waits for something to come.

    One whose last step ended while it was paused is over once somebody resumes it.
    """
    steps = list(run.steps.select_related("approval"))
    left = [step for step in steps if step.status not in STEP.terminal]
    if run.status in RUN.terminal:
        assert left == [], told(run)
        return
    assert left or run.status == "paused", told(run)
    moving = [
        step
        for step in left
        if step.status in {"ready", "running"} or (step.status == "waiting" and waits_for_something(step))
    ]
    assert moving or run.status == "paused", told(run)
    if run.status == "waiting":
        assert not any(step.status == "running" for step in left), told(run)


def what_runs_has_a_lease(run: WorkflowRun) -> None:
    """Exactly what is running has a lease."""
    for step in run.steps.all():
        assert (step.status == "running") == (step.lease_until is not None)


def events_tell_all_of_it_without_a_gap(run: WorkflowRun) -> None:
    """Events are numbered from 1, and the last of each step says its status."""
    events = list(run.events.order_by("seq").values_list("seq", "kind", "data"))
    assert [seq for seq, *_ in events] == list(range(1, len(events) + 1))
    said = {
        (data["key"], data["round"]): kind.removeprefix("step.")
        for _, kind, data in events
        if kind.startswith("step.")
    }
    for step in run.steps.all():
        is_told = (step.key, step.round) in said
        assert said.get((step.key, step.round), step.status) == step.status
        assert is_told or step.status in {"pending", "ready"}


def nothing_leaves_that_was_not_approved(run: WorkflowRun) -> None:
    """Each effect that began has a released approval."""
    begun = Effect.objects.filter(step__run=run).exclude(status__in=["prepared", "failed", "held"])
    assert not begun.exclude(request__status="released").exists()


def told(run: WorkflowRun) -> str:
    """Return the run as it is, for whoever reads a failure."""
    steps = [(step.key, step.round, step.status, step.error) for step in run.steps.order_by("round")]
    return f"{run.status}: {steps}"


def waits_for_something(step: WorkflowStep) -> bool:
    """Return whether a waiting step has a time, or a question that somebody can answer."""
    return step.wake_at is not None or (step.approval is not None and step.approval.status == "open")
