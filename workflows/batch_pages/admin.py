"""Batches: the list with its progress, a page each with its runs and what they ask, and the form that starts one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from approvals.bulk import IN_BULK, Seen, decide_in_bulk
from approvals.models import ApprovalRequest
from approvals.packet import in_words
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import SheetAdmin
from tiktok_ops.cells import EMPTY, mode_cell, moment, progress_cell, shortened
from tiktok_ops.errors import Refused
from workflows.approval_kinds import PRIVACY_WORDS
from workflows.batch_pages.controls import controls_for, find_control
from workflows.batch_pages.forms import BatchForm
from workflows.batches import MOST_RUNS, start_batch
from workflows.catalogue import label_of, newest_label
from workflows.models import Batch, WorkflowRun

PAGE = "admin:workflows_batch_change"
LONGEST_INPUT = 120
"""Characters of a run's input in the table of a batch."""


@admin.register(Batch)
class BatchAdmin(SheetAdmin):
    """Batches: started on a page of their own, steered and followed on their sheet."""

    list_display = ["name", "workflow_cell", "progress_cell", "mode_cell", "started_by_cell", "created_cell"]
    list_filter = ["mode", "is_dry_run", "workflow"]
    list_select_related = ["requested_by"]
    search_fields = ["id", "name", "workflow"]
    search_help_text = "Search by name or workflow"
    ordering = ["-id"]
    change_form_template = "admin/workflows/batch/batch.html"
    list_before_template = "admin/workflows/batch/buttons.html"
    empty_text = "No batch was started yet. A batch is one workflow on many accounts, a run each, followed on one page."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the runs of each batch in the same query."""
        rows: Any = super().get_queryset(request)
        return rows.with_progress().annotate(  # type: ignore[no-any-return]
            stored_label=newest_label("workflow")
        )

    @admin.display(description="Workflow", ordering="workflow")
    def workflow_cell(self, batch: Any) -> str:
        """Show what people call the workflow."""
        return label_of(batch.workflow, stored=batch.stored_label)

    @admin.display(description="Progress")
    def progress_cell(self, batch: Batch) -> SafeString:
        """Show how far it is, as a bar and in words."""
        progress = batch.progress
        return progress_cell(progress.over, progress.runs, str(progress))

    @admin.display(description="Mode", ordering="mode")
    def mode_cell(self, batch: Batch) -> SafeString:
        """Show whether outward acts are real, and whether there are any."""
        return mode_cell(batch.mode, is_dry_run=batch.is_dry_run)

    @admin.display(description="Started by", ordering="requested_by")
    def started_by_cell(self, batch: Batch) -> str:
        """Show who started it."""
        return str(batch.requested_by or EMPTY)

    @admin.display(description="Started", ordering="created_at")
    def created_cell(self, batch: Batch) -> str:
        """Return when it was started."""
        return moment(batch.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that starts a batch, and of each what its page polls and where its buttons lead."""
        view = self.admin_site.admin_view
        return [
            path("start/", view(self.start_view), name="workflows_batch_start"),
            path("<uuid:batch_id>/live/", view(self.live_view), name="workflows_batch_live"),
            path("<uuid:batch_id>/control/", view(self.control_view), name="workflows_batch_control"),
            path("<uuid:batch_id>/decide/", view(self.decide_view), name="workflows_batch_decide"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the button for whoever may start a batch."""
        context = {"may_start": self.is_granted(request, Capability.RUN), **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    def sheet_context(self, request: HttpRequest, row: Batch) -> dict[str, Any]:
        """Return what the batch's page shows, with the buttons this person may press now."""
        progress = row.progress
        may_steer = self.is_granted(request, Capability.RUN, row) and not progress.is_over
        runs = row.runs.select_related("account").order_by("id")
        shown = [(run, _input_in_words(run)) for run in runs[:MOST_RUNS]]
        asked = ApprovalRequest.objects.filter(run_id__in=runs.values("id"), status="open")
        user: Any = request.user
        seen = asked.visible_to(user).defer("facts", "payload").order_by("id")[:MOST_RUNS]
        return {
            "batch": row,
            "workflow_label": label_of(row.workflow, stored=getattr(row, "stored_label", None)),
            "progress": progress,
            "runs": shown,
            "has_inputs": any(given for _, given in shown),
            "asked": seen,
            "in_bulk": IN_BULK,
            "has_bulk": any(one.risk in IN_BULK for one in seen),
            "controls": controls_for(progress) if may_steer else [],
            "page_url": reverse(PAGE, args=[row.id]),
            "live_url": reverse("admin:workflows_batch_live", args=[row.id]),
            "control_url": reverse("admin:workflows_batch_control", args=[row.id]),
            "decide_url": reverse("admin:workflows_batch_decide", args=[row.id]),
        }

    def live_view(self, request: HttpRequest, batch_id: Any) -> HttpResponse:
        """Return what changes while a batch goes on, for the page to put in place."""
        batch = self._batch(request, batch_id)
        return render(request, "admin/workflows/batch/live.html", self.sheet_context(request, batch))

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what to start on which accounts, and start it."""
        if not self.is_granted(request, Capability.RUN):
            raise PermissionDenied
        user: Any = request.user
        posted = request.POST if request.method == "POST" else None
        form = BatchForm(
            posted, by=user, chosen=request.GET.getlist("account"), workflow=request.GET.get("workflow", "")
        )
        if form.is_bound and form.is_valid():
            try:
                batch = start_batch(**form.values(), by=user)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return HttpResponseRedirect(reverse(PAGE, args=[batch.id]))
        return self.form_page(
            request,
            form,
            title="Start a batch",
            lead="One workflow on one account or on many, a run each: all of them start, or none. Each run asks for "
            "its own approvals.",
            submit="Start the batch",
            folded=["inputs"],
            folded_title="What the runs work with (optional)",
        )

    def control_view(self, request: HttpRequest, batch_id: Any) -> HttpResponse:
        """Pause, resume or cancel every run of the batch."""
        user: Any = request.user
        batch = self._batch(request, batch_id)
        if request.method != "POST" or not self.is_granted(request, Capability.RUN, batch):
            raise PermissionDenied
        control = find_control(request.POST.get("verb", ""))
        if control is None:
            messages.error(request, "Choose what to do with the batch.")
        else:
            reason = request.POST.get("reason", "").strip()
            steered = control.act(batch_id=batch.id, by=user, reason=reason)
            runs = "1 run" if steered.done == 1 else f"{steered.done} runs"
            messages.success(request, f"{runs} {control.became}.")
            for sentence in steered.refusals:
                messages.warning(request, sentence)
        return HttpResponseRedirect(reverse(PAGE, args=[batch.id]))

    def decide_view(self, request: HttpRequest, batch_id: Any) -> HttpResponse:
        """Decide on the ticked requests of the batch, each for itself, and say what became of each."""
        batch = self._batch(request, batch_id)
        if request.method == "POST":
            try:
                self._decide(request, batch)
            except Refused as refused:
                messages.error(request, str(refused))
        return HttpResponseRedirect(reverse(PAGE, args=[batch.id]))

    def _decide(self, request: HttpRequest, batch: Batch) -> None:
        ticked = Seen.all(request.POST.getlist("seen"))
        own = ApprovalRequest.objects.filter(run_id__in=batch.runs.values("id"))
        known = set(own.filter(id__in=[one.request_id for one in ticked]).values_list("id", flat=True))
        user: Any = request.user
        outcomes = decide_in_bulk(
            seen=[one for one in ticked if one.request_id in known],
            verb=request.POST.get("verb", ""),
            by=user,
            comment=request.POST.get("comment", ""),
        )
        for outcome in outcomes:
            tell = messages.success if outcome.is_done else messages.error
            tell(request, f"{outcome.title}: {outcome.said}")

    def _batch(self, request: HttpRequest, batch_id: Any) -> Batch:
        found: Batch | None = self.get_object(request, str(batch_id))
        if found is None:
            raise Http404
        return found


def _value_in_words(value: Any) -> str:
    return PRIVACY_WORDS.get(value, value) if isinstance(value, str) else in_words(value)


def _input_in_words(run: WorkflowRun) -> str:
    """Return what the run works with, where something was given, as people read it."""
    told = (f"{name.replace('_', ' ')}: {_value_in_words(value)}" for name, value in run.input.items())
    return shortened("; ".join(told), chars=LONGEST_INPUT)
