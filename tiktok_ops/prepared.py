"""Statements of the hot path, planned once for each connection rather than each time.

Django binds values on this side, so that no two statements look alike to the server, which plans each anew;
for a small read that is most of its time. Plans live in the session, as advisory locks and LISTEN do: workers
need a connection of their own, or one pooled by session (docs/deployment.md).
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import DatabaseDefault

Converter = Callable[[Any, Any, Any], Any]


def fetch(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the statement on Django's connection, in its transaction, and return all rows.

    `%s` marks a value. JSON comes as text. Raises what Django raises, with psycopg's error as the cause.
    """
    database = connections[DEFAULT_DB_ALIAS]  # `connection` finds it anew for every attribute
    database.close_if_health_check_failed()
    database.ensure_connection()
    database.validate_no_broken_transaction()
    if database.queries_logged:  # as Django's cursors do, for whoever counts statements
        database.queries_log.append({"sql": statement, "time": ""})
    raw = database.connection
    with database.wrap_database_errors, psycopg.RawCursor(raw) as cursor:
        raw.prepare_threshold = 0
        cursor.execute(_numbered(statement), values, prepare=True)
        return cursor.fetchall()


@lru_cache(maxsize=512)
def _numbered(statement: str) -> str:
    """Return the statement as PostgreSQL reads it, its values as $1, $2, …

    psycopg would do so anew each time for a statement as long as those that insert a run.
    """
    first, *rest = statement.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


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


@dataclass(frozen=True, slots=True)
class Ago:
    """The moment so many seconds ago, by the database's clock; 0 is now."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Also:
    """A call of a function of the database, and its values, that is part of a statement which inserts rows."""

    call: str
    values: tuple[Any, ...]


class _Table:
    """How rows of a model are written."""

    def __init__(self, model: type[models.Model]) -> None:
        fields = model._meta.concrete_fields
        columns = ", ".join(f'"{field.column}"' for field in fields)
        self._head = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES '  # noqa: S608  # our own columns
        self._fields = [
            (field.attname, isinstance(field, models.JSONField), isinstance(field, models.AutoField))
            for field in fields
        ]

    def statement(self, rows: Iterable[models.Model], values: list[Any]) -> str:
        """Return the statement that inserts the rows, having added their values."""
        return self._head + ", ".join(self._row(row, values) for row in rows)

    def _row(self, row: models.Model, values: list[Any]) -> str:
        places = []
        held = row.__dict__
        for name, is_json, is_serial in self._fields:
            value = held[name]
            kind = type(value)
            place = "%s"
            if kind is DatabaseDefault or (is_serial and value is None):
                places.append("DEFAULT")
                continue
            if kind is Ago:
                place, value = "clock_timestamp() - make_interval(secs => %s)", value.seconds
            elif is_json and value is not None:
                value = json.dumps(value)
            elif isinstance(value, Enum):
                value = value.value  # psycopg would write its name
            places.append(place)
            values.append(value)
        return f"({', '.join(places)})"


@cache
def _table(model: type[models.Model]) -> _Table:
    return _Table(model)


def insert(rows: Sequence[models.Model], *also: Also) -> None:
    """Insert new rows, of whatever models, by one statement; what they point at may be among them.

    What is done `also` is done by the same statement. For plain fields and JSON, with `Ago` as a moment; `save`
    and its signals are passed over, and what the database fills in is not read back.
    """
    parts, values = insertion(rows)
    if parts or also:
        calls = ", ".join(one.call for one in also)
        head = f"WITH {parts} " if parts else ""
        fetch(f"{head}SELECT {calls}", [*values, *(value for one in also for value in one.values)])


def insertion(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    """Return what `insert` does as the parts of a WITH clause, for another statement to begin with, and the values."""
    values: list[Any] = []
    parts = [
        f"part_{number} AS ({_table(model).statement(alike, values)})"
        for number, (model, alike) in enumerate(groupby(rows, key=type))
    ]
    return ", ".join(parts), values
