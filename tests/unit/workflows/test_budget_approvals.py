"""A budget that is used up: the step asks, and goes on where it was, cheaper, or not at all."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from agents.budgets.models import Budget, BudgetPeriod
from agents.budgets.reserving import BudgetReached
from agents.budgets.services import change_budget
from agents.contract import ModelTier
from agents.memory.models import MemoryItem
from agents.models import AgentRun, AgentStep
from approvals.amending import EditRefused, approve_edited
from approvals.models import ApprovalRequest, Decision
from approvals.policy import MayNotDecide
from approvals.services import AlreadyDecided, StaleForm, approve, check_decision, reject
from tests.factories.accounts import AccountFactory, person
from tests.factories.agents import asked, made_agent, scripted, use_agents
from tests.factories.approvals import request_of
from tests.factories.budgets import budget_of
from tests.factories.workflows import agent_node, claim_of, make_due, run_of, statuses, workflow_of
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Role
from tiktok_ops.queue import Cluster
from workflows.budget_approvals import (
    KIND,
    AnswerImpossible,
    BudgetQuestion,
    answer_with,
    ask_about_budget,
    open_questions,
    wake_where_there_is_room,
)
from workflows.control import cancel_run
from workflows.engine import advance_run
from workflows.keeper import CHORES
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.outcomes import TryAgain
from workflows.overview import overview_of
from workflows.services import start_run
from workflows.work import Work

pytestmark = pytest.mark.django_db
FINE = {"summary": "All is well."}
LITTLE = "0.000001"
PLENTY = "50"


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """One agent that computes, and one that asks the dearer model; which says that all is well."""
    speaker = made_agent("speaker", speaks=True)
    monkeypatch.setattr(type(speaker), "model_tier", ModelTier.SMART)
    use_agents(monkeypatch, made_agent("silent"), speaker)
    settings.PROVIDERS = scripted([FINE])


@pytest.fixture
def account() -> TikTokAccount:
    made: TikTokAccount = AccountFactory.create()
    return made


def waiting_run(account: TikTokAccount, *, speakers: int = 1, **budget: Any) -> WorkflowRun:
    """Return a run whose speakers do not fit the budget of their workspace."""
    budget_of(account, **({"cap_usd": LITTLE} | budget))
    nodes = [agent_node(f"speaks{number}", "first", agent="speaker") for number in range(speakers)]
    run = run_of(workflow_of(agent_node("first", agent="silent"), *nodes), account)
    return work(run)


def work(run: WorkflowRun) -> WorkflowRun:
    """Do what is due in the run."""
    advance_run(run.id, seconds_left=lambda: 1000)
    run.refresh_from_db()
    return run


def question(run: WorkflowRun) -> tuple[ApprovalRequest, BudgetQuestion]:
    """Return what the run asks."""
    request = request_of(run)
    return request, BudgetQuestion.model_validate_json(bytes(request.payload))


def yes(run: WorkflowRun, by: User, **changes: Any) -> Decision:
    """Approve what the run asks, edited where anything is to be different."""
    request, about = question(run)
    say: dict[str, Any] = {
        "request_id": request.id,
        "by": by,
        "channel": "admin",
        "seen_sha256": request.payload_sha256,
    }
    if not changes:
        return approve(**say)
    return approve_edited(**say, payload=answer_with(about, **changes))


def calls(run: WorkflowRun) -> int:
    """Return how often this run asked a model."""
    return AgentStep.objects.filter(agent_run__run_id=run.id, kind="claude").count()


def test_run_at_its_cap_waits_and_says_for_whom(account: TikTokAccount) -> None:
    run = waiting_run(account)
    assert (run.status, statuses(run)) == ("waiting", {"first": "succeeded", "speaks0": "waiting"})
    assert asked() == []
    request, about = question(run)
    overview = overview_of(run)
    said = overview.waiting_on or ""
    assert said.startswith("Waiting for an owner or finance approver (")
    assert (
        f": Raise by ${about.raise_by_usd}, use a cheaper model or stop: the simulated budget of the workspace "
        in said
    )
    assert "for each month has $0.000001 left of $0.000001; then 'Speaks0' goes on." in said
    step = run.steps.get(key="speaks0")
    assert (overview.step_waits[step.id].count("finance approver"), step.tries) == (1, 0)
    assert (request.kind, request.risk, request.amount_usd, about.answer) == (KIND, "low", None, "raise")
    assert about.raise_by_usd > about.needed_usd - about.cap_usd > 0
    [failed] = AgentRun.objects.filter(agent="speaker")
    assert failed.error.startswith("BudgetReached: The simulated budget")


def test_raising_resumes_the_very_step_and_pays_nothing_before_it_again(account: TikTokAccount) -> None:
    run = waiting_run(account)
    first = run.steps.get(key="first")
    decision = yes(run, person(account.workspace, Role.FINANCE))
    check_decision(decision)
    work(run)
    assert (run.status, statuses(run)) == ("succeeded", {"first": "succeeded", "speaks0": "succeeded"})
    step = run.steps.get(key="speaks0")
    assert (step.tries, step.round, calls(run)) == (0, 0, 1)
    first_after = run.steps.get(key="first")
    assert (first_after.finished_at, first_after.claims) == (first.finished_at, 1)
    period = BudgetPeriod.objects.get()
    assert period.cap_usd == Decimal(LITTLE) + question(run)[1].raise_by_usd
    assert Budget.objects.get().cap_usd == Decimal(LITTLE)  # next month's is what it was
    assert period.spent_usd == AgentStep.objects.get(kind="claude").cost_usd > 0


def test_waiting_for_a_budget_is_no_start_without_an_end(account: TikTokAccount) -> None:
    run = waiting_run(account)
    for _ in range(5):  # more often than a step may take its worker down
        yes(run, person(account.workspace, Role.OWNER), answer="raise", raise_by_usd=Decimal("0.01"))
        work(run)
        BudgetPeriod.objects.update(cap_usd=0)
        if run.is_over:
            break
        assert run.status == "waiting"
    step = run.steps.get(key="speaks0")
    assert step.tries == 0
    assert not RunEvent.objects.filter(kind="step.failed").exists()
    assert [request.version for request in ApprovalRequest.objects.order_by("version")][:3] == [1, 2, 3]


def test_cheaper_model_lets_this_run_go_on_with_the_fast_tier(account: TikTokAccount) -> None:
    fast = django_settings.MODELS[ModelTier.FAST]
    run = waiting_run(account, cap_usd="0.05", speakers=2)
    assert question(run)[1].cheaper_model == fast
    yes(run, person(account.workspace, Role.OWNER), answer="cheaper_model")
    work(run)
    assert run.uses_fast_models
    assert {request.model for request in asked()} == {fast}
    assert BudgetPeriod.objects.get().cap_usd == Decimal("0.05")
    request = request_of(run)
    assert WorkflowStep.objects.filter(approval=request).exists()


def test_stop_fails_the_step_with_the_reason_and_teaches_nothing(account: TikTokAccount) -> None:
    run = waiting_run(account)
    request = request_of(run)
    reject(
        request_id=request.id,
        by=person(account.workspace, Role.FINANCE),
        channel="admin",
        seen_sha256=request.payload_sha256,
        comment="Not this month.",
    )
    run.refresh_from_db()
    step = run.steps.get(key="speaks0")
    assert (run.status, step.status) == ("failed", "failed")
    assert step.error.startswith("Stopped by ")
    assert step.error.endswith(
        "the simulated budget of the workspace for each month had too little left: Not this month."
    )
    assert run.steps.get(key="first").status == "succeeded"
    assert not MemoryItem.objects.exists()


def test_only_owners_and_finance_approvers_answer(account: TikTokAccount) -> None:
    run = waiting_run(account)
    for role in (Role.APPROVER, Role.OPERATOR, Role.AUDITOR, Role.VIEWER):
        with pytest.raises(MayNotDecide):
            yes(run, person(account.workspace, role))
        with pytest.raises(MayNotDecide):
            yes(run, person(account.workspace, role), answer="raise", raise_by_usd=Decimal(5))
    yes(run, person(account.workspace, Role.OWNER))


def test_raise_of_real_money_takes_another_person_than_the_one_who_started(
    account: TikTokAccount, settings: Any
) -> None:
    settings.PROVIDERS = scripted([FINE], mode="live")
    owner = person(account.workspace, Role.OWNER)
    budget_of(account, cap_usd=LITTLE, is_simulated=False)
    run_of(workflow_of(agent_node("only", agent="speaker")), account)
    run = work(start_run("made", account_id=account.id, by=owner))
    request, about = question(run)
    assert (request.risk, request.amount_usd) == ("medium", about.raise_by_usd)
    with pytest.raises(MayNotDecide, match="another approver"):
        yes(run, owner)
    yes(run, owner, answer="cheaper_model")  # which spends nothing
    assert request_of(run).amount_usd is None


def test_edited_answer_seals_what_was_chosen_and_one_decision_counts(account: TikTokAccount) -> None:
    run = waiting_run(account)
    finance = person(account.workspace, Role.FINANCE)
    before = request_of(run)
    decision = yes(run, finance, answer="raise", raise_by_usd=Decimal("7.50"))
    check_decision(decision)
    assert BudgetQuestion.model_validate_json(bytes(decision.payload)).raise_by_usd == Decimal("7.50")
    assert BudgetPeriod.objects.get().cap_usd == Decimal(LITTLE) + Decimal("7.50")
    before.refresh_from_db()
    assert (before.status, request_of(run).version) == ("superseded", 2)
    with pytest.raises(AlreadyDecided):
        approve(request_id=before.id, by=finance, channel="admin", seen_sha256=before.payload_sha256)
    with pytest.raises(AlreadyDecided, match="already approved by"):
        yes(run, finance, answer="raise", raise_by_usd=Decimal(9))
    about = answer_with(question(run)[1], answer="raise")
    with pytest.raises(AlreadyDecided, match="already approved by"):
        approve_edited(
            request_id=before.id,
            by=finance,
            channel="admin",
            seen_sha256=before.payload_sha256,
            payload=about,
        )


def test_answers_that_do_not_do_are_refused_and_change_nothing(account: TikTokAccount) -> None:
    run = waiting_run(account)
    finance = person(account.workspace, Role.FINANCE)
    with pytest.raises(EditRefused, match="raise_by_usd"):
        yes(run, finance, answer="raise", raise_by_usd=Decimal("-1"))
    WorkflowRun.objects.filter(id=run.id).update(uses_fast_models=False)
    request, about = question(run)
    with pytest.raises(StaleForm):
        approve_edited(
            request_id=request.id,
            by=finance,
            channel="admin",
            seen_sha256="0" * 64,
            payload=about.model_dump(),
        )
    nothing_cheaper = about.model_dump(mode="json") | {"answer": "cheaper_model", "cheaper_model": ""}
    elsewhere = about.model_dump(mode="json") | {"period": str(run.id)}
    for payload in (nothing_cheaper, elsewhere):
        with pytest.raises(AnswerImpossible):
            approve_edited(
                request_id=request.id,
                by=finance,
                channel="admin",
                seen_sha256=request.payload_sha256,
                payload=payload,
            )
    request.refresh_from_db()
    assert (request.status, ApprovalRequest.objects.count()) == ("open", 1)


def test_room_that_comes_back_lets_every_step_go_on_without_an_answer(account: TikTokAccount) -> None:
    run = waiting_run(account, speakers=2)
    assert open_questions().count() == 2
    assert wake_where_there_is_room() == 0
    change_budget(budget_id=Budget.objects.get().id, cap_usd=Decimal(PLENTY), by="test")
    assert wake_where_there_is_room() == 2
    work(run)
    assert run.status == "succeeded"
    assert set(ApprovalRequest.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_next_month_lets_the_step_go_on(account: TikTokAccount) -> None:
    run = waiting_run(account)
    BudgetPeriod.objects.update(month=(timezone.now() - timedelta(days=40)).date().replace(day=1))
    [chore] = [chore for chore in CHORES if chore.name == "budgets with room again"]
    assert chore.do() == 1
    assert run.steps.get(key="speaks0").status == "ready"


def test_calls_under_way_are_waited_for_and_nobody_is_asked(account: TikTokAccount) -> None:
    run = waiting_run(account, cap_usd=PLENTY)
    assert run.status == "succeeded"
    BudgetPeriod.objects.update(reserved_usd=Decimal("49.99"))
    again = work(run_of(workflow_of(agent_node("only", agent="speaker")), account))
    step = again.steps.get()
    assert (step.status, step.tries) == ("ready", 0)
    assert step.not_before > timezone.now()
    assert not open_questions().exists()
    BudgetPeriod.objects.update(reserved_usd=0)
    make_due(step)
    assert work(again).status == "succeeded"


def test_run_made_cheaper_meanwhile_is_tried_again_and_nobody_is_asked(account: TikTokAccount) -> None:
    stale = waiting_run(account)
    period = BudgetPeriod.objects.get()
    step, node = stale.steps.get(key="speaks0"), agent_node("speaks0", agent="speaker")
    taken = Work(claim_of(step), step, workflow_of(node), node, hold=lambda seconds: None)
    step.run = WorkflowRun.objects.get(id=stale.id)  # as a worker read it a moment ago
    WorkflowRun.objects.filter(id=stale.id).update(uses_fast_models=True)
    outcome = ask_about_budget(taken, BudgetReached(period, needed_usd=Decimal(1), model="claude-sonnet-5-5"))
    assert isinstance(outcome, TryAgain)
    assert not outcome.counts_as_try


def test_dry_run_at_its_cap_fails_saying_that_nobody_is_asked(account: TikTokAccount) -> None:
    run_of(workflow_of(agent_node("only", agent="speaker")), account)
    run = start_run("made", account_id=account.id, by="test", is_dry_run=True, cap_usd=Decimal(LITTLE))
    work(run)
    assert run.status == "failed"
    assert "A dry run asks nobody" in run.steps.get().error


def test_cancelling_takes_the_question_back(account: TikTokAccount) -> None:
    run = waiting_run(account)
    cancel_run(run_id=run.id, by="test")
    run.refresh_from_db()
    assert (run.status, request_of(run).status) == ("cancelled", "withdrawn")


def test_cap_of_a_run_holds_for_that_run_alone(account: TikTokAccount) -> None:
    run_of(workflow_of(agent_node("only", agent="speaker")), account)
    capped = work(start_run("made", account_id=account.id, by="test", cap_usd=Decimal(LITTLE)))
    free = work(start_run("made", account_id=account.id, by="test"))
    assert (capped.status, free.status) == ("waiting", "succeeded")
    assert question(capped)[1].budget == "the simulated budget of this run"
    yes(capped, person(account.workspace, Role.OWNER))
    assert work(capped).status == "succeeded"
    assert (
        Budget.objects.get(run_id=capped.id, is_simulated=True).cap_usd == BudgetPeriod.objects.get().cap_usd
    )
    assert capped.steps.get().cluster == Cluster.SHORT
