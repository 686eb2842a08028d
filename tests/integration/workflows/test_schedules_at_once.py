"""Keepers on several connections at once: each due time starts one run, whoever comes first."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from tests.factories.accounts import AccountFactory
from tests.factories.schedules import due_schedule, make_schedule
from tests.processes import wait_until
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.ids import new_id
from workflows.models import WorkflowRun
from workflows.schedules.firing import fire_due, fire_event
from workflows.schedules.models import Schedule, ScheduleFiring
from workflows.schedules.rows import locked_schedule

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SLOTS = 100
PAGE = 30
COLUMNS = (
    *("workspace", "account", "name", "workflow", "kind", "expression", "input"),
    *("next_due_at", "time_zone", "created_at"),
)
WAITED_FOR = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"


def on_its_own(act: Callable[[], object]) -> threading.Thread:
    """Begin to do this on a connection of its own."""

    def run() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def is_waited_for() -> bool:
    """Return whether another connection waits for a lock of ours."""
    with connection.cursor() as cursor:
        cursor.execute(WAITED_FOR)
        return bool(cursor.fetchone()[0])


def test_fire_a_hundred_slots_by_two_keepers_at_once_starts_a_hundred_runs(committed_db: str) -> None:
    first = due_schedule()
    others = [
        Schedule(id=new_id(), **{name: getattr(first, name) for name in COLUMNS}) for _ in range(SLOTS - 1)
    ]
    Schedule.objects.bulk_create(others)
    met: Counter[str] = Counter()
    together = threading.Barrier(2)

    def keep(name: str) -> None:
        together.wait(10)
        # Rounds, as keepers do them: what another one is at is passed over, and met when the next one comes.
        while Schedule.objects.filter(next_due_at__lte=Now()).exists():
            met[name] += fire_due(limit=PAGE)

    for keeper in [on_its_own(lambda: keep("first")), on_its_own(lambda: keep("second"))]:
        keeper.join(60)

    assert (sum(met.values()), WorkflowRun.objects.count(), ScheduleFiring.objects.count()) == (SLOTS,) * 3
    assert ScheduleFiring.objects.filter(run__isnull=False).values("schedule").distinct().count() == SLOTS
    assert AuditEvent.objects.filter(verb="schedule.fired").count() == SLOTS
    assert met["first"], met
    assert met["second"], met


def test_fire_what_another_keeper_is_at_passes_it_over(committed_db: str) -> None:
    due_schedule()
    found: list[int] = []
    with transaction.atomic():
        assert fire_due(limit=1) == 1
        on_its_own(lambda: found.append(fire_due(limit=1))).join(10)
    assert found == [0]
    assert (fire_due(limit=1), WorkflowRun.objects.count()) == (0, 1)


def test_follow_the_clock_of_an_account_leaves_a_schedule_another_keeper_is_at(committed_db: str) -> None:
    schedule = make_schedule()
    TikTokAccount.objects.filter(id=schedule.account_id).update(time_zone="Asia/Tokyo")
    with transaction.atomic():
        locked_schedule(schedule.id)
        on_its_own(lambda: fire_due(limit=1)).join(10)
    schedule.refresh_from_db()
    assert schedule.time_zone == "UTC"
    fire_due(limit=1)
    schedule.refresh_from_db()
    assert schedule.time_zone == "Asia/Tokyo"


def test_fire_an_event_while_the_one_before_is_being_started_is_heard_once_more(committed_db: str) -> None:
    account = AccountFactory.create()
    make_schedule(account, kind="event", expression="import.finished")
    fire_event("import.finished", account_id=account.id)
    with transaction.atomic():
        assert fire_due(limit=1) == 1
        happening = on_its_own(lambda: fire_event("import.finished", account_id=account.id))
        wait_until(is_waited_for, seconds=10, what="the event waits for the keeper")
    happening.join(10)
    assert fire_due(limit=1) == 1
    assert WorkflowRun.objects.count() == 2
