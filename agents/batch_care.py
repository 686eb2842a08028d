"""Batches nobody waits for any more: cancelled at the provider, and paid for on the trace as far as they were answered.

A step may end while its batch is out: its run was cancelled, its worker died too often. Nothing of that may be
lost: what was answered before the end was paid.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db.models.functions import Now

from agents.batch_journal import BatchCameToNothing, find_batch, keep_answer, move, result_of
from agents.batch_models import UNSETTLED, BatchedQuestion
from agents.batching import ALIAS, CALL_SECONDS, OPERATION
from agents.models import AgentRun
from agents.prices.pricing import PriceUnknown
from agents.prices.rows import prices_of
from agents.providers.batches import BatchProvider, BatchState
from agents.providers.breakers import Breakers
from agents.providers.errors import ProviderError
from agents.providers.language import LanguageRequest
from agents.providers.registry import get_language_provider
from agents.totals import totals_of
from agents.tracing import Trace

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(minutes=1)
CALLED_OFF = "Called off: its step ended before the batch was answered."


def call_off(question_id: UUID) -> str | None:
    """Go on with ending a question nobody waits for; return the status it has now, None where it is settled.

    Safe to do twice, by whoever: each move is made only from where the question was. Trouble is left for the next
    look. The caller knows that nobody waits for it.
    """
    question = BatchedQuestion.objects.select_related("agent_run").filter(
        id=question_id, status__in=UNSETTLED
    )
    found = question.first()
    provider = get_language_provider(ALIAS)
    if found is None or not isinstance(provider, BatchProvider):
        return None
    BatchedQuestion.objects.filter(id=found.id).update(look_at=Now() + LOOK_AGAIN)
    try:
        with Breakers(ALIAS).around(OPERATION, timeout_seconds=CALL_SECONDS):
            _go_on(found, provider)
    except ProviderError as trouble:
        log.warning("batch not called off yet", question=found.custom_id, trouble=str(trouble))
    if found.status == "cancelled":
        _close(found.agent_run)
    return found.status


def _go_on(question: BatchedQuestion, provider: BatchProvider) -> None:
    """Ask for its end, or, once it was asked for, whether it has come."""
    if question.status == "submitting":
        batch = find_batch(question, provider)
        if isinstance(batch, str):
            return
        if isinstance(batch, BatchState):
            move(question, "submitted", batch_id=batch.id)
    if question.status in {"prepared", "submitting"}:
        move(question, "cancelled", error=CALLED_OFF)
    elif question.status == "submitted":
        provider.cancel_batch(question.batch_id)
        move(question, "cancelling", error=CALLED_OFF)
    else:
        _settle(question, provider)


def _settle(question: BatchedQuestion, provider: BatchProvider) -> None:
    """Once the batch has ended, keep what its answer cost, if it had one by then."""
    try:
        result = result_of(question, provider)
    except BatchCameToNothing:
        move(question, "cancelled")
        return
    if result is not None:
        request = LanguageRequest(**question.request)
        trace = Trace.resumed(question.agent_run)
        try:
            keep_answer(
                question, trace, provider, request, result, prices_of(request.model), status="cancelled"
            )
        except (ProviderError, PriceUnknown) as unusable:  # nobody would have used it; what it took is kept
            log.info("batch called off too late", question=question.custom_id, answer=str(unusable))


def _close(agent_run: AgentRun) -> None:
    """Close the agent run with all it took, unless it was closed before the batch was called off."""
    totals = totals_of(agent_run.steps.all())
    changes = {**totals.tokens, "cost_usd": totals.cost_usd + totals.simulated_usd}
    rows = AgentRun.objects.filter(id=agent_run.id)
    if not rows.filter(status="running").update(
        status="failed", error=CALLED_OFF, finished_at=Now(), **changes
    ):
        rows.update(**changes)
