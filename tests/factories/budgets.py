"""Budgets, and calls that are held for and settled, without a model."""

from datetime import date
from decimal import Decimal
from typing import Any

from agents.budgets.models import Budget, BudgetPeriod, Reservation
from agents.budgets.reserving import reserve
from agents.models import AgentRun
from agents.prices.pricing import Price
from agents.providers.language import LanguageRequest
from agents.tracing import Settle
from tests.factories.figures import NOON
from tiktok_ops.accounts.models import TikTokAccount

DAY = date(2026, 11, 20)
MODEL = "made-1"
CALL_USD = Decimal("1.000000")
"""What `call_of` may cost: a million tokens out at $1 a million; what is read is as good as free."""


def price_of(**changes: Any) -> Price:
    """Return a price by which a token out costs a millionth of a dollar, and what is read almost nothing."""
    classes = ("input", "cache_read", "cache_write_5m", "cache_write_1h")
    values = dict.fromkeys(classes, Decimal(0)) | {"output": Decimal(1)}
    return Price(model=MODEL, effective_from=date(2026, 1, 1), **(values | changes))


def request_of(**changes: Any) -> LanguageRequest:
    """Return a question that may cost one dollar."""
    values: dict[str, Any] = {
        "model": MODEL,
        "system": "Be short.",
        "user": "How?",
        "schema": {"type": "object"},
        "schema_name": "made_words",
        "max_tokens": 1_000_000,
        "timeout_seconds": 10.0,
    }
    return LanguageRequest(**(values | changes))


def budget_of(account: TikTokAccount, *, cap_usd: object = 100, **changes: Any) -> Budget:
    """Return a budget of simulated money of the account's workspace, for each month."""
    values = {"workspace": account.workspace, "scope": "workspace", "is_simulated": True} | changes
    return Budget.objects.create(cap_usd=Decimal(str(cap_usd)), **values)


def asking_run(account: TikTokAccount, **changes: Any) -> AgentRun:
    """Return an agent run that is about to ask, not inserted."""
    return AgentRun(account=account, agent="made", as_of=NOON, **changes)


def held_call(account: TikTokAccount, *, is_simulated: bool = True, **changes: Any) -> Settle:
    """Hold the dollar a call may cost, and return how to settle it; raises `BudgetReached`."""
    return reserve(
        asking_run(account, **changes), request_of(), [price_of()], on=DAY, is_simulated=is_simulated
    )


def sums(budget: Budget) -> tuple[Decimal, Decimal]:
    """Return what is held and what was spent in the budget's only period."""
    period = BudgetPeriod.objects.get(budget=budget)
    return period.reserved_usd, period.spent_usd


def reservation() -> Reservation:
    """Return the only reservation."""
    return Reservation.objects.get()
