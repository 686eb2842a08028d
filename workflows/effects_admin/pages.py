"""The list of effects, the page of one, and the forms in which a person says what became of one."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from approvals.kinds import kind_of
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import SheetAdmin
from tiktok_ops.cells import badge, moment, shortened, status_badge
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter, StatusFilter
from workflows.effect_words import delivery_of, tone_of, words_of
from workflows.effects.another_attempt import allow_another_attempt
from workflows.effects.hand_over import settle_by_link
from workflows.effects.models import Effect
from workflows.effects.next_look import is_unknown_long
from workflows.effects.registry import EFFECTS
from workflows.effects_admin.by_hand import takes_a_link
from workflows.effects_admin.forms import AttemptForm, LinkForm
from workflows.effects_admin.sheet import kind_label, sheet_of, why_no_attempt
from workflows.transitions import EFFECT


def _link_form(effect: Effect, *given: Any) -> LinkForm:
    """Return the form that asks for what proves an effect of this kind."""
    return LinkForm(*given, is_post=EFFECTS[effect.kind].is_post)


class EffectStatusFilter(StatusFilter):
    """Filters effects by status."""

    statuses = EFFECT.statuses


@admin.register(Effect)
class EffectAdmin(SheetAdmin):
    """Effects: what left, or is about to; what a person posts by hand is handed over on its page."""

    list_display = ("effect_cell", "account", "fate_cell", "delivery_cell", "mode_cell", "approved_cell")
    list_select_related = ("account", "request", "decision__decided_by", "settled_by", "attempt_allowed_by")
    list_filter_submit = True
    list_filter = (
        EffectStatusFilter,
        ("delivery", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
        ("account", ScopedRelatedFilter),
    )
    search_fields = ("id", "account__handle", "provider_ref", "post_id", "request__title")
    search_help_text = "Search by account, title, TikTok's reference or post id"
    ordering = ("-id",)
    change_form_template = "admin/workflows/effect/effect.html"
    empty_text = (
        "Nothing has left yet. What is approved appears here before it is sent, and stays with the proof of "
        "what became of it."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the upload's secret where it is: no page shows it. What was approved is read by its page."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("upload_secret", "request__payload", "decision__payload")

    def get_urls(self) -> list[URLPattern]:
        """Add where the forms lead."""
        views = {"settle": self.settle_view, "attempt": self.attempt_view}
        ours = [
            path(
                f"<uuid:effect_id>/{name}/", self.admin_site.admin_view(view), name=f"workflows_effect_{name}"
            )
            for name, view in views.items()
        ]
        return [*ours, *super().get_urls()]

    def sheet_context(self, request: HttpRequest, row: Effect) -> dict[str, Any]:
        """Return what the effect's page shows; it is closed at another address, by POST."""
        user: Any = request.user
        now = timezone.now()
        return {
            "title": f"{kind_label(row)} on {row.account}",
            "may_settle": self.has_settle_permission(request, row),
            "attempt_form": AttemptForm() if is_unknown_long(row, now=now) else None,
            "attempt_refusal": why_no_attempt(row, by=user),
            **sheet_of(row, by=user, form=_link_form(row) if takes_a_link(row, now=now) else None),
        }

    def settle_view(self, request: HttpRequest, effect_id: UUID) -> HttpResponse:
        """Close the effect with the link that was pasted; what is wrong with it is said beside it."""
        effect = self.get_object(request, str(effect_id))
        if effect is None:
            raise Http404
        page = reverse("admin:workflows_effect_change", args=[effect_id])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        if not self.has_settle_permission(request, effect):
            raise PermissionDenied
        if not takes_a_link(effect, now=timezone.now()):
            messages.error(request, f"This waits for no link: it is {words_of(effect)}.")
            return HttpResponseRedirect(page)
        form = _link_form(effect, request.POST)
        if not self._is_settled(request, effect, form):
            return self.sheet(request, effect, form=form)
        what = EFFECTS[effect.kind].done
        messages.success(request, f"Closed: {what}, on your word. The run goes on.")
        return HttpResponseRedirect(page)

    def _is_settled(self, request: HttpRequest, effect: Effect, form: LinkForm) -> bool:
        """Call the service; a refusal becomes an error of the form."""
        user: Any = request.user
        if not form.is_valid():
            return False
        try:
            settle_by_link(effect_id=effect.id, by=user, url=form.cleaned_data["url"])
        except Refused as refused:
            form.add_error("url", str(refused))
            effect.refresh_from_db()
            return False
        return True

    def attempt_view(self, request: HttpRequest, effect_id: UUID) -> HttpResponse:
        """Let the effect begin once more, where a second person says that it is not live."""
        effect = self.get_object(request, str(effect_id))
        if effect is None:
            raise Http404
        page = reverse("admin:workflows_effect_change", args=[effect_id])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        if not self.has_attempt_permission(request, effect):
            raise PermissionDenied
        form = AttemptForm(request.POST)
        user: Any = request.user
        try:
            if not form.is_valid():
                return self.sheet(request, effect, attempt_form=form)
            allow_another_attempt(effect_id=effect_id, by=user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request, "One more attempt is allowed, on your word. It is sent as soon as it can be."
            )
        return HttpResponseRedirect(page)

    def has_attempt_permission(self, request: HttpRequest, effect: Effect) -> bool:
        """Return whether the person may decide on acts of this kind."""
        return self.is_granted(request, kind_of(effect.request.kind).capability, effect)

    def has_settle_permission(self, request: HttpRequest, effect: Effect) -> bool:
        """Return whether the person may say that this is live."""
        return self.is_granted(request, Capability.RUN, effect)

    # Cells ----------------------------------------------------------------------------------------

    @admin.display(description="What", ordering="request__title")
    def effect_cell(self, effect: Effect) -> str:
        """Show what was approved."""
        return shortened(effect.request.title)

    @admin.display(description="Status", ordering="status")
    def fate_cell(self, effect: Effect) -> SafeString:
        """Show how far it is, in honest words, and since when."""
        words = badge(shortened(words_of(effect), chars=120), tone_of(effect))
        return format_html("{}<small>since {}</small>", words, moment(effect.status_since))

    @admin.display(description="Delivery", ordering="delivery")
    def delivery_cell(self, effect: Effect) -> str:
        """Show who brings it onto the account."""
        return delivery_of(effect)

    @admin.display(description="Mode", ordering="mode")
    def mode_cell(self, effect: Effect) -> SafeString:
        """Show whether it reaches TikTok itself."""
        return status_badge(effect.mode)

    @admin.display(description="Approved by", ordering="decision__decided_by__username")
    def approved_cell(self, effect: Effect) -> SafeString:
        """Show who approved it, and when."""
        decision = effect.decision
        return format_html("{}<small>{}</small>", decision.decided_by, moment(decision.decided_at))
