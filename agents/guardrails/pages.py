"""The pages of guardrail policies, which owners change, and of findings, which everybody reads."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from agents.guardrails.forms import PolicyForm, PresetForm
from agents.guardrails.models import GuardrailFinding, GuardrailPolicy
from agents.guardrails.policy import Preset
from agents.guardrails.registry import DETECTORS
from agents.guardrails.services import adopt_preset, save_policy
from agents.guardrails.words import PRESET_WORDS, lines_of
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import MachineWrittenAdmin, ScopedAdmin
from tiktok_ops.cells import EMPTY, badge, link, moment, percent, visible
from tiktok_ops.errors import Refused
from tiktok_ops.filters import DayRangeFilter, ScopedRelatedFilter

VERDICT_TONES = {"allow": "neutral", "flag": "info", "redact": "warning", "hold": "warning", "block": "bad"}
WHAT_IT_DOES = (
    "It holds from the next check on, for everything in the workspace. Approved posts are checked once more before "
    "they leave: what the new policy holds in them and nobody was shown is asked again."
)


@admin.register(GuardrailPolicy)
class GuardrailPolicyAdmin(ScopedAdmin):
    """Policies: each version as it was saved; owners save the next one, on a form of its own."""

    list_display = (
        "workspace",
        "version",
        "preset_cell",
        "state_cell",
        "created_by",
        "saved_cell",
        "note_cell",
    )
    list_select_related = ("workspace", "created_by")
    list_filter_submit = True
    list_filter = (("workspace", ScopedRelatedFilter), ("preset", ChoicesDropdownFilter))
    search_fields = ("note", "workspace__name")
    search_help_text = "Search by workspace or reason"
    fields = ("workspace", "created_by", "saved_cell", "note_cell")
    panel_template = "admin/agents/guardrailpolicy/policy.html"
    actions_detail = ("edit",)
    empty_text = (
        "No workspace has a policy of its own yet: the standard preset holds. Adopt one with the + above; from there "
        "you can change it."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Say of each version whether it holds."""
        newer = GuardrailPolicy.objects.filter(
            workspace=OuterRef("workspace"), version__gt=OuterRef("version")
        )
        rows: QuerySet[Any] = super().get_queryset(request).annotate(is_current=~Exists(newer))
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a version stays as it was saved."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a version stays on record."""
        return False

    def has_edit_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may save the next version: an owner, from the one that holds."""
        row = None if object_id is None else self.get_object(request, unquote(object_id))
        return row is not None and row.is_current and self.is_granted(request, Capability.MANAGE, row)

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return the policy in plain words."""
        policy = row.as_policy()
        newest = GuardrailPolicy.objects.filter(workspace=row.workspace_id).order_by("-version").first()
        return {
            "policy": row,
            "about": PRESET_WORDS[policy.preset],
            "lines": [(line, badge(line.verdict, VERDICT_TONES[line.verdict])) for line in lines_of(policy)],
            "newest_url": ""
            if newest is None or newest.pk == row.pk
            else reverse("admin:agents_guardrailpolicy_change", args=[newest.pk]),
        }

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask which preset to adopt, and adopt it."""
        user: Any = request.user
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PresetForm(
            request.POST if request.method == "POST" else None,
            by=user,
            initial=self.get_changeform_initial_data(request),
        )
        if form.is_bound and form.is_valid():
            chosen = form.cleaned_data
            try:
                row = adopt_preset(
                    workspace_id=chosen["workspace"].id, preset=chosen["preset"], by=user, note=chosen["note"]
                )
                return self._saved(request, row)
            except Refused as refused:
                form.add_error(None, str(refused))
        return self.form_page(
            request, form, title="Adopt a guardrail policy", lead=WHAT_IT_DOES, submit="Adopt it"
        )

    @action(description="Change", permissions=["edit"], icon="edit")  # type: ignore[untyped-decorator]
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the version that holds as a form; on POST save the next one."""
        user: Any = request.user
        row = self.get_object(request, unquote(object_id))
        form = PolicyForm(request.POST if request.method == "POST" else None, policy=row.as_policy())
        if form.is_bound and form.is_valid():
            try:
                saved = save_policy(
                    workspace_id=row.workspace_id, by=user, seen_version=row.version, **form.given()
                )
                return self._saved(request, saved)
            except Refused as refused:
                form.add_error(None, str(refused))
        return self.form_page(
            request,
            form,
            title=f"Change the guardrails of {row.workspace}",
            lead=WHAT_IT_DOES,
            submit="Save the next version",
            original=row,
            cancel_url=reverse("admin:agents_guardrailpolicy_change", args=[row.pk]),
            folded=["thresholds", "patterns"],
            folded_title="Patterns of your own, and how sure a detector has to be",
        )

    def _saved(self, request: HttpRequest, row: GuardrailPolicy) -> HttpResponse:
        messages.success(request, f"Version {row.version} holds from now on in {row.workspace}.")
        return HttpResponseRedirect(reverse("admin:agents_guardrailpolicy_change", args=[row.pk]))

    @admin.display(description="Policy", ordering="preset")
    def preset_cell(self, row: GuardrailPolicy) -> str:
        """Show how strict it is."""
        return Preset(row.preset).value.capitalize() if row.preset != Preset.CUSTOM else "Of its own"

    @admin.display(description="State")
    def state_cell(self, row: Any) -> SafeString:
        """Show whether it holds."""
        return badge("holds", "good") if row.is_current else badge("earlier")

    @admin.display(description="Saved", ordering="created_at")
    def saved_cell(self, row: GuardrailPolicy) -> SafeString | str:
        """Show when."""
        return moment(row.created_at)

    @admin.display(description="Why")
    def note_cell(self, row: GuardrailPolicy) -> str:
        """Show the reason."""
        return visible(row.note) or EMPTY


