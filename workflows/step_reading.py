"""Reading a claimed step, which came with its claim, and its run, account and brand, in one statement.

Part of every step, and so by hand: building this query took Django longer than PostgreSQL needs to answer it.
The rows become the very objects Django would make, so that what uses them need not know.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from tiktok_ops.accounts.models import Brand, TikTokAccount
from tiktok_ops.prepared import RowOf, fetch
from workflows.models import WorkflowRun, WorkflowStep

FRESH_SECONDS = 1.0
_IDS = frozenset({"id", "run_id", "approval_id"})
_TOLD = (
    "id",
    "run_id",
    "key",
    "item",
    "round",
    "item_value",
    "feedback",
    "position",
    "kind",
    "cluster",
    "tries",
    "approval_id",
)


@cache
def _rows() -> tuple[RowOf, ...]:
    return (
        RowOf(WorkflowRun, "run"),
        RowOf(TikTokAccount, "account"),
        RowOf(Brand, "brand"),
    )


@cache
def _statement() -> str:
    return f"""
        SELECT {", ".join(row.columns for row in _rows())} FROM workflows_workflowrun AS run
            JOIN accounts_tiktokaccount AS account ON account.id = run.account_id
            LEFT JOIN accounts_brand AS brand ON brand.id = account.brand_id
            WHERE run.id = %s
    """  # noqa: S608  # our own models' columns


def read_run(run_id: UUID) -> WorkflowRun:
    """Return the run with `account` and `account.brand`; raises `WorkflowRun.DoesNotExist`."""
    rows = fetch(_statement(), [run_id])
    if not rows:
        raise WorkflowRun.DoesNotExist
    [values] = rows
    made = []
    for row in _rows():
        made.append(row.read(values[: row.width]))
        values = values[row.width :]
    run, account, brand = made
    run.account, account.brand = account, brand
    found: WorkflowRun = run
    return found


class Runs:
    """The run a worker goes on with from step to step, read again once it is a second old.

    What may change within a run and matters at once (cancelled, paused, stopped) is asked for in the
    transactions that let things happen, never here.
    """

    def __init__(self) -> None:
        self._run: WorkflowRun | None = None
        self._read_at = 0.0

    def get(self, run_id: UUID) -> WorkflowRun:
        """Return the run with `account` and `account.brand`."""
        now = time.monotonic()
        if self._run is None or self._run.id != run_id or now - self._read_at > FRESH_SECONDS:
            self._run, self._read_at = read_run(run_id), now
        return self._run


def read_step(told: Mapping[str, Any], runs: Runs) -> WorkflowStep:
    """Return the step as `workflow_work` told it, with its run; Django reads what else it has when it is asked for."""
    values = [UUID(told[name]) if name in _IDS and told[name] else told[name] for name in _TOLD]
    step: WorkflowStep = WorkflowStep.from_db(connection.alias, _TOLD, values)
    step.run = runs.get(step.run_id)
    return step


def turn_of(step_id: UUID) -> tuple[datetime, datetime]:
    """Return when the step had its first turn, and what time it is: both by the database's clock, in one round trip."""
    statement = (
        "SELECT coalesce(started_at, clock_timestamp()), clock_timestamp() "
        "FROM workflows_workflowstep WHERE id = %s"
    )
    begun, now = fetch(statement, [step_id])[0]
    return begun, now
