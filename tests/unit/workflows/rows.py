"""Rows in every condition a step can be in, calls of the SQL functions, and what there was before and after."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories.workflows import HOUR, WorkflowRunFactory, WorkflowStepFactory
from tests.processes import wait_until
from workflows.models import WorkflowRun, WorkflowStep
from workflows.presence import Present, present
from workflows.protocol import MAX_CLAIMS
from workflows.transitions import RUN

LIVE_RUNS = ("queued", "running", "waiting")

CONDITIONS = (
    "pending",
    "ready and due",
    "ready later",
    "running",
    "running, lease over",
    "running for the last time, lease over",
    "waiting",
    "succeeded",
    "failed",
    "skipped",
    "cancelled",
)
"""A step's status, and what else decides whether it can be taken."""

EVERY_ROW = [
    pytest.param(condition, run_status, id=f"{condition} in a {run_status} run")
    for condition, run_status in product(CONDITIONS, RUN.statuses)
]


def step_in(condition: str, run_status: str = "running") -> WorkflowStep:
    """Return the only step of a run, in this condition."""
    now = timezone.now()
    special: dict[str, dict[str, Any]] = {
        "ready later": {"not_before": now + HOUR},
        "running, lease over": {"lease_until": now - timedelta(seconds=1)},
        "running for the last time, lease over": {
            "lease_until": now - timedelta(seconds=1),
            "claims": MAX_CLAIMS,
        },
    }
    status = condition.partition(" ")[0].rstrip(",")
    run = WorkflowRunFactory.create(status=run_status)
    step: WorkflowStep = WorkflowStepFactory.create(
        run=run, status=status, claimed_by="someone", **special.get(condition, {})
    )
    return step


def call(function: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """Call a function of the database and return its rows."""
    marks = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}({marks})", arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def database_now() -> datetime:
    """Return the time by the database's clock."""
    [(now,)] = call("clock_timestamp")
    return now  # type: ignore[no-any-return]


def everything(run: WorkflowRun) -> Any:
    """Return all there is of a run, so that two of these differ where anything was written."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT to_jsonb(run),
                (SELECT jsonb_agg(to_jsonb(step) ORDER BY step.id) FROM workflows_workflowstep AS step
                    WHERE step.run_id = run.id),
                (SELECT jsonb_agg(to_jsonb(event) ORDER BY event.id) FROM workflows_runevent AS event
                    WHERE event.run_id = run.id),
                (SELECT jsonb_agg(to_jsonb(made) ORDER BY made.id) FROM content_artifact AS made
                    WHERE made.run_id = run.id),
                (SELECT count(*) FROM django_q_ormq)
            FROM workflows_workflowrun AS run WHERE run.id = %s
            """,
            [run.id],
        )
        return cursor.fetchone()


def wait_for_presence(expected: Present) -> None:
    """Wait until so many are up: the server notices a closed connection a moment later."""
    wait_until(lambda: present() == expected, seconds=10, what=f"{expected} are up")
