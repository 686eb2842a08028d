"""What calls to models cost, added up from the trace: by day, workflow, agent and model, and by whose money."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Subquery, Sum
from django.db.models.functions import TruncDate

from agents.models import AgentStep
from tiktok_ops.accounts.scope import ScopedQuerySet
from workflows.models import WorkflowRun

OUTSIDE_OF_WORKFLOWS = "–"
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the calls of one day (UTC) to one model by one agent in one workflow came to, in USD.

    `mode` is that of the accounts they were about; the sandbox's model may be asked about live ones.
    """

    day: date
    workflow: str
    agent: str
    model: str
    mode: str
    is_simulated: bool
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal


def spent_on(calls: "ScopedQuerySet[AgentStep]", *, since: date, until: date) -> list[Spent]:
    """Return what these calls came to from `since` to `until`, both included: the newest, then the dearest first."""
    rows: Any = (
        _between(calls, since, until)
        .annotate(
            day=TruncDate("at", tzinfo=UTC),
            agent=F("agent_run__agent"),
            mode=F("agent_run__account__mode"),
            workflow=Subquery(
                WorkflowRun.objects.filter(id=OuterRef("agent_run__run_id")).values("definition__slug")[:1]
            ),
        )
        .values("day", "workflow", "agent", "model", "mode", "is_simulated")
        .annotate(
            calls=Count("id"),
            tokens_in=Sum(F("input_tokens") + F("cache_read_tokens"))
            + Sum(F("cache_write_5m_tokens") + F("cache_write_1h_tokens")),
            tokens_out=Sum("output_tokens"),
            cost=Sum("cost_usd"),
        )
        .order_by("-day", "-cost", "workflow", "agent", "model", "mode", "is_simulated")
    )
    return [_read(row) for row in rows]


def _between(calls: "ScopedQuerySet[AgentStep]", since: date, until: date) -> "ScopedQuerySet[AgentStep]":
    """Return the calls to models of these days. Ids sort by time, and the index of ids is the one there is."""
    first = datetime.combine(since, time.min, tzinfo=UTC)
    end = datetime.combine(until + timedelta(days=1), time.min, tzinfo=UTC)
    return calls.filter(
        kind=AgentStep.Kind.CLAUDE, id__gte=_first_id(first - CLOCKS_DIFFER), at__gte=first, at__lt=end
    )


def _first_id(moment: datetime) -> UUID:
    """Return an id no UUIDv7 of this moment or later is below: its first 48 bits are Unix milliseconds (RFC 9562)."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def _read(row: dict[str, Any]) -> Spent:
    return Spent(
        day=row["day"],
        workflow=row["workflow"] or OUTSIDE_OF_WORKFLOWS,
        agent=row["agent"],
        model=row["model"],
        mode=row["mode"],
        is_simulated=row["is_simulated"],
        calls=row["calls"],
        input_tokens=row["tokens_in"],
        output_tokens=row["tokens_out"],
        cost_usd=row["cost"],
    )


def totals_by(spent: Iterable[Spent], key: Callable[[Spent], str]) -> list[tuple[str, Decimal, int]]:
    """Return what each came to and in how many calls, the dearest first."""
    found: dict[str, tuple[Decimal, int]] = {}
    for one in spent:
        cost, calls = found.get(key(one), (Decimal(0), 0))
        found[key(one)] = (cost + one.cost_usd, calls + one.calls)
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return [(name, cost, calls) for name, (cost, calls) in ranked]
