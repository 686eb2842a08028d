"""`manage.py resume_run RUN`: let a paused run go on."""

from uuid import UUID

from workflows.control import resume_run
from workflows.control_commands import BY, ControlCommand
from workflows.models import WorkflowRun


class Command(ControlCommand):
    """Let a paused run go on."""

    help = "Let a paused run go on."
    subject = "run"

    def act(self, subject_id: UUID, *, reason: str) -> WorkflowRun:
        """Let a paused run go on."""
        return resume_run(run_id=subject_id, by=BY, reason=reason)
