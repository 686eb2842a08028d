"""The run pages: what runs, how far it is, what it came to, what it cost. Read-only."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from agents.budgets.overview import caps_of_run
from agents.models import AgentRun
from agents.registry import AGENTS
from approvals.admin import STATUS_TONES, status_words
from approvals.kinds import Fate
from approvals.models import ApprovalRequest
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import SheetAdmin
from tiktok_ops.cells import EMPTY, mode_cell, moment, progress_cell, status_badge, visible
from tiktok_ops.content.charts import DAYS_SHOWN, ViewsChart, views_chart
from tiktok_ops.content.queries import posts_until
from tiktok_ops.errors import Refused
from tiktok_ops.markdown import render_markdown
from workflows.batch_pages import BatchAdmin as BatchAdmin
from workflows.budgets_admin import BudgetAdmin as BudgetAdmin
from workflows.definitions_admin import WorkflowDefinitionAdmin as WorkflowDefinitionAdmin
from workflows.drawing import draw, statuses_by_node
from workflows.effect_words import fate_of
from workflows.effects_admin import EffectAdmin as EffectAdmin
from workflows.handoffs import handoffs_of
from workflows.models import WorkflowRun
from workflows.overview import RunOverview, overview_of
from workflows.presence import present
from workflows.replay_pages import compare_page, replay_page
from workflows.run_controls import controls_for, retriable_steps, steer
from workflows.schedules_admin import ScheduleAdmin as ScheduleAdmin
from workflows.stop_switch_pages.admin import StopSwitchAdmin as StopSwitchAdmin
from workflows.transitions import EVENT_KINDS
from workflows.validation import parse_workflow
from workflows.webhooks.admin import WebhookMessageAdmin as WebhookMessageAdmin
from workflows.webhooks.admin import WebhookRefusalAdmin as WebhookRefusalAdmin

EVENTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asked people: the request, its page, and what became of it, None until something did."""

    request: ApprovalRequest
    words: str
    tone: str
    url: str
    fate: Fate | None


