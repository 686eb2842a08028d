"""The page of secrets: what there is, who read it last; wrapped anew or destroyed here, shown nowhere."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import MachineWrittenAdmin, MachineWrittenInline
from tiktok_ops.cells import EMPTY, badge, moment, whole
from tiktok_ops.dialogs import act_and_tell, confirmed
from tiktok_ops.filters import ScopedRelatedFilter
from tiktok_ops.vault.models import Secret, SecretVersion
from tiktok_ops.vault.services import destroy_secret, rewrap_secret


class VersionsInline(MachineWrittenInline):
    """When the secret was written, and what became of each version; never what one holds."""

    model = SecretVersion
    fields = ("number", "written_cell", "created_by", "destroyed_cell", "destroyed_by")
    readonly_fields = fields
    verbose_name_plural = "versions"
    per_page = 25

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the versions without what they hold."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("ciphertext")

    @admin.display(description="Written")
    def written_cell(self, version: SecretVersion) -> SafeString | str:
        """Show when it was written."""
        return moment(version.created_at)

    @admin.display(description="Destroyed")
    def destroyed_cell(self, version: SecretVersion) -> SafeString | str:
        """Show when it was destroyed."""
        return moment(version.destroyed_at)


@admin.register(Secret)
class SecretAdmin(MachineWrittenAdmin):
    """Secrets, for owners: their names, versions and readers. There is no page, and no API, for a value."""

    read_capability = Capability.MANAGE
    list_display = (
        "name",
        "workspace",
        "versions_cell",
        "state_cell",
        "written_cell",
        "read_cell",
        "last_read_by",
    )
    list_select_related = ("workspace",)
    list_filter_submit = True
    list_filter = (("workspace", ScopedRelatedFilter),)
    search_fields = ("name",)
    search_help_text = "Search by name"
    actions_detail = ("rewrap", "destroy")
    inlines = (VersionsInline,)
    empty_text = "The vault is empty. Connect an account to TikTok: what TikTok gives us for it is kept here."
    fields = ("name", "workspace", "versions_cell", "state_cell", "written_cell", "read_cell", "last_read_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the secrets with what is known of their versions."""
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                version_count=Count("versions"),
                kept_count=Count("versions", filter=Q(versions__destroyed_at=None)),
                written_at=Max("versions__created_at"),
            )
        )
        return rows

    def has_keep_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Return whether the person may wrap or destroy this secret, of which something is left."""
        secret = None if object_id is None else self.get_object(request, unquote(object_id))
        return (
            secret is not None
            and bool(secret.kept_count)
            and self.is_granted(request, Capability.MANAGE, secret)
        )

    @confirmed(
        "Rotate its key",
        permission="keep",
        icon="key",
        question="Wrap this secret under the newest key?",
        consequence="What it holds stays as it is, and is not shown. `manage.py rotate_vault` does so for all.",
    )
    def rewrap(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Wrap the secret's versions under the newest key."""
        user: Any = request.user
        secret = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: rewrap_secret(secret_id=secret.pk, by=user),
            done=lambda count: (
                f"{secret.name!r} is under the newest key: {count} versions were wrapped anew."
            ),
            url=reverse("admin:vault_secret_change", args=[secret.pk]),
        )

    @confirmed(
        "Destroy",
        permission="keep",
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        question="Destroy this secret?",
        consequence="Every version of it is taken away for good. What needs it, such as an account's connection to "
        "TikTok, stops until it is stored anew.",
    )
    def destroy(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Destroy what all versions hold."""
        user: Any = request.user
        secret = self.get_object(request, unquote(object_id))
        return act_and_tell(
            request,
            lambda: destroy_secret(secret_id=secret.pk, by=user),
            done=lambda count: f"{secret.name!r} is destroyed: {count} versions are gone for good.",
            url=reverse("admin:vault_secret_change", args=[secret.pk]),
        )

    @admin.display(description="Versions")
    def versions_cell(self, secret: Any) -> str:
        """Show how often it was written."""
        return whole(secret.version_count)

    @admin.display(description="State")
    def state_cell(self, secret: Any) -> SafeString:
        """Show whether it holds anything."""
        return badge("Sealed", "good") if secret.kept_count else badge("Destroyed", "bad")

    @admin.display(description="Written")
    def written_cell(self, secret: Any) -> SafeString | str:
        """Show when it was written last."""
        return moment(secret.written_at)

    @admin.display(description="Last read")
    def read_cell(self, secret: Any) -> SafeString | str:
        """Show when somebody asked for it last, to the minute."""
        return moment(secret.last_read_at) if secret.last_read_at else EMPTY
