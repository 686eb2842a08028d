"""Money is held before a call in every budget it counts for, all or none, and settled to what it cost."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from agents.budgets.models import Budget, BudgetPeriod, Hold, Reservation
from agents.budgets.reserving import BudgetReached, abandoned_reservations, settle_abandoned
from agents.budgets.services import change_budget
from agents.providers.errors import ProviderRateLimited, ProviderUnavailable
from agents.tracing import settle_nothing
from tests.factories.accounts import AccountFactory, BrandFactory
from tests.factories.budgets import CALL_USD, budget_of, held_call, reservation, sums
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.alerts.models import Alert

pytestmark = pytest.mark.django_db
ZERO = Decimal(0)


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create()
    made.brand = BrandFactory.create(workspace=made.workspace)
    made.save()
    return made


def test_reserve_holds_the_worst_case_and_settles_to_what_it_cost(account: TikTokAccount) -> None:
    budget = budget_of(account)
    settle = held_call(account)
    assert sums(budget) == (CALL_USD, ZERO)
    settle(Decimal("0.25"), None)
    assert sums(budget) == (ZERO, Decimal("0.25"))
    assert (reservation().status, reservation().cost_usd) == ("settled", Decimal("0.25"))


def test_reserve_without_a_budget_writes_nothing(account: TikTokAccount) -> None:
    budget_of(AccountFactory.create())  # another workspace's
    budget_of(account, is_simulated=False)
    budget_of(account, scope="brand", brand=BrandFactory.create(workspace=account.workspace))
    budget_of(account, scope="run", per="run", run_id=uuid4())
    budget_of(account, per="run")  # an agent asked outside of runs is of none
    assert held_call(account) is settle_nothing
    assert not Reservation.objects.exists()


def test_reserve_up_to_the_cap_and_no_further(account: TikTokAccount) -> None:
    budget = budget_of(account, cap_usd="1.999999")
    held_call(account)
    with pytest.raises(BudgetReached) as reached:
        held_call(account)
    assert reached.value.is_momentary
    assert "$0.999999 left of $1.999999" in str(reached.value)
    assert sums(budget) == (CALL_USD, ZERO)
    change_budget(budget_id=budget.id, cap_usd=Decimal(2), by="test")
    held_call(account)
    assert sums(budget) == (2 * CALL_USD, ZERO)


def test_reserve_where_one_of_three_levels_is_full_holds_nothing(account: TikTokAccount) -> None:
    run_id = uuid4()
    workspace = budget_of(account, cap_usd="0.5")
    brand = budget_of(account, scope="brand", brand=account.brand)
    run = budget_of(account, scope="run", per="run", run_id=run_id, brand=account.brand)
    with pytest.raises(BudgetReached) as reached:
        held_call(account, run_id=run_id)
    assert reached.value.period.budget == workspace
    assert not reached.value.is_momentary
    assert not Reservation.objects.exists()
    assert not BudgetPeriod.objects.filter(reserved_usd__gt=0).exists()
    change_budget(budget_id=workspace.id, cap_usd=Decimal(5), by="test")
    held_call(account, run_id=run_id)
    order = Hold.objects.order_by("position").values_list("period__budget", flat=True)
    assert list(order) == [run.id, brand.id, workspace.id]


def test_budget_for_each_run_gives_every_run_its_own(account: TikTokAccount) -> None:
    budget_of(account, cap_usd=1, per="run")
    first, second = uuid4(), uuid4()
    held_call(account, run_id=first)
    held_call(account, run_id=second)
    with pytest.raises(BudgetReached, match="for each run has"):
        held_call(account, run_id=first)
    assert set(BudgetPeriod.objects.values_list("run_id", flat=True)) == {first, second}


def test_budget_of_last_month_does_not_count_this_month(account: TikTokAccount) -> None:
    budget = budget_of(account, cap_usd=1)
    settle = held_call(account)
    settle(CALL_USD, None)
    with pytest.raises(BudgetReached, match=r"in \w+ 20\d\d"):
        held_call(account)
    period = BudgetPeriod.objects.get()
    BudgetPeriod.objects.update(month=(period.month or DAY_ONE) - timedelta(days=20))
    held_call(account)
    assert BudgetPeriod.objects.filter(budget=budget).count() == 2


DAY_ONE = timezone.now().date().replace(day=1)


def test_budget_out_of_force_caps_nothing(account: TikTokAccount) -> None:
    budget = budget_of(account, cap_usd=0)
    change_budget(budget_id=budget.id, cap_usd=ZERO, is_in_force=False, by="test")
    assert held_call(account) is settle_nothing


@pytest.mark.parametrize(
    ("trouble", "owed", "status"),
    [
        (ProviderUnavailable(), CALL_USD, "assumed"),  # a time-out: perhaps it was answered
        (ProviderUnavailable(was_sent=True), ZERO, "settled"),  # a 500 came back
        (ProviderRateLimited(was_sent=True), ZERO, "settled"),
        (ProviderRateLimited(may_have_acted=False), ZERO, "settled"),
        (KeyboardInterrupt(), CALL_USD, "assumed"),
        (None, CALL_USD, "assumed"),
    ],
)
def test_settle_without_usage_goes_by_what_went_wrong(
    account: TikTokAccount, trouble: BaseException | None, owed: Decimal, status: str
) -> None:
    budget = budget_of(account)
    held_call(account)(ZERO, trouble)
    assert sums(budget) == (ZERO, owed)
    assert reservation().status == status


def test_settle_twice_counts_once(account: TikTokAccount) -> None:
    budget = budget_of(account)
    settle = held_call(account)
    settle(Decimal("0.25"), None)
    settle(Decimal("0.75"), None)
    assert sums(budget) == (ZERO, Decimal("0.25"))


def test_call_dearer_than_its_worst_case_is_paid_and_told(account: TikTokAccount) -> None:
    budget = budget_of(account, cap_usd=1)
    held_call(account)(Decimal("1.5"), None)
    period = BudgetPeriod.objects.get(budget=budget)
    assert (period.spent_usd, period.overrun_usd, period.left_usd) == (Decimal("1.5"), Decimal("0.5"), ZERO)
    assert "cost $1.5" in Alert.objects.get().sentence


def test_abandoned_reservation_is_assumed_to_have_cost_all(account: TikTokAccount) -> None:
    budget = budget_of(account)
    settle = held_call(account)
    assert settle_abandoned() == 0
    Reservation.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
    assert abandoned_reservations().exists()
    assert settle_abandoned() == 1
    assert sums(budget) == (ZERO, CALL_USD)
    assert reservation().status == "assumed"
    settle(Decimal("0.25"), None)  # its process was only paused
    assert sums(budget) == (ZERO, Decimal("0.25"))
    assert reservation().status == "settled"


def test_deadline_is_after_the_call_can_last(account: TikTokAccount) -> None:
    budget_of(account)
    held_call(account)
    seconds = (reservation().deadline_at - reservation().reserved_at).total_seconds()
    assert seconds == pytest.approx(90, abs=1)


def _refused(sql: str) -> None:
    """Expect that the database refuses a statement, at once or when it commits."""
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{sql}; SET CONSTRAINTS ALL IMMEDIATE")


def test_database_keeps_periods_within_their_caps(account: TikTokAccount) -> None:
    budget_of(account, cap_usd=1)
    held_call(account)
    _refused("UPDATE agents_budgetperiod SET reserved_usd = 1.000001")
    _refused("UPDATE agents_budgetperiod SET spent_usd = 0.5")
    _refused("UPDATE agents_budgetperiod SET cap_usd = 0.5")
    _refused("UPDATE agents_budgetperiod SET reserved_usd = -1, spent_usd = 1")
    _refused("UPDATE agents_budgetperiod SET run_id = id")
    _refused("UPDATE agents_budgetperiod SET month = NULL")


def test_database_keeps_real_and_simulated_money_apart(account: TikTokAccount) -> None:
    budget_of(account)
    held_call(account)
    for table in ("budget", "budgetperiod", "reservation", "hold"):
        _refused(f"UPDATE agents_{table} SET is_simulated = false")


def test_database_refuses_impossible_budgets_and_reservations(account: TikTokAccount) -> None:
    budget = budget_of(account)
    held_call(account)
    _refused("UPDATE agents_budget SET scope = 'brand'")
    _refused("UPDATE agents_budget SET scope = 'run', per = 'month', run_id = id")
    _refused("UPDATE agents_budget SET scope = 'galaxy'")
    _refused("UPDATE agents_budget SET cap_usd = -1")
    _refused("UPDATE agents_budget SET per = 'year'")
    _refused("UPDATE agents_reservation SET cost_usd = 1")
    _refused("UPDATE agents_reservation SET status = 'settled'")
    _refused("UPDATE agents_reservation SET amount_usd = 0")
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.create(workspace=budget.workspace, scope="workspace", is_simulated=True, cap_usd=1)
