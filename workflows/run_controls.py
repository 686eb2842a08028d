"""The buttons on a run's page: what each is called, what it asks first, and the service it calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tiktok_ops.accounts.models import User
from workflows.control import cancel_run, pause_run, resume_run, retry_step
from workflows.dry_runs import run_for_real
from workflows.models import WorkflowRun, WorkflowStep


@dataclass(frozen=True, slots=True)
class RunControl:
    """One button; `suits(run)` says whether it is offered, `done` is what the person is told afterwards.

    What cannot be taken back `is_danger`; what a person most likely came for `is_primary`.
    """

    verb: str
    label: str
    question: str
    done: str
    suits: Callable[[WorkflowRun], bool]
    act: Callable[..., WorkflowRun]
    is_danger: bool = False
    is_primary: bool = False


def _under_way(run: WorkflowRun) -> bool:
    return not run.is_over and run.cancel_requested_at is None


CONTROLS = (
    RunControl(
        verb="pause",
        label="Pause",
        question="Nothing more begins until somebody resumes it. A step at work ends first.",
        done="Paused. Nothing more begins until it is resumed.",
        suits=lambda run: _under_way(run) and run.status != "paused",
        act=pause_run,
    ),
    RunControl(
        verb="resume",
        label="Resume",
        question="It goes on where it is.",
        done="Resumed.",
        suits=lambda run: run.status == "paused",
        act=resume_run,
        is_primary=True,
    ),
    RunControl(
        verb="cancel",
        label="Cancel the run",
        question="Nothing more begins, and open approvals are withdrawn. What is already with TikTok cannot be "
        "called back: it is followed to its end.",
        done="Cancelled. Nothing more begins.",
        suits=_under_way,
        act=cancel_run,
        is_danger=True,
    ),
    RunControl(
        verb="run_for_real",
        label="Run for real",
        question="A new run with the same input: agents work again, people are asked, and what they approve is sent.",
        done="This is the run for real.",
        suits=lambda run: run.is_dry_run,
        act=run_for_real,
        is_primary=True,
    ),
)


def controls_for(run: WorkflowRun) -> list[RunControl]:
    """Return the buttons that suit the run now."""
    return [control for control in CONTROLS if control.suits(run)]


def retriable_steps(run: WorkflowRun, steps: Sequence[WorkflowStep]) -> set[UUID]:
    """Return the steps that may be tried again: those that failed, in their newest round."""
    if run.status in {"succeeded", "cancelled"} or run.cancel_requested_at is not None:
        return set()
    newest = {(step.key, step.item): step for step in sorted(steps, key=lambda step: step.round)}
    return {step.id for step in newest.values() if step.status == "failed"}


def steer(run: WorkflowRun, posted: Any, *, by: User) -> tuple[WorkflowRun, str]:
    """Do what a posted form asks for on the run; return the run to show, and what to tell the person.

    Raises `Refused` where that cannot be done, and `KeyError` for a verb there is no button for.
    """
    verb, reason = posted.get("verb", ""), posted.get("reason", "").strip()
    if verb == "retry":
        run = retry_step(step_id=UUID(posted.get("step", "")), by=by, reason=reason)
        return run, "It is tried again, and everything behind it."
    control = {control.verb: control for control in CONTROLS}[verb]
    return control.act(run_id=run.id, by=by, reason=reason), control.done
