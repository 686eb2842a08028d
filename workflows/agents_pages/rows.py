"""What the pages of agents show: each agent with what it did lately, as far as a person sees it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from agents.catalogue.sheet import AgentSheet, sheet_of
from agents.models import AgentRun
from agents.registry import AGENTS
from tiktok_ops.accounts.models import User
from tiktok_ops.cells import EMPTY, milliseconds, usd
from workflows.catalogue import WORKFLOWS, current_workflows
from workflows.nodes import AgentNode

LATELY_DAYS = 30
RUNS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Use:
    """A workflow that asks an agent, and its page."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent, the workflows that ask it, and its runs of 30 days that the person sees."""

    sheet: AgentSheet
    uses: Sequence[Use]
    runs: int
    last_at: datetime | None
    cost: SafeString | str

    @property
    def url(self) -> str:
        """Return the agent's page."""
        return reverse("admin:workflows_workflowdefinition_agent", args=[self.sheet.name])


@dataclass(frozen=True, slots=True)
class LateRun:
    """One run of an agent."""

    run: AgentRun
    took: str
    cost: SafeString | str
    url: str


def rows_for(user: User, *, now: datetime | None = None) -> list[AgentRow]:
    """Return every agent by name."""
    since = (now or timezone.now()) - timedelta(days=LATELY_DAYS)
    lately = _lately(user, since)
    uses = _uses()
    return [_row(sheet_of(AGENTS[name]), uses[name], lately.get(name, {})) for name in sorted(AGENTS)]


def last_runs(name: str, user: User) -> list[LateRun]:
    """Return the newest runs of an agent that the person sees, newest first."""
    runs = AgentRun.objects.visible_to(user).filter(agent=name).select_related("account").order_by("-id")
    return [
        LateRun(
            run=run,
            took=milliseconds(run.latency_ms) if run.latency_ms is not None else EMPTY,
            cost=usd(run.cost_usd, is_simulated=run.is_simulated),
            url=reverse("admin:agents_agentrun_change", args=[run.id]),
        )
        for run in runs[:RUNS_SHOWN]
    ]


def _row(sheet: AgentSheet, uses: Sequence[Use], lately: Mapping[str, Any]) -> AgentRow:
    return AgentRow(
        sheet=sheet,
        uses=uses,
        runs=lately.get("runs", 0),
        last_at=lately.get("last_at"),
        cost=_cost(lately.get("real"), lately.get("simulated")),
    )


def _cost(real: Decimal | None, simulated: Decimal | None) -> SafeString | str:
    """Return both kinds of money side by side, never added; a dash where nothing was spent."""
    told = [usd(real, is_simulated=False)] if real else []
    told += [usd(simulated, is_simulated=True)] if simulated else []
    return format_html_join(", ", "{}", ((one,) for one in told)) or EMPTY


def _lately(user: User, since: datetime) -> dict[str, dict[str, Any]]:
    counted = (
        AgentRun.objects.visible_to(user)
        .filter(started_at__gte=since)
        .order_by()
        .values("agent")
        .annotate(
            runs=Count("pk"),
            last_at=Max("started_at"),
            real=Sum("cost_usd", filter=Q(is_simulated=False)),
            simulated=Sum("cost_usd", filter=Q(is_simulated=True)),
        )
    )
    return {row["agent"]: dict(row) for row in counted}


def _uses() -> defaultdict[str, list[Use]]:
    """Return the workflows by the agents they ask, each once."""
    uses: defaultdict[str, list[Use]] = defaultdict(list)
    for workflow, _ in current_workflows():
        use = Use(workflow.label, _page_of(workflow.slug))
        for name in dict.fromkeys(node.agent for node in workflow.nodes if isinstance(node, AgentNode)):
            uses[name].append(use)
    return uses


def _page_of(slug: str) -> str:
    if slug in WORKFLOWS:
        return reverse("admin:workflows_workflowdefinition_code", args=[slug])
    return f"{reverse('admin:workflows_workflowdefinition_changelist')}?q={slug}"
