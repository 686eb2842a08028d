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
    [answers] = fetch(_question(chores), [])
    return [chore for chore, is_due in zip(chores, answers, strict=True) if is_due]


@lru_cache(maxsize=4)
def _question(chores: tuple[Chore, ...]) -> str:
    """Return the statement that asks for every chore whether a row waits for it.

    Its values are written into it: PostgreSQL then plans it once, where it would plan it anew in each round, for
    what it knows of no value's frequency (how much LIMIT leaves, above all) makes a plan for all of them bad.
    """
    parts: list[str] = []
    for chore in chores:
        sql, values = chore.waiting().query.exists().get_compiler(connection=connection).as_sql()
        written = connection.ops.compose_sql(sql, values)  # type: ignore[attr-defined]  # PostgreSQL's have it
        parts.append(f"EXISTS ({written})")
    return f"SELECT {', '.join(parts)}"
