"""The same write from many connections at once: one run, and everybody hears of it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from tests.factories.accounts import AccountFactory
from tests.unit.tiktok_ops.rest.callers import using
from tests.unit.workflows.api.starting import body_for, post, starter_key
from tiktok_ops.accounts.keys import IssuedKey
from tiktok_ops.accounts.models import IdempotencyKey, TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from workflows.models import WorkflowRun

pytestmark = pytest.mark.integration

THREADS = 12


@pytest.fixture
def account(committed_db: str) -> TikTokAccount:
    """Return a committed account."""
    return AccountFactory.create()


@pytest.fixture
def issued(account: TikTokAccount) -> IssuedKey:
    """Return a committed key that may start runs."""
    return starter_key(account.workspace)


def post_at_once(issued: IssuedKey, bodies: list[dict[str, Any]], *, key: str) -> list[Any]:
    """Return the answers to the bodies, sent at the same moment under one key of idempotency."""
    start = Barrier(len(bodies), timeout=30)

    def work(body: dict[str, Any]) -> Any:
        try:
            start.wait()
            return post(using(issued), body, key=key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(work, bodies, timeout=60))


def test_start_a_run_twelve_times_at_once_is_one_run_and_one_answer(
    account: TikTokAccount, issued: IssuedKey
) -> None:
    for number in range(1, 6):
        answers = post_at_once(issued, [body_for(account)] * THREADS, key=f"round-{number:03}")
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        replayed = Counter("Idempotency-Replayed" in answer.headers for answer in answers)
        assert replayed == {True: THREADS - 1, False: 1}
        assert WorkflowRun.objects.count() == number
        assert AuditEvent.objects.filter(verb="run.started").count() == number
        assert IdempotencyKey.objects.count() == number


def test_start_two_runs_at_once_under_one_key_is_one_run_and_a_refusal(
    account: TikTokAccount, issued: IssuedKey
) -> None:
    bodies = [body_for(account), body_for(account, input={"window_days": 14})]
    answers = post_at_once(issued, bodies, key="the-same-key")
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert WorkflowRun.objects.count() == 1


def test_start_a_refused_run_many_times_at_once_leaves_nothing(
    account: TikTokAccount, issued: IssuedKey
) -> None:
    answers = post_at_once(issued, [body_for(account, workflow="nothing")] * THREADS, key="refused-key")
    assert {answer.status_code for answer in answers} == {422}
    assert not IdempotencyKey.objects.exists()