@admin.register(WorkflowRun)
class WorkflowRunAdmin(SheetAdmin):
    """Runs: the list with its progress, and a page each with steps, trace and report."""

    list_display = [
        "workflow",
        "account",
        "status_cell",
        "progress",
        "mode_cell",
        "started_by",
        "started_cell",
    ]
    list_display_links = ["workflow"]
    list_filter = ["status", "mode", "is_dry_run", "definition__slug"]
    list_select_related = ["definition", "account", "requested_by"]
    search_fields = ["id", "definition__slug", "account__handle"]
    search_help_text = "Search by account or workflow"
    ordering = ["-id"]
    change_form_template = "admin/workflows/workflowrun/run.html"
    empty_text = (
        "Nothing has run yet. Open an account and choose what to start there, or look under Workflows."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the steps of each run in the same query."""
        rows: QuerySet[Any] = super().get_queryset(request)
        ended = Count("steps", filter=Q(steps__finished_at__isnull=False))
        counted: QuerySet[Any] = rows.annotate(steps_all=Count("steps"), steps_ended=ended)
        return counted

    @admin.display(description="Workflow", ordering="definition__slug")
    def workflow(self, run: WorkflowRun) -> str:
        """Return what people call the workflow."""
        return visible(str(run.definition.definition.get("label", run.definition.slug)))

    @admin.display(description="Status", ordering="status")
    def status_cell(self, run: WorkflowRun) -> SafeString:
        """Return the status, coloured."""
        return status_badge(run.status)

    @admin.display(description="Steps")
    def progress(self, run: Any) -> SafeString:
        """Return how many steps have ended, as a bar and in words."""
        return progress_cell(run.steps_ended, run.steps_all, f"{run.steps_ended} of {run.steps_all}")

    @admin.display(description="Mode", ordering="mode")
    def mode_cell(self, run: WorkflowRun) -> SafeString:
        """Return whether outward acts are real, and whether there are any."""
        return mode_cell(run.mode, is_dry_run=run.is_dry_run)

    @admin.display(description="Started by", ordering="requested_by")
    def started_by(self, run: WorkflowRun) -> str:
        """Return who started it."""
        return str(run.requested_by or EMPTY)

    @admin.display(description="Started", ordering="created_at")
    def started_cell(self, run: WorkflowRun) -> SafeString | str:
        """Return when it was started."""
        return moment(run.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Add what the page polls, where its buttons lead, and the pages of replays."""
        views = {
            "live": self.live_view,
            "control": self.control_view,
            "replay": self.replay_view,
            "compare": self.compare_view,
        }
        added = [
            path(
                f"<uuid:run_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"workflows_workflowrun_{name}",
            )
            for name, view in views.items()
        ]
        return [*added, *super().get_urls()]

    def control_view(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Cancel, pause, resume or retry as the form says; a refusal is shown in its own words."""
        run = self.get_object(request, str(run_id))
        if run is None:
            raise Http404
        if request.method != "POST" or not self.is_granted(request, Capability.RUN, run):
            raise PermissionDenied
        user: Any = request.user
        try:
            run, said = steer(run, request.POST, by=user)
            messages.success(request, said)
        except Refused as refused:
            messages.error(request, str(refused))
        except (KeyError, ValueError):
            messages.error(request, "Choose what to do with the run.")
        return HttpResponseRedirect(reverse("admin:workflows_workflowrun_change", args=[run.id]))

    def replay_view(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Ask what a replay is to change, and start it."""
        run = self.get_object(request, str(run_id))
        if run is None:
            raise Http404
        if not self.is_granted(request, Capability.RUN, run):
            raise PermissionDenied
        user: Any = request.user
        return replay_page(self, request, run, by=user)

    def compare_view(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Show a replay beside the run it replays."""
        run = self.get_object(request, str(run_id))
        if run is None:
            raise Http404
        return compare_page(self, request, run)

    def sheet_context(self, request: HttpRequest, row: WorkflowRun) -> dict[str, Any]:
        """Return what the run's page shows, with the buttons this person may press now."""
        overview = overview_of(row)
        may_steer = self.is_granted(request, Capability.RUN, row)
        return {
            **run_context(overview),
            "controls": controls_for(overview.run) if may_steer else [],
            "retriable": retriable_steps(overview.run, overview.steps) if may_steer else set(),
            "control_url": reverse("admin:workflows_workflowrun_control", args=[row.id]),
            "replay_url": reverse("admin:workflows_workflowrun_replay", args=[row.id]) if may_steer else "",
        }

    def live_view(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Return what changes while a run goes on, for the page to put in place."""
        run = self.get_object(request, str(run_id))
        if run is None:
            raise Http404
        context = self.sheet_context(request, run)
        return render(request, "admin/workflows/workflowrun/live.html", context)


def run_context(overview: RunOverview) -> dict[str, Any]:
    """Return what the run's templates show."""
    run = overview.run
    workflow = parse_workflow(run.definition.definition)
    statuses = statuses_by_node(overview.steps)
    ended = sum(step.finished_at is not None for step in overview.steps)
    nodes = [(node.key, node.label, node.depends_on) for node in workflow.nodes]
    return {
        "overview": overview,
        "step_rows": [(step, overview.step_waits.get(step.id)) for step in overview.steps],
        "run": run,
        "workflow": workflow,
        "drawing": draw(nodes, statuses),
        "labels": {node.key: node.label for node in (*workflow.nodes, *workflow.expanders)},
        "ended": ended,
        "percent": round(100 * ended / max(len(overview.steps), 1)),
        "tokens": sum(overview.totals.tokens.values()),
        "report_html": render_markdown(overview.report) if overview.report else "",
        "chart": _chart(overview),
        "agent_runs": _agent_runs(run),
        "handoffs": handoffs_of(run, workflow),
        "capped": caps_of_run(run.id),
        "events": run.events.order_by("seq")[:EVENTS_SHOWN],
        "asked": asked_by(run),
        "no_worker": not run.is_over and not present().workers,
        "events_url": f"{reverse('api-run-events', args=[run.id])}?after={overview.last_event}",
        "event_kinds": " ".join(EVENT_KINDS),
        "live_url": reverse("admin:workflows_workflowrun_live", args=[run.id]),
        "account_url": reverse("admin:accounts_tiktokaccount_change", args=[run.account_id]),
        "compare_url": reverse("admin:workflows_workflowrun_compare", args=[run.id]),
    }


def asked_by(run: WorkflowRun) -> list[Asked]:
    """Return what the run asked people, oldest first, and what became of it; without what was asked anew."""
    requests = ApprovalRequest.objects.filter(run_id=run.id).exclude(status="superseded")
    return [
        Asked(
            request=request,
            words=status_words(request.status),
            tone=STATUS_TONES.get(request.status, "neutral"),
            url=reverse("admin:approvals_approvalrequest_change", args=[request.id]),
            fate=fate_of(request),
        )
        for request in requests.defer("payload", "facts").order_by("created_at")
    ]


def _chart(overview: RunOverview) -> ViewsChart | None:
    """Return the account's views as the audit's health step saw them; None for a run without one."""
    health = next((step for step in overview.steps if step.key == "account_health"), None)
    if health is None or health.agent_run is None:
        return None
    given = AGENTS["account_health"].Input.model_validate(health.agent_run.input)
    as_of = health.agent_run.as_of
    posts = posts_until(overview.run.account_id, as_of=as_of, since=as_of - timedelta(days=DAYS_SHOWN))
    return views_chart(posts, as_of=as_of, window_days=given.window_days, baseline_days=given.baseline_days)


def _agent_runs(run: WorkflowRun) -> QuerySet[AgentRun]:
    """Return the agents this run asked, oldest first, with their traces."""
    return AgentRun.objects.filter(run_id=run.id).prefetch_related("steps").order_by("id")
