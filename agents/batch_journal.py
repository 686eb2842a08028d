"""The journal of batched questions: where a question is, which batch it went with, what came of it and what it cost."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents.batch_models import BatchedQuestion
from agents.leaks import cleaned
from agents.models import AgentStep
from agents.prices.pricing import Price, PriceUnknown, cost_usd
from agents.prompts import digest
from agents.providers.batches import CAME_TO_NOTHING, BatchProvider, BatchResult, BatchState
from agents.providers.errors import Advice, AnswerError, ProviderError, ProviderUnavailable
from agents.providers.language import LanguageAnswer, LanguageRequest
from agents.tracing import Call, Trace, traced
from agents.transitions import BATCHED
from tiktok_ops.transitions import TransitionRefused

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the provider's clock may be from ours."""


class BatchCameToNothing(ProviderError):
    """The batch has ended without an answer; nothing was paid."""

    default_advice = Advice.RETRY


def find_batch(question: BatchedQuestion, provider: BatchProvider) -> BatchState | str | None:
    """Return the batch a question was handed in with, None where there is none, or why that cannot be known yet.

    Sends one request, and one more for each batch that could be it and has ended. Raises `ProviderError`.
    """
    since = question.created_at - CLOCKS_DIFFER
    until = (question.tried_at or question.created_at) + CLOCKS_DIFFER
    listed = [
        state
        for state in provider.recent_batches(since=since)
        if state.requests == 1 and state.created_at <= until
    ]
    known = set(
        BatchedQuestion.objects.filter(batch_id__in=[state.id for state in listed]).values_list(
            "batch_id", flat=True
        )
    )
    maybe = [state for state in listed if state.id not in known]
    for state in maybe:
        if state.has_ended and _holds(provider, state, question.custom_id):
            return state
    going = sum(not state.has_ended for state in maybe)
    if going:
        return f"{going} batches that could be it are still being worked on, and tell only at their end what they hold."
    return None


def _holds(provider: BatchProvider, state: BatchState, custom_id: str) -> bool:
    """Return whether a batch that has ended has a result for the question, whatever that is."""
    try:
        return provider.batch_result(state.id, custom_id=custom_id) is not None
    except ProviderError as error:
        if is_result(error):
            return True
        raise


def result_of(question: BatchedQuestion, provider: BatchProvider) -> BatchResult | None:
    """Return the result of a question that was handed in, None while there is none.

    Raises `BatchCameToNothing` for one that came to nothing, and `ProviderError` where it could not be asked.
    """
    if not provider.batch(question.batch_id).has_ended:
        return None
    try:
        result = provider.batch_result(question.batch_id, custom_id=question.custom_id)
    except ProviderError as error:
        if is_result(error):
            raise BatchCameToNothing(str(error), advice=error.advice, request_id=error.request_id) from None
        raise
    if result is None:
        raise BatchCameToNothing(
            "Claude's batch has ended without a result for this question; a person has to look at it.",
            advice=Advice.ASK_PERSON,
        )
    return result


def is_result(error: ProviderError) -> bool:
    """Return whether an error is what became of the question, rather than of asking about it."""
    return error.code == CAME_TO_NOTHING


def keep_answer(
    question: BatchedQuestion,
    trace: Trace,
    provider: BatchProvider,
    request: LanguageRequest,
    result: BatchResult,
    prices: list[Price],
    *,
    status: str = "answered",
) -> LanguageAnswer:
    """Keep an answer and what it cost, in one transaction, before it is judged; then return or raise it."""
    problem: AnswerError | ProviderUnavailable | PriceUnknown | None = None
    answer: LanguageAnswer | None = None
    with transaction.atomic():
        try:
            with traced(
                trace,
                AgentStep.Kind.CLAUDE,
                request.schema_name,
                request={**asked_for_trace(request), "batch": question.batch_id},
                prompt_digest=digest(request),
            ) as call:
                call.is_simulated = trace.agent_run.is_simulated
                call.model = request.model
                answer = _read(call, provider, request, result, prices)
        except (AnswerError, ProviderUnavailable, PriceUnknown) as error:
            problem = error
        move(question, status, response=result.body)
    if problem is not None:
        raise problem
    assert answer is not None
    return answer


def _read(
    call: Call, provider: BatchProvider, request: LanguageRequest, result: BatchResult, prices: list[Price]
) -> LanguageAnswer:
    """Read an answer and put what it took on the trace, also where it cannot be used."""
    try:
        with cleaned(request.system):
            answer = provider.read_result(result, request=request)
    except AnswerError as error:
        if error.answer:
            _note(call, request, error.answer, prices)
        raise
    _note(call, request, answer, prices)
    return answer


def _note(call: Call, request: LanguageRequest, answer: LanguageAnswer, prices: list[Price]) -> None:
    """Put what an answer says and took on the trace, at the price of the day it was collected."""
    call.note(answer, system=request.system)
    call.cost_usd = cost_usd(
        model=call.model, usage=answer.usage, prices=prices, on=timezone.now().date(), is_batch=True
    )


def asked_for_trace(request: LanguageRequest) -> dict[str, Any]:
    """Return what of a question goes onto the trace."""
    return {
        "model": request.model,
        "system": request.system,
        "user": request.user,
        "schema": request.schema,
    }


def move(question: BatchedQuestion, status: str, **changes: Any) -> None:
    """Move a question, where it is still what we think it is. Raises `TransitionRefused` otherwise."""
    BATCHED.check(question.status, status)
    if status in BATCHED.terminal:
        changes["finished_at"] = Now()
    moved = BatchedQuestion.objects.filter(id=question.id, status=question.status).update(
        status=status, **changes
    )
    if not moved:
        raise TransitionRefused(f"The question {question.custom_id!r} was moved by somebody else meanwhile.")
    question.status = status
    for name, value in changes.items():
        if name != "finished_at":
            setattr(question, name, value)
