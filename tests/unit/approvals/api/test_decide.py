"""`POST /api/v1/approvals/{id}/decide/`: who may, what is refused, and what a refusal leaves: nothing."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from approvals.models import ApprovalRequest, Decision
from approvals.policy import MayNotDecide
from approvals.services import approve, check_decision, reject
from tests.factories.accounts import (
    BrandFactory,
    MembershipFactory,
    UserFactory,
    WorkspaceFactory,
    person,
)
from tests.factories.acting import asked_act
from tests.factories.approvals import asked_run, request_of
from tests.factories.workflows import doorbells
from tests.unit.approvals.api.deciding import APPROVALS, NAME, address_of, decide, decider_key
from tests.unit.tiktok_ops.rest.callers import make_key, signed_in, using
from tiktok_ops.accounts.keys import revoke_key
from tiktok_ops.accounts.models import IdempotencyKey, Membership, TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> ApprovalRequest:
    """Return a request whose run waits for it."""
    return request_of(asked_run())


@pytest.fixture
def ana(asked: ApprovalRequest) -> User:
    """Return an approver of its workspace."""
    return person(asked.workspace, Role.APPROVER, username="ana", first_name="Ana")


@pytest.fixture
def client(asked: ApprovalRequest, ana: User) -> Client:
    """Return a client with a key that acts for Ana."""
    return using(decider_key(asked.workspace, ana))


def refused(answer: Any, status: int, sentence: str, asked: ApprovalRequest) -> bool:
    """Return whether a decision was refused like this, and nothing came of it."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert sentence in answer.json()["detail"]
    assert not Decision.objects.exists()
    assert not IdempotencyKey.objects.exists()
    asked.refresh_from_db()
    return asked.status == "open"


# --- deciding


def test_approve_with_a_key_is_the_decision_of_whom_it_acts_for(
    asked: ApprovalRequest, ana: User, client: Client
) -> None:
    rung = len(doorbells())
    answer = decide(client, asked, comment=" Nice. ")
    decision = Decision.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(decision.id),
        "sandbox": True,
        "approval_id": str(asked.id),
        "verb": "approve",
        "comment": "Nice.",
        "decided_by": "user:ana",
        "decided_at": f"{decision.decided_at.replace(tzinfo=None).isoformat()}Z",
        "channel": "api",
        "payload_sha256": asked.payload_sha256,
    }
    assert (decision.decided_by, decision.channel) == (ana, "api")
    check_decision(decision)
    assert len(doorbells()) == rung + 1


def test_decide_with_a_key_is_audited_with_the_person_and_the_key(asked: ApprovalRequest, ana: User) -> None:
    issued = decider_key(asked.workspace, ana)
    decide(using(issued), asked, verb="reject", comment="Too dark.")
    event = AuditEvent.objects.get(verb="approval.rejected")
    assert event.actor == "user:ana"
    assert event.data == {
        "channel": "api",
        "comment": "Too dark.",
        "payload_sha256": asked.payload_sha256,
        "api_key": f"api_key:{issued.key.prefix}",
    }


def test_decide_in_a_session_is_ones_own_and_names_no_key(asked: ApprovalRequest, ana: User) -> None:
    answer = decide(signed_in(ana), asked)
    assert (answer.status_code, answer.json()["decided_by"]) == (200, "user:ana")
    assert "api_key" not in AuditEvent.objects.get(verb="approval.approved").data


def test_reject_keeps_the_reason(asked: ApprovalRequest, client: Client) -> None:
    answer = decide(client, asked, verb="reject", comment="Too dark.")
    assert (answer.status_code, answer.json()["verb"], answer.json()["comment"]) == (
        200,
        "reject",
        "Too dark.",
    )
    assert client.get(f"{APPROVALS}{asked.id}/").json()["status"] == "rejected"


def test_decide_again_under_the_same_key_is_the_same_answer_and_one_decision(
    asked: ApprovalRequest, client: Client
) -> None:
    first, second = decide(client, asked), decide(client, asked)
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Decision.objects.count() == AuditEvent.objects.filter(verb="approval.approved").count() == 1


# --- overtaken


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_decide_what_was_decided_is_409_naming_by_whom_and_when(
    asked: ApprovalRequest, client: Client, verb: str
) -> None:
    decide(client, asked)
    decision = Decision.objects.get()
    ben = person(asked.workspace, Role.APPROVER, first_name="Ben")
    for other in (using(decider_key(asked.workspace, ben)), signed_in(ben), client):
        answer = decide(other, asked, verb=verb, comment="Why not.", key="another-one")
        assert answer.status_code == 409
        assert answer.json()["title"] == "Conflict"
        assert answer.json()["detail"] == (
            f"This was already approved by Ana at {decision.decided_at:%H:%M} UTC on "
            f"{decision.decided_at:%Y-%m-%d}."
        )
    assert Decision.objects.count() == 1


