"""The page of what runs made: reports and drafts, as Markdown made safe."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.cells import badge, link, moment
from tiktok_ops.content.models import Artifact
from tiktok_ops.filters import DayRangeFilter, ScopedRelatedFilter
from tiktok_ops.markdown import render_markdown


@admin.register(Artifact)
class ArtifactAdmin(MachineWrittenAdmin):
    """Reports, drafts and captions that runs made."""

    list_display = ("title_cell", "kind_cell", "account", "made_cell", "run_cell")
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (
        ("account", ScopedRelatedFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    search_fields = ("account__handle",)
    search_help_text = "Search by the account's handle"
    empty_text = "There are no reports yet. Open an account and run a profile audit: its report appears here."
    panel_template = "admin/content/artifact/panel.html"
    fields = ("account", "kind", "made_cell", "run_cell", "round", "media_type", "sha256")

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return the text: Markdown rendered, anything else as it is."""
        is_markdown = row.media_type == "text/markdown"
        return {"artifact": row, "rendered": render_markdown(row.text) if is_markdown else ""}

    @admin.display(description="Report")
    def title_cell(self, artifact: Artifact) -> str:
        """Show what it is, and of which account."""
        return f"{artifact.get_kind_display()} on {artifact.account}"

    @admin.display(description="Kind", ordering="kind")
    def kind_cell(self, artifact: Artifact) -> SafeString:
        """Show what it is."""
        return badge(artifact.get_kind_display())

    @admin.display(description="Made", ordering="created_at")
    def made_cell(self, artifact: Artifact) -> str:
        """Show when it was made."""
        return moment(artifact.created_at)

    @admin.display(description="Run")
    def run_cell(self, artifact: Artifact) -> SafeString:
        """Lead to the run that made it."""
        return link("Open the run", reverse("admin:workflows_workflowrun_change", args=[artifact.run_id]))
