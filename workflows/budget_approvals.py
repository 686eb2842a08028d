"""A budget that is used up: a person is asked to raise it, to let the run go on with a cheaper model, or to stop.

Approving raises this month's (or this run's) cap by the amount shown, or, edited, by another one, or lets the run go
on with the fast tier; rejecting ends the step. What is answered is sealed like any decision. The step that asked is
taken up again where it was: what was done before it is kept, and waiting counts as neither claim nor try.
"""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from pydantic import Field

from agents.budgets.models import BudgetPeriod
from agents.budgets.reserving import BudgetReached
from agents.budgets.services import HIGHEST_CAP_USD, raise_cap
from agents.contract import ModelTier, Typed
from agents.totals import totals_of_run
from approvals.kinds import Kind, OtherWay, Weight, register
from approvals.models import ApprovalRequest, Decision
from approvals.services import withdraw
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.errors import Refused
from workflows.gates import RunMovedOn
from workflows.models import WorkflowRun, WorkflowStep
from workflows.outcomes import AsksPerson, Failed, Outcome, TryAgain
from workflows.protocol import resume, wake
from workflows.work import Work

KIND = "budget"
LOOK_AGAIN_SECONDS = 10.0
"""How long to wait where only calls under way are in the way: they last no longer than a minute or two."""

RAISED_BY_SHARE = Decimal("0.25")
CENT = Decimal("0.01")
PAGE = 200

Usd = Annotated[Decimal, Field(ge=0, le=HIGHEST_CAP_USD, max_digits=14, decimal_places=6)]
RaiseUsd = Annotated[Decimal, Field(ge=CENT, le=HIGHEST_CAP_USD, decimal_places=2)]


class AnswerImpossible(Refused):
    """This is no answer to a budget that is used up."""


class BudgetQuestion(Typed):
    """A step whose next call does not fit a budget, and what is done about it.

    `cheaper_model` is empty where the call was to the cheapest tier already.
    """

    period: UUID
    budget: str
    step: str
    is_simulated: bool
    cap_usd: Usd
    spent_usd: Usd
    needed_usd: Usd
    model: str
    cheaper_model: str = ""
    answer: Literal["raise", "cheaper_model"] = "raise"
    raise_by_usd: RaiseUsd


def ask_about_budget(work: Work, reached: BudgetReached) -> Outcome:
    """Return what a step does whose call does not fit a budget: it waits for calls under way, or asks a person.

    In a dry run nobody is asked, and the step fails saying so.
    """
    run, period = work.step.run, reached.period
    if reached.is_momentary or _was_made_cheaper(run):
        return TryAgain(error=str(reached), delay_seconds=LOOK_AGAIN_SECONDS, counts_as_try=False)
    if run.is_dry_run:
        return Failed(error=f"{reached} A dry run asks nobody: raise the budget, then start it again.")
    cheaper = settings.MODELS[ModelTier.FAST]
    payload = {
        "period": str(period.id),
        "budget": str(period.budget),
        "step": work.node.label,
        "is_simulated": period.is_simulated,
        "cap_usd": str(period.cap_usd),
        "spent_usd": str(period.spent_usd),
        "needed_usd": str(reached.needed_usd),
        "model": reached.model,
        "cheaper_model": "" if cheaper == reached.model else cheaper,
        "raise_by_usd": str(suggested_raise(period, needed_usd=reached.needed_usd)),
    }
    return AsksPerson(kind=KIND, payload=payload, facts=_facts(run, period))


def suggested_raise(period: BudgetPeriod, *, needed_usd: Decimal) -> Decimal:
    """Return by how much to raise a cap, in whole cents: a quarter of it, and at least what the call lacks."""
    lacking = needed_usd - period.left_usd
    return max(lacking, period.cap_usd * RAISED_BY_SHARE, CENT).quantize(CENT, rounding=ROUND_UP)


def _was_made_cheaper(run: WorkflowRun) -> bool:
    """Return whether somebody let the run go on with the fast tier since this worker read it."""
    return not run.uses_fast_models and WorkflowRun.objects.filter(id=run.id, uses_fast_models=True).exists()


def _facts(run: WorkflowRun, period: BudgetPeriod) -> Mapping[str, Any]:
    """Return what a person should know before they answer."""
    totals = totals_of_run(run.id)
    cost = totals.simulated_usd if period.is_simulated else totals.cost_usd
    return {
        "this_run_has_cost": f"${cost}",
        "held_for_calls_under_way": f"${period.reserved_usd}",
        "what_happens_if_nobody_answers": "The step waits; it goes on by itself as soon as there is room again.",
    }


def _weigh(question: BudgetQuestion) -> Weight:
    """A raise is spend, so whoever started the run does not approve it alone; simulated money is nobody's."""
    if question.is_simulated:
        return Weight(risk="low")
    return Weight(risk="medium", amount_usd=question.raise_by_usd if question.answer == "raise" else None)


def _check(question: BudgetQuestion, account: TikTokAccount) -> None:
    """Raise `AnswerImpossible` where there is no cheaper model, or the budget is not of this workspace."""
    if question.answer == "cheaper_model" and not question.cheaper_model:
        raise AnswerImpossible(
            f"{question.model!r} is the cheapest model already: raise the budget, or stop the step."
        )
    if not BudgetPeriod.objects.filter(id=question.period, budget__workspace=account.workspace_id).exists():
        raise AnswerImpossible(f"There is no budget {str(question.period)!r} in this workspace.")


