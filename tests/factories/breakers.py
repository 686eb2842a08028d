"""Circuit breakers in any status, and time that passes for them at once."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from agents.models import Breaker
from agents.providers import breakers
from agents.providers.breakers import Breakers
from agents.providers.errors import ProviderUnavailable

DOWN = "Claude failed to answer (500); try again."


def breaker(operation: str = "messages", *, alias: str = "claude") -> Breaker:
    """Return the breaker as it is now."""
    return Breaker.objects.get(alias=alias, operation=operation)


def open_breaker(operation: str = "messages", *, alias: str = "claude", **changes: Any) -> Breaker:
    """Return a breaker that opened a moment ago and is asked again in 30 s."""
    now = timezone.now()
    values: dict[str, Any] = {
        "status": "open",
        "failures": 5,
        "opened_at": now,
        "failed_at": now,
        "retry_at": now + timedelta(seconds=30),
        "last_error": DOWN,
    }
    breakers.forget()
    return Breaker.objects.create(alias=alias, operation=operation, **(values | changes))


def call(operation: str = "messages", *, error: BaseException | None = None, alias: str = "claude") -> None:
    """Make a call that goes well, or raises; raises `BreakerOpen` when it is not let through."""
    with Breakers(alias).around(operation, timeout_seconds=1):
        if error is not None:
            raise error


def fail(times: int = 1, operation: str = "messages", *, alias: str = "claude") -> None:
    """Let so many calls fail by the provider's fault."""
    for _ in range(times):
        with suppress(ProviderUnavailable):
            call(operation, error=ProviderUnavailable(DOWN), alias=alias)


def let_cool_down(seconds: float = 3600) -> None:
    """Let so much time pass for every breaker: retries and the leases of probes come nearer."""
    passed = timedelta(seconds=seconds)
    Breaker.objects.update(retry_at=F("retry_at") - passed, probe_until=F("probe_until") - passed)
    breakers.forget()
