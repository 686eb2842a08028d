"""Effects as the ledger leaves them: asked for, approved under a good seal, and on their way as far as said."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from approvals.models import ApprovalRequest, Decision
from approvals.services import approve
from tests.factories.accounts import AccountFactory, UserFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.factories.figures import NOON
from tests.factories.workflows import WorkflowStepFactory
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from workflows.effects.models import Effect
from workflows.models import WorkflowStep
from workflows.transitions import EFFECT

TROUBLED = {"held": "The delivery of @lumen was changed.", "failed": "TikTok did not publish it: spam_risk."}
REFERENCE = "v_pub_file~v2-1.7300000000000000000"


def effect_on(
    account: TikTokAccount | None = None,
    *,
    status: str = "prepared",
    approver: User | None = None,
    given: dict[str, Any] | None = None,
    **changes: Any,
) -> Effect:
    """Return an effect of a run that asked and was approved, its step waiting for what comes next.

    `given` goes into the run's brief, `changes` are fields of the effect.
    """
    account = account or AccountFactory.create()
    account.delivery = changes.setdefault("delivery", "by_hand" if status == "handed_over" else "direct")
    account.save(update_fields=["delivery"])
    request = request_of(asked_run(account, given=given or {}))
    decision = approve(
        request_id=request.id,
        by=approver or person(account.workspace, Role.APPROVER, first_name="Ana"),
        channel="admin",
        seen_sha256=request.payload_sha256,
    )
    step = WorkflowStepFactory.create(
        run_id=request.run_id, key="post", position=7, kind="action", status="waiting"
    )
    return make_effect(decision, step, status=status, **changes)


def yes_to(request: ApprovalRequest, *, payload: bytes | None = None) -> Decision:
    """Return an approval as it would lie in the database, without a run that goes on; `payload` as it was then."""
    return Decision.objects.create(
        request=request,
        verb="approve",
        decided_by=UserFactory.create(),
        channel="admin",
        payload=payload or bytes(request.payload),
        payload_sha256=request.payload_sha256,
        seal="0" * 64,
        seal_key_id="dev",
        decided_at=NOON,
    )


def make_effect(
    decision: Decision, step: WorkflowStep, *, status: str = "prepared", **changes: Any
) -> Effect:
    """Return the effect of a step that sends what was approved, in this status."""
    account = decision.request.account
    values: dict[str, Any] = {
        "kind": "post_video",
        "idempotency_key": f"post_video:{step.id}",
        "payload_sha256": decision.payload_sha256,
        "delivery": "direct",
        "mode": account.mode,
        **_companions(status),
        **changes,
    }
    return Effect.objects.create(
        workspace_id=account.workspace_id,
        account=account,
        step=step,
        request=decision.request,
        decision=decision,
        **values,
    )


def _companions(status: str) -> dict[str, Any]:
    """Return the status with what the database demands of it."""
    values: dict[str, Any] = {"status": status, "error": TROUBLED.get(status, "")}
    if status in EFFECT.terminal:
        values["finished_at"] = timezone.now()
    if status in {"sent", "confirmed"}:
        values["provider_ref"] = REFERENCE
    if status == "confirmed":
        values["confirmed_by"] = "provider"
    if status in {"prepared", "held"}:  # where it was begun before
        values["cleared_by"] = "nothing_left"
    return values


def tell(effect: Effect, status: str, **data: Any) -> None:
    """Write an event about the effect into its run, as the ledger does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_event(%s, %s, jsonb_build_object('key', 'post', 'effect', %s::text) || %s::jsonb)",
            [effect.step.run_id, f"effect.{status}", str(effect.id), json.dumps(data)],
        )


def since(effect: Effect, moment: datetime) -> None:
    """Let the effect have had its status since then."""
    Effect.objects.filter(id=effect.id).update(status_since=moment)
