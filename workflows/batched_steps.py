"""Steps whose agent may wait for a batch: parked until it is answered, and called off when they end before."""

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from agents.batch_care import LOOK_AGAIN, call_off
from agents.batch_models import UNSETTLED
from agents.batching import Parked
from agents.models import BatchedQuestion
from tiktok_ops.queue import ring
from workflows.models import WorkflowStep
from workflows.nodes import AgentNode
from workflows.outcomes import Waits
from workflows.transitions import STEP
from workflows.waiting_nodes import look_again_seconds

DOORBELL = "workflows.batched_steps.call_off_one"
PAGE = 200


def park(node: AgentNode, parked: Parked) -> Waits:
    """Return how a step waits for its batch: it looks again in half the time waited so far, at most in 5 minutes."""
    pause = look_again_seconds(waited_seconds=parked.waited_seconds, left_seconds=parked.left_seconds)
    return Waits(f"{node.label}: {parked.why}", pause)


def abandoned() -> QuerySet[BatchedQuestion]:
    """Return the questions nobody waits for any more, and of which something is still to be asked outside."""
    waits = WorkflowStep.objects.filter(id=OuterRef("step_id")).exclude(status__in=sorted(STEP.terminal))
    return BatchedQuestion.objects.filter(
        ~Exists(waits) | Q(status="cancelling") | ~Q(agent_run__status="running"), status__in=UNSETTLED
    )


def abandoned_and_due() -> QuerySet[BatchedQuestion]:
    """Return those whose turn to be looked at has come."""
    return abandoned().filter(look_at__lte=Now())


def ring_for_abandoned() -> int:
    """Ring for each of them, once a minute at most; return how many. The keeper itself calls nobody outside."""
    with transaction.atomic():
        due = list(
            abandoned_and_due()
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("look_at")
            .values_list("id", flat=True)[:PAGE]
        )
        BatchedQuestion.objects.filter(id__in=due).update(look_at=Now() + LOOK_AGAIN)
        for question_id in due:
            ring(DOORBELL, question_id)
    return len(due)


def call_off_one(question_id: str) -> None:
    """Go on with ending a question, where still nobody waits for it; rung for by the keeper."""
    if abandoned().filter(id=UUID(question_id)).exists():
        call_off(UUID(question_id))
