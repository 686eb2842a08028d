"""Asking and deciding: the only writers of requests and decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.guardrails.scanning import Scan
from approvals.kinds import Kind, kind_of
from approvals.lessons import propose_from_rejection
from approvals.models import ApprovalRequest, Decision
from approvals.policy import MayNotDecide, Person, Question, check_person_can_decide
from approvals.screening import check_before_approval, keep_screening, risk_with, screening_of
from approvals.seal import Seal, SealBroken, Sealed, check_seal, digest_of, seal
from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User
from tiktok_ops.audit.services import record
from tiktok_ops.canonical import canonical_json
from tiktok_ops.cells import visible
from tiktok_ops.clock import database_now
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import NotThere, Overtaken, Refused
from tiktok_ops.rest.scoping import Caller

MODE_PATH = "account__mode"
"""What keeps an approval from a key that is for the sandbox only, as `Caller.sees` takes it."""


class RequestUnknown(NotThere):
    """There is no such approval."""


class AlreadyDecided(Overtaken):
    """This was decided already."""


class StaleForm(Overtaken):
    """What you saw is not what is asked for now: look at it again."""


class ReasonMissing(Refused):
    """A rejection needs a reason: say in a sentence what is wrong."""


@dataclass(frozen=True, slots=True)
class Asking:
    """On whose behalf a question is asked; `after` is what was asked in the round before, if there was one."""

    run_id: UUID
    step_id: UUID
    requested_by: User | None
    after: ApprovalRequest | None = None


def open_request(
    *,
    kind: str,
    account: TikTokAccount,
    payload: Any,
    facts: Mapping[str, Any],
    asking: Asking,
    screening: Scan | None = None,
) -> ApprovalRequest:
    """Ask for an approval of `payload`, in the caller's transaction; what the step asked before is superseded.

    `screening` is what the guardrails found in it; where it is of something else, they are asked here. Raises
    `KindUnknown`, what the kind's `check` refuses with, `ContentBlocked`, and pydantic's `ValidationError` when
    the payload is not of the kind's shape.
    """
    of_kind = kind_of(kind)
    checked = of_kind.Payload.model_validate(payload)
    of_kind.check(checked, account)
    as_json = checked.model_dump(mode="json")
    found = screening_of(as_json, account, screening)
    before = _supersede(asking.step_id) or asking.after
    request = _create(
        canonical_json(as_json),
        asking,
        account=account,
        kind=kind,
        title=visible(of_kind.title(checked))[:200],
        facts=dict(facts),
        risk=risk_with(of_kind.weigh(checked).risk, found),
        amount_usd=of_kind.weigh(checked).amount_usd,
        version=before.version + 1 if before else 1,
        supersedes=before,
    )
    keep_screening(found, request, by=asking.requested_by or "workflow")
    return request


def _create(
    frozen: bytes, asking: Asking, *, account: TikTokAccount, kind: str, **values: Any
) -> ApprovalRequest:
    """Write the request with its audit row."""
    request = ApprovalRequest.objects.create(
        workspace_id=account.workspace_id,
        account=account,
        kind=kind,
        payload=frozen,
        payload_sha256=digest_of(frozen),
        run_id=asking.run_id,
        step_id=asking.step_id,
        requested_by=asking.requested_by,
        **values,
    )
    record(
        "approval.requested",
        by=asking.requested_by or "workflow",
        subject=f"approval {request.id}",
        workspace_id=account.workspace_id,
        data={"kind": kind, "version": request.version, "payload_sha256": request.payload_sha256},
    )
    return request


def _supersede(step_id: UUID) -> ApprovalRequest | None:
    """Set aside what the step asked before, and return it."""
    before = ApprovalRequest.objects.select_for_update().filter(step_id=step_id).order_by("-version").first()
    if before and before.status in {"open", "on_hold", "approved", "changes_requested", "expired"}:
        ApprovalRequest.objects.filter(id=before.id).update(status="superseded")
    return before


def approve(
    *, request_id: UUID, by: User | ApiKey, channel: str, seen_sha256: str, comment: str = ""
) -> Decision:
    """Approve exactly the bytes whose digest the person saw; see `_decide` for what it raises.

    `by` is a person, or a key that acts for one: the decision is then that person's.
    """
    return _decide(request_id, "approve", by=by, channel=channel, seen_sha256=seen_sha256, comment=comment)


def reject(*, request_id: UUID, by: User | ApiKey, channel: str, seen_sha256: str, comment: str) -> Decision:
    """Reject, with the reason; raises `ReasonMissing` without one, else as `_decide`."""
    if not comment.strip():
        raise ReasonMissing
    return _decide(request_id, "reject", by=by, channel=channel, seen_sha256=seen_sha256, comment=comment)


def _decide(
    request_id: UUID, verb: str, *, by: User | ApiKey, channel: str, seen_sha256: str, comment: str
) -> Decision:
    """Lock, guard, write: the decision, its audit row and what follows from it are one transaction.

    Lock order: request, then (in `on_decided`) run and step. Raises `RequestUnknown`, `AlreadyDecided`
    (naming by whom and when), `MayNotDecide`, `StaleForm`, `SealBroken`, `ContentBlocked` or `NewFindings`; then
    nothing was decided.
    """
    person = _person(by)
    if verb == Decision.Verb.APPROVE:
        _check_with_guardrails(request_id, by, person)
    with transaction.atomic():
        request = _locked(request_id, by)
        kind = kind_of(request.kind)
        _check_open(request)
        check_may_decide(request, kind, person, verb, is_bulk=channel == Decision.Channel.BULK)
        _check_bytes(request, seen_sha256)
        decision = _write(request, verb, by=person, channel=channel, comment=comment.strip())
        record(
            f"approval.{'approved' if verb == 'approve' else 'rejected'}",
            by=person,
            subject=f"approval {request.id}",
            workspace_id=request.workspace_id,
            data=_told(decision, by),
        )
        pass_by(CrashPoint.IN_DECISION, request_id)
        kind.on_decided(request, decision)
        if verb == "reject":
            propose_from_rejection(kind, request, decision)
        pass_by(CrashPoint.BEFORE_DECISION_COMMITS, request_id)
    pass_by(CrashPoint.AFTER_DECISION, request_id)
    return decision


def _check_with_guardrails(request_id: UUID, by: User | ApiKey, person: User) -> None:
    """Ask the guardrails once more about what is to be approved, before anything is locked."""
    seen = Caller(by).sees(ApprovalRequest.objects.all(), mode_path=MODE_PATH)
    request = seen.select_related("account__brand").filter(id=request_id, status="open").first()
    # What was changed in the database meanwhile, and what is not there or decided, the decision itself refuses.
    if request is not None and digest_of(bytes(request.payload)) == request.payload_sha256:
        check_before_approval(request, bytes(request.payload), by=person)


def _person(by: User | ApiKey) -> User:
    """Return whose decision it will be; raises `MayNotDecide` for a key that acts for nobody."""
    if isinstance(by, User):
        return by
    if by.acts_for is None:
        raise MayNotDecide(
            "This API key acts for nobody, and a decision is somebody's own: make a key that acts for you."
        )
    return by.acts_for


def _told(decision: Decision, by: User | ApiKey) -> dict[str, str]:
    """Return what the audit trail keeps of a decision; the key beside the person it acted for."""
    told = {
        "channel": decision.channel,
        "comment": decision.comment,
        "payload_sha256": decision.payload_sha256,
    }
    return told | {"api_key": key_actor(by)} if isinstance(by, ApiKey) else told


def _locked(request_id: UUID, by: User | ApiKey) -> ApprovalRequest:
    """Return the request, locked, if it exists for this person or key; another workspace's is not there."""
    visible = (
        Caller(by).sees(ApprovalRequest.objects.all(), mode_path=MODE_PATH).filter(id=request_id).exists()
    )
    request = (
        ApprovalRequest.objects.select_for_update(of=("self",))
        .select_related("account")
        .filter(id=request_id)
        .first()
    )
    if request is None or not visible:
        raise RequestUnknown(f"There is no approval {str(request_id)!r}.")
    return request


