"""What people do to what agents stand on: the one function admin and command line call."""

from uuid import UUID

from django.db import transaction

from agents.alarms import resolve_for_closed
from agents.models import Breaker
from agents.providers import breakers
from agents.transitions import BREAKER
from tiktok_ops.accounts.models import User
from tiktok_ops.audit.services import record
from tiktok_ops.errors import Overtaken, Refused


class BreakerRefused(Refused):
    """This breaker cannot be reset."""


class BreakerClosed(Overtaken):
    """This breaker is closed already: there is nothing to reset."""


def check_user_can_reset(by: User | str) -> None:
    """Raise `BreakerRefused` unless `by` may: a superuser, for it reaches every workspace, or a process."""
    if isinstance(by, User) and not (by.is_active and by.is_superuser):
        raise BreakerRefused(
            f"{by.username!r} may not reset a circuit breaker, which serves every workspace: ask a superuser."
        )


def reset_breaker(*, breaker_id: UUID, by: User | str) -> Breaker:
    """Close a breaker as if nothing had failed; every process asks the provider again within a second.

    `by` is a person or the name of a process. Raises `BreakerRefused` or `BreakerClosed`.
    """
    check_user_can_reset(by)
    with transaction.atomic():
        breaker = Breaker.objects.select_for_update().get(id=breaker_id)
        if breaker.status == "closed":
            raise BreakerClosed
        BREAKER.check(breaker.status, "closed")
        was = {"was": breaker.status, "failures": breaker.failures, "last_error": breaker.last_error}
        breaker.status = "closed"
        breaker.failures = breaker.successes = breaker.reopenings = 0
        breaker.opened_at = breaker.retry_at = breaker.probe_until = None
        breaker.save()
        resolve_for_closed(breaker.id, by=by)
        record("breaker.reset", by=by, subject=f"breaker {breaker}", workspace_id=None, data=was)
    breakers.forget()
    return breaker
