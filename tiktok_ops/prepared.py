"""Statements of the hot path, planned once for each connection rather than each time.

Django binds values on this side, so that no two statements look alike to the server, which plans each anew;
for a small read that is most of its time. Plans live in the session, as advisory locks and LISTEN do: workers
need a connection of their own, or one pooled by session (docs/deployment.md).
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def fetch(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the statement on Django's connection, in its transaction, and return all rows.

    `%s` marks a value. JSON comes as text. Raises what Django raises, with psycopg's error as the cause.
    """
    with connection.cursor():  # connects where there is none, or one that is gone
        raw = connection.connection
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        raw.prepare_threshold = 0
        cursor.execute(statement, values, prepare=True)
        return cursor.fetchall()
