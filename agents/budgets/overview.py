"""What budgets came to: as they are now, and of one run in words."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone

from agents.budgets.models import Budget, BudgetPeriod

_SUMS = ("cap_usd", "spent_usd", "reserved_usd", "overrun_usd")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a budget came to in one period, in USD."""

    cap_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal
    overrun_usd: Decimal

    @property
    def left_usd(self) -> Decimal:
        """What may still be held for calls; never below 0."""
        return max(self.cap_usd - self.spent_usd - self.reserved_usd, Decimal(0))

    @classmethod
    def of(cls, budget: Any) -> Self | None:
        """Read what `with_now` found; None where no call has counted yet, or each run counts for itself."""
        return None if budget.now is None else cls(**{name: Decimal(budget.now[name]) for name in _SUMS})


def with_now(budgets: QuerySet[Budget]) -> QuerySet[Any]:
    """Return the budgets with what they came to this month, or in the run they are for; read it with `Sums.of`."""
    this_month = timezone.now().date().replace(day=1)
    periods = BudgetPeriod.objects.filter(budget=OuterRef("pk"))
    now = periods.filter(month=this_month) | periods.filter(budget__scope=Budget.Scope.RUN)
    # As text: a JSON number would become a float.
    sums = JSONObject(**{name: Cast(name, TextField()) for name in _SUMS})
    return budgets.annotate(now=Subquery(now.values(sums=sums)[:1]))


def caps_of_run(run_id: UUID) -> list[str]:
    """Return a sentence for each kind of money the run is capped in and has used, or for its cap while it used none."""
    budgets = Budget.objects.filter(scope=Budget.Scope.RUN, run_id=run_id, is_in_force=True).order_by(
        "is_simulated"
    )
    periods = BudgetPeriod.objects.filter(budget__in=budgets).order_by("is_simulated")
    if used := [_in_words(period) for period in periods]:
        return used
    return [
        f"Capped at ${budget.cap_usd.normalize():f}; nothing is spent of it yet." for budget in budgets[:1]
    ]


def _in_words(period: BudgetPeriod) -> str:
    money = " (simulated)" if period.is_simulated else ""
    spent, held, left, cap = (
        f"${amount.normalize():f}"
        for amount in (period.spent_usd, period.reserved_usd, period.left_usd, period.cap_usd)
    )
    return f"Capped at {cap}{money}: {spent} spent, {held} held for calls under way, {left} left."
