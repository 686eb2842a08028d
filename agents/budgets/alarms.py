"""What of budgets becomes an alert."""

from decimal import Decimal

from agents.budgets.models import Reservation
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import raise_alert

OVERRUN = "budget_overrun"


def raise_for_overrun(reservation: Reservation, *, cost_usd: Decimal) -> None:
    """Raise the alert for a call that cost more than its worst case, in the transaction that settles it."""
    raise_alert(
        kind=OVERRUN,
        about=f"model {reservation.model}",
        of=reservation.account,
        severity=Alert.Severity.WARNING,
        sentence=f"A call to {reservation.model!r} cost ${cost_usd}, and at most ${reservation.amount_usd} was held "
        "for it: a budget may be over its cap by the difference.",
        what_to_do="Compare the model's price rows with the vendor's price list: a price that is too low lets calls "
        "cost more than they are taken to.",
    )
