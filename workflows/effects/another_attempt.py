"""A person's word that an effect nobody was sure of is not live: it may begin once more, and only once."""

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from approvals.kinds import kind_of
from approvals.policy import MayNotDecide
from approvals.services import check_may_decide
from tiktok_ops.accounts.models import User
from tiktok_ops.errors import Overtaken, Refused
from workflows.effects import ledger
from workflows.effects.models import Effect
from workflows.effects.next_look import UNKNOWN_LONG
from workflows.models import WorkflowRun, WorkflowStep
from workflows.protocol import wake
from workflows.transitions import STEP

LONGEST_REASON = 300


class AttemptRefused(Refused):
    """This effect may not begin once more."""


class NothingToAllow(Overtaken):
    """This effect does not wait for another attempt."""


def allow_another_attempt(*, effect_id: UUID, by: User, reason: str) -> Effect:
    """Let an effect that was unknown for long begin once more, on the word of a second person; ring for it.

    It then goes on as a first attempt does: the same bytes, under a seal that is checked again. Raises
    `MayNotDecide`, `AttemptRefused`, `NothingToAllow`, or `WorkerAtIt` while a worker is asking TikTok.
    """
    effect = Effect.objects.get(id=effect_id)
    with transaction.atomic():
        step = ledger.lock_waiting(effect)
        ledger.lock(effect)
        now = Effect.objects.select_related("request__account", "decision").get(id=effect_id)
        check_may_allow(now, by)
        _check_awaited(now)
        _check_goes_on(step)
        ledger.move(
            now,
            "prepared",
            by=by,
            cleared_by=Effect.Clearance.PERSON,
            attempt_allowed_by=by,
            attempt_allowed_at=Now(),
            attempt_reason=_checked(reason),
            provider_ref="",
            chunk_bytes=None,
            error="",
            evidence={**now.evidence, "earlier_reference": now.provider_ref},
        )
        wake(step.id)
    return Effect.objects.get(id=effect_id)


def check_may_allow(effect: Effect, by: User) -> None:
    """Raise `MayNotDecide` unless this is an approver of the account, and another than who approved the effect.

    Before the lock it is a hint for the page.
    """
    check_may_decide(effect.request, kind_of(effect.request.kind), by, "approve")
    if effect.decision.decided_by_id == by.id:
        raise MayNotDecide(
            "You approved this yourself, and that it may be sent once more takes a second person's word: "
            "ask another approver to look."
        )


def _check_awaited(effect: Effect) -> None:
    """Raise unless nobody was sure of the effect for long, by the database's clock, and it had no second attempt."""
    if effect.status != "unknown":
        raise NothingToAllow(f"This effect is {effect.status.replace('_', ' ')}: it needs no other attempt.")
    if effect.attempt_allowed_by is not None:
        raise AttemptRefused(
            f"One more attempt was allowed already, by {effect.attempt_allowed_by} at "
            f"{effect.attempt_allowed_at:%Y-%m-%d %H:%M} UTC: start the post again, so that it is asked for again."
        )
    if not Effect.objects.filter(id=effect.id, status_since__lte=Now() - UNKNOWN_LONG).exists():
        raise NothingToAllow(
            f"TikTok is still being asked: say so once this is unknown for {UNKNOWN_LONG.seconds // 60} minutes."
        )


def _check_goes_on(step: WorkflowStep) -> None:
    """Raise `AttemptRefused` where nobody would carry it out."""
    if step.status in STEP.terminal:
        raise AttemptRefused(
            "Its step has ended, so nobody would send it: try the step again on the run's page; it is then "
            "asked for again."
        )
    if WorkflowRun.objects.filter(id=step.run_id, cancel_requested_at__isnull=False).exists():
        raise AttemptRefused("Its run was cancelled, so nothing more is sent: start the post again.")


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise AttemptRefused(
            f"The reason is {reason[:80]!r}: say in 1 to {LONGEST_REASON} characters where you looked."
        )
    return reason
