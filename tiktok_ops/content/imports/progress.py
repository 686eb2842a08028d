"""Progress a person can see while the import's one transaction is still open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the rows done and the rows in all."""

_UPDATE = """
UPDATE content_contentimport SET rows_done = %s, rows_total = %s WHERE id = %s AND status IN ('checking', 'running')
"""


@contextmanager
def committed_progress(import_id: UUID) -> Iterator[Progress]:
    """Yield a function that writes the progress of a running import and commits it at once.

    It has a database connection of its own, opened at the first call and closed at the end. The import's
    transaction must leave the row alone until its last statement, or the two would wait for each other.
    Progress is a courtesy: when the server has no connection left, the import goes on without.
    """
    own = connections.create_connection(DEFAULT_DB_ALIAS)

    def write(done: int, total: int) -> None:
        with suppress(OperationalError), own.cursor() as cursor:
            cursor.execute(_UPDATE, [done, total, import_id])

    try:
        yield write
    finally:
        own.close()
