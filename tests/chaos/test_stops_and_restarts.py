"""What is no crash: a database that restarts, a worker that is stopped on purpose, a keeper that freezes."""

import signal
import time
from datetime import timedelta

import pytest
from django.db import connection

from tests.chaos.test_worker_kill import ENVIRONMENT, account_with_posts, audit, check_whole, held_by, is_over
from tests.chaos.test_worker_kill import work_processes as cluster_of
from tests.factories.workflows import doorbells
from tests.forms import only_long
from tests.processes import running, wait_until
from tests.unit.workflows.rows import database_now
from workflows.models import RunEvent, WorkflowStep
from workflows.presence import LOCK_SPACE, Place
from workflows.supervisor import STOP_SECONDS

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.slow]

SLOW = {
    **ENVIRONMENT,
    "CLAUDE_FAULTS": '{"slow_seconds": 2}',
    "STALL_SECONDS": "60",
    "LONG_WORKERS": "1",  # two clusters are to stop at once
}


def cut_all_connections() -> None:
    """End every other connection to this database, as a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@only_long
def test_database_that_cuts_all_connections_in_mid_step_costs_seconds_and_no_result(
    committed_db: str,
) -> None:
    run = audit(account_with_posts())
    with running("worker", environment=SLOW) as worker, running("keeper", environment=SLOW):
        wait_until(lambda: held_by(cluster_of(worker)) != {}, seconds=60, what="a step is taken")
        cut_all_connections()
        # The lease of a call is two minutes long; the step must not wait for it to run out.
        wait_until(lambda: is_over(run), seconds=60, what="the run is over")
    check_whole(run)


@only_long
def test_worker_stopped_on_purpose_in_mid_step_gives_it_back_as_no_crash(committed_db: str) -> None:
    run = audit(account_with_posts())
    # Longer than the grace, so that the stop has to end the call.
    with running("worker", environment={**SLOW, "CLAUDE_FAULTS": '{"slow_seconds": 40}'}) as worker:
        wait_until(lambda: held_by(cluster_of(worker)) != {}, seconds=60, what="a step is taken")
        taken = list(held_by(cluster_of(worker)))
        assert worker.stop() == 0
    returned = run.steps.filter(id__in=taken, finished_at=None)
    assert set(returned.values_list("status", "tries")) == {("ready", 0)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_starts(id) FROM workflows_workflowstep WHERE id = ANY(%s)",
            [[step.id for step in returned]],
        )
        assert {starts for (starts,) in cursor.fetchall()} == {0}
    with running("worker", environment=ENVIRONMENT), running("keeper", environment=ENVIRONMENT):
        wait_until(lambda: is_over(run), seconds=90, what="the run is over")
    check_whole(run)


def test_worker_that_is_stopped_ends_what_it_runs_and_begins_nothing_more(committed_db: str) -> None:
    account = account_with_posts()
    runs = [audit(account) for _ in range(6)]
    slow = {**SLOW, "CLAUDE_FAULTS": '{"slow_seconds": 1.5}'}
    with running("worker", environment=slow) as worker:
        wait_until(lambda: held_by(cluster_of(worker)) != {}, seconds=60, what="a step is taken")
        taken, begun = list(held_by(cluster_of(worker))), time.monotonic()
        asked = database_now()
        assert worker.stop() == 0
    assert time.monotonic() - begun < STOP_SECONDS
    steps = WorkflowStep.objects.filter(id__in=taken)
    assert set(steps.values_list("status", flat=True)) == {"succeeded"}
    assert not WorkflowStep.objects.filter(status="running").exists()
    later = RunEvent.objects.filter(kind="step.running", at__gt=asked + timedelta(seconds=1))
    assert [(event.run_id, event.data) for event in later] == []
    assert not any(is_over(run) for run in runs)
    # What the stopping cluster had taken and did not begin rings for the next one.
    assert {args[0] for _, args in doorbells()} == {str(run.id) for run in runs}
    with running("worker", environment=ENVIRONMENT), running("keeper", environment=ENVIRONMENT):
        wait_until(lambda: all(is_over(run) for run in runs), seconds=90, what="the runs are over")
    for run in runs:
        check_whole(run)


def leading_session() -> int | None:
    """Return the database session that holds the keeper's place, if one does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK_SPACE, int(Place.KEEPER)],
        )
        row = cursor.fetchone()
    return row[0] if row else None


@only_long
def test_keeper_that_freezes_loses_the_lead_to_the_next(committed_db: str) -> None:
    with running("keeper", environment=ENVIRONMENT) as first:
        wait_until(lambda: leading_session() is not None, seconds=30, what="the first leads")
        frozen = leading_session()
        first.process.send_signal(signal.SIGSTOP)
        with running("keeper", environment=ENVIRONMENT):
            wait_until(lambda: leading_session() not in {None, frozen}, seconds=40, what="the next leads")
        first.process.send_signal(signal.SIGCONT)