def _check_open(request: ApprovalRequest) -> None:
    """Raise `AlreadyDecided` saying by whom and when, or what became of the request."""
    if request.status == "open":
        return
    decision = request.decisions.select_related("decided_by").order_by("-decided_at").first()
    if decision is not None:
        said = "approved" if decision.verb == "approve" else "rejected"
        raise AlreadyDecided(
            f"This was already {said} by {decision.decided_by} at {decision.decided_at:%H:%M} UTC on "
            f"{decision.decided_at:%Y-%m-%d}."
        )
    raise AlreadyDecided(f"This is no longer open: it is {request.status}.")


def check_may_decide(
    request: ApprovalRequest, kind: Kind, by: User, verb: str, *, is_bulk: bool = False
) -> None:
    """Raise `MayNotDecide` unless this person may. Before the lock it is a hint for the page."""
    # A superuser keeps the system going; deciding for a team takes a role in it.
    holds = ApprovalRequest.objects.granted_to(by, kind.capability).filter(id=request.id).exists()
    check_person_can_decide(
        Person(id=by.id, is_active=by.is_active, has_capability=holds),
        question_of(request, kind),
        verb=verb,
        is_bulk=is_bulk,
    )


def question_of(request: ApprovalRequest, kind: Kind) -> Question:
    """Return what the policy looks at of a request."""
    return Question(
        risk=request.risk,
        amount_usd=request.amount_usd,
        requested_by=request.requested_by_id,
        asked_of=kind.asked_of,
    )


