"""The one door to django-q2.

What goes through it is a doorbell: a dotted path and ids, never data and never an outcome. A doorbell
may be lost, late or double; whoever answers it reads the rows again. With the ORM broker it is a row
in our own database, so it is rung in the caller's transaction: it commits or rolls back with it.
"""

from uuid import UUID

from django_q.tasks import async_task


def ring(task: str, *ids: UUID) -> None:
    """Ask a worker to call `task`, a dotted path, with the ids as text."""
    async_task(task, *(str(value) for value in ids), save=False, ack_failure=True)
