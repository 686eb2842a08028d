"""Limits under concurrency: real threads, each with a connection of its own."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from tests.factories.accounts import WorkspaceFactory
from tests.unit.tiktok_ops.rest.callers import make_key, showing, using
from tiktok_ops.accounts.models import RateWindow
from tiktok_ops.rest.limits import Tier

pytestmark = pytest.mark.integration

THREADS, CALLS, LIMIT = 50, 4, 20


def at_once(ask: Callable[[], int]) -> Counter[int]:
    """Return how often each status came when all threads ask at once, a few times each."""
    start = Barrier(THREADS, timeout=30)

    def work() -> list[int]:
        try:
            start.wait()
            return [ask() for _ in range(CALLS)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        working = [pool.submit(work) for _ in range(THREADS)]
        return Counter(status for each in working for status in each.result(timeout=60))


def test_ask_from_fifty_threads_at_once_lets_exactly_the_limit_pass(committed_db: str, settings: Any) -> None:
    settings.RATE_TIERS = {**settings.RATE_TIERS, Tier.READ.value: LIMIT}
    issued = make_key(WorkspaceFactory.create())
    found = at_once(lambda: using(issued).get("/api/v1/me/").status_code)
    assert found == {200: LIMIT, 429: THREADS * CALLS - LIMIT}
    assert RateWindow.objects.get().hits == THREADS * CALLS


def test_guess_from_fifty_threads_at_once_answers_exactly_the_limit(committed_db: str, settings: Any) -> None:
    settings.RATE_TIERS = {**settings.RATE_TIERS, Tier.AUTH.value: LIMIT}
    found = at_once(lambda: showing("Bearer tto_nobody").get("/api/v1/me/").status_code)
    assert found == {401: LIMIT, 429: THREADS * CALLS - LIMIT}


def test_ask_for_health_from_fifty_threads_at_once_answers_exactly_the_limit(
    committed_db: str, settings: Any
) -> None:
    settings.RATE_TIERS = {**settings.RATE_TIERS, Tier.HEALTH.value: LIMIT}
    found = at_once(lambda: Client().get("/readyz").status_code)
    assert found == {200: LIMIT, 429: THREADS * CALLS - LIMIT}
