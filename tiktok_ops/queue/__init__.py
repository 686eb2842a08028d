"""The one door to django-q2.

What goes through it is a doorbell: a dotted path and ids, never data and never an outcome. A doorbell
may be lost, late or double; whoever answers it reads the rows again, and the keeper rings again for
what nobody answered. With our own broker (`broker`) it is a row in our database, so it is rung in the
caller's transaction: it commits or rolls back with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from tiktok_ops.prepared import Ago, Also, fetch, insert

log = structlog.get_logger(__name__)

IS_SOMEBODY_WAITING = "EXISTS (SELECT FROM django_q_ormq WHERE key = %s ORDER BY id LIMIT 1)"
"""SQL, with a cluster as its value: whether a doorbell of it waits to be heard, so that nobody is free.

With Redis as the queue it never is, and whoever asks rings.
"""


TAKE = """
    WITH next AS (
        SELECT id FROM django_q_ormq WHERE key = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )
    DELETE FROM django_q_ormq AS taken USING next WHERE taken.id = next.id RETURNING taken.payload
"""
"""SQL, with a cluster and a number as its values: take so many doorbells. Locked rows are being taken by
somebody else: they are passed over rather than waited for."""


class Cluster(StrEnum):
    """Who answers: each has work processes of its own, so that what takes long holds up nothing else."""

    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Doorbell:
    """What is to be called, a dotted path, and with which ids."""

    task: str
    ids: tuple[str, ...]


def ring(task: str, *ids: UUID, cluster: str = Cluster.SHORT) -> None:
    """Ask a worker of `cluster` to call `task`, a dotted path, with the ids as text.

    With the database as the queue this is part of the caller's transaction. Redis knows nothing of it:
    there the doorbell is rung after the commit, and one that cannot be rung is left to the keeper.
    """
    send = partial(
        async_task, task, *(str(value) for value in ids), save=False, ack_failure=True, cluster=str(cluster)
    )
    if settings.QUEUE_BROKER == "redis":
        transaction.on_commit(partial(_send_if_can_be, send))
    else:
        send()


def insert_and_ring(
    rows: Sequence[Model], task: str, *ids: UUID, clusters: Sequence[str], also: Also | None = None
) -> None:
    """Insert new rows as `tiktok_ops.prepared.insert` does and ring once for each of the clusters.

    With the database as the queue all of it is one statement, so that it needs no transaction of its own.
    """
    more = [also] if also else []
    if settings.QUEUE_BROKER == "redis":
        insert(rows, *more)
        for cluster in clusters:
            ring(task, *ids, cluster=cluster)
        return
    packages = [_Package(cluster) for cluster in clusters]
    for package in packages:
        async_task(task, *(str(value) for value in ids), save=False, ack_failure=True, broker=package)
    doorbells = [OrmQ(key=package.list_key, payload=package.payload, lock=Ago()) for package in packages]
    wake = [Also("pg_notify(%s, '')", (channel_of(package.list_key),)) for package in packages]
    insert([*rows, *doorbells], *more, *wake)


class _Package:
    """Stands in for django-q2's broker, and keeps what it is to queue."""

    def __init__(self, cluster: str) -> None:
        self.list_key = str(cluster)
        self.payload = ""

    def enqueue(self, task: str) -> int:
        self.payload = task
        return 0


def channel_of(cluster: str) -> str:
    """Return the NOTIFY channel that wakes who takes the doorbells of the cluster."""
    return f"doorbell_{cluster}"


def _send_if_can_be(send: partial[object]) -> None:
    """Ring after the commit; what was committed must not fail for its doorbell."""
    try:
        send()
    except Exception:  # whatever the client of the queue raises: the keeper rings again
        log.exception("doorbell lost")


def this_cluster() -> str:
    """Return the cluster this process works for; outside of workers, the short one."""
    return str(Conf.CLUSTER_NAME)


def take_next() -> Doorbell | None:
    """Take a doorbell that waits for this process's cluster, if there is one; with Redis there never is.

    It is the caller's now: should they die, the keeper rings again.
    """
    if settings.QUEUE_BROKER == "redis":
        return None
    for (payload,) in fetch(TAKE, [this_cluster(), 1]):
        task = SignedPackage.loads(payload)
        return Doorbell(task["func"], task["args"])
    return None
