"""The rows of circuit breakers: each change is one statement, true for all processes. The clock is the database's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction

from agents.alarms import raise_for_open, resolve_for_closed
from tiktok_ops.apart import apart
from tiktok_ops.ids import new_id

log = structlog.get_logger(__name__)

LONGEST_ERROR = 500

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Seen:
    """A breaker as it was read `at`, by this process's monotonic clock.

    `retry_seconds` are those until it may be probed, `probe_seconds` those until its probe's lease ends,
    from then on; 0 where there is none.
    """

    status: str
    failures: int
    retry_seconds: float
    probe_seconds: float
    last_error: str
    at: float


@dataclass(frozen=True, slots=True)
class Probe:
    """The leave to probe; nobody else has one until its lease ends, and then under another number."""

    number: int
    reopenings: int


def look(alias: str, operation: str) -> Seen:
    """Return the breaker as it is; closed where there is none."""
    at = time.monotonic()
    row = _one(
        """
        SELECT status, failures, last_error,
            coalesce(extract(epoch FROM retry_at - clock_timestamp()), 0)::float8,
            coalesce(extract(epoch FROM probe_until - clock_timestamp()), 0)::float8
        FROM agents_breaker WHERE alias = %s AND operation = %s
        """,
        [alias, operation],
    )
    status, failures, last_error, retry_seconds, probe_seconds = row or ("closed", 0, "", 0.0, 0.0)
    return Seen(status, failures, retry_seconds, probe_seconds, last_error, at)


def note_failure(alias: str, operation: str, error: str, *, most: int, cooldown_seconds: float) -> None:
    """Count a failure; the `most`-th in a row opens the breaker. One that is not closed stays as it is."""
    with transaction.atomic():
        opened = _count_failure(alias, operation, error, most=most, cooldown_seconds=cooldown_seconds)
        if opened is not None:
            raise_for_open(opened, alias, operation, error)
    if opened is not None:
        log.warning("breaker opened", provider=alias, operation=operation, error=error)


def _count_failure(
    alias: str, operation: str, error: str, *, most: int, cooldown_seconds: float
) -> UUID | None:
    """Count a failure; return the breaker's id when this one opened it."""
    row = _one(
        """
        INSERT INTO agents_breaker AS breaker (id, alias, operation, status, failures, successes, reopenings,
            probes, failed_at, last_error)
        VALUES (%(id)s, %(alias)s, %(operation)s, 'closed', 1, 0, 0, 0, clock_timestamp(), %(error)s)
        ON CONFLICT (alias, operation) DO UPDATE SET
            failures = breaker.failures + 1, failed_at = EXCLUDED.failed_at, last_error = EXCLUDED.last_error,
            status = CASE WHEN breaker.failures + 1 >= %(most)s THEN 'open' ELSE 'closed' END,
            opened_at = CASE WHEN breaker.failures + 1 >= %(most)s THEN clock_timestamp() END,
            retry_at = CASE WHEN breaker.failures + 1 >= %(most)s
                THEN clock_timestamp() + make_interval(secs => %(cooldown)s) END
            WHERE breaker.status = 'closed'
        RETURNING status, id
        """,
        {
            "id": new_id(),
            "alias": alias,
            "operation": operation,
            "error": error[:LONGEST_ERROR],
            "most": most,
            "cooldown": cooldown_seconds,
        },
    )
    return row[1] if row and row[0] == "open" else None


def forget_failures(alias: str, operation: str) -> None:
    """Let the row of failures be over; only a closed breaker has one."""
    _one(
        """
        UPDATE agents_breaker SET failures = 0
        WHERE alias = %s AND operation = %s AND status = 'closed' AND failures > 0
        RETURNING id
        """,
        [alias, operation],
    )


def claim_probe(alias: str, operation: str, *, seconds: float) -> Probe | None:
    """Return the leave to probe, held for `seconds`; None where it is not time, or another has it."""
    row = apart(
        lambda: _one(
            """
        UPDATE agents_breaker SET
            status = 'half_open', probes = probes + 1,
            probe_until = clock_timestamp() + make_interval(secs => %s)
        WHERE alias = %s AND operation = %s
            AND ((status = 'open' AND retry_at <= clock_timestamp())
                OR (status = 'half_open' AND (probe_until IS NULL OR probe_until < clock_timestamp())))
        RETURNING probes, reopenings
        """,
            [seconds, alias, operation],
        )
    )
    return Probe(*row) if row else None


def pass_probe(alias: str, operation: str, probe: Probe, *, enough: int) -> None:
    """Count a probe that was answered; the last of `enough` closes the breaker."""
    with transaction.atomic():
        closed = _count_success(alias, operation, probe, enough=enough)
        if closed is not None:
            resolve_for_closed(closed, by="breaker")
    if closed is not None:
        log.info("breaker closed", provider=alias, operation=operation)


def _count_success(alias: str, operation: str, probe: Probe, *, enough: int) -> UUID | None:
    """Count a good probe; return the breaker's id when this one closed it."""
    row = _one(
        """
        UPDATE agents_breaker SET
            probe_until = NULL,
            status = CASE WHEN successes + 1 >= %(enough)s THEN 'closed' ELSE 'half_open' END,
            failures = CASE WHEN successes + 1 >= %(enough)s THEN 0 ELSE failures END,
            reopenings = CASE WHEN successes + 1 >= %(enough)s THEN 0 ELSE reopenings END,
            opened_at = CASE WHEN successes + 1 >= %(enough)s THEN NULL ELSE opened_at END,
            retry_at = CASE WHEN successes + 1 >= %(enough)s THEN NULL ELSE retry_at END,
            successes = CASE WHEN successes + 1 >= %(enough)s THEN 0 ELSE successes + 1 END
        WHERE alias = %(alias)s AND operation = %(operation)s AND status = 'half_open' AND probes = %(number)s
        RETURNING status, id
        """,
        {"enough": enough, "alias": alias, "operation": operation, "number": probe.number},
    )
    return row[1] if row and row[0] == "closed" else None


def fail_probe(alias: str, operation: str, probe: Probe, error: str, *, cooldown_seconds: float) -> None:
    """Open the breaker again, for `cooldown_seconds`."""
    _one(
        """
        UPDATE agents_breaker SET
            status = 'open', successes = 0, reopenings = reopenings + 1, probe_until = NULL,
            retry_at = clock_timestamp() + make_interval(secs => %s),
            failed_at = clock_timestamp(), last_error = %s
        WHERE alias = %s AND operation = %s AND status = 'half_open' AND probes = %s
        RETURNING id
        """,
        [cooldown_seconds, error[:LONGEST_ERROR], alias, operation, probe.number],
    )


def give_probe_back(alias: str, operation: str, probe: Probe) -> None:
    """Let another probe at once: this one says nothing of the provider."""
    _one(
        """
        UPDATE agents_breaker SET probe_until = NULL
        WHERE alias = %s AND operation = %s AND status = 'half_open' AND probes = %s
        RETURNING id
        """,
        [alias, operation, probe.number],
    )


def note_apart(note: Callable[[], None]) -> None:
    """Write a note on its own; one that cannot be written is logged and left out: the call matters more."""
    try:
        apart(note)
    except (DatabaseError, InterfaceError) as error:
        log.warning("breaker could not be told", error=str(error).strip())


def _one(sql: LiteralString, values: Any) -> tuple[Any, ...] | None:
    """Run one statement and return its row, if it has one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
