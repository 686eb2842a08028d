"""The pages of alerts: what somebody should look at, and the two buttons with which people answer."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import SheetAdmin
from tiktok_ops.alerts.models import Alert
from tiktok_ops.alerts.services import LONGEST_NOTE, acknowledge, resolve
from tiktok_ops.alerts.transitions import ALERT
from tiktok_ops.cells import EMPTY, badge, moment, shortened, visible
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter, StatusFilter

SEVERITY_TONES = {"info": "info", "warning": "warning", "critical": "bad"}
STATUS_TONES = {"open": "bad", "acknowledged": "warning", "resolved": "good"}
ANSWERS = {"acknowledge": acknowledge, "resolve": resolve}
DONE = {
    "acknowledge": "Acknowledged: the others see that you look into it.",
    "resolve": "Resolved. Should it happen again, that is another alert.",
}


class AlertStatusFilter(StatusFilter):
    """Filters by whether somebody answered."""

    statuses = ALERT.statuses


@admin.register(Alert)
class AlertAdmin(SheetAdmin):
    """Alerts: the live ones first, a sheet each."""

    list_display = ("sentence_cell", "severity_cell", "status_cell", "account", "times", "seen_cell")
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (
        AlertStatusFilter,
        ("severity", ChoicesDropdownFilter),
        ("kind", FieldTextFilter),
        ("account", ScopedRelatedFilter),
    )
    search_fields = ("sentence", "key", "account__handle")
    search_help_text = "Search by what happened or by account"
    ordering = (F("resolved_at").desc(nulls_first=True), "-last_seen_at")
    change_form_template = "admin/alerts/alert/alert.html"
    empty_text = (
        "Nothing to look at. What fails and cannot mend itself appears here, with what to do about it: steps "
        "that gave up, posts we lost sight of, a provider or a worker that is away."
    )

    def get_urls(self) -> list[URLPattern]:
        """Add where the two buttons lead."""
        view = self.admin_site.admin_view(self.answer_view)
        answers = [
            path(f"<uuid:alert_id>/{verb}/", view, {"verb": verb}, name=f"alerts_alert_{verb}")
            for verb in ANSWERS
        ]
        return [*answers, *super().get_urls()]

    def sheet_context(self, request: HttpRequest, row: Alert) -> dict[str, Any]:
        """Return what the alert's page shows, with the buttons this person may press now."""
        return {
            "title": "Alert",
            "alert": row,
            "sentence": visible(row.sentence),
            "what_to_do": visible(row.what_to_do),
            "severity": badge(row.get_severity_display(), SEVERITY_TONES[row.severity]),
            "status": badge(row.status.capitalize(), STATUS_TONES[row.status]),
            "subject_url": subject_url(row),
            "subject_words": subject_words(row),
            "facts": facts_of(row),
            "longest_note": LONGEST_NOTE,
            "may_answer": self.is_granted(request, Capability.RUN, row),
            "acknowledge_url": reverse("admin:alerts_alert_acknowledge", args=[row.id]),
            "resolve_url": reverse("admin:alerts_alert_resolve", args=[row.id]),
        }

    def answer_view(self, request: HttpRequest, alert_id: UUID, verb: str) -> HttpResponse:
        """Acknowledge or resolve, and go back to the alert; a refusal is shown in its own words."""
        alert = self.get_object(request, str(alert_id))
        if alert is None:
            raise Http404
        page = reverse("admin:alerts_alert_change", args=[alert_id])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        if not self.is_granted(request, Capability.RUN, alert):
            raise PermissionDenied
        user: Any = request.user
        try:
            ANSWERS[verb](alert_id=alert.id, by=user, note=request.POST.get("note", ""))
            messages.success(request, DONE[verb])
        except Refused as refused:
            messages.error(request, str(refused))
        return HttpResponseRedirect(page)

    @admin.display(description="What happened", ordering="sentence")
    def sentence_cell(self, alert: Alert) -> str:
        """Show the sentence."""
        return shortened(alert.sentence, chars=140)

    @admin.display(description="Severity", ordering="severity")
    def severity_cell(self, alert: Alert) -> SafeString:
        """Show how soon somebody should look."""
        return badge(alert.get_severity_display(), SEVERITY_TONES[alert.severity])

    @admin.display(description="Status", ordering="status")
    def status_cell(self, alert: Alert) -> SafeString:
        """Show whether somebody answered."""
        return badge(alert.status.capitalize(), STATUS_TONES[alert.status])

    @admin.display(description="Last seen", ordering="last_seen_at")
    def seen_cell(self, alert: Alert) -> SafeString | str:
        """Show when it was seen last."""
        return moment(alert.last_seen_at)


def subject_url(alert: Alert) -> str:
    """Return the page of what the alert is about; empty where there is none."""
    if alert.subject_id is None:
        return ""
    try:
        return reverse(f"admin:{alert.subject_type.replace('.', '_')}_change", args=[alert.subject_id])
    except NoReverseMatch:
        return ""


def subject_words(alert: Alert) -> str:
    """Return what people call what the alert is about, `the run`; empty where it has no page."""
    if not subject_url(alert):
        return ""
    return f"the {apps.get_model(alert.subject_type)._meta.verbose_name}"


def facts_of(alert: Alert) -> dict[str, str | SafeString]:
    """Return what else is known of the alert; what is not known yet is left out."""
    told: dict[str, str | SafeString] = {
        "Account": _account(alert.account),
        "Seen": "once" if alert.times == 1 else f"{alert.times:,} times",
        "First seen": moment(alert.first_seen_at),
        "Last seen": moment(alert.last_seen_at),
        "Acknowledged": _answered(alert.acknowledged_at, alert.acknowledged_by),
        "Resolved": _answered(alert.resolved_at, alert.resolved_by),
        "Note": visible(alert.note),
    }
    return {name: value for name, value in told.items() if value and value != EMPTY}


def _account(account: TikTokAccount | None) -> str | SafeString:
    if account is None:
        return ""
    return format_html(
        '<a class="ops-link" href="{}">{}</a>',
        reverse("admin:accounts_tiktokaccount_change", args=[account.id]),
        account,
    )


def _answered(at: Any, by: str) -> str | SafeString:
    return format_html("{} by {}", moment(at), visible(by.removeprefix("user:"))) if at else ""
