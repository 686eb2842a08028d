"""Asking and deciding: the frozen bytes, the one decision, what a change of them comes to."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from pydantic import ValidationError

from approvals.models import ApprovalRequest, Decision
from approvals.policy import MayNotDecide
from approvals.seal import SealBroken, digest_of
from approvals.services import (
    AlreadyDecided,
    Asking,
    ReasonMissing,
    RequestUnknown,
    StaleForm,
    approve,
    check_decision,
    open_request,
    reject,
)
from tests.factories.accounts import AccountFactory, UserFactory, WorkspaceFactory, person
from tests.factories.approvals import GIVEN, asked_request, asked_run, request_of
from tests.factories.workflows import doorbells
from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> ApprovalRequest:
    """A request whose run waits for it."""
    return request_of(asked_run())


@pytest.fixture
def ana(asked: ApprovalRequest) -> User:
    """An approver of its workspace."""
    return person(asked.workspace, Role.APPROVER, username="ana", first_name="Ana")


def said(asked: ApprovalRequest, by: User, verb: str = "approve", **changes: Any) -> Decision:
    """Decide as the admin would."""
    given = {"channel": "admin", "seen_sha256": asked.payload_sha256, "comment": "Too dark.", **changes}
    return (approve if verb == "approve" else reject)(request_id=asked.id, by=by, **given)


def untouched(asked: ApprovalRequest) -> bool:
    """Return whether nothing was decided, and nothing followed."""
    asked.refresh_from_db()
    return asked.status == "open" and not Decision.objects.exists()


def test_request_freezes_the_payload_as_canonical_json(asked: ApprovalRequest) -> None:
    payload = bytes(asked.payload)

    assert json.loads(payload)["caption"] == GIVEN["caption"]
    assert (
        payload
        == json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert asked.payload_sha256 == digest_of(payload)
    assert (asked.status, asked.version, asked.risk) == ("open", 1, "medium")
    assert asked.title == f"Post on @{asked.account.handle}: {GIVEN['caption']}"
    assert AuditEvent.objects.get(verb="approval.requested").data["payload_sha256"] == asked.payload_sha256


def test_request_of_a_payload_of_another_shape_is_refused() -> None:
    account = AccountFactory.create()
    asking = Asking(run_id=uuid4(), step_id=uuid4(), requested_by=None)

    with pytest.raises(ValidationError):
        open_request(kind="post_video", account=account, payload={"caption": "x"}, facts={}, asking=asking)

    assert not ApprovalRequest.objects.exists()


def test_request_asked_anew_is_the_next_version_and_supersedes_the_last(asked: ApprovalRequest) -> None:
    asking = Asking(run_id=asked.run_id, step_id=asked.step_id, requested_by=None)
    payload = {**json.loads(bytes(asked.payload)), "caption": "Another"}

    anew = open_request(kind="post_video", account=asked.account, payload=payload, facts={}, asking=asking)

    asked.refresh_from_db()
    assert (asked.status, anew.version, anew.supersedes) == ("superseded", 2, asked)


def test_request_asked_anew_after_a_rejection_leaves_that_as_it_is(asked: ApprovalRequest, ana: User) -> None:
    said(asked, ana, "reject")
    asking = Asking(run_id=asked.run_id, step_id=asked.step_id, requested_by=None)

    anew = open_request(
        kind="post_video",
        account=asked.account,
        payload=json.loads(bytes(asked.payload)),
        facts={},
        asking=asking,
    )

    asked.refresh_from_db()
    assert (asked.status, anew.version) == ("rejected", 2)


def test_approval_seals_the_bytes_and_lets_the_run_go_on(asked: ApprovalRequest, ana: User) -> None:
    rung = len(doorbells())

    decision = said(asked, ana, comment="Nice.")

    asked.refresh_from_db()
    assert (asked.status, asked.decided_at) == ("approved", decision.decided_at)
    assert bytes(decision.payload) == bytes(asked.payload)
    assert (decision.verb, decision.decided_by, decision.comment) == ("approve", ana, "Nice.")
    check_decision(Decision.objects.get())
    event = AuditEvent.objects.get(verb="approval.approved")
    assert (event.actor, event.data["payload_sha256"]) == ("user:ana", asked.payload_sha256)
    assert len(doorbells()) == rung + 1


def test_rejection_keeps_the_reason(asked: ApprovalRequest, ana: User) -> None:
    said(asked, ana, "reject", comment="  Too dark.  ")

    asked.refresh_from_db()
    assert (asked.status, Decision.objects.get().comment) == ("rejected", "Too dark.")
    assert AuditEvent.objects.get(verb="approval.rejected").data["comment"] == "Too dark."


@pytest.mark.parametrize("comment", ["", "  \n"])
def test_rejection_without_a_reason_is_refused(asked: ApprovalRequest, ana: User, comment: str) -> None:
    with pytest.raises(ReasonMissing, match="A rejection needs a reason"):
        said(asked, ana, "reject", comment=comment)

    assert untouched(asked)


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_second_decision_is_told_by_whom_and_when(
    asked: ApprovalRequest, ana: User, first: str, second: str
) -> None:
    decision = said(asked, ana, first)
    other = person(asked.workspace, Role.APPROVER)
    word = "approved" if first == "approve" else "rejected"

    with pytest.raises(
        AlreadyDecided, match=f"This was already {word} by Ana at {decision.decided_at:%H:%M} UTC"
    ):
        said(asked, other, second)

    assert Decision.objects.count() == 1


def test_decision_on_what_is_no_longer_asked_says_what_became_of_it(
    asked: ApprovalRequest, ana: User
) -> None:
    ApprovalRequest.objects.filter(id=asked.id).update(status="withdrawn")

    with pytest.raises(AlreadyDecided, match="This is no longer open: it is withdrawn"):
        said(asked, ana)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.FINANCE, Role.OWNER, Role.AUDITOR])
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_decision_by_another_role_is_refused(asked: ApprovalRequest, role: Role, verb: str) -> None:
    with pytest.raises(MayNotDecide):
        said(asked, person(asked.workspace, role), verb)

    assert untouched(asked)


def test_decision_by_a_superuser_without_a_role_is_refused(asked: ApprovalRequest) -> None:
    with pytest.raises(MayNotDecide):
        said(asked, UserFactory.create(is_superuser=True))

    assert untouched(asked)


@pytest.mark.parametrize("is_active", [True, False])
def test_decision_by_a_stranger_finds_nothing(asked: ApprovalRequest, is_active: bool) -> None:
    stranger = person(WorkspaceFactory.create(), Role.APPROVER, is_active=is_active)

    with pytest.raises(RequestUnknown, match="There is no approval"):
        said(asked, stranger)
    with pytest.raises(RequestUnknown):
        approve(request_id=uuid4(), by=stranger, channel="admin", seen_sha256="")

    assert untouched(asked)


def test_starter_cannot_approve_branded_content(ana: User, asked: ApprovalRequest) -> None:
    mine = request_of(asked_run(asked.account, by=ana, given={"is_branded_content": True}))

    with pytest.raises(MayNotDecide, match="You started this yourself and it is of high risk"):
        said(mine, ana)
    said(mine, person(asked.workspace, Role.APPROVER))

    assert mine.decisions.get().decided_by != ana


def test_decision_on_other_bytes_than_seen_is_refused(asked: ApprovalRequest, ana: User) -> None:
    with pytest.raises(StaleForm, match="What you saw is not what is asked for now"):
        said(asked, ana, seen_sha256="b" * 64)

    assert untouched(asked)


def test_decision_whose_run_moved_on_is_rolled_back(ana: User, asked: ApprovalRequest) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflows_workflowstep SET status = 'cancelled', finished_at = now() WHERE id = %s",
            [asked.step_id],
        )

    with pytest.raises(Exception, match="The run no longer waits for this"), transaction.atomic():
        said(asked, ana)

    assert untouched(asked)
    assert not AuditEvent.objects.filter(verb="approval.approved").exists()


FROZEN = {
    "payload": "'\\x7b7d'",
    "payload_sha256": "repeat('b', 64)",
    "kind": "'message'",
    "risk": "'low'",
    "amount_usd": "5",
    "run_id": "gen_random_uuid()",
    "step_id": "gen_random_uuid()",
    "version": "9",
}


@pytest.mark.parametrize("column", FROZEN)
def test_change_of_what_is_asked_is_refused_by_the_trigger(asked: ApprovalRequest, column: str) -> None:
    with (
        pytest.raises(DatabaseError, match="is frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE approvals_approvalrequest SET {column} = {FROZEN[column]}")
    with pytest.raises(DatabaseError, match="is frozen"), transaction.atomic():
        ApprovalRequest.objects.filter(id=asked.id).update(payload=b"{}")


def without_triggers(sql: str, arguments: list[Any]) -> None:
    """Change the database as whoever owns it could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, arguments)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_decision_on_bytes_changed_behind_the_trigger_is_refused(asked: ApprovalRequest, ana: User) -> None:
    without_triggers("UPDATE approvals_approvalrequest SET payload = %s", [b"{}"])

    with pytest.raises(SealBroken, match="it was changed in the database"):
        said(asked, ana)

    assert untouched(asked)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE approvals_approvalrequest SET payload = '\\x7b7d'",
        "UPDATE approvals_decision SET payload = '\\x7b7d'",
        "UPDATE approvals_approvalrequest SET payload = '\\x7b7d', "
        "payload_sha256 = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'; "
        "UPDATE approvals_decision SET payload = '\\x7b7d', "
        "payload_sha256 = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'",
        "UPDATE approvals_decision SET verb = 'reject'",
        "UPDATE approvals_decision SET decided_at = decided_at + interval '1 second'",
        "UPDATE approvals_decision SET seal = repeat('0', 64)",
        "UPDATE approvals_approvalrequest SET kind = 'message'",
    ],
)
def test_change_behind_the_trigger_after_the_approval_breaks_the_seal(
    asked: ApprovalRequest, ana: User, change: str
) -> None:
    said(asked, ana)
    without_triggers(change, [])

    with pytest.raises(SealBroken):
        check_decision(Decision.objects.select_related("request").get())


@pytest.mark.parametrize(
    "statement", ["UPDATE approvals_decision SET comment = ''", "DELETE FROM approvals_decision"]
)
def test_decisions_only_grow(asked: ApprovalRequest, ana: User, statement: str) -> None:
    said(asked, ana)

    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_request_without_a_run_behind_it_is_still_read(ana: User, asked: ApprovalRequest) -> None:
    assert str(asked_request(asked.account)) == f"Post on @{asked.account.handle}: {GIVEN['caption']}"
