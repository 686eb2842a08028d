"""Workers die at every moment of a call to a model: a cap is never passed, and every dollar is accounted for."""

import signal
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from agents.budgets.models import BudgetPeriod, Reservation
from agents.budgets.reserving import settle_abandoned
from agents.models import AgentStep
from agents.providers.registry import get_language_provider
from tests.chaos.test_deaths_of_others import end_of
from tests.factories.accounts import AccountFactory
from tests.factories.budgets import budget_of
from tests.factories.content import store_posts
from tests.factories.figures import make_posts
from tests.factories.workflows import agent_node, expire_lease, run_of, workflow_of
from tests.forms import times
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.crash_points import CrashPoint, passes
from workflows.engine import advance_run
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.chaos, pytest.mark.integration, pytest.mark.usefixtures("committed_db")]

DEATHS = times(long=50, short=2)
POINTS = [point for point in CrashPoint if point.startswith("budget.")]
CALL_USD = Decimal("0.007")
"""A little more than a call of this agent may cost at most: a cap of so many lets so many be under way at once."""

HELD = {CrashPoint.AFTER_RESERVING, CrashPoint.AFTER_CALL, CrashPoint.IN_SETTLING}
"""Where a death leaves money held: what came before was rolled back with it."""


@pytest.fixture
def account() -> TikTokAccount:
    """Return an account with enough posts to be asked about."""
    made: TikTokAccount = AccountFactory.create()
    store_posts(made, make_posts(40))
    get_language_provider()  # the vendor's library is loaded once, not by every child
    return made


def committed_usd() -> Decimal:
    """Return what is spent and held, once it is sure that this is not above the cap."""
    period = BudgetPeriod.objects.get()
    assert period.spent_usd + period.reserved_usd <= period.cap_usd
    return period.spent_usd + period.reserved_usd


def work(run: WorkflowRun) -> str:
    """Do what is due in the run, and return its status."""
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run.status


def step_of(run: WorkflowRun) -> UUID:
    """Return the id of the run's only step."""
    return run.steps.values_list("id", flat=True).get()


def pass_deadlines() -> None:
    """Let the time be over in which calls under way are waited for."""
    Reservation.objects.filter(status="held").update(deadline_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("point", POINTS)
def test_death_around_a_call_never_passes_the_cap_and_is_settled_at_the_worst_case(
    point: CrashPoint, account: TikTokAccount
) -> None:
    budget_of(account, cap_usd=CALL_USD * (DEATHS + 2))
    workflow = workflow_of(agent_node("only"))
    runs = [run_of(workflow, account) for _ in range(DEATHS)]
    for run in runs:
        assert end_of(lambda run=run: work(run), at=point) == -signal.SIGKILL  # type: ignore[misc]
        committed_usd()
        for mark in passes(point, step_of(run)):
            mark.unlink()
    assert Reservation.objects.filter(status="held").count() == (DEATHS if point in HELD else 0)
    assert not AgentStep.objects.filter(kind="claude").exists()  # a reservation still held has no trace row
    for run in runs:
        expire_lease(run.steps.get())
        assert work(run) == "succeeded"
        committed_usd()
    pass_deadlines()
    assert settle_abandoned() == (DEATHS if point in HELD else 0)
    period = BudgetPeriod.objects.get()
    traced = sum(AgentStep.objects.filter(kind="claude").values_list("cost_usd", flat=True), Decimal(0))
    assumed = sum(
        Reservation.objects.filter(status="assumed").values_list("amount_usd", flat=True), Decimal(0)
    )
    assert (period.reserved_usd, period.spent_usd) == (Decimal(0), traced + assumed)
    assert (assumed > 0) is (point in HELD)
    print(f"{point}: {DEATHS} kills, ${assumed} assumed of ${period.cap_usd}")  # noqa: T201


def test_deaths_that_hold_the_whole_cap_let_nothing_more_out_until_they_are_settled(
    account: TikTokAccount,
) -> None:
    budget_of(account, cap_usd=CALL_USD)
    workflow = workflow_of(agent_node("only"))
    first, second = (run_of(workflow, account) for _ in range(2))
    assert end_of(lambda: work(first), at=CrashPoint.AFTER_RESERVING) == -signal.SIGKILL
    assert work(second) == "running"  # it waits for the call under way, and nobody is asked
    assert not AgentStep.objects.filter(kind="claude").exists()
    pass_deadlines()
    settle_abandoned()
    assert committed_usd() > 0
    second.steps.update(not_before=timezone.now())
    assert work(second) == "waiting"  # now it is spent, and a person is asked
    for mark in passes(CrashPoint.AFTER_RESERVING, step_of(first)):
        mark.unlink()
