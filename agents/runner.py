"""`run_agent`, the only door to an agent: input checked, facts computed, words asked for, all of it traced."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model
from django.db.models.functions import Now
from pydantic import BaseModel, ValidationError

from agents.batching import BatchLine
from agents.budgets.reserving import reserve
from agents.contract import AgentContext, Prompt
from agents.figures import check_figures_are_told
from agents.guardrails.guard import Guard
from agents.leaks import check_nothing_leaks, cleaned, one_line, scrubbed
from agents.memory.recall import NOTHING_TO_TELL, Memory, recall
from agents.models import AgentRun, AgentStep
from agents.prices.pricing import Price, cost_usd, find_price
from agents.prices.rows import prices_of
from agents.prompt_size import input_bound
from agents.prompts import digest, render_system, render_user
from agents.providers.batches import BatchProvider
from agents.providers.breakers import Breakers
from agents.providers.errors import AnswerError, OutputInvalid, ProviderError, ProviderUnavailable
from agents.providers.language import LanguageAnswer, LanguageProvider, LanguageRequest
from agents.providers.registry import get_language_provider
from agents.registry import AGENTS, AnyAgent
from agents.totals import NOTHING, totals_of
from agents.tracing import Call, Trace, traced
from tiktok_ops.errors import Refused
from tiktok_ops.prepared import insert

LANGUAGE = "claude"
ASKING = "messages"  # the operation its breaker is for
MAX_TOKENS = 8192  # thinking counts too
LONGEST_CALL_SECONDS = 60.0
WAITS_PER_CALL = 2
"""The time-out bounds each wait for the network, the call as a whole ends within about twice that."""


class AgentRefused(Refused):
    """The agent cannot be asked this."""


@dataclass(frozen=True, slots=True)
class Asked:
    """On whose behalf an agent runs: the workflow run, its step, and the claim it runs under.

    Who `writes_later` inserts the rows of the answer in the transaction that records what came of it. Who
    `may_wait` has it asked in a batch, at half the price, and calls again after `Parked`.
    """

    run_id: UUID | None = None
    step_id: UUID | None = None
    claim: int = 0
    writes_later: bool = False
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What an agent put out, as JSON values, the row that tells how, and the rows still to be inserted."""

    output: dict[str, Any]
    agent_run_id: UUID
    rows: tuple[Model, ...] = ()


def run_agent(
    name: str,
    given: dict[str, Any],
    context: AgentContext,
    *,
    asked: Asked | None = None,
    hold: Callable[[float], None] = lambda seconds: None,
    timeout_seconds: float = 60,
    instruction: str = "",
) -> AgentAnswer:
    """Ask the agent `name` and return its typed output; `instruction` takes the place of the agent's own.

    An answer that took no call may come with its rows unwritten, where `asked` says so: nothing left the
    system for them. `hold(seconds)` is called before each outward call with that call's time-out, so that
    the caller can keep its lease, or raise to stop. Raises `AgentRefused` for an unknown agent or an input
    it does not take, and `ProviderError` when the words could not be had; both leave the agent run failed.
    Raises `Parked` while a batch is not answered; that leaves it running.
    """
    agent = _agent(name)
    asked = asked or Asked()
    line = _line(agent, asked, hold)
    _close_cut_off(asked)
    waited = line.agent_run if line else None
    trace = Trace.resumed(waited) if waited else Trace(_new_run(name, given, context, asked))
    until = time.monotonic() + timeout_seconds
    try:
        output = _Asking(agent, trace, context, hold, until, instruction, line=line).answer(given)
    except Exception as error:
        if line and line.is_out:  # whoever comes next goes on with it, or it is called off
            raise
        if rows := _close(trace, status="failed", error=f"{type(error).__name__}: {scrubbed(str(error))}"):
            insert(rows)
        raise
    rows = _close(trace, status="succeeded", output=output)
    if rows and not asked.writes_later:
        insert(rows)
        rows = []
    return AgentAnswer(output=output, agent_run_id=trace.agent_run.id, rows=tuple(rows))


def _line(agent: AnyAgent, asked: Asked, hold: Callable[[float], None]) -> BatchLine | None:
    """Return the batched questions of a step that may wait; None where it may not."""
    if asked.step_id is None or not asked.may_wait:
        return None
    return BatchLine.of(asked.step_id, hold, claim=asked.claim)


