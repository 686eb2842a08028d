"""The pages of agent runs with their traces, and of model prices."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter

from agents.breaker_admin import BreakerAdmin as BreakerAdmin
from agents.guardrails.pages import GuardrailFindingAdmin as GuardrailFindingAdmin
from agents.guardrails.pages import GuardrailPolicyAdmin as GuardrailPolicyAdmin
from agents.memory_admin import MemoryItemAdmin as MemoryItemAdmin
from agents.models import AgentRun, AgentStep, ModelPrice
from agents.transitions import AGENT_RUN
from tiktok_ops.admin import MachineWrittenAdmin, ScopedAdmin
from tiktok_ops.cells import EMPTY, json_block, link, milliseconds, moment, status_badge, usd, visible, whole
from tiktok_ops.filters import DayRangeFilter, ScopedRelatedFilter, StatusFilter

STEPS_SHOWN = 200
_TOKEN_CLASSES = {
    "input_tokens": "in",
    "output_tokens": "out",
    "cache_read_tokens": "read from cache",
    "cache_write_5m_tokens": "cached for 5 minutes",
    "cache_write_1h_tokens": "cached for 1 hour",
}


def tokens_text(row: AgentRun | AgentStep) -> str:
    """Return the tokens by class, `1,204 in, 310 out`; a dash when there are none."""
    counted = ((getattr(row, name), said) for name, said in _TOKEN_CLASSES.items())
    return ", ".join(f"{whole(number)} {said}" for number, said in counted if number) or EMPTY


class AgentRunStatusFilter(StatusFilter):
    """Filters agent runs by status."""

    statuses = AGENT_RUN.statuses


@admin.register(AgentRun)
class AgentRunAdmin(MachineWrittenAdmin):
    """Agent runs: what was asked, what came back, what it cost, and every call on the way."""

    list_display = (
        *("agent", "account", "status_cell", "tokens_cell", "cost_cell", "latency_cell"),
        *("started_cell", "run_cell"),
    )
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (
        ("account", ScopedRelatedFilter),
        ("agent", FieldTextFilter),
        AgentRunStatusFilter,
        ("started_at", DayRangeFilter),
    )
    search_fields = ("agent", "account__handle")
    search_help_text = "Search by agent or handle"
    empty_text = "No agent has run yet. Open an account and run a profile audit."
    panel_template = "admin/agents/agentrun/trace.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("agent", "account", "run_cell"),
                    ("status_cell", "error_cell", "as_of_cell"),
                    ("tokens_cell", "cost_cell", "latency_cell", "started_cell"),
                )
            },
        ),
        ("What it was asked", {"fields": ("input_cell",)}),
        ("What was computed", {"fields": ("facts_cell",)}),
        ("What it answered", {"fields": ("output_cell",)}),
    )

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return the calls the agent made, oldest first."""
        return {"calls": [_call(step) for step in row.steps.all()[:STEPS_SHOWN]], "calls_shown": STEPS_SHOWN}

    @admin.display(description="Status", ordering="status")
    def status_cell(self, run: AgentRun) -> SafeString:
        """Show what it came to."""
        return status_badge(run.status)

    @admin.display(description="Tokens")
    def tokens_cell(self, run: AgentRun) -> str:
        """Show the tokens of all its calls."""
        return tokens_text(run)

    @admin.display(description="Cost", ordering="cost_usd")
    def cost_cell(self, run: AgentRun) -> str:
        """Show what its calls cost."""
        return usd(run.cost_usd, is_simulated=run.is_simulated)

    @admin.display(description="Took", ordering="latency_ms")
    def latency_cell(self, run: AgentRun) -> str:
        """Show how long it took."""
        return milliseconds(run.latency_ms)

    @admin.display(description="Started", ordering="started_at")
    def started_cell(self, run: AgentRun) -> str:
        """Show when it started."""
        return moment(run.started_at)

    @admin.display(description="Run")
    def run_cell(self, run: AgentRun) -> str:
        """Lead to the run it was part of."""
        if run.run_id is None:
            return EMPTY
        return link("Open the run", reverse("admin:workflows_workflowrun_change", args=[run.run_id]))

    @admin.display(description="Data as of")
    def as_of_cell(self, run: AgentRun) -> str:
        """Show what "now" was for it."""
        return moment(run.as_of)

    @admin.display(description="Error")
    def error_cell(self, run: AgentRun) -> str:
        """Show why it failed."""
        return visible(run.error) or EMPTY

    @admin.display(description="Input")
    def input_cell(self, run: AgentRun) -> str:
        """Show its input."""
        return json_block(run.input)

    @admin.display(description="Facts")
    def facts_cell(self, run: AgentRun) -> str:
        """Show the computed figures it wrote about."""
        return json_block(run.facts)

    @admin.display(description="Output")
    def output_cell(self, run: AgentRun) -> str:
        """Show its output."""
        return json_block(run.output)


def _call(step: AgentStep) -> dict[str, Any]:
    """Return what the trace shows of one call."""
    return {
        "kind": step.get_kind_display(),
        "name": step.name,
        "model": step.model,
        "tokens": tokens_text(step),
        "cost": usd(step.cost_usd, is_simulated=step.is_simulated) if step.model or step.cost_usd else "",
        "latency": milliseconds(step.latency_ms),
        "at": moment(step.at),
        "request_id": step.provider_request_id,
        "error": visible(step.error),
        "request": json_block(step.request),
        "response": json_block(step.response),
    }


@admin.register(ModelPrice)
class ModelPriceAdmin(ScopedAdmin):
    """Prices of models, in USD per million tokens; superusers correct them, for all workspaces."""

    is_shared = True
    audit_noun = "model_price"
    list_display = (
        *("model", "effective_from", "tier_cell", "input_usd", "output_usd"),
        *("cache_read_usd", "cache_write_5m_usd", "cache_write_1h_usd"),
    )
    search_fields = ("model",)
    empty_text = (
        "There are no prices, so no model can be asked: nothing is counted as free. Add one with the +."
    )

    @admin.display(description="Prompts", ordering="up_to_input_tokens")
    def tier_cell(self, price: ModelPrice) -> str:
        """Show which prompts the price is for."""
        top = price.up_to_input_tokens
        return "of any length" if top is None else f"up to {whole(top)} tokens"
