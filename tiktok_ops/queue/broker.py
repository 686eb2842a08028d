"""Doorbells in our own database, heard at once: django-q2's ORM broker with LISTEN and one-statement takes.

django-q2's own asks every `poll` seconds, locks row by row, and gives a taken task out again after `retry`.
Here a doorbell is gone when it is taken: the keeper rings again for what it was to start, so there is no
lock to run out, nothing to acknowledge, and no second delivery. Redis makes the same promise.
"""

from select import select
from time import monotonic, sleep

import psycopg
import structlog
from django.db import DatabaseError, InterfaceError, connection
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from tiktok_ops.prepared import fetch
from tiktok_ops.queue import TAKE, channel_of

log = structlog.get_logger(__name__)

ENQUEUE = """
    WITH rung AS (
        INSERT INTO django_q_ormq (key, payload, lock) VALUES (%s, %s, clock_timestamp()) RETURNING id
    )
    SELECT id, pg_notify(%s, '') FROM rung
"""


LOOK_AGAIN_SECONDS = 5.0


class Doorbells(ORM):  # type: ignore[misc]  # django-q has no types
    """The queue of one cluster. A doorbell wakes its pusher by NOTIFY, or, should that fail, within seconds.

    It waits no longer than `poll` seconds at a time, because its process looks in between whether it is to stop.
    """

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._channel = channel_of(str(self.list_key))
        self._heard_on: object = None
        self._quiet_until = 0.0

    def enqueue(self, task: str) -> int:
        """Add a doorbell and wake who listens, in the caller's transaction; return its row's id."""
        [(number, _)] = fetch(ENQUEUE, [self.list_key, task, self._channel])
        return int(number)

    def dequeue(self) -> list[tuple[None, str]]:
        """Take up to `bulk` doorbells; without one, wait up to `poll` seconds for the next.

        A database that is away is waited for likewise: django-q would sit out ten seconds.
        """
        try:
            self._listen()
            if monotonic() < self._quiet_until and not self._is_rung():
                return []
            taken = self._take()
            # Once there was none, only what is rung from now on is of interest; that is heard without asking.
            self._quiet_until = 0.0 if taken else monotonic() + LOOK_AGAIN_SECONDS
        except (DatabaseError, InterfaceError, psycopg.Error) as error:
            log.warning("queue lost the database", error=str(error).strip())
            connection.close()
            sleep(Conf.POLL)
            return []
        return taken

    def _listen(self) -> None:
        """Listen on this connection, before looking: what comes in between is then not missed."""
        connection.ensure_connection()
        if connection.connection is not self._heard_on:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {connection.ops.quote_name(self._channel)}")
            self._heard_on = connection.connection
            self._quiet_until = 0.0

    def _take(self) -> list[tuple[None, str]]:
        return [(None, payload) for (payload,) in fetch(TAKE, [self.list_key, Conf.BULK])]

    def _is_rung(self) -> bool:
        """Wait for a doorbell to be rung, and return whether one was; those heard while we were busy end the wait.

        The socket is waited for here: psycopg looks up from its wait ten times a second.
        """
        if self._has_heard():
            return True
        readable, _, _ = select([connection.connection.fileno()], [], [], Conf.POLL)
        return bool(readable) and self._has_heard()

    def _has_heard(self) -> bool:
        return any(True for _ in connection.connection.notifies(timeout=0, stop_after=1))
