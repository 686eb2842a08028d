"""Caps are set and changed by people, each change on record, and refused in a sentence where they do not do."""

from decimal import Decimal
from uuid import uuid4

import pytest

from agents.budgets.models import Budget, BudgetPeriod
from agents.budgets.services import (
    BudgetTaken,
    BudgetUnknown,
    Capped,
    CapRefused,
    change_budget,
    check_cap,
    open_budget,
    raise_cap,
)
from tests.factories.accounts import AccountFactory, BrandFactory, person
from tests.factories.budgets import budget_of, held_call, sums
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Role
from tiktok_ops.audit.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create()
    return made


def on_record() -> list[str]:
    """Return what the audit trail says was done to budgets."""
    verbs = AuditEvent.objects.filter(verb__startswith="budget.").order_by("id")
    return list(verbs.values_list("verb", flat=True))


def test_open_and_change_a_budget_is_on_record(account: TikTokAccount) -> None:
    owner = person(account.workspace, Role.OWNER)
    budget = open_budget(Capped(account.workspace, account.brand), cap_usd=Decimal(5), by=owner)
    assert (budget.scope, budget.per, str(budget)) == (
        "brand",
        "month",
        f"the budget of the brand {account.brand} for each month",
    )
    change_budget(budget_id=budget.id, cap_usd=Decimal(6), by=owner)
    assert on_record() == ["budget.opened", "budget.changed"]
    told = AuditEvent.objects.get(verb="budget.changed").data
    assert (told["was_cap_usd"], told["cap_usd"]) == ("5.000000", "6")


def test_real_and_simulated_budgets_stand_side_by_side_and_each_once(account: TikTokAccount) -> None:
    for simulated in (False, True):
        what = Capped(account.workspace, is_simulated=simulated)
        open_budget(what, cap_usd=Decimal(5), by="test")
        with pytest.raises(BudgetTaken):
            open_budget(what, cap_usd=Decimal(6), by="test")
    assert Budget.objects.count() == 2


@pytest.mark.parametrize("cap", ["-0.000001", "1000000.01", "0.0000001", "NaN", "Infinity"])
def test_cap_that_is_no_amount_is_refused(cap: str) -> None:
    with pytest.raises(CapRefused, match=r"is no amount of US dollars: give one from 0 to 1,000,000"):
        check_cap(Decimal(cap))


def test_brand_of_another_workspace_is_refused(account: TikTokAccount) -> None:
    with pytest.raises(CapRefused, match="is not of the workspace"):
        open_budget(Capped(account.workspace, BrandFactory.create()), cap_usd=Decimal(5), by="test")


def test_lower_cap_than_what_is_spent_lets_nothing_more_out(account: TikTokAccount) -> None:
    budget = budget_of(account)
    held_call(account)(Decimal("0.4"), None)
    held_call(account)
    change_budget(budget_id=budget.id, cap_usd=Decimal(1), by="test")
    period = BudgetPeriod.objects.get()
    assert (period.cap_usd, period.left_usd) == (Decimal("1.4"), Decimal(0))
    budget.refresh_from_db()
    assert budget.cap_usd == Decimal(1)  # next month's
    assert sums(budget) == (Decimal(1), Decimal("0.4"))


def test_raise_is_for_one_period_and_above_nothing(account: TikTokAccount) -> None:
    budget = budget_of(account, cap_usd=5)
    held_call(account)
    period, finance = BudgetPeriod.objects.get(), person(account.workspace, Role.FINANCE)
    assert raise_cap(period_id=period.id, by_usd=Decimal("2.5"), by=finance).cap_usd == Decimal("7.5")
    budget.refresh_from_db()
    assert budget.cap_usd == Decimal(5)
    assert on_record() == ["budget.raised"]
    for amount in (Decimal(0), Decimal(-1)):
        with pytest.raises(CapRefused, match="does not raise anything"):
            raise_cap(period_id=period.id, by_usd=amount, by=finance)


def test_budget_there_is_not_is_said_so(account: TikTokAccount) -> None:
    with pytest.raises(BudgetUnknown):
        change_budget(budget_id=uuid4(), cap_usd=Decimal(1), by="test")
    with pytest.raises(BudgetUnknown):
        raise_cap(period_id=uuid4(), by_usd=Decimal(1), by=person(account.workspace, Role.OWNER))
