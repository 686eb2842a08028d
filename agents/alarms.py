"""What of providers becomes an alert, for whoever runs the installation: a breaker serves every workspace."""

from uuid import UUID

from agents.breaker_models import Breaker
from tiktok_ops.accounts.models import User
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert, resolve_about
from tiktok_ops.cells import shortened

BREAKER_OPEN = "breaker_open"
LONGEST_REASON = 300


def raise_for_open(breaker_id: UUID, alias: str, operation: str, error: str) -> None:
    """Raise the alert for a breaker that opened, in the transaction that opens it."""
    raise_alert(
        kind=BREAKER_OPEN,
        about=Breaker(id=breaker_id),
        of=None,
        severity=Alert.Severity.WARNING,
        sentence=f"{alias!r} fails at {operation!r} and is left alone for a while: "
        f"{shortened(error, chars=LONGEST_REASON)}",
        what_to_do="Nothing is lost: what needs it waits, and it is tried again by itself. If it goes on, look at the "
        "provider's status page and at the keys; a superuser may reset the breaker once it is mended.",
    )


def resolve_for_closed(breaker_id: UUID, *, by: User | str) -> None:
    """Resolve it: the provider answers again."""
    resolve_about(kind=BREAKER_OPEN, about=Breaker(id=breaker_id), by=by)
