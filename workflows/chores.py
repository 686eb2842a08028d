"""What the keeper looks after: a chore says which rows wait for it, and what is then done.

One statement a round asks for all chores whether there is a row: a system at rest costs no more than that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from tiktok_ops.prepared import fetch


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do as soon as `waiting` has a row; it may find that there is nothing to do after all."""

    name: str
    waiting: Callable[[], QuerySet[Any]]
    do: Callable[[], object]


def due_of(chores: tuple[Chore, ...]) -> list[Chore]:
    """Return the chores a row waits for, in their order; by the database's clock."""
    [answers] = fetch(*_question(chores))
    return [chore for chore, is_due in zip(chores, answers, strict=True) if is_due]


@lru_cache(maxsize=4)
def _question(chores: tuple[Chore, ...]) -> tuple[str, list[Any]]:
    """Return the statement that asks for every chore whether a row waits for it, with its values."""
    parts: list[str] = []
    values: list[Any] = []
    for chore in chores:
        sql, given = chore.waiting().query.exists().get_compiler(connection=connection).as_sql()
        parts.append(f"EXISTS ({sql})")
        values += given
    return f"SELECT {', '.join(parts)}", values
