"""The trace of an agent run: one row for every call, committed as it happens.

The row is written even when the call failed, and before its answer is checked; a trace that cannot be
written fails the step, because what is not on record did not happen. What was only computed is on record with
the agent run, which is written before the first call goes out, or, when there is none, once it has ended.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from agents.leaks import one_line, scrubbed
from agents.models import AgentRun, AgentStep
from agents.providers.language import LanguageAnswer, Usage
from tiktok_ops.prepared import Ago, insert

CUT_OFF = "Cut off before it ended."
NO_USAGE = Usage(input_tokens=0, output_tokens=0)


@dataclass(slots=True)
class Call:
    """A call being made; what is put here is what the trace will say of it."""

    response: Any = None
    usage: Usage = NO_USAGE
    cost_usd: Decimal = Decimal(0)
    model: str = ""
    is_simulated: bool = True
    provider_request_id: str = ""
    started: float = field(default_factory=time.monotonic)

    def note(self, answer: LanguageAnswer, *, system: str) -> None:
        """Put what an answer says and took on the trace; a secret or the system text is cut out of it."""
        self.usage = answer.usage
        self.provider_request_id = one_line(answer.request_id)
        self.response = {
            "stop_reason": one_line(answer.stop_reason),
            "model": one_line(answer.model),
            "text": scrubbed(answer.text, system=system),
        }

    @property
    def latency_ms(self) -> int:
        """Whole milliseconds since the call began."""
        return round((time.monotonic() - self.started) * 1000)


@dataclass(slots=True)
class Trace:
    """The trace of one agent run, which is in the database from `open` on, at the latest once it is closed."""

    agent_run: AgentRun
    has_called: bool = False
    _is_open: bool = False
    _began: float = field(default_factory=time.monotonic)

    @classmethod
    def resumed(cls, agent_run: AgentRun) -> "Trace":
        """Return the trace of an agent run that has waited: it is in the database, and took all that time."""
        waited = (timezone.now() - agent_run.started_at).total_seconds()
        return cls(agent_run, has_called=True, _is_open=True, _began=time.monotonic() - waited)

    def open(self) -> None:
        """Write the agent run with what it computed so far: something is about to leave."""
        self.has_called = True
        if not self._is_open:
            insert(self._rows())
            self._is_open = True

    def close(self, **changes: Any) -> list[Model]:
        """Say how the agent run ended; by its status it cannot be closed twice, nor by a claim that was overtaken.

        Returns the rows that are still to be inserted: the agent run, when nothing left.
        """
        seconds = time.monotonic() - self._began
        changes["latency_ms"] = round(seconds * 1000)
        if self._is_open:
            mine = AgentRun.objects.filter(id=self.agent_run.id, claim=self.agent_run.claim)
            mine.update(**changes, finished_at=Now())
            return []
        for name, value in {**changes, "finished_at": Ago()}.items():
            setattr(self.agent_run, name, value)
        return self._rows()

    def _rows(self) -> list[Model]:
        """Return the agent run; by the database's clock it began when it did."""
        setattr(self.agent_run, "started_at", Ago(time.monotonic() - self._began))  # noqa: B010  # no datetime yet
        return [self.agent_run]


Settle = Callable[[Decimal, BaseException | None], None]
"""Settles what was held for a call, given what it is known to have cost, in USD, and what went wrong."""


def settle_nothing(cost_usd: Decimal, trouble: BaseException | None) -> None:
    """Do nothing: nothing was held for the call."""


@contextmanager
def traced(
    trace: Trace,
    kind: AgentStep.Kind,
    name: str,
    *,
    request: Any,
    prompt_digest: str = "",
    settle: Settle = settle_nothing,
) -> Iterator[Call]:
    """Trace what happens inside, once the trace is open: `with traced(...) as call: call.response = ...`.

    An exception is recorded with its sentence and goes on; so is a worker that is told to end meanwhile.
    `settle` shares the row's transaction.
    """
    call = Call()
    error = CUT_OFF
    trouble: BaseException | None = None
    try:
        yield call
        error = ""
    except BaseException as exception:
        trouble = exception
        if isinstance(exception, Exception):
            error = f"{type(exception).__name__}: {scrubbed(str(exception))}"
        raise
    finally:
        with transaction.atomic():
            settle(call.cost_usd, trouble)
            _record(trace, kind, name, request=request, prompt_digest=prompt_digest, call=call, error=error)


def _record(
    trace: Trace,
    kind: AgentStep.Kind,
    name: str,
    *,
    request: Any,
    prompt_digest: str,
    call: Call,
    error: str,
) -> None:
    """Write the row of a call that is over."""
    step = AgentStep(
        agent_run=trace.agent_run,
        kind=kind,
        name=name,
        request=request,
        response=call.response,
        model=call.model,
        input_tokens=call.usage.input_tokens,
        output_tokens=call.usage.output_tokens,
        cache_read_tokens=call.usage.cache_read_tokens,
        cache_write_5m_tokens=call.usage.cache_write_5m_tokens,
        cache_write_1h_tokens=call.usage.cache_write_1h_tokens,
        cost_usd=call.cost_usd,
        is_simulated=call.is_simulated,
        latency_ms=call.latency_ms,
        provider_request_id=call.provider_request_id,
        prompt_digest=prompt_digest,
        error=error,
    )
    insert([step])
