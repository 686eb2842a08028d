"""What the studio's callback does: the step that waits for its job looks at the job now."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.models import WorkflowStep
from workflows.transitions import STEP
from workflows.webhooks.handled import Handled, bring_forward, ignored, not_understood, too_early
from workflows.webhooks.models import WebhookMessage


class Callback(BaseModel):
    """The body of a callback; what the format may gain later is passed over.

    `reference` is the key we gave the job: the id of the step that submitted it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    event: Literal["job.succeeded", "job.failed"]
    job_id: str = Field(pattern=r"^[!-~]{1,64}$")
    reference: UUID


def handle(message: WebhookMessage) -> Handled:
    """Find the step that submitted the job, and let what waits for it look."""
    try:
        told = Callback.model_validate_json(bytes(message.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        return not_understood(f"It is no callback of a job: {where!r} does not do ({first['type']}).")
    submitted = WorkflowStep.objects.filter(id=told.reference, kind="studio_job").first()
    if submitted is None:
        return too_early(f"No step submitted a job under the key {str(told.reference)!r}.")
    if submitted.status not in STEP.terminal:
        return too_early("The step that submitted it has not written down its job yet.")
    if (submitted.output or {}).get("job") != told.job_id:
        return ignored(f"It is about the job {told.job_id!r}, which that step did not submit.")
    waiting = WorkflowStep.objects.filter(depends_on__upstream=submitted, kind="wait").order_by("id")
    return bring_forward(list(waiting))
