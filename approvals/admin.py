"""The approval pages: what is asked, by whom, and the two buttons. Deciding is a POST, by the one service."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from approvals.kinds import kind_of
from approvals.models import ApprovalRequest, Decision
from approvals.packet import packet_context
from approvals.services import approve, reject
from approvals.shares import share_of, with_shares
from tiktok_ops.accounts.models import Brand
from tiktok_ops.admin import MachineWrittenAdmin, SheetAdmin
from tiktok_ops.cells import badge, moment, percent
from tiktok_ops.errors import Refused

SHARES_SHOWN = 20
STATUS_WORDS = {"open": "needs review", "released": "approved"}
"""What the desk calls a status; that what was approved has begun to leave, its effect says."""

STATUS_TONES = {
    "open": "warning",
    "on_hold": "info",
    "approved": "good",
    "released": "good",
    "rejected": "bad",
    "changes_requested": "info",
}


def status_words(status: str) -> str:
    """Return what the desk calls a status."""
    return STATUS_WORDS.get(status, status.replace("_", " "))


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(SheetAdmin):
    """Approvals: what needs review first, and a page each to decide on."""

    list_display = ["title", "account", "kind_cell", "status_cell", "risk", "version", "asked_cell"]
    list_filter = ["status", "kind", "risk"]
    list_select_related = ["account"]
    search_fields = ["id", "title", "account__handle"]
    search_help_text = "Search by account or words"
    ordering = ["-id"]
    change_form_template = "admin/approvals/approvalrequest/packet.html"
    list_before_template = "admin/approvals/approvalrequest/shares.html"
    empty_text = "Nothing needs review. A run that wants to publish something asks here first."

    @admin.display(description="Status", ordering="status")
    def status_cell(self, request: ApprovalRequest) -> SafeString:
        """Return the status in the words of the desk, coloured."""
        return badge(status_words(request.status).capitalize(), STATUS_TONES.get(request.status, "neutral"))

    @admin.display(description="Kind", ordering="kind")
    def kind_cell(self, request: ApprovalRequest) -> str:
        """Return what it is about, in words."""
        return kind_of(request.kind).label

    @admin.display(description="Asked", ordering="created_at")
    def asked_cell(self, request: ApprovalRequest) -> str:
        """Return since when it is asked."""
        return moment(request.created_at)

    def get_urls(self) -> list[URLPattern]:
        """Add where the two buttons lead."""
        decide = path(
            "<uuid:request_id>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="approvals_approvalrequest_decide",
        )
        return [decide, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show above the list which share of what was approved nobody edited, brand by brand."""
        user: Any = request.user
        asked = ApprovalRequest.objects.visible_to(user)
        brands = with_shares(Brand.objects.visible_to(user), asked).filter(approved__gt=0).order_by("name")
        shares = [(brand, percent(share_of(brand))) for brand in brands[:SHARES_SHOWN]]
        return super().changelist_view(request, {"shares": shares, **(extra_context or {})})  # type: ignore[no-any-return]

    def sheet_context(self, request: HttpRequest, row: ApprovalRequest) -> dict[str, Any]:
        """Return the packet; it is decided on at another address, by POST."""
        user: Any = request.user
        shown = {"status": status_words(row.status), "tone": STATUS_TONES.get(row.status, "neutral")}
        return {"title": row.title, **shown, **packet_context(row, by=user)}

    def decide_view(self, request: HttpRequest, request_id: Any) -> HttpResponse:
        """Decide as the form says, and show what came of it."""
        if self.get_object(request, str(request_id)) is None:
            raise Http404
        if request.method == "POST":
            self._decide(request, request_id)
        return HttpResponseRedirect(reverse("admin:approvals_approvalrequest_change", args=[request_id]))

    def _decide(self, request: HttpRequest, request_id: Any) -> None:
        """Call the service; a refusal is shown in its own words."""
        user: Any = request.user
        decide = {"approve": approve, "reject": reject}.get(request.POST.get("verb", ""))
        if decide is None:
            messages.error(request, "Choose whether to approve or to reject.")
            return
        try:
            decision = decide(
                request_id=request_id,
                by=user,
                channel=Decision.Channel.ADMIN,
                seen_sha256=request.POST.get("seen_sha256", ""),
                comment=request.POST.get("comment", ""),
            )
        except Refused as refused:
            messages.error(request, str(refused))
            return
        said = "Approved. The run goes on." if decision.verb == "approve" else "Rejected. The reason is kept."
        messages.success(request, said)


@admin.register(Decision)
class DecisionAdmin(MachineWrittenAdmin):
    """Decisions: who said what of which bytes, when and how."""

    list_display = ["request", "verb", "decided_by", "channel", "comment", "decided_at"]
    list_filter = ["verb", "channel"]
    list_select_related = ["request", "decided_by"]
    fields = ["request", "verb", "decided_by", "channel", "comment", "payload_sha256", "decided_at"]
    ordering = ["-id"]
