"""Who is up: workers and the leading keeper hold advisory locks, which end with their connection.

A lock cannot be out of date, as a heartbeat can: the database drops it with the process that held it.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

LONGEST_SILENCE_SECONDS = 10.0
TERMS = "workflows_keeper_term"
"""The sequence that counts who led: it survives them all."""
LOCK_SPACE = 7_461_001  # ours alone, among the advisory locks of this database


class Place(IntEnum):
    """What a lock is held as."""

    WORKER = 1
    KEEPER = 2


@dataclass(frozen=True, slots=True)
class Present:
    """How many workers hold their lock, and how many keepers lead (none or one)."""

    workers: int
    keepers: int


def present() -> Present:
    """Return who is up now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE objid = %s), count(*) FILTER (WHERE objid = %s) FROM pg_locks "
            "WHERE locktype = 'advisory' AND classid = %s AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [Place.WORKER, Place.KEEPER, LOCK_SPACE],
        )
        return Present(*cursor.fetchone())


class Post:
    """A place held on a connection of its own, which nothing else uses and nothing closes by age.

    Workers share theirs; the keeper's is for one, and each keeper that takes it does so for a `term` of its own:
    a number higher than any before, kept by the database. Who loses the connection, or whose term is not the newest any
    more, has lost the place.
    """

    def __init__(self, place: Place) -> None:
        self.term: int | None = None
        self._place = place
        self._connection: BaseDatabaseWrapper = connection.copy()
        self._is_held = False

    def hold(self) -> bool:
        """Return whether the place is held, taking it if it can be taken."""
        if self._is_held:
            return self.is_still_held()
        try:
            self._is_held = self._take()
        except DatabaseError:
            self.leave()
        return self._is_held

    def is_still_held(self) -> bool:
        """Return whether the place is held as it was, and give it up where it is not; one question."""
        try:
            if not (self._is_held and self._is_of_newest_term()):
                self.leave()
        except DatabaseError:
            self.leave()
        return self._is_held

    def leave(self) -> None:
        """Give the place up."""
        self._is_held, self.term = False, None
        self._connection.close()

    def _take(self) -> bool:
        # A holder that is frozen or asleep stops asking; the database then ends its session, and with it
        # the place, so that another can take it.
        seconds = max(LONGEST_SILENCE_SECONDS, 5 * settings.KEEPER_SECONDS)
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT set_config('idle_session_timeout', %s, false)", [f"{seconds:.0f}s"])
        if self._place is Place.WORKER:
            return self._ask(
                "SELECT true FROM pg_advisory_lock_shared(%s, %s)", [LOCK_SPACE, int(self._place)]
            )
        if self._ask("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, int(self._place)]):
            self.term = self._answer(f"SELECT nextval('{TERMS}')", [])
        return self.term is not None

    def _is_of_newest_term(self) -> bool:
        if self.term is None:  # a place for many
            return self._ask("SELECT true", [])
        return self._ask(f"SELECT last_value = %s FROM {TERMS}", [self.term])  # noqa: S608 - a name of ours

    def _ask(self, sql: str, arguments: list[int]) -> bool:
        return bool(self._answer(sql, arguments))

    def _answer(self, sql: str, arguments: list[int]) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, arguments)
            return cursor.fetchone()[0]
