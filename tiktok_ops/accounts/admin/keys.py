"""The page of API keys: made here and shown once, then only revoked."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from tiktok_ops.accounts.forms import IssueKeyForm
from tiktok_ops.accounts.keys import IssuedKey, issue_key, key_status, revoke_key
from tiktok_ops.accounts.models import ApiKey
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin
from tiktok_ops.cells import badge, moment
from tiktok_ops.dialogs import act_and_tell, confirmed
from tiktok_ops.errors import Refused
from tiktok_ops.filters import ScopedRelatedFilter

_KINDS = {"active": "good", "expired": "neutral", "revoked": "bad"}


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    """API keys: owners make and revoke them, auditors read them, nobody sees a secret twice."""

    read_capability = Capability.READ_AUDIT
    list_display = (
        "name",
        "prefix",
        "workspace",
        "brand",
        "scopes_cell",
        "acts_for",
        "status_cell",
        "used_cell",
    )
    list_select_related = ("workspace", "brand", "acts_for")
    list_filter_submit = True
    list_filter = (("workspace", ScopedRelatedFilter),)
    search_fields = ("name", "prefix")
    actions_detail = ("revoke",)
    empty_text = "There are no API keys. Make one with the + above for whoever reads over the API."
    fields = (
        *(
            "name",
            "prefix",
            "workspace",
            "brand",
            "scopes_cell",
            "acts_for",
            "is_sandbox_only",
            "status_cell",
        ),
        *("created_by", "created_at", "expires_cell", "revoked_cell", "used_cell"),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: what a key may do is fixed when it is made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: keys are revoked, and stay on record."""
        return False

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may revoke this key, which is still good."""
        key = None if object_id is None else self.get_object(request, unquote(object_id))
        return key is not None and key.revoked_at is None and self.is_granted(request, Capability.MANAGE, key)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form of a new key; once made, show its text, this one time."""
        user: Any = request.user
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = IssueKeyForm(request.POST if request.method == "POST" else None, by=user)
        if form.is_bound and form.is_valid():
            try:
                return self._issued(request, issue_key(by=user, **form.cleaned_data))
            except Refused as refused:
                form.add_error(None, str(refused))
        return self.form_page(
            request,
            form,
            title="New API key",
            lead="The key is shown once, on the next page. Only its digest is kept.",
            submit="Make the key",
        )

    def _issued(self, request: HttpRequest, issued: IssuedKey) -> HttpResponse:
        """Return the page with the secret: not stored, not in a message, and no admin page is cached."""
        title = "Copy the new API key now"
        return self.page(request, "admin/accounts/apikey/issued.html", issued=issued, title=title)

    @confirmed(
        "Revoke",
        permission="revoke",
        icon="block",
        variant=ActionVariant.DANGER,
        question="Revoke this API key?",
        consequence="Its next request is refused. This cannot be taken back.",
    )
    def revoke(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Revoke the key."""
        user: Any = request.user
        key = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: revoke_key(key_id=key.pk, by=user),
            done=lambda _: f"The API key {key.name!r} is revoked.",
            url=reverse("admin:accounts_apikey_change", args=[key.pk]),
        )

    @admin.display(description="Scopes")
    def scopes_cell(self, key: ApiKey) -> str:
        """Show what the key may do."""
        return ", ".join(key.scopes)

    @admin.display(description="Status")
    def status_cell(self, key: ApiKey) -> SafeString:
        """Show whether the key opens anything."""
        status = key_status(key, at=timezone.now())
        return badge(status.capitalize(), _KINDS[status])

    @admin.display(description="Last used", ordering="last_used_at")
    def used_cell(self, key: ApiKey) -> str:
        """Show when the key was last used, to the minute."""
        return moment(key.last_used_at)

    @admin.display(description="Expires")
    def expires_cell(self, key: ApiKey) -> str:
        """Show until when the key is good."""
        return moment(key.expires_at)

    @admin.display(description="Revoked")
    def revoked_cell(self, key: ApiKey) -> str:
        """Show when the key was revoked."""
        return moment(key.revoked_at)
