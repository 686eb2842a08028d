"""What calls came to, added up from the trace: the only place tokens and money are summed."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum

from agents.models import AgentStep

_CLASSES = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
)


@dataclass(frozen=True, slots=True)
class Totals:
    """Calls, tokens and cost in USD; simulated money is never added to real money."""

    calls: int
    tokens: dict[str, int]
    cost_usd: Decimal
    simulated_usd: Decimal


def totals_of(steps: QuerySet[AgentStep]) -> Totals:
    """Add up trace rows."""
    summed = steps.aggregate(**{name: Sum(name, default=0) for name in _CLASSES})
    return Totals(
        calls=steps.filter(kind=AgentStep.Kind.CLAUDE).count(),
        tokens={name: int(summed[name]) for name in _CLASSES},
        cost_usd=_cost(steps.filter(is_simulated=False)),
        simulated_usd=_cost(steps.filter(is_simulated=True)),
    )


def totals_of_run(run_id: UUID) -> Totals:
    """Add up the trace of a workflow run: every agent run of it, also those a crash cut off."""
    return totals_of(AgentStep.objects.filter(agent_run__run_id=run_id))


def _cost(steps: QuerySet[AgentStep]) -> Decimal:
    total: Decimal = steps.aggregate(total=Sum("cost_usd", default=Decimal(0)))["total"]
    return total
