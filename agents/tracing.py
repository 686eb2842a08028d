"""The trace of an agent run: one row for every call, committed as it happens.

The row is written even when the call failed, and before its answer is checked; a trace that cannot be
written fails the step, because what is not on record did not happen.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agents.models import AgentRun, AgentStep
from agents.providers.language import Usage

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

    @property
    def latency_ms(self) -> int:
        """Whole milliseconds since the call began."""
        return round((time.monotonic() - self.started) * 1000)


@contextmanager
def traced(
    agent_run: AgentRun, kind: AgentStep.Kind, name: str, *, request: Any, prompt_digest: str = ""
) -> Iterator[Call]:
    """Trace what happens inside: `with traced(...) as call: call.response = ...`.

    An exception is recorded with its sentence and goes on; so is a worker that is told to end meanwhile.
    """
    call = Call()
    error = CUT_OFF
    try:
        yield call
        error = ""
    except Exception as exception:
        error = f"{type(exception).__name__}: {exception}"
        raise
    finally:
        AgentStep.objects.create(
            agent_run=agent_run,
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
