"""The page of what is remembered: proposals to accept, and what models are told, to revoke."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from agents.memory.models import LONGEST_TEXT, MemoryItem
from agents.memory.services import About, accept, revoke, write_down
from agents.memory.transitions import MEMORY
from tiktok_ops.accounts.models import Brand, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.cells import EMPTY, badge, link, moment, shortened, visible
from tiktok_ops.dialogs import act_and_tell, confirmed
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter, StatusFilter

_TONES = {"proposed": "warning", "active": "good", "revoked": "neutral"}
_WORDS = {"proposed": "proposed: not told yet", "active": "told to models", "revoked": "revoked: not told"}


class MemoryStatusFilter(StatusFilter):
    """Filters what is remembered by status."""

    statuses = MEMORY.statuses


class MemoryForm(forms.Form):
    """Something a person wants remembered of a brand."""

    brand = forms.ModelChoiceField(
        Brand.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Choose a brand"
    )
    kind = forms.ChoiceField(
        choices=[choice for choice in MemoryItem.Kind.choices if choice[0] != MemoryItem.Kind.OUTCOME],
        widget=UnfoldAdminSelectWidget,
        help_text="Voice and lessons are always told; facts where they share a word with what is asked.",
    )
    text = forms.CharField(
        max_length=LONGEST_TEXT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "dir": "auto"}),
        help_text="In a sentence or two, as you would tell a new colleague.",
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brands = Brand.objects.visible_to(by, Capability.TEACH)
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]


@admin.register(MemoryItem)
class MemoryItemAdmin(ScopedAdmin):
    """What is remembered: approvers and owners accept what was proposed, and revoke what does not hold."""

    list_display = ("text_cell", "kind", "whom_cell", "status_cell", "source_cell", "created_cell")
    list_select_related = ("brand", "account")
    list_filter_submit = True
    list_filter = (
        MemoryStatusFilter,
        ("brand", ScopedRelatedFilter),
        ("kind", ChoicesDropdownFilter),
        ("scope", ChoicesDropdownFilter),
    )
    search_fields = ("text",)
    search_help_text = "Search by words"
    actions_detail = ("accept", "revoke")
    fields = (
        *("whole_text_cell", "kind", "whom_cell", "status_cell"),
        *("language", "source_cell", "created_cell", "decided_by", "decided_cell"),
    )
    empty_text = (
        "Nothing is remembered yet. What people edit or reject is proposed here as a lesson; what you accept is told "
        "to models from then on. Write something down yourself with the + above."
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may accept what is remembered of some brand; the form offers those."""
        return self.is_granted(request, Capability.TEACH)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what was accepted is what is told; it is revoked and written anew."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: it stays on record."""
        return False

    def has_accept_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may accept this, which is proposed."""
        return self._may_make(request, object_id, "active")

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may revoke this, which is not."""
        return self._may_make(request, object_id, "revoked")

    def _may_make(self, request: HttpRequest, object_id: str | None, status: str) -> bool:
        item = None if object_id is None else self.get_object(request, unquote(object_id))
        if item is None or not MEMORY.allows(item.status, status):
            return False
        return self.is_granted(request, Capability.TEACH, item)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form; on POST write it down and lead to it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        user: Any = request.user
        form = MemoryForm(*([request.POST] if request.method == "POST" else []), by=user)
        if form.is_bound and form.is_valid():
            given = form.cleaned_data
            about = About(given["brand"].workspace_id, brand=given["brand"])
            try:
                item = write_down(about=about, kind=given["kind"], text=given["text"], by=user)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, "Models are told this from now on.")
                return HttpResponseRedirect(_page(item))
        return self.form_page(
            request,
            form,
            title="Something to remember",
            lead="It is told to every model that writes for the brand, until somebody revokes it.",
            submit="Remember this",
        )

    @confirmed(
        "Accept",
        permission="accept",
        icon="check",
        variant=ActionVariant.PRIMARY,
        question="Tell this to models from now on?",
        consequence="Every prompt for this brand carries it, and the trace of each call names it.",
    )
    def accept(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Accept the proposal."""
        user: Any = request.user
        item = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: accept(item_id=item.pk, by=user),
            done=lambda _: "Models are told this from now on.",
            url=_page(item),
        )

    @confirmed(
        "Revoke",
        permission="revoke",
        icon="block",
        variant=ActionVariant.DANGER,
        question="Tell this no more?",
        consequence="No prompt carries it any more. It stays on record, and what it led to stays as it is.",
    )
    def revoke(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Revoke it."""
        user: Any = request.user
        item = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: revoke(item_id=item.pk, by=user),
            done=lambda _: "Models are told this no more.",
            url=_page(item),
        )

    @admin.display(description="What")
    def text_cell(self, item: MemoryItem) -> str:
        """Show the beginning of it."""
        return shortened(item.text, chars=120)

    @admin.display(description="What")
    def whole_text_cell(self, item: MemoryItem) -> str:
        """Show all of it."""
        return visible(item.text)

    @admin.display(description="Of whom")
    def whom_cell(self, item: MemoryItem) -> str:
        """Show whom it is told about."""
        return str(item.brand or item.account or f"the agent {item.agent.replace('_', ' ')}")

    @admin.display(description="Status", ordering="status")
    def status_cell(self, item: MemoryItem) -> SafeString:
        """Show whether models are told it."""
        return badge(_WORDS[item.status], _TONES[item.status])

    @admin.display(description="From")
    def source_cell(self, item: MemoryItem) -> str:
        """Lead to the run it came from."""
        if item.source_run_id is None:
            return item.source or EMPTY
        return link(
            item.source or "A run", reverse("admin:workflows_workflowrun_change", args=[item.source_run_id])
        )

    @admin.display(description="Proposed", ordering="created_at")
    def created_cell(self, item: MemoryItem) -> str:
        """Show when it was proposed."""
        return moment(item.created_at)

    @admin.display(description="Decided")
    def decided_cell(self, item: MemoryItem) -> str:
        """Show when a person decided on it."""
        return moment(item.decided_at)


def _page(item: MemoryItem) -> str:
    return reverse("admin:agents_memoryitem_change", args=[item.pk])