@admin.register(GuardrailFinding)
class GuardrailFindingAdmin(MachineWrittenAdmin):
    """Findings: what kind of thing was found where; the thing itself is kept nowhere."""

    list_display = (
        *("detector_cell", "account", "place_cell", "verdict_cell", "severity"),
        *("field_cell", "found_cell", "approval_cell"),
    )
    list_select_related = ("account",)
    list_filter_submit = True
    list_filter = (
        ("account", ScopedRelatedFilter),
        ("place", ChoicesDropdownFilter),
        ("verdict", ChoicesDropdownFilter),
        ("severity", ChoicesDropdownFilter),
        ("found_at", DayRangeFilter),
    )
    search_fields = ("detector", "kind", "account__handle")
    search_help_text = "Search by what was found, or handle"
    empty_text = (
        "The guardrails found nothing yet. What they find in prompts, drafts and posts is listed here."
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("detector_cell", "kind", "severity", "score_cell"),
                    ("place_cell", "verdict_cell", "policy_version", "found_cell"),
                    ("account", "field_cell", "offset", "length"),
                    ("run_cell", "agent_run_cell", "approval_cell"),
                )
            },
        ),
    )

    @admin.display(description="Found", ordering="detector")
    def detector_cell(self, row: GuardrailFinding) -> str:
        """Show what was found, in words."""
        if row.category == "fault":
            return "A check that could not run"
        detector = DETECTORS.get(row.detector)
        return detector.label if detector else visible(row.detector.partition(":")[2])

    @admin.display(description="Where", ordering="place")
    def place_cell(self, row: GuardrailFinding) -> str:
        """Show where."""
        return row.get_place_display()

    @admin.display(description="What became of it", ordering="verdict")
    def verdict_cell(self, row: GuardrailFinding) -> SafeString:
        """Show the verdict."""
        return badge(row.verdict, VERDICT_TONES[row.verdict])

    @admin.display(description="Field")
    def field_cell(self, row: GuardrailFinding) -> str:
        """Show in which field."""
        return visible(row.field) or EMPTY

    @admin.display(description="How sure")
    def score_cell(self, row: GuardrailFinding) -> str:
        """Show how sure the detector is."""
        return percent(row.score)

    @admin.display(description="When", ordering="found_at")
    def found_cell(self, row: GuardrailFinding) -> SafeString | str:
        """Show when."""
        return moment(row.found_at)

    @admin.display(description="Run")
    def run_cell(self, row: GuardrailFinding) -> str:
        """Lead to the run."""
        return _link("Open the run", "workflows_workflowrun", row.run_id)

    @admin.display(description="Agent run")
    def agent_run_cell(self, row: GuardrailFinding) -> str:
        """Lead to the agent run and its trace."""
        return _link("Open the trace", "agents_agentrun", row.agent_run_id)

    @admin.display(description="Approval")
    def approval_cell(self, row: GuardrailFinding) -> str:
        """Lead to the approval, where the phrase is marked."""
        return _link("Open the approval", "approvals_approvalrequest", row.request_id)


def _link(text: str, page: str, key: object) -> str:
    return link(text, reverse(f"admin:{page}_change", args=[key])) if key else EMPTY
