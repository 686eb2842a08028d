"""The only writer of effects. Every function is one transaction: lock, guard, write.

Lock order: request, run, step, effect. Whatever a worker writes is fenced by its claim on the step: one
that lost it gets `LeaseLost` and has written nothing. Every move is an event of the run and an audit row.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from approvals.models import ApprovalRequest, Decision
from approvals.screening import screened
from approvals.seal import SealBroken, digest_of
from approvals.services import Asking, check_decision, open_request, release
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.audit.services import record
from tiktok_ops.clock import database_now
from tiktok_ops.errors import Overtaken, Refused
from tiktok_ops.vault.envelope import open_text, seal_text
from tiktok_ops.vault.rotation import Sealed
from workflows.alarms import raise_for_lost_effect, raise_for_undone_effect, resolve_for_effect
from workflows.effects.final_scan import check_final, scan_final
from workflows.effects.models import Effect
from workflows.effects.parts import with_what_is_there
from workflows.effects.registry import EFFECTS
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import ActionNode
from workflows.outcomes import LeaseLost
from workflows.stop_switch import check_not_stopped
from workflows.transitions import EFFECT
from workflows.work import Work

WORKER = "worker"
FACTS_LAST_SECONDS = 60.0
STRANDED = frozenset({"prepared", "sending", "sent"})
"""Where an effect cannot be left when its step has ended: nobody would go on with it, or ask about it."""
ON_ITS_WAY = ("sending", "sent", "unknown", "confirmed")
"""In these, something may be out: it is followed to its end, whatever becomes of the run."""


class RunStopped(Refused):
    """The run was paused or cancelled before anything was sent."""


class WorkerAtIt(Overtaken):
    """A worker is at it this very moment: try again in a few seconds."""


class FactsTooOld(Refused):
    """What TikTok allows was asked too long ago."""


class ScanTooOld(FactsTooOld):
    """The guardrails checked it too long ago."""


def effect_of(work: Work, *, kind: str) -> Effect:
    """Return the step's effect; made, `prepared`, when the step comes here for the first time."""
    with transaction.atomic():
        step = lock_step(work)
        found = Effect.objects.filter(step=step).first()
        return _read(found.id) if found else _prepare(work, step, kind)


def _prepare(work: Work, step: WorkflowStep, kind: str) -> Effect:
    """Write the effect down before it begins; what it sends is what its gate put out."""
    if not isinstance(work.node, ActionNode):
        raise TypeError(work.node)
    decision = _decision_of(work, step, gate=work.node.gate)
    account = decision.request.account
    sealed = bytes(decision.payload)
    is_whole = digest_of(sealed) == decision.payload_sha256  # where it is not, it gets no leave to start
    payload = json.loads(sealed) if is_whole else work.outputs[work.node.gate]["payload"]
    effect = Effect.objects.create(
        workspace_id=account.workspace_id,
        account=account,
        step=step,
        kind=kind,
        idempotency_key=f"{kind}:{step.id}",
        request=decision.request,
        decision=decision,
        payload_sha256=decision.payload_sha256,
        delivery=payload["delivery"],
        mode=payload["mode"],
    )
    _tell(effect, by=WORKER, data={"approved_by": str(decision.decided_by)})
    return _read(effect.id)


def _decision_of(work: Work, step: WorkflowStep, *, gate: str) -> Decision:
    """Return the decision the gate put out; raises `SealBroken` where that is one on something else."""
    decision = Decision.objects.select_related("request__account").get(id=work.outputs[gate]["decision"])
    asked_by = WorkflowStep.objects.filter(id=decision.request.step_id, run_id=step.run_id, key=gate)
    if not asked_by.exists():
        raise SealBroken("What the gate put out is an approval of something else: nothing was sent.")
    return decision


def keep_facts(work: Work, effect: Effect, creator: Mapping[str, Any]) -> None:
    """Keep what TikTok allows the account now."""
    with transaction.atomic():
        lock_step(work)
        Effect.objects.filter(id=effect.id).update(creator=dict(creator), checked_at=Now())


def begin(
    work: Work,
    effect: Effect,
    *,
    payload: bytes,
    guard: Callable[[TikTokAccount, Mapping[str, Any] | None], None],
) -> float:
    """Let the effect start: `sending`, or `handed_over` where it is delivered by hand.

    Returns when the leave was given, by this process's monotonic clock, in seconds.

    `payload` are the bytes about to be sent; they must be those of the decision, under an unbroken seal.
    `guard` gets the account and what TikTok allows it as they are now, and raises where they do not fit.
    The guardrails check the bytes before the transaction, which goes by what is stored of that. Raises what `guard`
    and `check_final` raise, `RunStopped`, `Stopped`, `FactsTooOld`, `SealBroken` or `LeaseLost`; then it has not begun.
    """
    _keep_scan(work, effect, scan_final(effect, payload))
    with transaction.atomic():
        request = ApprovalRequest.objects.select_for_update().get(id=effect.request_id)
        step = lock_step(work)
        if step.run.status in {"paused", "cancelled"} or step.run.cancel_requested_at is not None:
            raise RunStopped
        now = lock(effect)
        check_seal_of(now, request=request, payload=payload)
        is_direct = now.delivery == Effect.Delivery.DIRECT
        if is_direct and not _is_fresh(now.checked_at):
            raise FactsTooOld
        if now.scan is None or now.scan["sha256"] != digest_of(payload) or not _is_fresh(now.scanned_at):
            raise ScanTooOld
        check_final(now.scan, payload)
        guard(now.account, now.creator if is_direct else None)
        given_at = time.monotonic()  # before the switch is read, so that the leave is not good for longer
        check_not_stopped(now.account, work.workflow.slug)
        release(request)
        if is_direct:
            move(now, "sending", claims=F("claims") + 1, looks=0, provider_ref="", cleared_by="", error="")
        else:
            move(now, "handed_over")
    return given_at


