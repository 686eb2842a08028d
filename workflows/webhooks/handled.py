"""What a message came to, as plain values, and the one thing messages do: bring a step's own look forward."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflows.models import WorkflowStep
from workflows.protocol import wake
from workflows.transitions import STEP


@dataclass(frozen=True, slots=True)
class Handled:
    """A message's new status, and a sentence on why; one that stays `received` came too early."""

    status: str
    note: str


def done(note: str) -> Handled:
    """Return that the message did what it could."""
    return Handled("processed", note)


def ignored(note: str) -> Handled:
    """Return that the message is none of our business."""
    return Handled("ignored", note)


def not_understood(note: str) -> Handled:
    """Return that nobody can tell what the message says."""
    return Handled("not_understood", note)


def too_early(note: str) -> Handled:
    """Return that what the message is about is not there yet: it is looked at again."""
    return Handled("received", note)


def bring_forward(steps: Sequence[WorkflowStep]) -> Handled:
    """Let those of the steps that wait for their next look take it now; the look tells the truth, not the message.

    A step that waits for a person, or for nothing, is left alone. In the caller's transaction.
    """
    looking = [step for step in steps if step.status == "waiting" and step.wake_at is not None]
    woken = [step.key for step in looking if wake(step.id)]
    if woken:
        return done(f"{', '.join(map(repr, woken))} looks now instead of later.")
    if all(step.status in STEP.terminal for step in steps):
        return done("What it is about had ended already.")
    return too_early("What it is about does not wait for it yet.")
