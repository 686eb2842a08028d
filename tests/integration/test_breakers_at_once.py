"""Circuit breakers over many connections and processes: one truth, one probe, whatever the caller's transaction."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from agents.models import Breaker
from agents.providers import breakers
from agents.providers.errors import BreakerOpen
from tests.factories.breakers import breaker, call, fail, let_cool_down, open_breaker
from tests.integration.workflows.test_concurrency import at_once
from tiktok_ops.env import BASE_DIR

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("committed_db")]

THREADS = 8
FAIL_TWICE = "import django; django.setup(); from tests.factories.breakers import fail; fail(2)"


def test_five_failures_in_three_processes_open_it_for_all() -> None:
    call()  # this process has just seen that it is closed
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tiktok_ops.settings"}
    others = [
        subprocess.Popen([sys.executable, "-c", FAIL_TWICE], cwd=BASE_DIR, env=environment) for _ in range(2)
    ]
    assert [other.wait(60) for other in others] == [0, 0]
    assert (breaker().status, breaker().failures) == ("closed", 4)
    fail()
    with pytest.raises(BreakerOpen):
        call()


def test_five_failures_at_once_over_connections_open_it() -> None:
    at_once(*[fail] * 5)
    assert (breaker().status, breaker().failures) == ("open", 5)


def test_probe_by_eight_at_once_is_made_by_one(probing: Callable[[], str]) -> None:
    open_breaker()
    let_cool_down()
    for probes in (1, 2, 3):
        assert sorted(at_once(*[probing] * THREADS)) == ["probed", *["waits"] * (THREADS - 1)]
        assert Breaker.objects.get().probes == probes
    assert breaker().status == "closed"
    assert at_once(*[probing] * THREADS) == ["probed"] * THREADS


@pytest.fixture
def probing() -> Callable[[], str]:
    """Return a call that lasts until all the others of its round have been refused, if any are to be."""
    turned_away = threading.Semaphore(0)

    def probe() -> str:
        breakers.forget()
        is_closed = Breaker.objects.get().status == "closed"
        try:
            with breakers.Breakers("claude").around("messages", timeout_seconds=60):
                if not is_closed:
                    for _ in range(THREADS - 1):
                        assert turned_away.acquire(timeout=30)
        except BreakerOpen:
            turned_away.release()
            return "waits"
        return "probed"

    return probe


def test_failure_noted_in_a_transaction_outlives_its_rollback() -> None:
    with transaction.atomic():
        fail(5)
        transaction.set_rollback(True)
    assert breaker().status == "open"
    assert not connection.in_atomic_block


def test_probe_claimed_in_a_transaction_is_nobody_elses_and_locks_nothing() -> None:
    open_breaker()
    let_cool_down()
    with transaction.atomic(), breakers.Breakers("claude").around("messages", timeout_seconds=60):
        [other] = at_once(_tries)
        assert other == "waits"
    assert breaker().successes == 1


def _tries() -> str:
    breakers.forget()
    try:
        call()
    except BreakerOpen:
        return "waits"
    return "probed"
