"""The list of schedules, the page of one with its next times, its form, and what people do to it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.enums import ActionVariant

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.cells import EMPTY, badge, json_block, link, moment, shortened, visible
from tiktok_ops.dialogs import act_and_tell, confirmed, go_to
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter
from workflows.catalogue import label_of, newest_label
from workflows.schedules.cron import TimingRefused
from workflows.schedules.firing import fire_now
from workflows.schedules.models import Schedule
from workflows.schedules.overview import TIMES_SHOWN, coming_times, when_in_words
from workflows.schedules.services import (
    change_schedule,
    create_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from workflows.schedules.timing import next_times, parse_timing
from workflows.schedules_admin.forms import ScheduleForm

FIRINGS_SHOWN = 20
_TONES = {"active": "good", "failing": "bad", "paused": "warning", "done": "neutral", "removed": "neutral"}


@admin.register(Schedule)
class ScheduleAdmin(ScopedAdmin):
    """Schedules: operators and owners make, change and fire them; each change is a form or a dialog of its own."""

    write_capability = Capability.RUN
    list_display = (
        *("name_cell", "account", "workflow_cell", "when_cell", "state_cell"),
        *("next_cell", "last_cell"),
    )
    list_select_related = ("account", "last_firing")
    list_filter_submit = True
    list_filter = (
        ("account", ScopedRelatedFilter),
        ("kind", ChoicesDropdownFilter),
    )
    search_fields = ("name", "workflow", "account__handle")
    search_help_text = "Search by name, workflow or account"
    ordering = ("-is_active", "-id")
    fields = (
        *("workflow_cell", "account", "input_cell"),
        *("kept_by", "created_by", "created_cell"),
    )
    panel_template: str = "admin/workflows/schedule/panel.html"
    actions_detail = ("edit", "fire", "pause", "resume", "remove")
    empty_text = (
        "Nothing starts by itself yet. Make a schedule with the + above: a workflow, an account, and when, "
        "by the clock of that account."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read what people call the workflows in the same query."""
        rows: QuerySet[Any] = super().get_queryset(request)
        labelled: QuerySet[Any] = rows.annotate(stored_label=newest_label("workflow"))
        return labelled

    # Who may do what ------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may start runs on any account; the form offers those."""
        return self.is_granted(request, Capability.RUN)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a schedule is changed by a form of its own, which says what may be."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: schedules are removed, and stay on record."""
        return False

    def has_keep_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may change, remove and fire this schedule."""
        return self._has(request, object_id, lambda schedule: schedule.removed_at is None)

    def has_pause_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may pause this schedule, which is not paused."""
        return self._has(request, object_id, lambda schedule: schedule.is_active)

    def has_resume_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may resume this schedule, which is paused."""
        return self._has(request, object_id, lambda schedule: schedule.state == "paused")

    def _has(self, request: HttpRequest, object_id: str | None, fits: Callable[[Schedule], bool]) -> bool:
        schedule = None if object_id is None else self.get_object(request, unquote(object_id))
        return schedule is not None and fits(schedule) and self.is_granted(request, Capability.RUN, schedule)

    # The pages ------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add what the form asks for while somebody writes when."""
        preview = path(
            "preview/", self.admin_site.admin_view(self.preview_view), name="workflows_schedule_preview"
        )
        return [preview, *super().get_urls()]

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return when it is due next, and what came of it before."""
        return {
            "schedule": row,
            "state": self.state_cell(row),
            "when": when_in_words(row),
            "zone": row.time_zone,
            "times": _in_both(coming_times(row), row.time_zone),
            "firings": row.firings.order_by("-fired_at")[:FIRINGS_SHOWN],
        }

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form; on POST make the schedule and lead to it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._form_page(request, None)

    @action(description="Change", permissions=["keep"], icon="edit")  # type: ignore[untyped-decorator]
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the form of a schedule there is; on POST change it and lead back."""
        return self._form_page(request, self.get_object(request, unquote(object_id)))

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Return when what is written would be due, for the form to show; writes nothing."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        zone = self._zone(request)
        try:
            timing = parse_timing(request.GET.get("kind", ""), request.GET.get("expression", ""))
            times = next_times(timing, zone_name=zone, after=timezone.now(), count=TIMES_SHOWN)
            context = {"when": timing.in_words(zone), "times": _in_both(times, zone), "zone": zone}
        except TimingRefused as refused:
            context = {"refusal": str(refused)}
        return TemplateResponse(request, "admin/workflows/schedule/times.html", context)

    def _zone(self, request: HttpRequest) -> str:
        """Return the zone of the account the form names, if it is theirs; else UTC."""
        user: Any = request.user
        try:
            wanted = UUID(request.GET.get("account", ""))
        except ValueError:
            return "UTC"
        accounts = TikTokAccount.objects.visible_to(user, Capability.RUN).filter(id=wanted)
        return accounts.values_list("time_zone", flat=True).first() or "UTC"

    def _form_page(self, request: HttpRequest, schedule: Schedule | None) -> HttpResponse:
        user: Any = request.user
        form = ScheduleForm(
            request.POST if request.method == "POST" else None,
            by=user,
            schedule=schedule,
            initial=_initial(schedule, workflow=request.GET.get("workflow", "")),
        )
        if form.is_bound and form.is_valid():
            try:
                kept = _keep(form, schedule, user)
                messages.success(request, f"The schedule {kept.name!r} is kept.")
                return HttpResponseRedirect(reverse("admin:workflows_schedule_change", args=[kept.pk]))
            except Refused as refused:
                form.add_error("expression" if isinstance(refused, TimingRefused) else None, str(refused))
        return self.form_page(
            request,
            form,
            template="admin/workflows/schedule/form.html",
            **_words_of_form(schedule),
            errors=form.errors,
            schedule=schedule,
            account_id=schedule.account_id if schedule else "",
            folded=["input"],
            folded_title="What its runs work with (optional)",
        )

    # What people do to it -------------------------------------------------------------------------

    @confirmed(
        "Start a run now",
        permission="keep",
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        question="Start a run of this schedule now?",
        consequence="It starts at once. When the schedule is due next stays as it is.",
    )
    def fire(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Start the schedule's run and lead to it."""
        user: Any = request.user
        schedule = self.get_object(request, unquote(object_id))
        try:
            firing = fire_now(schedule_id=schedule.pk, by=user)
            return go_to(request, reverse("admin:workflows_workflowrun_change", args=[firing.run_id]))
        except Refused as refused:
            messages.error(request, str(refused))
            return go_to(request, reverse("admin:workflows_schedule_change", args=[schedule.pk]))

    @confirmed(
        "Pause",
        permission="pause",
        icon="pause",
        question="Pause this schedule?",
        consequence="It starts nothing until somebody resumes it.",
    )
    def pause(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Pause the schedule."""
        return self._do(request, object_id, pause_schedule, "is paused")

    @confirmed(
        "Resume",
        permission="resume",
        icon="resume",
        question="Resume this schedule?",
        consequence="What came in between is not made up for.",
    )
    def resume(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Resume the schedule."""
        return self._do(request, object_id, resume_schedule, "is active again")

    @confirmed(
        "Remove",
        permission="keep",
        icon="delete",
        question="Remove this schedule?",
        consequence="It ends for good; it and its runs stay on record.",
    )
    def remove(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Remove the schedule."""
        return self._do(request, object_id, remove_schedule, "is removed")

    def _do(
        self, request: HttpRequest, object_id: str, act: Callable[..., Schedule], done: str
    ) -> HttpResponse:
        """Call the service and say what came of it, on the schedule's page."""
        user: Any = request.user
        schedule = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: act(schedule_id=schedule.pk, by=user),
            done=lambda _: f"The schedule {schedule.name!r} {done}.",
            url=reverse("admin:workflows_schedule_change", args=[schedule.pk]),
        )

    # Cells ----------------------------------------------------------------------------------------

    @admin.display(description="Schedule", ordering="name")
    def name_cell(self, schedule: Schedule) -> str:
        """Show what it is for."""
        return shortened(schedule.name)

    @admin.display(description="Workflow", ordering="workflow")
    def workflow_cell(self, schedule: Any) -> str:
        """Show what people call the workflow."""
        return label_of(schedule.workflow, stored=schedule.stored_label)

    @admin.display(description="When")
    def when_cell(self, schedule: Schedule) -> str:
        """Show when it is due, in words."""
        return when_in_words(schedule)

    @admin.display(description="State")
    def state_cell(self, schedule: Schedule) -> SafeString:
        """Show what to expect of it."""
        return badge(schedule.state.capitalize(), _TONES[schedule.state])

    @admin.display(description="Due next", ordering="next_due_at")
    def next_cell(self, schedule: Schedule) -> SafeString | str:
        """Show when it is due next."""
        return moment(schedule.next_due_at)

    @admin.display(description="Last time")
    def last_cell(self, schedule: Schedule) -> SafeString | str:
        """Show what came of it the last time: the run, or why there is none."""
        last = schedule.last_firing
        if last is None:
            return EMPTY
        if last.run_id is None:
            return shortened(last.refusal)
        url = reverse("admin:workflows_workflowrun_change", args=[last.run_id])
        return format_html("{} {}", moment(last.fired_at), link("Run", url))

    @admin.display(description="What its runs work with")
    def input_cell(self, schedule: Schedule) -> SafeString | str:
        """Show the values given to its runs."""
        return json_block(schedule.input) if schedule.input else "What the workflow takes by itself"

    @admin.display(description="Made")
    def created_cell(self, schedule: Schedule) -> SafeString | str:
        """Show since when it is there."""
        return moment(schedule.created_at)


def _words_of_form(schedule: Schedule | None) -> dict[str, Any]:
    """Return what the form is called and says, and where it leads back to."""
    if schedule is None:
        lead = "A run starts by itself whenever it is due, in your name."
        return {"title": "New schedule", "lead": lead, "submit": "Make the schedule"}
    workflow = label_of(schedule.workflow)
    return {
        "title": f"Change “{visible(schedule.name)}”",
        "lead": f"{workflow} on {schedule.account}. From now on its runs start in your name.",
        "submit": "Keep the changes",
        "original": schedule,
        "cancel_url": reverse("admin:workflows_schedule_change", args=[schedule.pk]),
    }


def _initial(schedule: Schedule | None, *, workflow: str) -> dict[str, Any]:
    if schedule is None:
        return {"workflow": workflow}
    return {name: getattr(schedule, name) for name in ("name", "kind", "expression", "input")}


def _keep(form: ScheduleForm, schedule: Schedule | None, user: Any) -> Schedule:
    if schedule is None:
        return create_schedule(by=user, **form.given())
    return change_schedule(schedule_id=schedule.pk, by=user, **form.given())


def _in_both(times: list[datetime], zone: str) -> list[tuple[str, str]]:
    """Return each time as the account's clock shows it, and in UTC."""
    here = [time.astimezone(ZoneInfo(zone)) for time in times]
    return [
        (f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}", f"{time:%a} {time.day} {time:%b %Y, %H:%M} UTC")
        for local, time in zip(here, times, strict=True)
    ]
