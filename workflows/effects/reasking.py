"""A seal that broke: what would go out now is asked anew, and a new decision takes the old one's place."""

from typing import Any

from pydantic import ValidationError

from approvals.kinds import kind_of
from approvals.models import ApprovalRequest, Decision
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.protocol import resume, wake


def as_it_is_now(effect: Effect) -> dict[str, Any] | None:
    """Return the request's payload as the database has it now; None where it is not of its kind any more."""
    request = ApprovalRequest.objects.get(id=effect.request_id)
    try:
        payload = kind_of(request.kind).Payload.model_validate_json(bytes(request.payload))
    except ValidationError:
        return None
    return payload.model_dump(mode="json")


def held_by(request: ApprovalRequest) -> Effect | None:
    """Return the effect for which this was asked again, if it was."""
    if request.supersedes_id is None:
        return None
    asked_before = ApprovalRequest.objects.filter(step_id=request.step_id, version__lt=request.version)
    return Effect.objects.filter(request__in=asked_before, status="held").first()


def resume_effect(effect: Effect, decision: Decision, outcome: dict[str, Any]) -> bool:
    """Let a held effect go on under a new decision, or end with it; in that decision's transaction.

    Returns whether its step did wait for that.

    `outcome` is what the gate makes of a decision, as `workflow_resume` reads it.
    Lock order: the caller holds the request; run and step come before the effect.
    """
    step = ledger.lock_waiting(effect)
    if decision.verb == Decision.Verb.APPROVE:
        ledger.reseal(effect, decision)
        return wake(step.id)
    ledger.move(ledger.lock(effect), "failed", by=decision.decided_by, error=outcome["error"])
    return resume(step.id, outcome)