def _keep_scan(work: Work, effect: Effect, scan: Mapping[str, Any]) -> None:
    """Keep what the guardrails made of the bytes about to leave."""
    with transaction.atomic():
        lock_step(work)
        Effect.objects.filter(id=effect.id).update(scan=dict(scan), scanned_at=Now())


def check_seal_of(effect: Effect, *, request: ApprovalRequest, payload: bytes) -> None:
    """Raise `SealBroken` unless exactly these bytes were approved and nothing has changed since."""
    decision = Decision.objects.select_related("request").get(id=effect.decision_id)
    if request.status not in {"approved", "released"}:
        raise SealBroken("The approval does not hold any more: it was set aside.")
    if digest_of(payload) != effect.payload_sha256:
        raise SealBroken
    if json.loads(payload)["delivery"] != effect.delivery:
        raise SealBroken(f"It was not approved to be delivered as {effect.delivery!r}.")
    check_decision(decision)


def keep_ticket(work: Work, effect: Effect, *, publish_id: str, upload_url: str, chunk_bytes: int) -> Effect:
    """Keep TikTok's publish id and where the bytes go, before the first of them leaves."""
    with transaction.atomic():
        lock_step(work)
        Effect.objects.filter(id=lock(effect).id).update(
            provider_ref=publish_id,
            upload_secret=seal_text(upload_url, binding=_binding(effect)),
            chunk_bytes=chunk_bytes,
        )
    return _read(effect.id)


def upload_url_of(effect: Effect) -> str:
    """Return where the bytes go; raises `VaultRefused` when it cannot be opened."""
    return open_text(bytes(effect.upload_secret or b""), binding=_binding(effect))


def _binding(effect: Effect) -> str:
    return f"effect:{effect.id}:upload_url"


SEALED_ADDRESSES = Sealed(
    name="upload addresses",
    rows=Effect.objects.all,
    column="upload_secret",
    binding_of=_binding,
)
"""What a change of the vault's keys reaches of effects."""


def advance(work: Work, effect: Effect, status: str, **changes: Any) -> Effect:
    """Move the effect under the worker's claim and return it anew.

    Raises `TransitionRefused` when it is no longer where that leads from.
    """
    with transaction.atomic():
        lock_step(work)
        move(lock(effect), status, **changes)
    return _read(effect.id)


def fail(work: Work, effect: Effect, *, error: str) -> str:
    """End an approved effect, with its alert, under the worker's claim; return the error with what is there of it."""
    with transaction.atomic():
        lock_step(work)
        now = lock(effect)
        told = with_what_is_there(now, error)
        move(now, "failed", error=error)
        raise_for_undone_effect(now, error=told)
    return told


def looked(work: Work, effect: Effect, **changes: Any) -> Effect:
    """Count one more look at what became of the effect."""
    with transaction.atomic():
        lock_step(work)
        Effect.objects.filter(id=effect.id).update(looks=F("looks") + 1, **changes)
    return _read(effect.id)


def hold(work: Work, effect: Effect, *, why: str, payload: Any) -> UUID:
    """Hold the effect and ask again, for `payload`, in the gate's place; return the new request's id.

    Raises `ContentBlocked` where the guardrails refuse that.
    """
    screening = screened(
        payload, effect.account, run_id=effect.request.run_id, step_id=effect.request.step_id
    )
    with transaction.atomic():
        before = (
            ApprovalRequest.objects.select_for_update(of=("self",))
            .select_related("account", "requested_by")
            .get(id=effect.request_id)
        )
        lock_step(work)
        move(lock(effect), "held", error=why)
        asked = open_request(
            kind=before.kind,
            account=before.account,
            payload=payload,
            facts={**before.facts, "why_again": why},
            asking=Asking(run_id=before.run_id, step_id=before.step_id, requested_by=before.requested_by),
            screening=screening,
        )
    return asked.id


def lock_waiting(effect: Effect) -> WorkflowStep:
    """Lock run and step of an effect no worker is at; raises `WorkerAtIt` while one is."""
    step = WorkflowStep.objects.get(id=effect.step_id)
    WorkflowRun.objects.select_for_update().get(id=step.run_id)
    step = WorkflowStep.objects.select_for_update().get(id=step.id)
    if step.status == "running":
        raise WorkerAtIt
    return step


