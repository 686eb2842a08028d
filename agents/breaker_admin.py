"""The page of circuit breakers: what is left alone for now and why; a superuser may reset one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from agents.models import Breaker
from agents.services import reset_breaker
from tiktok_ops.admin import MachineWrittenAdmin
from tiktok_ops.cells import EMPTY, badge, moment, shortened, visible
from tiktok_ops.dialogs import act_and_tell, confirmed

_KINDS = {"closed": "good", "half_open": "warning", "open": "bad"}
_WORDS = {
    "closed": "closed: asked as usual",
    "half_open": "half-open: one call at a time tries it",
    "open": "open: left alone",
}


@admin.register(Breaker)
class BreakerAdmin(MachineWrittenAdmin):
    """Circuit breakers, one for each operation of a provider that ever failed; they serve every workspace."""

    is_shared = True
    list_display = ("name_cell", "status_cell", "failures", "retry_cell", "failed_cell", "error_cell")
    search_fields = ("alias", "operation")
    actions_detail = ("reset",)
    empty_text = (
        "No provider has failed yet. One that fails five times in a row is left alone for a while, and is "
        "shown here."
    )
    fields = (
        *("name_cell", "status_cell", "failures", "successes", "reopenings"),
        *("opened_cell", "retry_cell", "failed_cell", "whole_error_cell"),
    )

    def has_reset_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may reset this breaker, which is not closed."""
        breaker = None if object_id is None else self.get_object(request, unquote(object_id))
        user: Any = request.user
        return breaker is not None and breaker.status != "closed" and user.is_superuser

    @confirmed(
        "Reset",
        permission="reset",
        icon="restart_alt",
        variant=ActionVariant.DANGER,
        question="Reset this circuit breaker?",
        consequence="The provider is asked again at once, by everything that waits for it. If it still fails, it "
        "is left alone again after five failures.",
    )
    def reset(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Reset the breaker."""
        user: Any = request.user
        breaker = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: reset_breaker(breaker_id=breaker.pk, by=user),
            done=lambda _: f"The breaker {breaker} is closed: it is asked again.",
            url=reverse("admin:agents_breaker_change", args=[breaker.pk]),
        )

    @admin.display(description="Provider and operation", ordering="alias")
    def name_cell(self, breaker: Breaker) -> str:
        """Show what it is for."""
        return str(breaker)

    @admin.display(description="Status", ordering="status")
    def status_cell(self, breaker: Breaker) -> SafeString:
        """Show whether it is asked."""
        return badge(_WORDS[breaker.status], _KINDS[breaker.status])

    @admin.display(description="Opened")
    def opened_cell(self, breaker: Breaker) -> SafeString | str:
        """Show since when it is not."""
        return moment(breaker.opened_at)

    @admin.display(description="Asked again from", ordering="retry_at")
    def retry_cell(self, breaker: Breaker) -> SafeString | str:
        """Show from when on it is tried again."""
        return moment(breaker.retry_at)

    @admin.display(description="Failed last", ordering="failed_at")
    def failed_cell(self, breaker: Breaker) -> SafeString | str:
        """Show when it failed last."""
        return moment(breaker.failed_at)

    @admin.display(description="It said")
    def error_cell(self, breaker: Breaker) -> str:
        """Show the beginning of its last error."""
        return shortened(breaker.last_error) or EMPTY

    @admin.display(description="It said")
    def whole_error_cell(self, breaker: Breaker) -> str:
        """Show its last error."""
        return visible(breaker.last_error) or EMPTY