def _title(question: BudgetQuestion) -> str:
    """Return what is asked first, for what comes last is cut off where it is too long."""
    ways = ["use a cheaper model", "stop"] if question.cheaper_model else ["stop"]
    choice = ", ".join([f"Raise by ${question.raise_by_usd}", *ways[:-1]])
    left = max(question.cap_usd - question.spent_usd, Decimal(0))
    return (
        f"{choice} or {ways[-1]}: {question.budget} has ${left.normalize():f} left of "
        f"${question.cap_usd.normalize():f}"
    )


def _approve_label(question: BudgetQuestion) -> str:
    """Return what the button says will happen."""
    if question.answer == "cheaper_model":
        return f"Approve and go on with {question.cheaper_model}"
    return f"Approve and raise by ${question.raise_by_usd}"


def _shown(question: BudgetQuestion) -> dict[str, str]:
    """Return what the packet lists, in plain words."""
    return {
        "Budget": question.budget.capitalize(),
        "Money": "simulated: nobody pays it" if question.is_simulated else "real",
        "Cap": f"${question.cap_usd}",
        "Spent": f"${question.spent_usd}",
        "The next call may cost": f"${question.needed_usd}",
        "Step": question.step,
        "Model": question.model,
        "Cheaper model": question.cheaper_model or "none: it is the cheapest already",
        "Answer": "raise the cap" if question.answer == "raise" else f"go on with {question.cheaper_model}",
        "Raise by": f"${question.raise_by_usd}",
    }


def answer_with(
    question: BudgetQuestion, *, answer: str, raise_by_usd: Decimal | None = None
) -> dict[str, Any]:
    """Return the payload of another answer than the one that was asked for."""
    changes: dict[str, Any] = {"answer": answer}
    if raise_by_usd is not None:
        changes["raise_by_usd"] = str(raise_by_usd)
    return question.model_dump(mode="json") | changes


def go_on_or_stop(asked: ApprovalRequest, decision: Decision) -> None:
    """Do as the decision says, in its transaction: the step is taken up again, or fails with a sentence.

    Raises `RunMovedOn` when the step does not wait any more. Lock order: request, run, step, budget.
    """
    question = BudgetQuestion.model_validate_json(bytes(asked.payload))
    if decision.verb == Decision.Verb.REJECT:
        who = (
            f"Stopped by {decision.decided_by}, for {question.budget} had too little left: {decision.comment}"
        )
        if not resume(asked.step_id, {"status": "failed", "error": who}):
            raise RunMovedOn
        return
    if not wake(asked.step_id):
        raise RunMovedOn
    WorkflowStep.objects.filter(id=asked.step_id).update(approval=asked)
    if question.answer == "cheaper_model":
        WorkflowRun.objects.filter(id=asked.run_id).update(uses_fast_models=True)
    else:
        raise_cap(period_id=question.period, by_usd=question.raise_by_usd, by=decision.decided_by)


def open_questions() -> QuerySet[ApprovalRequest]:
    """Return the questions about budgets nobody has answered."""
    return ApprovalRequest.objects.filter(kind=KIND, status="open")


def wake_where_there_is_room() -> int:
    """Let the steps go on whose budget has room again, taking their questions back; return how many.

    Somebody raised it, another month has begun, or calls cost less than was held for them.
    """
    woken = 0
    for asked in open_questions().order_by("id")[:PAGE]:
        if has_room(BudgetQuestion.model_validate_json(bytes(asked.payload))):
            woken += _take_back(asked.id)
    return woken


def has_room(question: BudgetQuestion) -> bool:
    """Return whether the call a step asked about would fit by now."""
    period = BudgetPeriod.objects.select_related("budget").get(id=question.period)
    this_month = timezone.now().date().replace(day=1)
    is_over = period.month is not None and period.month < this_month
    return is_over or not period.budget.is_in_force or period.left_usd >= question.needed_usd


def _take_back(request_id: UUID) -> bool:
    """Take a question back and let its step go on, unless somebody answers it at this moment."""
    with transaction.atomic():
        asked = open_questions().select_for_update(skip_locked=True).filter(id=request_id).first()
        if asked is None or not wake(asked.step_id):
            return False
        withdraw(asked, by="keeper", why="The budget has room again.")
        return True


def _other_way(asked: ApprovalRequest) -> OtherWay:
    return OtherWay(
        "Raise it by another amount, or use a cheaper model",
        reverse("admin:agents_budget_answer", args=[asked.id]),
    )


def register_budget_kind() -> None:
    """Add the kind to the registry."""
    register(
        Kind(
            name=KIND,
            label="Budget reached",
            Payload=BudgetQuestion,
            weigh=_weigh,
            title=_title,
            approve_label=_approve_label,
            on_decided=go_on_or_stop,
            capability=Capability.FUND,
            check=_check,
            shown=_shown,
            asked_of="an owner or finance approver",
            other_way=_other_way,
            teaches=False,
        )
    )
