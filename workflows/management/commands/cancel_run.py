"""`manage.py cancel_run RUN`: let nothing more begin in a run; what is on its way is followed to its end."""

from uuid import UUID

from workflows.control import cancel_run
from workflows.control_commands import BY, ControlCommand
from workflows.models import WorkflowRun


class Command(ControlCommand):
    """Let nothing more begin in a run; what is on its way is followed to its end."""

    help = "Let nothing more begin in a run; what is on its way is followed to its end."
    subject = "run"

    def act(self, subject_id: UUID, *, reason: str) -> WorkflowRun:
        """Let nothing more begin in a run; what is on its way is followed to its end."""
        return cancel_run(run_id=subject_id, by=BY, reason=reason)
