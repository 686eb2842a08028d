"""`GET /api/v1/approvals/`: what is asked, and all that a person should see before they decide."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.models import ApprovalRequest, Decision
from approvals.services import approve, reject
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import GIVEN, asked_request, asked_run, request_of
from tests.unit.approvals.api.deciding import APPROVALS
from tests.unit.tiktok_ops.rest.callers import make_key, using
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account in the sandbox."""
    return AccountFactory.create(handle="blick")


def shown(asked: ApprovalRequest) -> dict[str, Any]:
    """Return an approval as a key that reads sees it."""
    answer = using(make_key(asked.workspace)).get(f"{APPROVALS}{asked.id}/")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_get_an_approval_tells_all_of_it(account: TikTokAccount) -> None:
    olga = person(account.workspace, Role.OPERATOR, username="olga")
    asked = request_of(asked_run(account, by=olga))
    body = shown(asked)
    assert body == {
        "id": str(asked.id),
        "sandbox": True,
        "workspace_id": str(account.workspace_id),
        "account": {"id": str(account.id), "sandbox": True, "handle": "blick"},
        "run_id": str(asked.run_id),
        "step_id": str(asked.step_id),
        "kind": "post_video",
        "title": f"Post on @blick: {GIVEN['caption']}",
        "status": "open",
        "risk": "medium",
        "amount": None,
        "version": 1,
        "supersedes_id": None,
        "payload_sha256": asked.payload_sha256,
        "requested_by": "user:olga",
        "created_at": f"{asked.created_at.replace(tzinfo=None).isoformat()}Z",
        "decided_at": None,
        "approve_label": "Approve and hand over now",
        "payload": json.loads(bytes(asked.payload)),
        "facts": asked.facts,
        "decisions": [],
    }


def test_list_approvals_tells_the_same_of_each_but_the_packet(account: TikTokAccount) -> None:
    asked = asked_request(account)
    [row] = using(make_key(account.workspace)).get(APPROVALS).json()["results"]
    whole = shown(asked)
    assert row == {name: whole[name] for name in row}
    assert set(whole) - set(row) == {"approve_label", "payload", "facts", "decisions"}


def test_payload_written_as_canonical_json_has_the_digest_that_is_told(account: TikTokAccount) -> None:
    body = shown(asked_request(account, caption="Größe – «schön» 🎬\n<b>"))
    written = json.dumps(body["payload"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(written.encode()).hexdigest() == body["payload_sha256"]


def test_amount_is_a_decimal_string_with_its_currency(account: TikTokAccount) -> None:
    like = asked_request(account)
    asked = ApprovalRequest(
        **{field.attname: getattr(like, field.attname) for field in ApprovalRequest._meta.concrete_fields}
        | {"id": None, "amount_usd": Decimal("12.50"), "step_id": account.id}
    )
    asked.id = ApprovalRequest._meta.pk.get_default()
    asked.save(force_insert=True)
    assert shown(asked)["amount"] == {"amount": "12.500000", "currency": "USD"}


def test_facts_are_shown_as_they_were_found(account: TikTokAccount) -> None:
    asked = asked_request(account)
    facts = {"verdict": "warn", "findings": [{"phrase": "cures everything", "level": 2}]}
    ApprovalRequest.objects.filter(id=asked.id).update(facts=facts)
    assert shown(asked)["facts"] == facts


def test_decisions_say_who_when_how_and_why_under_the_approval(account: TikTokAccount) -> None:
    asked = request_of(asked_run(account))
    ana = person(account.workspace, Role.APPROVER, username="ana")
    decision = reject(
        request_id=asked.id, by=ana, channel="admin", seen_sha256=asked.payload_sha256, comment="Too dark."
    )
    body = shown(asked)
    decided_at = f"{decision.decided_at.replace(tzinfo=None).isoformat()}Z"
    assert (body["status"], body["decided_at"], body["approve_label"]) == ("rejected", decided_at, None)
    assert body["decisions"] == [
        {
            "id": str(decision.id),
            "sandbox": True,
            "approval_id": str(asked.id),
            "verb": "reject",
            "comment": "Too dark.",
            "decided_by": "user:ana",
            "decided_at": decided_at,
            "channel": "admin",
            "payload_sha256": asked.payload_sha256,
        }
    ]


def test_what_is_asked_anew_names_what_it_supersedes(account: TikTokAccount) -> None:
    first = asked_request(account)
    anew = ApprovalRequest(
        **{field.attname: getattr(first, field.attname) for field in ApprovalRequest._meta.concrete_fields}
        | {"supersedes_id": first.id, "version": 2}
    )
    anew.id = ApprovalRequest._meta.pk.get_default()
    ApprovalRequest.objects.filter(id=first.id).update(status="superseded")
    anew.save(force_insert=True)
    assert (shown(anew)["supersedes_id"], shown(anew)["version"]) == (str(first.id), 2)
    assert (shown(first)["status"], shown(first)["approve_label"]) == ("superseded", None)


def test_get_an_approval_asks_as_often_with_one_decision_as_with_four(account: TikTokAccount) -> None:
    asked = request_of(asked_run(account))
    client = using(make_key(account.workspace))
    address = f"{APPROVALS}{asked.id}/"
    client.get(address)  # the first use of a key is noted

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    first = approve(
        request_id=asked.id,
        by=person(account.workspace, Role.APPROVER),
        channel="admin",
        seen_sha256=asked.payload_sha256,
    )
    alone = count()
    for _ in range(3):
        values = {f.attname: getattr(first, f.attname) for f in Decision._meta.concrete_fields}
        values |= {
            "id": Decision._meta.pk.get_default(),
            "decided_by_id": person(account.workspace, Role.APPROVER).id,
        }
        Decision.objects.create(**values)
    assert len(client.get(address).json()["decisions"]) == 4
    assert count() == alone == 4


def test_hostile_captions_are_told_as_the_text_they_are(account: TikTokAccount) -> None:
    hostile = '<script>alert(1)</script> **bold** ![x](https://evil.example/p.png) \u202egpj.exe "'
    asked = asked_request(account, caption=hostile)
    answer = using(make_key(account.workspace)).get(f"{APPROVALS}{asked.id}/")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["payload"]["caption"] == hostile