def _new_run(name: str, given: dict[str, Any], context: AgentContext, asked: Asked) -> AgentRun:
    """Return the row of an agent that is being asked, not inserted yet."""
    return AgentRun(
        account_id=context.account_id,
        agent=name,
        run_id=asked.run_id,
        step_id=asked.step_id,
        claim=asked.claim,
        as_of=context.as_of,
        input=given,
    )


def _close_cut_off(asked: Asked) -> None:
    """Close what earlier claims of this step left open: their worker is gone."""
    if asked.step_id is not None and asked.claim > 1:
        AgentRun.objects.filter(step_id=asked.step_id, claim__lt=asked.claim, status="running").update(
            status="failed", error="Cut off before it ended.", finished_at=Now()
        )


def _agent(name: str) -> AnyAgent:
    try:
        return AGENTS[name]
    except KeyError:
        raise AgentRefused(f"There is no agent {name!r}; there are {', '.join(sorted(AGENTS))}.") from None


def _close(trace: Trace, **changes: Any) -> list[Model]:
    """Close the agent run with its result and the totals of its trace; return the rows still to be inserted."""
    totals = totals_of(trace.agent_run.steps.all()) if trace.has_called else NOTHING
    return trace.close(
        **changes,
        **totals.tokens,
        facts=trace.agent_run.facts,
        cost_usd=totals.cost_usd + totals.simulated_usd,
        is_simulated=trace.agent_run.is_simulated,
    )


