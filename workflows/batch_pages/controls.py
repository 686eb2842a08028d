"""The buttons on a batch's page: what each is called, what it asks first, and the service it calls."""

from collections.abc import Callable
from dataclasses import dataclass

from workflows.batch_models import Progress
from workflows.batches import Steered, cancel_batch, pause_batch, resume_batch


@dataclass(frozen=True, slots=True)
class BatchControl:
    """One button; `suits(progress)` says whether it is offered, `became` is what its runs are then.

    What cannot be taken back `is_danger`; what a person most likely came for `is_primary`.
    """

    verb: str
    label: str
    question: str
    became: str
    suits: Callable[[Progress], bool]
    act: Callable[..., Steered]
    is_danger: bool = False
    is_primary: bool = False


CONTROLS = (
    BatchControl(
        verb="pause",
        label="Pause all",
        question="In none of its runs anything more begins until somebody resumes them. Steps at work end first.",
        became="paused",
        suits=lambda progress: progress.over + progress.paused < progress.runs,
        act=pause_batch,
    ),
    BatchControl(
        verb="resume",
        label="Resume all",
        question="The runs that are paused go on where they are.",
        became="resumed",
        suits=lambda progress: progress.paused > 0,
        act=resume_batch,
        is_primary=True,
    ),
    BatchControl(
        verb="cancel",
        label="Cancel all",
        question="In none of its runs anything more begins, and open approvals are withdrawn. What is already with "
        "TikTok cannot be called back: it is followed to its end.",
        became="cancelled",
        suits=lambda progress: not progress.is_over,
        act=cancel_batch,
        is_danger=True,
    ),
)


def controls_for(progress: Progress) -> list[BatchControl]:
    """Return the buttons that suit the batch now."""
    return [control for control in CONTROLS if control.suits(progress)]


def find_control(verb: str) -> BatchControl | None:
    """Return the button with this verb, if there is one."""
    return next((control for control in CONTROLS if control.verb == verb), None)
