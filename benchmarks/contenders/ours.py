"""This project: runs started by the service, on the workers of `manage.py worker`, with a keeper beside them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import django

django.setup()

from django.db import connection  # noqa: E402

from approvals.models import ApprovalRequest  # noqa: E402
from approvals.services import approve  # noqa: E402
from benchmarks.contenders.protocol import Work, serve  # noqa: E402
from benchmarks.sizes import (  # noqa: E402
    IDLE_SECONDS,
    RUNS,
    RUNS_ALONE,
    RUNS_DECIDED,
    RUNS_IN_BURST,
    STEPS_A_RUN,
)
from benchmarks.workload import GATED, SIX_STEPS  # noqa: E402
from tiktok_ops.accounts.models import Membership, TikTokAccount, User, Workspace  # noqa: E402
from tiktok_ops.accounts.roles import Role  # noqa: E402
from tiktok_ops.live.presence import BE_HEARD  # noqa: E402
from tiktok_ops.prepared import fetch  # noqa: E402
from workflows.catalogue import store_definition  # noqa: E402
from workflows.presence import present  # noqa: E402
from workflows.services import start_run  # noqa: E402

WARM_UP_RUNS = 10
LONGEST_SECONDS = 300.0


def world() -> tuple[UUID, User]:
    """Return an account to run on and a person who may decide, made where missing."""
    workspace, _ = Workspace.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    account, _ = TikTokAccount.objects.get_or_create(workspace=workspace, handle="bench")
    person, _ = User.objects.get_or_create(username="bench")
    Membership.objects.get_or_create(workspace=workspace, user=person, role=Role.APPROVER)
    for workflow in (SIX_STEPS, GATED):
        store_definition(workflow, by="benchmark")
    return account.id, person


@contextmanager
def _command(name: str) -> Iterator[None]:
    """Have `manage.py NAME` running."""
    process = subprocess.Popen([sys.executable, "manage.py", name], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(40)


def _count(run_ids: list[UUID], *statuses: str) -> int:
    """Return how many of the runs have one of the statuses."""
    [(count,)] = fetch(
        "SELECT count(*) FROM workflows_workflowrun WHERE id = ANY(%s) AND status = ANY(%s)",
        [run_ids, list(statuses)],
    )
    return int(count)


def _until(is_so: Callable[[], bool], *, every_seconds: float = 0.02) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(every_seconds)


def _listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN run_events")
        for statement in BE_HEARD:
            cursor.execute(statement)


def _until_over(run_id: UUID) -> None:
    """Wait for the end of a run, looking whenever one is announced: polling would take time from the workers."""
    while not _count([run_id], "succeeded"):
        for _ in connection.connection.notifies(timeout=1, stop_after=1):
            pass


def _run_all(account_id: UUID, count: int) -> float:
    """Start runs and return the seconds from the first start to the last end, by the database's clock.

    So looking seldom makes it no longer, and takes less from the workers.
    """
    runs = [start_run(SIX_STEPS.slug, account_id=account_id, by="benchmark") for _ in range(count)]
    ids = [run.id for run in runs]
    _until(lambda: _count(ids, "succeeded") == count, every_seconds=0.1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM max(finished_at) - min(created_at))::float FROM workflows_workflowrun "
            "WHERE id = ANY(%s)",
            [ids],
        )
        return float(cursor.fetchone()[0])


def _run_alone(account_id: UUID) -> float:
    """Start one run and return the seconds to its end."""
    began = time.monotonic()
    _until_over(start_run(SIX_STEPS.slug, account_id=account_id, by="benchmark").id)
    return time.monotonic() - began


def _wait_at_gate(account_id: UUID, count: int) -> list[UUID]:
    ids = [start_run(GATED.slug, account_id=account_id, by="benchmark").id for _ in range(count)]
    _until(lambda: _count(ids, "waiting") == count)
    return ids


def _decide(run_id: UUID, person: User) -> None:
    request = ApprovalRequest.objects.get(run_id=run_id)
    approve(request_id=request.id, by=person, channel="api", seen_sha256=request.payload_sha256)


def _decide_alone(run_id: UUID, person: User) -> float:
    """Decide and return the seconds from the decision's commit to the end of the run."""
    _decide(run_id, person)
    began = time.monotonic()
    _until_over(run_id)
    return time.monotonic() - began


def _decide_all(run_ids: list[UUID], person: User) -> float:
    began = time.monotonic()
    for run_id in run_ids:
        _decide(run_id, person)
    _until(lambda: _count(run_ids, "succeeded") == len(run_ids))
    return time.monotonic() - began


def _apart(work: Callable[[], float]) -> float:
    """Do the work on a system that has come to rest."""
    time.sleep(0.1)
    return work()


def _idle() -> dict[str, Any]:
    """Do nothing, for what waiting alone costs."""
    time.sleep(IDLE_SECONDS)
    return {"seconds": [IDLE_SECONDS], "steps": 0}


def _work_of(workload: str, account_id: UUID, person: User) -> Work:
    """Return the work of a workload, whatever it needs being there."""
    if workload == "W":
        return lambda: {"seconds": [_run_all(account_id, RUNS)], "steps": RUNS * STEPS_A_RUN}
    _listen()
    if workload == "L":
        return lambda: {
            "seconds": [_apart(lambda: _run_alone(account_id)) for _ in range(RUNS_ALONE)],
            "steps": RUNS_ALONE * STEPS_A_RUN,
        }
    if workload == "IDLE":
        return _idle
    waiting = _wait_at_gate(account_id, RUNS_DECIDED if workload == "H" else RUNS_IN_BURST)
    if workload == "H":
        return lambda: {
            "seconds": [_apart(lambda: _decide_alone(run_id, person)) for run_id in waiting],  # noqa: B023
            "steps": len(waiting),
        }
    return lambda: {"seconds": [_decide_all(waiting, person)], "steps": len(waiting)}


@contextmanager
def ours(workload: str, url: str) -> Iterator[Work]:
    """Start worker and keeper and warm them up."""
    account_id, person = world()
    with ExitStack() as running:
        running.enter_context(_command("worker"))
        running.enter_context(_command("keeper"))
        _until(lambda: present().workers == 1 and present().keepers == 1)
        _run_all(account_id, WARM_UP_RUNS)
        yield _work_of(workload, account_id, person)


if __name__ == "__main__":
    serve(ours)
