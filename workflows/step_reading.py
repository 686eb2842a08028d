"""Reading a claimed step with its run, account and brand, in one statement.

Part of every step, and so by hand: building this query took Django longer than PostgreSQL needs to answer it.
The rows become the very objects Django would make, so that what uses them need not know.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, models

from tiktok_ops.accounts.models import Brand, TikTokAccount
from tiktok_ops.prepared import fetch
from workflows.models import WorkflowRun, WorkflowStep

Converter = Callable[[Any, Any, Any], Any]


class RowOf:
    """One model's part of a row: its columns, and the object they make."""

    def __init__(self, model: type[models.Model], alias: str) -> None:
        fields = model._meta.concrete_fields
        self._model = model
        self._names = [field.attname for field in fields]
        self._converters: list[tuple[int, Converter]] = [
            (place, convert)
            for place, field in enumerate(fields)
            for convert in field.get_db_converters(connection)
        ]
        self.columns = ", ".join(f'{alias}."{field.column}"' for field in fields)
        self.width = len(fields)

    def read(self, values: Sequence[Any]) -> Any:
        """Return the object of these values, or None where an outer join found nothing."""
        if values[0] is None:
            return None
        made = list(values)
        for place, convert in self._converters:
            made[place] = convert(made[place], None, connection)
        return self._model.from_db(connection.alias, self._names, made)


@cache
def _rows() -> tuple[RowOf, ...]:
    return (
        RowOf(WorkflowStep, "step"),
        RowOf(WorkflowRun, "run"),
        RowOf(TikTokAccount, "account"),
        RowOf(Brand, "brand"),
    )


@cache
def _statement() -> str:
    return f"""
        SELECT {", ".join(row.columns for row in _rows())} FROM workflows_workflowstep AS step
            JOIN workflows_workflowrun AS run ON run.id = step.run_id
            JOIN accounts_tiktokaccount AS account ON account.id = run.account_id
            LEFT JOIN accounts_brand AS brand ON brand.id = account.brand_id
            WHERE step.id = %s
    """  # noqa: S608  # our own models' columns


def read_step(step_id: UUID) -> WorkflowStep:
    """Return the step with `run`, `run.account` and `run.account.brand`; raises `WorkflowStep.DoesNotExist`."""
    rows = fetch(_statement(), [step_id])
    if not rows:
        raise WorkflowStep.DoesNotExist
    [values] = rows
    made = []
    for row in _rows():
        made.append(row.read(values[: row.width]))
        values = values[row.width :]
    step, run, account, brand = made
    step.run, run.account, account.brand = run, account, brand
    found: WorkflowStep = step
    return found
