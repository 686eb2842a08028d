"""The page of people: owners see and change those of their workspaces, nobody makes a superuser but one."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.forms import AdminPasswordChangeForm

from tiktok_ops.accounts.access import people_changed_by, people_seen_by
from tiktok_ops.accounts.forms import PersonCreationForm, PersonForm, first_workspace_field
from tiktok_ops.accounts.members import grant_role
from tiktok_ops.accounts.models import Membership, User
from tiktok_ops.accounts.roles import Capability, Role
from tiktok_ops.admin import MachineWrittenInline, ScopedAdmin
from tiktok_ops.cells import EMPTY, link

# What people may do is in their memberships, never in Django's groups.
admin.site.unregister(Group)


class RolesInline(MachineWrittenInline):
    """What the person is, in the workspaces of whoever looks; it is changed on the workspace's page."""

    model = Membership
    fields = ("workspace", "role", "reach")
    verbose_name_plural = "roles (changed on the workspace's page)"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the roles in workspaces the reader manages."""
        user: Any = request.user
        rows: Any = super().get_queryset(request)
        return rows.visible_to(user, Capability.MANAGE).select_related("workspace")  # type: ignore[no-any-return]


@admin.register(User)
class PersonAdmin(ScopedAdmin, UserAdmin):  # type: ignore[type-arg,misc]
    """People who sign in; they are switched off rather than deleted, for the record names them."""

    read_capability = Capability.MANAGE
    audit_noun = "person"
    form = PersonForm
    add_form = PersonCreationForm
    add_form_template = None
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "roles_cell", "is_active")
    list_filter_submit = True
    list_filter = ("is_active",)
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = "Search by name or e-mail"
    filter_horizontal = ()
    ordering = ("username",)
    readonly_fields = ("password_cell", "last_login", "date_joined")
    inlines = (RolesInline,)
    empty_text = "Nobody is here yet. Add a person with the + above and give them a role."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the people with those of their roles the reader may see."""
        user: Any = request.user
        seen = Membership.objects.visible_to(user, Capability.MANAGE).order_by("role")
        rows = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("memberships", queryset=seen, to_attr="seen_memberships"))

    def rows_with(self, rows: Any, user: User, capability: Capability) -> QuerySet[Any]:
        """Return those of `rows` who work in a workspace the person manages."""
        return rows.filter(pk__in=people_seen_by(user).values("pk"))  # type: ignore[no-any-return]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may change how this one signs in."""
        user: Any = request.user
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or people_changed_by(user).filter(pk=obj.pk).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: people are switched off, because runs and the record name them."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; who is staff or superuser only superusers see and say."""
        user: Any = request.user
        who = ["username", "first_name", "last_name", "email"]
        if obj is None:
            return [(None, {"fields": [*who, "password1", "password2", "workspace", "role"]})]
        powers = ["is_active", "is_staff", "is_superuser"] if user.is_superuser else ["is_active"]
        password = ["password_cell"] if self.has_change_permission(request, obj) else []
        return [
            (None, {"fields": who}),
            ("Signing in", {"fields": [*powers, *password, "last_login", "date_joined"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what cannot be written: nobody locks themselves out, or gives themselves powers."""
        own = ("is_active", "is_staff", "is_superuser") if obj == request.user else ()
        return (*self.readonly_fields, *own)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form; a new person's has the workspaces this one manages."""
        user: Any = request.user
        if obj is None:
            kwargs["fields"] = PersonCreationForm.Meta.fields
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            form.base_fields["workspace"] = first_workspace_field(user)
        return form

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> list[Any]:
        """Return the roles once there is a person to have them."""
        return [] if obj is None else list(self.inlines)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the person; a new one may sign in here and gets the role chosen."""
        user: Any = request.user
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)
        workspace = None if change else form.cleaned_data.get("workspace")
        if workspace is not None:
            grant_role(workspace=workspace, user=obj, role=Role(form.cleaned_data["role"]), by=user)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a person's password; that it was set goes on record, in the same transaction."""
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            person = self.get_object(request, id)
            if request.method == "POST" and response.status_code == 302 and person is not None:
                self.record(request, "password_set", person, [])
        return response

    def workspace_id_of(self, row: Model) -> UUID | None:
        """Return the workspace whose record tells of the person: the first one they work in."""
        works_in = Membership.objects.filter(user_id=row.pk).order_by("id")
        return works_in.values_list("workspace_id", flat=True).first()

    @admin.display(description="Password")
    def password_cell(self, person: User) -> SafeString:
        """Lead to the form that sets a new password; the old one nobody can see."""
        return link("Set a new password", reverse("admin:auth_user_password_change", args=[person.pk]))

    @admin.display(description="Roles")
    def roles_cell(self, person: Any) -> str:
        """Show what the person is."""
        return ", ".join(dict.fromkeys(each.get_role_display() for each in person.seen_memberships)) or EMPTY
