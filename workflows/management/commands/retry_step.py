"""`manage.py retry_step STEP`: do a failed step again, and everything behind it."""

from uuid import UUID

from workflows.control import retry_step
from workflows.control_commands import BY, ControlCommand
from workflows.models import WorkflowRun


class Command(ControlCommand):
    """Do a failed step again, and everything behind it."""

    help = "Do a failed step again, and everything behind it."
    subject = "step"

    def act(self, subject_id: UUID, *, reason: str) -> WorkflowRun:
        """Do a failed step again, and everything behind it."""
        return retry_step(step_id=subject_id, by=BY, reason=reason)
