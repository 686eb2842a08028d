"""The list of stop switches with its big button, and the two pages that ask before they stop or release."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.cells import EMPTY, badge, moment, visible
from tiktok_ops.errors import Refused
from workflows.models import StopSwitch
from workflows.stop_switch import engage, may_stop, release
from workflows.stop_switch_pages.forms import EngageForm

LIST = "admin:workflows_stopswitch_changelist"
WHAT_STOPPING_DOES = (
    "Within 5 seconds nothing more begins to leave from there. An upload under way halts before its next part. "
    "Nothing is lost: it all waits, and goes on from where it is when the switch is released."
)


@admin.register(StopSwitch)
class StopSwitchAdmin(MachineWrittenAdmin):
    """What is and was stopped; engaged and released on pages of their own, by POST."""

    list_display = ("what_cell", "state_cell", "reason_cell", "engaged_cell", "released_cell")
    list_select_related = ("workspace", "brand__workspace", "account__workspace")
    list_filter_submit = True
    list_filter = (("scope", ChoicesDropdownFilter),)
    search_fields = ("reason", "workflow", "account__handle", "brand__name", "workspace__name")
    list_before_template = "admin/workflows/stopswitch/buttons.html"
    panel_template = "admin/workflows/stopswitch/panel.html"
    empty_text = "Nothing was ever stopped. What is stopped shows a red banner on every page it concerns."
    fields = ("what_cell", "state_cell", "reason_cell", "engaged_cell", "released_cell")

    def get_urls(self) -> list[URLPattern]:
        """Add the two pages that change something."""
        view = self.admin_site.admin_view
        return [
            path("engage/", view(self.engage_view), name="workflows_stopswitch_engage"),
            path("<uuid:stop_id>/release/", view(self.release_view), name="workflows_stopswitch_release"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with the button for whoever may stop anything."""
        context = {"may_engage": self.has_engage_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[no-any-return]

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return whether the person may release this switch."""
        return {"stop": row, "may_release": self.has_release_permission(request, row)}

    def has_engage_permission(self, request: HttpRequest) -> bool:
        """Return whether there is anything the person may stop."""
        return self.is_granted(request, Capability.MANAGE)

    def has_release_permission(self, request: HttpRequest, stop: StopSwitch) -> bool:
        """Return whether the person may release this switch, which is on."""
        user: Any = request.user
        return stop.is_engaged and may_stop(user, stop)

    def engage_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what to stop and why, and stop it."""
        user: Any = request.user
        if not self.has_engage_permission(request):
            raise PermissionDenied
        form = EngageForm(
            request.POST if request.method == "POST" else None, by=user, initial=request.GET.dict()
        )
        if form.is_bound and form.is_valid():
            try:
                stop = engage(target=form.target, reason=form.cleaned_data["reason"], by=user)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"{stop.what} is stopped: nothing more begins to leave.")
                return HttpResponseRedirect(reverse(LIST))
        return self.form_page(
            request,
            form,
            title="Stop something",
            lead=WHAT_STOPPING_DOES,
            submit="Stop it now",
            is_danger=True,
        )

    def release_view(self, request: HttpRequest, stop_id: UUID) -> HttpResponse:
        """Ask whether to release a switch, and release it."""
        user: Any = request.user
        stop = self.get_object(request, str(stop_id))
        if stop is None:
            raise Http404
        if not may_stop(user, stop):
            raise PermissionDenied
        if request.method != "POST":
            template = "admin/workflows/stopswitch/release.html"
            return self.page(request, template, title=f"Release: {stop.what}", stop=stop)
        try:
            release(stop_id=stop.id, by=user)
            messages.success(request, f"{stop.what} is released: what waited goes on.")
        except Refused as refused:
            messages.error(request, str(refused))
        return HttpResponseRedirect(reverse(LIST))

    @admin.display(description="What", ordering="scope")
    def what_cell(self, stop: StopSwitch) -> str:
        """Show what it stops."""
        return visible(stop.what)

    @admin.display(description="State", ordering="released_at")
    def state_cell(self, stop: StopSwitch) -> SafeString:
        """Show whether it is on."""
        return badge("stopped", "bad") if stop.is_engaged else badge("released")

    @admin.display(description="Why")
    def reason_cell(self, stop: StopSwitch) -> str:
        """Show the reason."""
        return visible(stop.reason)

    @admin.display(description="Stopped", ordering="engaged_at")
    def engaged_cell(self, stop: StopSwitch) -> SafeString:
        """Show since when, and by whom."""
        return _when(stop.engaged_at, stop.engaged_by)

    @admin.display(description="Released", ordering="released_at")
    def released_cell(self, stop: StopSwitch) -> SafeString | str:
        """Show when, and by whom."""
        return _when(stop.released_at, stop.released_by) if stop.released_at else EMPTY


def _when(at: Any, by: str) -> SafeString:
    return format_html("{}<br><small>{}</small>", moment(at), visible(by.removeprefix("user:")))
