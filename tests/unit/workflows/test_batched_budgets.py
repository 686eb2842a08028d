"""What a batched question may cost, held in the budgets it counts for until it is answered or given up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.batch_care import call_off
from agents.budgets.models import Budget, BudgetPeriod, Reservation
from agents.models import AgentStep, BatchedQuestion, SandboxBatch
from approvals.models import ApprovalRequest
from tests.factories.agents import made_agent, use_agents
from tests.factories.batches_of_claude import batch_faults, question, step_of, time_passes, work
from tests.factories.budgets import budget_of
from tests.factories.workflows import agent_node, run_of, workflow_of
from workflows.keeper import wake_waiting
from workflows.models import WorkflowRun

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def made_agents(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """One agent that speaks, and a sandbox whose batches take a minute."""
    use_agents(monkeypatch, made_agent("speaker", speaks=True))
    settings.PROVIDERS = batch_faults()


def later(run: WorkflowRun, seconds: float = 61) -> WorkflowRun:
    """Let time pass, and the run go on."""
    time_passes(seconds)
    wake_waiting()
    return work(run)


def budgeted_run() -> tuple[WorkflowRun, Budget]:
    """Return a run whose only step waits for a batch, and the budget of a dollar it counts for."""
    run = run_of(workflow_of(agent_node("ask", agent="speaker", may_wait=True), slug="may_wait"))
    budget = budget_of(run.account, cap_usd=1)
    return work(run), budget


def test_ask_in_a_batch_holds_its_worst_case_until_it_is_answered() -> None:
    run, budget = budgeted_run()
    held, period = Reservation.objects.get(), BudgetPeriod.objects.get(budget=budget)
    assert (held.status, period.reserved_usd, period.spent_usd) == ("held", held.amount_usd, Decimal(0))
    assert held.deadline_at - timezone.now() > timedelta(hours=25)
    later(run)
    held.refresh_from_db()
    period.refresh_from_db()
    cost = AgentStep.objects.get(kind="claude").cost_usd
    assert (held.status, held.cost_usd, period.reserved_usd, period.spent_usd) == (
        "settled", cost, Decimal(0), cost,
    )  # fmt: skip


def test_give_a_batch_up_lets_go_of_what_was_held_for_it() -> None:
    run, budget = budgeted_run()
    SandboxBatch.objects.update(done_at=timezone.now() + timedelta(days=3))
    run = later(run, 25 * 3600 + 60)
    period = BudgetPeriod.objects.get(budget=budget)
    assert (question().status, Reservation.objects.get().status) == ("cancelling", "held")
    assert period.reserved_usd > 0
    given_up = question()
    assert call_off(given_up.id) == "cancelling"  # not ended there yet
    SandboxBatch.objects.update(cancelled_at=timezone.now(), done_at=timezone.now())
    assert call_off(given_up.id) == "cancelled"
    period.refresh_from_db()
    assert Reservation.objects.get().status == "settled"
    assert period.reserved_usd == period.spent_usd == 0


def test_ask_in_a_batch_beyond_the_budget_hands_nothing_in() -> None:
    run = run_of(workflow_of(agent_node("ask", agent="speaker", may_wait=True), slug="may_wait"))
    budget_of(run.account, cap_usd="0.000001")
    work(run)
    assert (Reservation.objects.count(), BatchedQuestion.objects.count(), SandboxBatch.objects.count()) == (
        0, 0, 0,
    )  # fmt: skip
    assert (step_of(run).status, ApprovalRequest.objects.get().kind) == ("waiting", "budget")
