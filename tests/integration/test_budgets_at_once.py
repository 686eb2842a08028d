"""Budgets over many connections at once: never above the cap, and every dollar below it is given."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F

from agents.budgets.models import BudgetPeriod, Reservation
from agents.budgets.reserving import BudgetReached, settle_abandoned
from agents.budgets.services import change_budget
from tests.factories.accounts import AccountFactory
from tests.factories.budgets import budget_of, held_call, sums
from tests.integration.workflows.test_concurrency import at_once
from tiktok_ops.accounts.models import TikTokAccount

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("committed_db")]

THREADS, CALLS, CAP = 32, 20, 100


def held_by(account: TikTokAccount, calls: int) -> int:
    """Hold a dollar so many times, and return how often that went."""
    held = 0
    for _ in range(calls):
        try:
            held_call(account)
            held += 1
        except BudgetReached:
            pass
    return held


def test_thirty_two_at_once_hold_exactly_what_the_cap_allows() -> None:
    account = AccountFactory.create()
    budget = budget_of(account, cap_usd=CAP)
    held = at_once(*[lambda: held_by(account, CALLS)] * THREADS)
    assert sum(held) == CAP
    assert sums(budget) == (Decimal(CAP), Decimal(0))
    assert Reservation.objects.count() == CAP


def test_settling_reserving_and_lowering_the_cap_at_once_stays_below_it() -> None:
    account = AccountFactory.create()
    workspace = budget_of(account, cap_usd=12)
    brand = budget_of(account, cap_usd=8, scope="brand", brand=account.brand)

    def spends() -> int:
        spent = 0
        for _ in range(6):
            try:
                settle = held_call(account)
            except BudgetReached:
                continue
            with transaction.atomic():
                settle(Decimal("0.5"), None)
            spent += 1
        return spent

    def changes() -> int:
        for cap in (3, 9, 6, 8):
            change_budget(budget_id=brand.id, cap_usd=Decimal(cap), by="test")
        return 0

    calls = sum(at_once(*[spends] * 6, changes))
    settle_abandoned()
    spent = set(BudgetPeriod.objects.values_list("spent_usd", "reserved_usd"))
    assert spent == {(Decimal(calls) / 2, Decimal(0))}
    assert not BudgetPeriod.objects.filter(cap_usd__lt=F("spent_usd")).exists()
    assert sums(workspace)[1] <= 12
