"""The pages of workspaces with their members, and of brands."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest

from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.forms import MembershipForm, MembershipFormSet
from tiktok_ops.accounts.models import Brand, Membership, User, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.admin import ScopedAdmin, ScopedInline
from tiktok_ops.cells import whole
from tiktok_ops.filters import ScopedRelatedFilter


class MembershipInline(ScopedInline):
    """Who works in the workspace, as what."""

    model = Membership
    form = MembershipForm
    formset = MembershipFormSet
    fields = ("user", "role", "reach", "brands")
    autocomplete_fields = ("user",)
    verbose_name = "member"
    verbose_name_plural = "members"
    per_page = 25

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the memberships with what their rows show."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("user").prefetch_related("brands")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may see who else works here: owners and auditors may."""
        return self._page().is_granted(request, Capability.READ_AUDIT, obj)


@admin.register(Workspace)
class WorkspaceAdmin(ScopedAdmin):
    """Workspaces: superusers make them, owners name them and say who works there."""

    list_display = ("name", "slug", "brand_count", "account_count", "created_at")
    search_fields = ("name", "slug")
    readonly_fields = ("created_at",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline,)
    empty_text = "You belong to no workspace yet: ask an owner to add you to theirs."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the workspaces with how much is in them."""
        counts = {
            "brand_total": Count("brands", distinct=True),
            "account_total": Count("accounts", distinct=True),
        }
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**counts)
        return rows

    def rows_with(self, rows: Any, user: User, capability: Capability) -> QuerySet[Any]:
        """Return the workspaces; beyond reading, only those on all of which the person has the capability."""
        if capability is Capability.READ:
            return super().rows_with(rows, user, capability)
        return rows.filter(pk__in=workspaces_with(user, capability).values("pk"))  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether this is a superuser: a workspace is a tenant."""
        user: Any = request.user
        return user.is_superuser and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether this is a superuser: a workspace is a tenant."""
        user: Any = request.user
        return user.is_superuser and super().has_delete_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Sequence[Any]:
        """Return the members once there is a workspace for them to be in."""
        return [] if obj is None else list(self.inlines)

    @admin.display(description="Brands")
    def brand_count(self, workspace: Any) -> str:
        """Show how many brands there are."""
        return whole(workspace.brand_total)

    @admin.display(description="Accounts")
    def account_count(self, workspace: Any) -> str:
        """Show how many accounts there are."""
        return whole(workspace.account_total)


@admin.register(Brand)
class BrandAdmin(ScopedAdmin):
    """Brands: how they speak and what they must never claim."""

    list_display = ("name", "workspace", "account_count", "created_at")
    list_select_related = ("workspace",)
    list_filter_submit = True
    list_filter = (("workspace", ScopedRelatedFilter),)
    search_fields = ("name",)
    fields = ("workspace", "name", "voice", "guidelines", "banned_claims", "created_at")
    readonly_fields = ("created_at",)
    empty_text = (
        "There are no brands yet. Add one with the + above: audits and drafts then know its voice and "
        "what it must never claim."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the brands with the number of their accounts."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(account_total=Count("accounts"))
        return rows

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        """Return what cannot be written: a brand stays in its workspace."""
        return self.readonly_fields if obj is None else ("workspace", *self.readonly_fields)

    @admin.display(description="Accounts")
    def account_count(self, brand: Any) -> str:
        """Show how many accounts there are."""
        return whole(brand.account_total)