def test_decide_what_is_no_longer_asked_is_409_saying_what_became_of_it(
    asked: ApprovalRequest, client: Client
) -> None:
    ApprovalRequest.objects.filter(id=asked.id).update(status="withdrawn")
    answer = decide(client, asked)
    assert (answer.status_code, answer.json()["detail"]) == (409, "This is no longer open: it is withdrawn.")


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_decide_on_other_bytes_than_are_asked_for_is_409(
    asked: ApprovalRequest, client: Client, verb: str
) -> None:
    answer = decide(client, asked, verb=verb, seen_sha256="0" * 64, comment="Because.")
    assert refused(answer, 409, "What you saw is not what is asked for now: look at it again.", asked)


def test_decide_on_bytes_changed_behind_the_trigger_is_409(asked: ApprovalRequest, client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE approvals_approvalrequest SET payload = %s", [b"{}"])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert refused(decide(client, asked), 409, "it was changed in the database", asked)


# --- what is wrong

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no reason": ({"verb": "reject"}, "", "A rejection needs a reason: say in a sentence what is wrong."),
    "empty reason": ({"verb": "reject", "comment": " \n"}, "", "A rejection needs a reason"),
    "no verb": ({"verb": None}, "verb", "This field is required."),
    "unknown verb": ({"verb": "hold"}, "verb", '"hold" is not a valid choice.'),
    "no digest": ({"seen_sha256": None}, "seen_sha256", "This field is required."),
    "no such digest": ({"seen_sha256": "A" * 64}, "seen_sha256", "This value does not match"),
    "long comment": ({"comment": "x" * 2001}, "comment", "Ensure this field has no more than 2000"),
    "unknown field": (
        {"colour": "red"},
        "colour",
        "There is no field 'colour'; a decision takes verb, seen_sha256, payload, comment.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_decide_with_values_that_do_not_do_is_422_with_a_sentence(
    asked: ApprovalRequest, client: Client, case: str
) -> None:
    changes, field, sentence = WRONG[case]
    answer = decide(client, asked, **changes)
    assert refused(answer, 422, sentence, asked)
    assert [error["field"] for error in answer.json()["errors"]] == ([field] if field else [])


@pytest.mark.parametrize(("body", "status"), [("", 422), ("[]", 422), ("null", 422), ("{", 400)])
def test_decide_with_a_body_that_is_none_is_refused(
    asked: ApprovalRequest, client: Client, body: str, status: int
) -> None:
    headers = {"idempotency-key": NAME}
    answer = client.post(address_of(asked), body, content_type="application/json", headers=headers)
    assert refused(answer, status, "", asked)


def test_decide_without_a_key_of_idempotency_is_400(asked: ApprovalRequest, client: Client) -> None:
    assert refused(decide(client, asked, key=None), 400, "The header Idempotency-Key is missing", asked)


def test_decide_otherwise_under_the_same_key_is_422(asked: ApprovalRequest, client: Client) -> None:
    decide(client, asked)
    answer = decide(client, asked, verb="reject", comment="No.")
    assert answer.status_code == 422
    assert "was used before, for another request" in answer.json()["detail"]


def test_decide_refused_once_may_be_asked_for_under_the_same_key(
    asked: ApprovalRequest, client: Client
) -> None:
    assert decide(client, asked, verb="reject").status_code == 422
    assert decide(client, asked, verb="reject", comment="Too dark.").status_code == 200


def test_approve_a_campaign_with_the_key_of_a_finance_approver_only() -> None:
    campaign = request_of(asked_act("create_campaign"))
    finn = person(campaign.workspace, Role.FINANCE)
    answer = decide(using(decider_key(campaign.workspace)), campaign)
    assert refused(answer, 403, "do not include it. It is for a finance approver.", campaign)
    assert decide(using(decider_key(campaign.workspace, finn)), campaign).status_code == 200
    assert Decision.objects.get().decided_by == finn


# --- who may


@pytest.mark.parametrize("scopes", [["read"], ["read", "runs:start"]])
def test_decide_with_a_key_without_the_scope_is_403_naming_it(
    asked: ApprovalRequest, scopes: list[str]
) -> None:
    answer = decide(using(make_key(asked.workspace, scopes=scopes)), asked)
    assert refused(answer, 403, "This API key lacks the scope 'approvals:decide'", asked)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.FINANCE, Role.OWNER, Role.AUDITOR])
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_decide_in_a_role_that_does_not_is_403(asked: ApprovalRequest, role: Role, verb: str) -> None:
    answer = decide(signed_in(person(asked.workspace, role)), asked, verb=verb, comment="Because.")
    assert refused(answer, 403, "your roles in this workspace do not include it", asked)


def test_decide_as_a_superuser_without_a_role_is_403(asked: ApprovalRequest) -> None:
    answer = decide(signed_in(UserFactory.create(is_superuser=True)), asked)
    assert refused(answer, 403, "You may not decide this", asked)


