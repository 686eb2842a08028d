"""What happens in a run is announced to whoever listens, and to nobody else; who begins to listen misses nothing."""

from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db import transaction

from tests.factories.workflows import WorkflowRunFactory, add_steps
from tests.processes import wait_until
from tiktok_ops.live.presence import BE_HEARD
from workflows.models import WorkflowRun
from workflows.outcomes import Claim, Succeeded
from workflows.protocol import claim, finish

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("committed_db")]


DONE = Succeeded(output={})


def one_run() -> WorkflowRun:
    """Return a run of two steps, one after the other."""
    run = WorkflowRunFactory.create()
    add_steps(run, {"a": [], "b": ["a"]})
    return run


def taken(run: WorkflowRun) -> Claim:
    """Claim what is due in the run."""
    claimed = claim(run.id)
    assert claimed is not None
    return claimed


def listen(session: psycopg.Connection[Any]) -> None:
    """Listen as a web process does."""
    session.execute("LISTEN run_events")
    for statement in BE_HEARD:
        session.execute(statement)


def test_events_are_announced_to_whoever_listens_when_they_commit(committed_db: str) -> None:
    run = one_run()
    with psycopg.connect(committed_db, autocommit=True) as listener:
        listen(listener)
        taken(run)
        told = [notice.payload for notice in listener.notifies(timeout=10, stop_after=1)]
    assert told == [str(run.id)]


def test_events_are_announced_no_more_once_the_last_listener_is_gone(committed_db: str) -> None:
    run = one_run()
    with psycopg.connect(committed_db, autocommit=True) as witness:
        witness.execute("LISTEN run_events")  # it hears what others are told, and counts for nobody itself
        with psycopg.connect(committed_db, autocommit=True) as listener:
            listen(listener)
            claimed = taken(run)
        assert [word.payload for word in witness.notifies(timeout=10, stop_after=1)] == [str(run.id)]
        wait_until(lambda: not listeners(committed_db), seconds=10, what="the listener's session ends")
        finish(claimed, DONE, go_on=True)
        assert list(witness.notifies(timeout=0.2)) == []


def test_listener_that_comes_in_between_finds_what_was_not_announced(committed_db: str) -> None:
    run = one_run()
    with psycopg.connect(committed_db, autocommit=True) as listener:
        with transaction.atomic():
            taken(run)  # nobody listens yet, so that this is not announced
            coming = Thread(target=listen, args=(listener,))
            coming.start()
            wait_until(lambda: bool(listeners(committed_db)), seconds=10, what="the listener has come")
            coming.join(0.2)
            assert coming.is_alive()
        coming.join(10)
        assert not coming.is_alive()
        count = "SELECT count(*) FROM workflows_runevent WHERE run_id = %s AND kind = 'step.running'"
        assert listener.execute(count, [run.id]).fetchone() == (1,)


def listeners(url: str) -> list[tuple[Any, ...]]:
    """Return the sessions that hold the lock of those who listen."""
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid, objid) = (7461002, 1)"
        ).fetchall()