@dataclass(slots=True)
class _Asking:
    """One agent being asked."""

    agent: AnyAgent
    trace: Trace
    context: AgentContext
    hold: Callable[[float], None]
    until: float
    instruction: str = ""
    memory: Memory = NOTHING_TO_TELL
    handed: tuple[Prompt, ...] = ()
    line: BatchLine | None = None
    max_tokens: int = MAX_TOKENS

    def answer(self, given: dict[str, Any]) -> dict[str, Any]:
        """Compute the facts, ask for the words, join them."""
        facts = self._compute(self._checked(given))
        prompt = self.agent.prompt(facts, self.context)
        if prompt and self.instruction:
            prompt = replace(prompt, instruction=self.instruction)
        composed = self._in_words(facts, prompt) if prompt else self.agent.compose(facts, None)
        return _as_json(composed)

    def _checked(self, given: dict[str, Any]) -> BaseModel:
        """Return the input as the agent's own type. Raises `AgentRefused`."""
        wanted: type[BaseModel] = self.agent.Input
        try:
            return wanted.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise AgentRefused(
                f"The agent {self.agent.name!r} does not take {field} = {first['input']!r}: {first['msg']}."
            ) from None

    def _compute(self, given: BaseModel) -> BaseModel:
        """Compute the facts; they are on record, with the agent run, before a model sees them.

        What was asked in a batch is answered about the facts it was asked about.
        """
        kept = self.line.facts if self.line else None
        facts: BaseModel = (
            self.agent.compute(given, self.context) if kept is None else self.agent.Facts.model_validate(kept)
        )
        self.trace.agent_run.facts = _as_json(facts)
        return facts

    def _in_words(self, facts: BaseModel, prompt: Prompt) -> BaseModel:
        """Ask for the words; an answer that does not fit is sent back once, with what was wrong."""
        self.memory = recall(self.agent.name, self.context, prompt)
        self.max_tokens = max(MAX_TOKENS, prompt.max_tokens)
        guard = Guard.of(self.trace, self.context)
        checked, remembered = guard.incoming(prompt, self.memory.texts)
        self.handed = (prompt, checked)
        user = self.memory.worded(remembered).told_after(render_user(checked))
        try:
            return self._composed(facts, user, guard)
        except OutputInvalid as wrong:
            repair = f"{user}\n\nYour last answer could not be used: {guard.hide(str(wrong))} Answer again, in full."
            return self._composed(facts, repair, guard)

    def _composed(self, facts: BaseModel, user: str, guard: Guard) -> BaseModel:
        """Ask once and join the words with the facts. Raises `OutputInvalid` when they do not fit."""
        answer = self._ask(user)
        system = render_system(self.context.brand, self.context.locale)
        try:
            check_nothing_leaks(answer.data, system=system)
            words = self.agent.Words.model_validate(guard.outgoing(answer.data))
            composed: BaseModel = self.agent.compose(facts, words)
            check_figures_are_told(words, self.handed, self.context, instruction=self.instruction)
        except OutputInvalid as leak:
            leak.answer, leak.request_id = answer, answer.request_id
            raise
        except ValueError as error:  # pydantic's ValidationError is one
            raise OutputInvalid(one_line(_first_line(error), system=system), answer=answer) from None
        return composed

    def _ask(self, user: str) -> LanguageAnswer:
        """Ask the model once, traced and priced, whatever comes of it."""
        provider = get_language_provider(LANGUAGE)
        self.trace.agent_run.is_simulated = provider.simulated
        request = self._request(user)
        sent = {"model": request.model, "system": request.system, "user": user, "schema": request.schema}
        sent |= self.memory.trace
        prices = prices_of(request.model)
        if not (self.line and self.line.has_next):
            # An unknown price blocks the call instead of costing nothing.
            bound = input_bound(provider, request, self.trace, self.hold)
            find_price(model=request.model, prices=prices, on=_today(), total_input_tokens=bound)
        if self.line and isinstance(provider, BatchProvider):
            return self.line.ask(self.trace, provider, request, prices)
        self.hold(request.timeout_seconds * WAITS_PER_CALL)
        settle = reserve(self.trace.agent_run, request, prices, on=_today(), is_simulated=provider.simulated)
        self.trace.open()
        with traced(
            self.trace,
            AgentStep.Kind.CLAUDE,
            request.schema_name,
            request=sent,
            prompt_digest=digest(request),
            settle=settle,
        ) as call:
            return _called(provider, request, prices, call)

    def _seconds_for_a_call(self) -> float:
        """Return a call's time-out: what is left for the agent bounds all its calls together.

        Raises `ProviderUnavailable` when nothing is left.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise ProviderUnavailable(
                "The agent's time was used up before the model had answered; try again."
            )
        return min(LONGEST_CALL_SECONDS, max(left / WAITS_PER_CALL, 1))

    def _request(self, user: str) -> LanguageRequest:
        words: type[BaseModel] = self.agent.Words
        return LanguageRequest(
            model=settings.MODELS[self.context.model_tier or self.agent.model_tier],
            system=render_system(self.context.brand, self.context.locale),
            user=user,
            schema=_schema_of(words),
            schema_name=f"{self.agent.name}_words",
            max_tokens=self.max_tokens,
            timeout_seconds=self._seconds_for_a_call(),
        )


@lru_cache(maxsize=128)
def _schema_of(words: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an agent's words, the same object each time: nobody writes to it."""
    return words.model_json_schema()


def _called(
    provider: LanguageProvider, request: LanguageRequest, prices: list[Price], call: Call
) -> LanguageAnswer:
    """Make the call and note what it took, before the answer is looked at."""
    call.is_simulated = provider.simulated
    call.model = request.model
    try:
        with (
            Breakers(LANGUAGE).around(ASKING, timeout_seconds=request.timeout_seconds),
            cleaned(request.system),
        ):
            answer = provider.ask(request)
    except AnswerError as error:
        call.provider_request_id = error.request_id
        if error.answer:
            _note(call, request, error.answer, prices)
        raise
    except ProviderError as error:
        call.provider_request_id = error.request_id
        raise
    _note(call, request, answer, prices)
    return answer


def _note(call: Call, request: LanguageRequest, answer: LanguageAnswer, prices: list[Price]) -> None:
    """Put what an answer says and took on the trace."""
    call.note(answer, system=request.system)
    call.cost_usd = cost_usd(model=call.model, usage=answer.usage, prices=prices, on=_today())


def _today() -> date:
    return datetime.now(UTC).date()


def _as_json(value: BaseModel) -> dict[str, Any]:
    """Return a model as the JSON values the database keeps."""
    parsed: dict[str, Any] = json.loads(value.model_dump_json())
    return parsed


def _first_line(error: ValueError) -> str:
    """Return one sentence about an answer that does not fit."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        return f"The field {field!r} does not do: {first['msg']}."
    return str(error)
