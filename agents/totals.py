"""What calls came to, added up from the trace: the only place tokens and money are summed."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

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
    """Calls, tokens and cost in USD; simulated money is never added to real money.

    `is_simulated` says that no call went to the outside, whatever it cost.
    """

    calls: int
    tokens: dict[str, int]
    cost_usd: Decimal
    simulated_usd: Decimal
    is_simulated: bool


NOTHING = Totals(
    calls=0,
    tokens=dict.fromkeys(_CLASSES, 0),
    cost_usd=Decimal(0),
    simulated_usd=Decimal(0),
    is_simulated=True,
)
"""The totals of a trace without a call: computing costs neither tokens nor money."""


def totals_of(steps: QuerySet[AgentStep]) -> Totals:
    """Add up trace rows, in one query."""
    real, simulated = Q(is_simulated=False), Q(is_simulated=True)
    summed = steps.aggregate(
        **{name: Sum(name, default=0) for name in _CLASSES},
        calls=Count("id", filter=Q(kind=AgentStep.Kind.CLAUDE)),
        real_calls=Count("id", filter=real),
        real_usd=Sum("cost_usd", filter=real, default=Decimal(0)),
        simulated_usd=Sum("cost_usd", filter=simulated, default=Decimal(0)),
    )
    return Totals(
        calls=summed["calls"],
        tokens={name: int(summed[name]) for name in _CLASSES},
        cost_usd=summed["real_usd"],
        simulated_usd=summed["simulated_usd"],
        is_simulated=summed["real_calls"] == 0,
    )


def totals_of_run(run_id: UUID) -> Totals:
    """Add up the trace of a workflow run: every agent run of it, also those a crash cut off."""
    return totals_of(AgentStep.objects.filter(agent_run__run_id=run_id))
