"""What a step costs does not grow with the runs that are open beside its own: each statement goes by the run's rows."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from tests.factories.workflows import WorkflowRunFactory, add_steps
from workflows.models import WorkflowRun
from workflows.outcomes import Succeeded, TryAgain
from workflows.protocol import claim, finish, renew, resume, wake

pytestmark = pytest.mark.django_db

GRAPH = {"a": [], "b": ["a"], "c": ["a"], "d": ["a"], "e": ["b", "c", "d"], "f": ["e"]}
OTHERS = 120
FEW = OTHERS // 3  # as many as are in one status; by how full pages are, a dozen more or less are read anyway

_READ = """
    SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index
    WHERE indrelid = 'workflows_workflowstep'::regclass
"""


def entries_read_by(act: Callable[[], None]) -> int:
    """Do this and return how many index entries of steps it read."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        before = int(cursor.fetchone()[0])
        act()
        cursor.execute(_READ)
        return int(cursor.fetchone()[0]) - before


def plan_anew() -> None:
    """Have every plan made again for a table that was analysed when it held nothing but what is gone.

    To the planner any index of it looks as cheap as any other then, as in a young database. What ANALYZE locks until
    the test's end keeps the server from doing it again meanwhile.
    """
    with transaction.atomic():
        for _ in range(FEW):
            add_steps(WorkflowRunFactory.create(), GRAPH)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE workflows_workflowstep")
        cursor.execute("DISCARD PLANS")


def run_through() -> None:
    """Take a run of six steps as a worker does, one of them twice, to its end."""
    run: WorkflowRun = WorkflowRunFactory.create()
    add_steps(run, GRAPH)
    claimed = claim(run.id)
    assert claimed
    renew(claimed, seconds=60)
    finish(claimed, TryAgain(error="Once more.", delay_seconds=0), go_on=False)
    claimed = claim(run.id)
    while claimed:
        claimed = finish(claimed, Succeeded(output={}), go_on=True).next_claim
    run.refresh_from_db()
    assert run.status == "succeeded"


def wait_and_go_on() -> None:
    """Let two steps go on that wait, one for a time and one for a person."""
    runs = [WorkflowRunFactory.create(status="waiting") for _ in range(2)]
    timed, asked = (add_steps(run, {"only": []}, status="waiting")["only"] for run in runs)
    assert wake(timed.id)
    assert resume(asked.id, {"status": "succeeded", "output": {}})


@pytest.mark.parametrize("act", [run_through, wait_and_go_on])
def test_what_a_run_reads_does_not_grow_with_those_open_beside_it(act: Callable[[], None]) -> None:
    plan_anew()
    alone = [entries_read_by(act) for _ in range(8)][-1]  # from the sixth time on, plans are kept
    for number in range(OTHERS):
        status = ("ready", "waiting", "pending")[number % 3]
        add_steps(WorkflowRunFactory.create(), {"only": []}, status=status)
    assert entries_read_by(act) < alone + FEW