def test_decide_with_a_key_whose_person_lost_the_role_is_403(
    asked: ApprovalRequest, ana: User, client: Client
) -> None:
    Membership.objects.filter(user=ana).update(role=Role.OPERATOR)
    assert refused(decide(client, asked), 403, "your roles in this workspace do not include it", asked)


def test_decide_with_a_key_whose_person_left_the_workspace_is_403(
    asked: ApprovalRequest, ana: User, client: Client
) -> None:
    Membership.objects.filter(user=ana).delete()
    assert refused(decide(client, asked), 403, "your roles in this workspace do not include it", asked)


def test_decide_with_a_key_whose_person_is_for_another_brand_now_is_403(
    asked: ApprovalRequest, ana: User, client: Client
) -> None:
    membership = Membership.objects.get(user=ana)
    Membership.objects.filter(id=membership.id).update(reach="brands")
    membership.brands.add(BrandFactory.create(workspace=asked.workspace))
    assert refused(decide(client, asked), 403, "You may not decide this", asked)


def test_decide_with_a_key_whose_person_has_left_is_403(
    asked: ApprovalRequest, ana: User, client: Client
) -> None:
    User.objects.filter(id=ana.id).update(is_active=False)
    assert refused(decide(client, asked), 403, "Your sign-in has been closed", asked)


def test_decide_with_a_key_that_was_revoked_is_401(asked: ApprovalRequest, ana: User) -> None:
    issued = decider_key(asked.workspace, ana)
    revoke_key(key_id=issued.key.id, by="test")
    assert refused(decide(using(issued), asked), 401, "", asked)


def test_approve_what_one_started_of_high_risk_is_403_with_a_key_and_in_a_session(ana: User) -> None:
    account = TikTokAccount.objects.get()
    mine = request_of(asked_run(account, by=ana, given={"is_branded_content": True}))
    for client in (using(decider_key(mine.workspace, ana)), signed_in(ana)):
        assert refused(decide(client, mine), 403, "You started this yourself and it is of high risk", mine)


def test_decide_in_a_session_takes_the_token_against_forgery(asked: ApprovalRequest, ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    assert refused(decide(client, asked), 403, "CSRF", asked)


# --- out of reach


def unreachable(asked: ApprovalRequest) -> dict[str, Client]:
    """Return, by circumstance, a client for which the approval does not exist."""
    workspace, elsewhere = asked.workspace, WorkspaceFactory.create()
    ana = person(elsewhere, Role.APPROVER)
    MembershipFactory.create(user=ana, workspace=workspace, role=Role.APPROVER)
    brand = BrandFactory.create(workspace=workspace)
    return {
        "a key of another workspace": using(decider_key(elsewhere)),
        "a key of another workspace for one who decides in both": using(decider_key(elsewhere, ana)),
        "a key of another brand": using(decider_key(workspace, brand=brand)),
        "a stranger": signed_in(person(elsewhere, Role.APPROVER)),
        "a person without a role": signed_in(UserFactory.create()),
    }


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_decide_what_is_out_of_reach_is_404_as_if_it_were_not(asked: ApprovalRequest, verb: str) -> None:
    unknown = ApprovalRequest(id=uuid4(), payload_sha256=asked.payload_sha256)
    for circumstance, client in unreachable(asked).items():
        for sought in (asked, unknown):
            answer = decide(client, sought, verb=verb, comment="Because.")
            sentence = f"There is no approval {str(sought.id)!r}."
            assert refused(answer, 404, sentence, asked), circumstance


def test_decide_on_a_live_account_takes_a_key_for_it(asked: ApprovalRequest) -> None:
    TikTokAccount.objects.update(mode="live")
    sandboxed = using(decider_key(asked.workspace))
    assert refused(decide(sandboxed, asked), 404, "There is no approval", asked)
    answer = decide(using(decider_key(asked.workspace, is_sandbox_only=False)), asked)
    assert (answer.status_code, answer.json()["sandbox"]) == (200, False)


def test_decide_with_a_key_for_the_brand_decides(asked: ApprovalRequest) -> None:
    assert decide(using(decider_key(asked.workspace, brand=asked.account.brand)), asked).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_ask_of_a_decision_what_it_is_not_for_is_405(
    asked: ApprovalRequest, client: Client, method: str
) -> None:
    assert getattr(client, method)(address_of(asked)).status_code == 405


@pytest.mark.parametrize("decide_by", [approve, reject])
def test_the_service_refuses_a_key_that_acts_for_nobody(
    asked: ApprovalRequest, decide_by: Callable[..., Decision]
) -> None:
    nobodys = make_key(asked.workspace).key
    with pytest.raises(MayNotDecide, match="This API key acts for nobody, and a decision is somebody's own"):
        decide_by(
            request_id=asked.id,
            by=nobodys,
            channel="api",
            seen_sha256=asked.payload_sha256,
            comment="Because.",
        )
    assert not Decision.objects.exists()
