"""Questions of a step that may wait: handed in with a batch, at half the price, and paid once whatever dies.

An agent whose step may wait is asked again and again until its answer is there. Each time it goes the same way:
its facts are those on record from the first time, and the questions that were answered are answered from the
journal. At the first one that is not, it stops with `Parked`, and its step waits without holding a worker.

There is no idempotency key for batches, so a batch that may have been handed in is looked for: among those that
the provider created since, that hold one question, and that no row of ours names. What is in a batch is told only
once it has ended, by the `custom_id` of its results; until then the step waits, rather than pay again. What cannot
be known: a batch the provider does not list. It is then handed in anew, and that could be paid twice.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from agents.batch_journal import BatchCameToNothing, end_unpaid, find_batch, keep_answer, move, result_of
from agents.batch_models import OPEN, BatchedQuestion
from agents.budgets.reserving import open_periods, reserve
from agents.leaks import cleaned
from agents.models import AgentRun, AgentStep
from agents.prices.pricing import Price
from agents.prompts import digest
from agents.providers.batches import BatchProvider, BatchResult, BatchState
from agents.providers.breakers import Breakers
from agents.providers.errors import ProviderError, ProviderUnavailable
from agents.providers.language import LanguageAnswer, LanguageRequest
from agents.tracing import Trace, traced
from tiktok_ops.clock import database_now
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.ids import new_id

ALIAS, OPERATION = "claude", "batches"
CALL_SECONDS = 60.0
"""The lease for one call: its time-outs bound each wait for the network, and a call has a few."""

START_WITHIN_SECONDS = 2.0
"""A worker that was held up for longer since it renewed its lease hands nothing in: another may have it by now."""

LONGEST_SECONDS = 25 * 3600.0
"""The provider gives a batch up after a day; an hour later so do we."""

HELD_SECONDS = LONGEST_SECONDS + 3600
"""What a question in a batch may cost is held until we have surely given it up."""

Hold = Callable[[float], None]


class Parked(Exception):
    """The answer is not there yet: look again later. `why` is a sentence; times are in seconds."""

    def __init__(self, why: str, *, waited_seconds: float) -> None:
        super().__init__(why)
        self.why = why
        self.waited_seconds = waited_seconds
        self.left_seconds = max(LONGEST_SECONDS - waited_seconds, 0.0)


@dataclass(slots=True)
class BatchLine:
    """The questions of one step, in the order asked; see the module for how they are answered."""

    step_id: UUID
    hold: Hold
    agent_run: AgentRun | None
    questions: list[BatchedQuestion]
    _asked: int = 0
    _held_at: float = field(default=-math.inf)

    @classmethod
    def of(cls, step_id: UUID, hold: Hold, *, claim: int) -> "BatchLine":
        """Return the step's line: what its last try asked, unless that came to nothing.

        The agent run that waits goes over to this claim.
        """
        rows = BatchedQuestion.objects.select_related("agent_run").filter(
            step_id=step_id, agent_run__status__in=["running", "succeeded"]
        )
        questions = list(rows.order_by("number"))
        last = questions[-1].agent_run if questions else None
        questions = [one for one in questions if last and one.agent_run_id == last.id]
        if last and last.status == "running":
            AgentRun.objects.filter(id=last.id, status="running").update(claim=claim)
            last.claim = claim
            return cls(step_id, hold, last, questions)
        return cls(step_id, hold, None, questions)

    @property
    def facts(self) -> dict[str, Any] | None:
        """The facts the questions are about, None where none was asked yet."""
        kept: dict[str, Any] | None = self.questions[0].agent_run.facts if self.questions else None
        return kept

    @property
    def has_next(self) -> bool:
        """Whether the next question of the step was asked before."""
        return self._asked < len(self.questions)

    @property
    def is_out(self) -> bool:
        """Whether a question of this line is still to be answered."""
        return any(question.status in OPEN for question in self.questions)

    def ask(
        self, trace: Trace, provider: BatchProvider, request: LanguageRequest, prices: list[Price]
    ) -> LanguageAnswer:
        """Return the answer to the next question of the step.

        Raises `Parked` while it is not there, and what `LanguageProvider.ask` raises.
        """
        question = self._next(trace, request, prices)
        request = LanguageRequest(**question.request)
        if question.status == "answered":
            with cleaned(request.system):
                return provider.read_result(BatchResult(question.response), request=request)
        if question.status == "submitting":
            self._find(question, provider)
        if question.status == "prepared":
            self._submit(question, trace, provider, request)
        return self._collect(question, trace, provider, request, prices)

    def _next(self, trace: Trace, request: LanguageRequest, prices: list[Price]) -> BatchedQuestion:
        """Return the journal's row of the next question; written down before anything leaves, with the agent run.

        What it may cost is held with it. Raises `BudgetReached`.
        """
        self._asked += 1
        if self._asked <= len(self.questions):
            return self.questions[self._asked - 1]
        now, simulated = database_now(), trace.agent_run.is_simulated
        open_periods(trace.agent_run, is_simulated=simulated)
        with transaction.atomic():
            reserve(
                trace.agent_run,
                request,
                prices,
                on=now.date(),
                is_simulated=simulated,
                lasts_seconds=HELD_SECONDS,
            )
            trace.open()
            number = BatchedQuestion.objects.filter(step_id=self.step_id).count() + 1
            question = BatchedQuestion.objects.create(
                id=new_id(),
                agent_run=trace.agent_run,
                step_id=self.step_id,
                number=number,
                custom_id=f"{self.step_id.hex}-{number}",
                request=asdict(request),
                created_at=now,
            )
        self.questions.append(question)
        return question

    def _submit(
        self, question: BatchedQuestion, trace: Trace, provider: BatchProvider, request: LanguageRequest
    ) -> None:
        """Hand the question in: `submitting` is committed first, the batch's id right after."""
        self._keep_lease()
        move(question, "submitting", tried_at=database_now())
        pass_by(CrashPoint.BEFORE_HAND_IN, self.step_id)
        try:
            with (
                traced(
                    trace,
                    AgentStep.Kind.PROVIDER,
                    f"{request.schema_name}_batch",
                    request={"custom_id": question.custom_id, "model": request.model},
                    prompt_digest=digest(request),
                ) as call,
                Breakers(ALIAS).around(OPERATION, timeout_seconds=CALL_SECONDS),
            ):
                call.is_simulated = trace.agent_run.is_simulated
                call.model = request.model
                self._check_not_late()
                state = provider.submit_batch(request, custom_id=question.custom_id)
                call.response = {"batch": state.id}
        except ProviderError as error:
            if error.may_have_acted:
                raise self._parked(question, f"It is not known whether it was handed in: {error}") from None
            end_unpaid(question, "failed", error=str(error))
            raise
        pass_by(CrashPoint.AFTER_HAND_IN, self.step_id)
        move(question, "submitted", batch_id=state.id)

    def _find(self, question: BatchedQuestion, provider: BatchProvider) -> None:
        """Find out whether a question that may be out is; leaves it `submitted` or `prepared`.

        Raises `Parked` while that cannot be known.
        """
        self._keep_lease()
        try:
            with Breakers(ALIAS).around(OPERATION, timeout_seconds=CALL_SECONDS):
                found = find_batch(question, provider)
        except ProviderError as error:
            raise self._parked(question, f"It is not known whether it was handed in: {error}") from None
        if found is None:
            move(question, "prepared", tried_at=None)
        elif isinstance(found, BatchState):
            move(question, "submitted", batch_id=found.id)
        else:
            raise self._parked(question, f"It is not known whether it was handed in: {found}")

    def _collect(
        self,
        question: BatchedQuestion,
        trace: Trace,
        provider: BatchProvider,
        request: LanguageRequest,
        prices: list[Price],
    ) -> LanguageAnswer:
        """Return the answer of a question that was handed in, and its cost to the trace; or raise `Parked`."""
        self._keep_lease()
        try:
            with Breakers(ALIAS).around(OPERATION, timeout_seconds=CALL_SECONDS):
                result = result_of(question, provider)
        except ProviderError as error:
            if isinstance(error, BatchCameToNothing):
                end_unpaid(question, "failed", error=str(error))
                raise
            raise self._parked(question, f"It could not be asked just now: {error}") from None
        if result is None:
            raise self._parked(question, "")
        pass_by(CrashPoint.BEFORE_COLLECTED, self.step_id)
        return keep_answer(question, trace, provider, request, result, prices)

    def _keep_lease(self) -> None:
        self.hold(CALL_SECONDS)
        self._held_at = time.monotonic()

    def _check_not_late(self) -> None:
        """Raise, unsent, where this worker was held up since it renewed its lease."""
        if time.monotonic() - self._held_at > START_WITHIN_SECONDS:
            raise ProviderUnavailable(
                "The worker was held up before the batch was handed in; nothing was sent; try again.",
                was_sent=False,
                may_have_acted=False,
            )

    def _parked(self, question: BatchedQuestion, trouble: str) -> Exception:
        """Return what to raise while the answer is not there: `Parked`, or the end of all patience."""
        waited = (database_now() - question.created_at).total_seconds()
        if waited >= LONGEST_SECONDS:
            if question.status == "submitted":
                move(question, "cancelling")
            else:
                move(question, "failed", error=trouble)
            return ProviderUnavailable(
                f"Claude's batch was not done {LONGEST_SECONDS / 3600:g} hours after it was handed in; try again."
            )
        why = f"Claude answers this with a batch, handed in {question.created_at:%Y-%m-%d %H:%M:%S} UTC"
        return Parked(f"{why}. {trouble}".strip(), waited_seconds=waited)
