"""Two keys decide at once, over two connections: one is answered with the decision, the other by whom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from approvals.models import ApprovalRequest, Decision
from tests.factories.accounts import AccountFactory, person
from tests.factories.approvals import asked_run, request_of
from tests.unit.approvals.api.deciding import decide, decider_key
from tests.unit.tiktok_ops.rest.callers import using
from tiktok_ops.accounts.keys import IssuedKey
from tiktok_ops.accounts.models import IdempotencyKey, TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.integration

ROUNDS = 10


@pytest.fixture
def account(committed_db: str) -> TikTokAccount:
    """Return a committed account."""
    return AccountFactory.create()


def decide_at_once(asked: ApprovalRequest, asks: list[tuple[IssuedKey, str]]) -> list[Any]:
    """Return the answers to the decisions, sent at the same moment under one name."""
    start = Barrier(len(asks), timeout=30)

    def work(ask: tuple[IssuedKey, str]) -> Any:
        try:
            start.wait()
            name = f"decide-{asked.id}"
            return decide(using(ask[0]), asked, verb=ask[1], comment="Because.", key=name)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(work, asks, timeout=60))


def test_two_keys_at_once_are_one_decision_and_one_conflict(account: TikTokAccount) -> None:
    keys = {
        name: decider_key(account.workspace, person(account.workspace, Role.APPROVER, first_name=name))
        for name in ("Ana", "Ben")
    }
    for number in range(1, ROUNDS + 1):
        asked = request_of(asked_run(account))
        verbs = ["approve", "approve" if number % 2 else "reject"]

        answers = decide_at_once(asked, list(zip(keys.values(), verbs, strict=True)))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        [refused] = [answer.json() for answer in answers if answer.status_code == 409]
        decision = Decision.objects.select_related("decided_by").get(request=asked)
        said = "approved" if decision.verb == "approve" else "rejected"
        assert refused["detail"].startswith(f"This was already {said} by {decision.decided_by} at ")
        told = AuditEvent.objects.get(
            verb__startswith="approval.", data__has_key="api_key", subject=f"approval {asked.id}"
        )
        assert told.data["api_key"] == f"api_key:{keys[decision.decided_by.first_name].key.prefix}"
        assert Decision.objects.count() == IdempotencyKey.objects.count() == number


def test_one_key_twelve_times_at_once_is_one_decision_and_one_answer(account: TikTokAccount) -> None:
    asked, issued = request_of(asked_run(account)), decider_key(account.workspace)

    answers = decide_at_once(asked, [(issued, "approve")] * 12)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 11
    assert Decision.objects.count() == AuditEvent.objects.filter(verb="approval.approved").count() == 1
