"""`manage.py pause_run RUN`: let nothing more begin in a run until it is resumed."""

from uuid import UUID

from workflows.control import pause_run
from workflows.control_commands import BY, ControlCommand
from workflows.models import WorkflowRun


class Command(ControlCommand):
    """Let nothing more begin in a run until it is resumed."""

    help = "Let nothing more begin in a run until it is resumed."
    subject = "run"

    def act(self, subject_id: UUID, *, reason: str) -> WorkflowRun:
        """Let nothing more begin in a run until it is resumed."""
        return pause_run(run_id=subject_id, by=BY, reason=reason)
