"""The pages of what providers told us, and of how often somebody was turned away. Read-only, for superusers."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.cells import badge, moment, shortened, visible
from workflows.webhooks.models import WebhookMessage, WebhookRefusal

_KINDS = {
    "received": "info",
    "processed": "good",
    "ignored": "neutral",
    "not_understood": "warning",
    "failed": "bad",
}


class ForSuperusers(MachineWrittenAdmin):
    """What is of no workspace: only those who see all of them may read it."""

    is_shared = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows; to others they are as if they were not there."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if self.has_view_permission(request) else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person is a superuser."""
        user: Any = request.user
        return bool(user.is_active and user.is_staff and user.is_superuser)


@admin.register(WebhookMessage)
class WebhookMessageAdmin(ForSuperusers):
    """What providers told us: each message once, as it arrived, and what came of it."""

    list_display = ("name_cell", "status_cell", "received_cell", "tries", "note_cell")
    list_filter_submit = True
    list_filter = (("status", ChoicesDropdownFilter), "source")
    search_fields = ("body_sha256", "note")
    empty_text = (
        "No provider has told us anything yet. Give a provider the address of its webhook, "
        "and its secret to the environment."
    )
    fields = (
        *("name_cell", "status_cell", "whole_note_cell", "tries", "signed_cell", "is_late"),
        *("received_cell", "finished_cell", "body_sha256", "body_cell"),
    )

    @admin.display(description="Message", ordering="-id")
    def name_cell(self, message: WebhookMessage) -> str:
        """Show whose it is."""
        return str(message)

    @admin.display(description="Status", ordering="status")
    def status_cell(self, message: WebhookMessage) -> SafeString:
        """Show how far it is."""
        return badge(message.get_status_display(), _KINDS[message.status])

    @admin.display(description="Received", ordering="received_at")
    def received_cell(self, message: WebhookMessage) -> SafeString | str:
        """Show when it arrived."""
        return moment(message.received_at)

    @admin.display(description="Signed")
    def signed_cell(self, message: WebhookMessage) -> SafeString | str:
        """Show when it says it was signed."""
        return moment(message.signed_at)

    @admin.display(description="Done with")
    def finished_cell(self, message: WebhookMessage) -> SafeString | str:
        """Show since when it is over."""
        return moment(message.finished_at)

    @admin.display(description="What came of it")
    def note_cell(self, message: WebhookMessage) -> str:
        """Show the beginning of the note."""
        return shortened(message.note)

    @admin.display(description="What came of it")
    def whole_note_cell(self, message: WebhookMessage) -> str:
        """Show the note."""
        return visible(message.note)

    @admin.display(description="Body")
    def body_cell(self, message: WebhookMessage) -> str:
        """Show the body as text; bytes that are none are written out."""
        return visible(bytes(message.body).decode(errors="backslashreplace"))


@admin.register(WebhookRefusal)
class WebhookRefusalAdmin(ForSuperusers):
    """How many messages were turned away, by source and day: unsigned, signed by somebody else, or too old."""

    list_display = ("source", "day", "count", "last_cell")
    list_filter = ("source",)
    fields = ("source", "day", "count", "last_cell")
    empty_text = "Nobody was turned away yet."

    @admin.display(description="Last")
    def last_cell(self, refusal: WebhookRefusal) -> SafeString | str:
        """Show when it happened last."""
        return moment(refusal.last_at)