def _check_bytes(request: ApprovalRequest, seen_sha256: str) -> None:
    """Raise unless the bytes are those that were asked for, and those the person saw."""
    if digest_of(bytes(request.payload)) != request.payload_sha256:
        raise SealBroken("The payload is not what was asked for: it was changed in the database.")
    if seen_sha256 != request.payload_sha256:
        raise StaleForm


def _write(request: ApprovalRequest, verb: str, *, by: User, channel: str, comment: str) -> Decision:
    """Write the decision under its seal, and the request's new status."""
    decided_at = database_now()
    made = seal(_sealed(request, verb, by.id, decided_at))
    decision = Decision.objects.create(
        request=request,
        verb=verb,
        decided_by=by,
        channel=channel,
        comment=comment,
        payload=bytes(request.payload),
        payload_sha256=request.payload_sha256,
        seal=made.value,
        seal_key_id=made.key_id,
        decided_at=decided_at,
    )
    status = "approved" if verb == "approve" else "rejected"
    ApprovalRequest.objects.filter(id=request.id).update(status=status, decided_at=decided_at)
    return decision


def release(request: ApprovalRequest) -> None:
    """Note that what a locked request approved has begun to leave; from here on nobody can call it back."""
    ApprovalRequest.objects.filter(id=request.id, status="approved").update(status="released")


def withdraw(request: ApprovalRequest, *, by: User | str, why: str) -> None:
    """Take a locked request back before its approval began to leave; nobody decides on it any more."""
    ApprovalRequest.objects.filter(id=request.id).update(status="withdrawn")
    record(
        "approval.withdrawn",
        by=by,
        subject=f"approval {request.id}",
        workspace_id=request.workspace_id,
        data={"why": why, "payload_sha256": request.payload_sha256},
    )


def check_decision(decision: Decision) -> None:
    """Raise `SealBroken` unless request and decision hold the very bytes that were approved, under a good seal."""
    request = decision.request
    digests = {
        digest_of(bytes(request.payload)),
        digest_of(bytes(decision.payload)),
        request.payload_sha256,
        decision.payload_sha256,
    }
    if len(digests) != 1:
        raise SealBroken
    what = _sealed(request, decision.verb, decision.decided_by_id, decision.decided_at)
    check_seal(what, Seal(decision.seal, decision.seal_key_id))


def _sealed(request: ApprovalRequest, verb: str, decided_by: UUID, decided_at: datetime) -> Sealed:
    return Sealed(
        request_id=request.id,
        account_id=request.account_id,
        kind=request.kind,
        verb=verb,
        payload_sha256=request.payload_sha256,
        decided_by=decided_by,
        decided_at=decided_at,
    )
