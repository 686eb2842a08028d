"""What the studio's callback does: the step that waits for its job looks at the job now."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.models import WorkflowStep
from workflows.transitions import STEP
from workflows.webhooks.handled import Handled, bring_forward, ignored, not_understood, too_early
from workflows.webhooks.models import WebhookMessage

_REFERENCE = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[0-9]{1,3})?$"


class Callback(BaseModel):
    """The body of a callback; what the format may gain later is passed over.

    `reference` is the key we gave the job: the id of the step that submitted it, and of several jobs which.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    event: Literal["job.succeeded", "job.failed"]
    job_id: str = Field(pattern=r"^[!-~]{1,64}$")
    reference: str = Field(pattern=_REFERENCE)

    @property
    def step_id(self) -> UUID:
        """The step that submitted the job."""
        return UUID(self.reference.partition(".")[0])


def handle(message: WebhookMessage) -> Handled:
    """Find the step that submitted the job, and let what waits for it look."""
    try:
        told = Callback.model_validate_json(bytes(message.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        return not_understood(f"It is no callback of a job: {where!r} does not do ({first['type']}).")
    submitted = WorkflowStep.objects.filter(id=told.step_id, kind="studio_job").first()
    if submitted is None:
        return too_early(f"No step submitted a job under the key {told.reference!r}.")
    if submitted.status not in STEP.terminal:
        return too_early("The step that submitted it has not written down its job yet.")
    output = submitted.output or {}
    if told.job_id not in output.get("jobs", [output.get("job")]):
        return ignored(f"It is about the job {told.job_id!r}, which that step did not submit.")
    waiting = WorkflowStep.objects.filter(depends_on__upstream=submitted, kind="wait").order_by("id")
    return bring_forward(list(waiting))
