"""What calls came to, added up from the trace: the only place tokens and money are summed."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

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
    """Add up trace rows, in one query: there are a few of them, and sums in SQL take longer to write than to do."""
    rows = list(steps.values_list("kind", "is_simulated", "cost_usd", *_CLASSES))
    money = {True: Decimal(0), False: Decimal(0)}
    tokens = [0] * len(_CLASSES)
    for _, is_simulated, cost_usd, *counted in rows:
        money[is_simulated] += cost_usd
        tokens = [whole + part for whole, part in zip(tokens, counted, strict=True)]
    return Totals(
        calls=sum(kind == AgentStep.Kind.CLAUDE for kind, *_ in rows),
        tokens=dict(zip(_CLASSES, tokens, strict=True)),
        cost_usd=money[False],
        simulated_usd=money[True],
        is_simulated=all(is_simulated for _, is_simulated, *_ in rows),
    )


def totals_of_run(run_id: UUID) -> Totals:
    """Add up the trace of a workflow run: every agent run of it, also those a crash cut off."""
    return totals_of(AgentStep.objects.filter(agent_run__run_id=run_id))
