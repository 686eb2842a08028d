"""The page of the audit trail: owners and auditors read it, nobody writes it."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter

from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.audit.models import AuditEvent
from tiktok_ops.cells import badge, json_block, moment, visible
from tiktok_ops.filters import DayRangeFilter


@admin.register(AuditEvent)
class AuditEventAdmin(MachineWrittenAdmin):
    """Who did what to what."""

    read_capability = Capability.READ_AUDIT
    list_display = ("at_cell", "actor_cell", "verb_cell", "subject_cell")
    list_filter_submit = True
    list_filter = (("verb", FieldTextFilter), ("actor", FieldTextFilter), ("at", DayRangeFilter))
    search_fields = ("subject", "actor", "verb")
    search_help_text = "Search who, what and whom"
    fields = ("at_cell", "actor_cell", "verb_cell", "subject_cell", "data_cell", "xid")
    empty_text = "Nothing is on record yet: what people do and configure appears here."

    @admin.display(description="When", ordering="id")
    def at_cell(self, event: AuditEvent) -> str:
        """Show when it happened."""
        return moment(event.at)

    @admin.display(description="Who", ordering="actor")
    def actor_cell(self, event: AuditEvent) -> str:
        """Show who did it."""
        return visible(event.actor)

    @admin.display(description="Did what", ordering="verb")
    def verb_cell(self, event: AuditEvent) -> SafeString:
        """Show what was done."""
        return badge(event.verb)

    @admin.display(description="To what")
    def subject_cell(self, event: AuditEvent) -> str:
        """Show what it was done to."""
        return visible(event.subject)

    @admin.display(description="In detail")
    def data_cell(self, event: AuditEvent) -> str:
        """Show the values that came with it."""
        return json_block(event.data)