def reseal(effect: Effect, decision: Decision) -> None:
    """Put a held effect under a new decision, in that decision's transaction."""
    payload = json.loads(bytes(decision.payload))
    move(
        lock(effect),
        "prepared",
        by=decision.decided_by,
        request=decision.request,
        decision=decision,
        payload_sha256=decision.payload_sha256,
        delivery=payload["delivery"],
        error="",
    )


def lock_step(work: Work) -> WorkflowStep:
    """Lock run and step; raise `LeaseLost` unless the step is still this worker's."""
    WorkflowRun.objects.select_for_update().get(id=work.step.run_id)
    step = (
        WorkflowStep.objects.select_for_update(of=("self",)).select_related("run").get(id=work.claim.step_id)
    )
    if step.status != "running" or step.claims != work.claim.number:
        raise LeaseLost
    return step


def lock(effect: Effect) -> Effect:
    """Return the effect as it is now, locked."""
    return Effect.objects.select_for_update().get(id=effect.id)


def move(effect: Effect, status: str, *, by: User | str = WORKER, **changes: Any) -> None:
    """Move a locked effect, with the event and the audit row; raises `TransitionRefused`."""
    EFFECT.check(effect.status, status)
    if status in EFFECT.terminal:
        changes["finished_at"] = Now()
    if status == "failed":
        changes["error"] = with_what_is_there(effect, changes["error"])
    if status not in {"sending", "sent", "unknown"}:
        changes["upload_secret"] = None
    Effect.objects.filter(id=effect.id).update(status=status, status_since=Now(), **changes)
    if status == "confirmed" and (keep := EFFECTS[effect.kind].keep):
        keep(effect.account_id, json.loads(bytes(effect.decision.payload)))
    before, effect.status = effect.status, status
    if before == "unknown":
        resolve_for_effect(effect, by=by)
    told = {
        name: changes[name]
        for name in ("error", "provider_ref", "url", "attempt_reason")
        if changes.get(name)
    }
    _tell(effect, by=by, data={"from": before, **told})


def _tell(effect: Effect, *, by: User | str, data: Mapping[str, Any]) -> None:
    """Write down where the effect is now, for the run's readers and for the audit trail."""
    step = WorkflowStep.objects.get(id=effect.step_id)
    event = {"key": step.key, "item": step.item, "round": step.round, "effect": str(effect.id), **data}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_event(%s, %s, %s::jsonb)",
            [step.run_id, f"effect.{effect.status}", json.dumps(event)],
        )
    record(
        f"effect.{effect.status}",
        by=by,
        subject=f"effect {effect.id}",
        workspace_id=effect.workspace_id,
        data={"kind": effect.kind, "payload_sha256": effect.payload_sha256, **data},
    )


def _read(effect_id: UUID) -> Effect:
    return Effect.objects.select_related("account", "decision", "request").get(id=effect_id)


def _is_fresh(at: datetime | None) -> bool:
    return at is not None and at >= database_now() - timedelta(seconds=FACTS_LAST_SECONDS)


def strand(effect: Effect) -> bool:
    """Say what is known of an effect whose step ended without it; return whether there was anything to say.

    A step ends so when its worker died too often, or on a fault of ours: what may have been sent is
    `unknown` until somebody looks, what was not begun has failed.
    """
    with transaction.atomic():
        try:
            step = lock_waiting(effect)
        except WorkerAtIt:
            return False
        now = lock(effect)
        if step.finished_at is None or now.status not in STRANDED:
            return False
        if now.status == "prepared" or _has_not_left(now):
            error = step.error or "Its step ended before it began."
            move(now, "failed", by="keeper", error=error)
            if step.status != "cancelled":  # what people call off is no failure
                raise_for_undone_effect(now, error=with_what_is_there(now, error))
        else:
            move(now, "unknown", by="keeper", error="Its worker ended without a word; look on TikTok.")
            raise_for_lost_effect(now)
    return True


def _has_not_left(effect: Effect) -> bool:
    """Return whether nothing of it can have left: it leaves by TikTok's reference, and has none."""
    return EFFECTS[effect.kind].leaves_by_reference and not effect.provider_ref


def raise_if_lost(effect: Effect) -> bool:
    """Raise the alert for an effect that is unknown; return False where it no longer is."""
    with transaction.atomic():
        if lock(effect).status != "unknown":
            return False
        raise_for_lost_effect(_read(effect.id))
    return True


def call_off(step: WorkflowStep, *, by: User | str, why: str) -> None:
    """Cancel a locked step nobody is at, and the effect it had not begun or had handed to a person."""
    for effect in Effect.objects.select_for_update().filter(step=step).exclude(status="failed"):
        move(effect, "failed", by=by, error=why)
    WorkflowStep.objects.filter(id=step.id).update(
        status="cancelled", error=why, wake_at=None, finished_at=Now()
    )
    data = {"key": step.key, "item": step.item, "round": step.round}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_event(%s, 'step.cancelled', %s::jsonb)", [step.run_id, json.dumps(data)]
        )
