"""The list of workflows, and a page for each version with its graph; also for those of code that never ran."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from pydantic import ValidationError
from unfold.contrib.filters.admin import DropdownFilter

from tiktok_ops.accounts.models import User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.cells import badge, moment, shortened, visible, whole
from workflows.account_actions import ON_ACCOUNT_PAGES
from workflows.agents_pages import AgentPages
from workflows.catalogue import WORKFLOWS
from workflows.definitions_admin.sheet import cards_of, graph_of, why_refused
from workflows.models import WorkflowDefinition, WorkflowRun
from workflows.nodes import Workflow
from workflows.validation import is_drawable

LIST = "admin:workflows_workflowdefinition_changelist"
VERSIONS_SHOWN = 50


class VersionFilter(DropdownFilter):  # type: ignore[misc]
    """Shows the newest version of each workflow, unless asked for all."""

    title = "versions"
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what may be asked for."""
        return [("all", "All versions")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return all rows, or those no newer one of their slug follows."""
        if self.value() == "all":
            return queryset
        newest = WorkflowDefinition.objects.filter(slug=OuterRef("slug")).order_by("-version")
        return queryset.filter(version=Subquery(newest.values("version")[:1]))


@admin.register(WorkflowDefinition)
class WorkflowDefinitionAdmin(AgentPages):
    """Every version of every workflow ever run."""

    is_shared = True
    list_display = ("label_cell", "purpose_cell", "version_cell", "runs_cell", "created_cell")
    list_display_links = ("label_cell",)
    list_filter_submit = True
    list_filter = (VersionFilter,)
    search_fields = ("slug", "definition__label", "digest")
    search_help_text = "Search by name"
    list_before_template = "admin/workflows/workflowdefinition/unrun.html"
    change_form_template = "admin/workflows/workflowdefinition/definition.html"
    empty_text = "No workflow has run yet. Each version is kept here from its first run on."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the runs this person sees in the same query."""
        user: Any = request.user
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(runs_seen=_runs_seen(user))
        return counted

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of what code defines."""
        view = self.admin_site.admin_view(self.code_view)
        return [
            path("code/<slug:slug>/", view, name="workflows_workflowdefinition_code"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and above it what code defines in a version that never ran."""
        context = {"unrun": unrun_workflows(), **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    def sheet_context(self, request: HttpRequest, row: WorkflowDefinition) -> dict[str, Any]:
        """Return what a version's page shows; what cannot be read any more is shown as it is stored."""
        versions = list(
            self.get_queryset(request).filter(slug=row.slug).order_by("-version")[:VERSIONS_SHOWN]
        )
        told = {
            "row": row,
            "original": "",
            "versions": versions,
            "newest": versions[0],
            "code_url": _code_url(row, is_newest=row.version == versions[0].version),
            **self._start(request, row.slug),
        }
        try:
            workflow = Workflow.model_validate(row.definition)
        except ValidationError:
            return told | {"unreadable": row.definition, "title": row.slug}
        return told | shown_of(workflow)

    def code_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show a workflow as code defines it now; one that has run has a page of its own."""
        workflow = WORKFLOWS.get(slug)
        if workflow is None or not self.has_view_permission(request):
            messages.error(request, f"No workflow {slug!r} is defined in code.")
            return HttpResponseRedirect(reverse(LIST))
        stored = WorkflowDefinition.objects.filter(slug=slug).order_by("-version").first()
        if stored is not None and stored.digest == workflow.digest:
            return HttpResponseRedirect(
                reverse("admin:workflows_workflowdefinition_change", args=[stored.id])
            )
        context = {"versions": [], **self._start(request, slug), **shown_of(workflow)}
        return self.page(request, self.change_form_template, **context)

    def _start(self, request: HttpRequest, slug: str) -> dict[str, Any]:
        """Return where the workflow is started, for those who may run any."""
        schedule = f"{reverse('admin:workflows_schedule_add')}?workflow={slug}"
        return {
            "slug": slug,
            "may_start": self.may_run(request),
            "start_url": _start_url(slug),
            "schedule_url": schedule,
            "runs_url": f"{reverse('admin:workflows_workflowrun_changelist')}?definition__slug={slug}",
        }

    def may_run(self, request: HttpRequest) -> bool:
        """Return whether the person runs workflows anywhere."""
        user: Any = request.user
        return bool(user.is_superuser or user.memberships.granting(Capability.RUN).exists())

    @admin.display(description="Workflow", ordering="slug")
    def label_cell(self, row: WorkflowDefinition) -> str:
        """Show what people call it."""
        return visible(str(row.definition.get("label", row.slug)))

    @admin.display(description="What it does")
    def purpose_cell(self, row: WorkflowDefinition) -> str:
        """Show what it is for."""
        return shortened(str(row.definition.get("purpose", "")), chars=140)

    @admin.display(description="Version", ordering="version")
    def version_cell(self, row: WorkflowDefinition) -> str:
        """Show which version it is."""
        return str(row.version)

    @admin.display(description="Runs", ordering="runs_seen")
    def runs_cell(self, row: Any) -> str | SafeString:
        """Show how many runs of this version the person sees."""
        url = f"{reverse('admin:workflows_workflowrun_changelist')}?definition__slug={row.slug}"
        return format_html('<a class="ops-link" href="{}">{}</a>', url, whole(row.runs_seen))

    @admin.display(description="Since", ordering="created_at")
    def created_cell(self, row: WorkflowDefinition) -> SafeString | str:
        """Show since when this version is there."""
        return moment(row.created_at)


def _start_url(slug: str) -> str:
    """Return where people start it: on the page of an account that asks for what it needs, else as a batch."""
    if slug in ON_ACCOUNT_PAGES:
        return reverse("admin:accounts_tiktokaccount_changelist")
    return f"{reverse('admin:workflows_batch_start')}?workflow={slug}"


def _runs_seen(user: User) -> Coalesce:
    """Return the count of a version's runs that the person sees; others are none of their business."""
    runs = WorkflowRun.objects.visible_to(user).filter(definition=OuterRef("pk")).order_by()
    counted = runs.values("definition").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def unrun_workflows() -> list[Workflow]:
    """Return what code defines in a version that was never stored, by slug."""
    newest = WorkflowDefinition.objects.order_by("slug", "-version").distinct("slug")
    stored = dict(newest.values_list("slug", "digest"))
    return [workflow for slug, workflow in sorted(WORKFLOWS.items()) if stored.get(slug) != workflow.digest]


def _code_url(row: WorkflowDefinition, *, is_newest: bool) -> str:
    """Return the page of what code defines by now, where that is another version than the newest stored."""
    workflow = WORKFLOWS.get(row.slug)
    if workflow is None or not is_newest or workflow.digest == row.digest:
        return ""
    return reverse("admin:workflows_workflowdefinition_code", args=[row.slug])


def shown_of(workflow: Workflow) -> dict[str, Any]:
    """Return what the template shows of a workflow."""
    refusal = why_refused(workflow)
    return {
        "title": workflow.label,
        "workflow": workflow,
        "digest": workflow.digest,
        "graph": graph_of(workflow) if is_drawable(workflow) else None,
        "cards": cards_of(workflow),
        "refusal": refusal,
        "state": badge("cannot run", "bad") if refusal else badge("can run", "good"),
    }
