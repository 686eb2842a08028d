"""The bases of every admin page: rows of other workspaces do not exist, and roles decide what may be done."""

from typing import Any
from uuid import UUID

from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import Form, ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline

from tiktok_ops.accounts.access import only_workspace, people_seen_by, workspaces_with
from tiktok_ops.accounts.models import Membership, User, Workspace
from tiktok_ops.accounts.roles import Capability, roles_with
from tiktok_ops.changes import record_change, workspace_id_of


def choosable(model: type[Model], user: User, capability: Capability) -> QuerySet[Any]:
    """Return the rows of `model` that `user` may pick in a form that asks for `capability`."""
    if model is Workspace:
        return workspaces_with(user, capability)
    if model is User:
        return people_seen_by(user)
    rows: Any = model._default_manager.all()
    return rows.visible_to(user, capability)  # type: ignore[no-any-return]


def holds(request: HttpRequest, capability: Capability, *, on_a_whole_workspace: bool = False) -> bool:
    """Return whether the person has the capability somewhere; their roles are read once a request.

    Every page asks this of every other page, for the sidebar and the list of what there is.
    """
    user: Any = request.user
    if not hasattr(request, "roles_held"):
        request.roles_held = list(user.memberships.values_list("role", "reach"))  # type: ignore[attr-defined]
    granting = roles_with(capability)
    return any(
        role in granting and (reach == Membership.Reach.WORKSPACE or not on_a_whole_workspace)
        for role, reach in request.roles_held  # type: ignore[attr-defined]
    )


def _changed(form: Any) -> list[str]:
    """Return the fields that have another value now; of a list written as text Django says so always."""
    return [name for name in form.changed_data if form.initial.get(name) != form.cleaned_data.get(name)]


class ScopedChoices:
    """Lets forms offer, and accept, only rows of the person's own workspaces."""

    write_capability = Capability.MANAGE

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Return the field with the rows this person may choose."""
        kwargs.setdefault("queryset", self._choices(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc,no-any-return]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Return the field with the rows this person may choose."""
        kwargs.setdefault("queryset", self._choices(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc,no-any-return]

    def _choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        user: Any = request.user
        return choosable(db_field.related_model, user, self.write_capability)


class ScopedAdmin(ScopedChoices, ModelAdmin):  # type: ignore[misc]
    """Rows of the person's own workspaces (and brands), each permission by the roles they hold there.

    `write_capability` is what adding, changing and deleting ask for; reading asks for `read_capability`.
    A table without workspaces says `is_shared`: whoever has a role reads it, only superusers change it,
    for a change there reaches everybody. What is changed goes into the audit trail as `audit_noun`.
    """

    read_capability = Capability.READ
    is_shared = False
    audit_noun = ""
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = False
    empty_text = "Nothing is here yet."
    panel_template: str | None = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows this person sees; another workspace's are as if they were not there."""
        return self._visible(super().get_queryset(request), request, self.read_capability)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the page to whoever may read anything on it."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may read this row, or any row."""
        return self.is_granted(request, self.read_capability, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may add rows: to a workspace as a whole, not to brands of it."""
        if not self.is_granted(request, self.write_capability):
            return False
        user: Any = request.user
        return user.is_superuser or holds(request, self.write_capability, on_a_whole_workspace=True)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may change this row, or any row."""
        return self.is_granted(request, self.write_capability, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may delete this row, or any row."""
        return self.is_granted(request, self.write_capability, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a new row's form begins with; where there is one workspace to choose, that one."""
        user: Any = request.user
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        return given if self.is_shared else only_workspace(user, self.write_capability) | given

    def is_granted(self, request: HttpRequest, capability: Capability, obj: Model | None = None) -> bool:
        """Return whether the person has `capability` on this row, or, without one, in any workspace."""
        user: Any = request.user
        if not (user.is_active and user.is_staff):
            return False
        if user.is_superuser:
            return True
        if self.is_shared and capability is not self.read_capability:
            return False
        if obj is None or self.is_shared:
            return holds(request, capability)
        rows = self._visible(self.model._default_manager.filter(pk=obj.pk), request, capability)
        return rows.exists()

    def rows_with(self, rows: Any, user: User, capability: Capability) -> QuerySet[Any]:
        """Return those of `rows` on which `user` has `capability`."""
        if not hasattr(rows, "visible_to"):
            raise ImproperlyConfigured(
                f"{self.model.__name__} does not say whose its rows are: give it a manager of "
                "ScopedQuerySet, or its page `is_shared = True`."
            )
        return rows.visible_to(user, capability)  # type: ignore[no-any-return]

    def _visible(self, rows: Any, request: HttpRequest, capability: Capability) -> QuerySet[Any]:
        user: Any = request.user
        return rows if self.is_shared else self.rows_with(rows, user, capability)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions without "delete selected": a row is deleted on its own page, on record."""
        actions: dict[str, Any] = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Return the page of a row, with what `panel_context` has to show above its fields."""
        context = dict(extra_context or {})
        if self.panel_template and object_id is not None:
            row = self.get_object(request, unquote(object_id))
            context |= self.panel_context(request, row) if row is not None else {}
        return super().changeform_view(request, object_id, form_url, context)  # type: ignore[no-any-return]

    @property
    def change_form_outer_before_template(self) -> str | None:
        """What unfold shows above the fields."""
        return self.panel_template

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what `panel_template` shows of the row; a page that names one says."""
        raise NotImplementedError

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Return a page of its own beside the list or, with `original`, beside a row; it says its `title`."""
        request.page_title = context["title"]  # type: ignore[attr-defined] # the last part of the way to it
        return self._around(request, template, context)

    def _around(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        around = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "has_view_permission": True,
        }
        return TemplateResponse(request, template, around | context)

    def form_page(self, request: HttpRequest, form: Form, **context: Any) -> HttpResponse:
        """Return a page that asks with a form and acts on POST.

        It says its `title`, a `lead` and the words of its button, `submit`; `is_danger` makes that one red.
        "Cancel" leads to `cancel_url`, else to the list. Fields named in `folded` stand behind a line.
        """
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        folded = context.pop("folded", ())
        shown = {
            "form": form,
            "media": self.media + form.media,
            "cancel_url": back,
            "shown_fields": [field for field in form.visible_fields() if field.name not in folded],
            "folded_fields": [form[name] for name in folded if name in form.fields],
            "is_unfolded": any(form[name].errors for name in folded if name in form.fields),
        }
        return self.page(request, context.pop("template", "admin/ops_form.html"), **shown | context)

    def save_related(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> None:
        """Save what belongs to the row, then record the change, all in the page's transaction."""
        super().save_related(request, form, formsets, change)
        if not change:
            self.record(request, "created", form.instance, list(form.cleaned_data))
        elif fields := _changed(form):
            self.record(request, "changed", form.instance, fields)
        for formset in formsets:
            self._record_formset(request, formset)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete the row, leaving a record of it."""
        self.record(request, "deleted", obj, [])
        super().delete_model(request, obj)

    def record(self, request: HttpRequest, what: str, row: Model, fields: list[str]) -> None:
        """Append the audit row `<noun>.<what>`."""
        user: Any = request.user
        noun = self.audit_noun if isinstance(row, self.model) and self.audit_noun else row._meta.model_name
        record_change(f"{noun}.{what}", row, by=user, fields=fields, workspace_id=self.workspace_id_of(row))

    def workspace_id_of(self, row: Model) -> UUID | None:
        """Return whose audit trail a change of this row belongs to."""
        return workspace_id_of(row)

    def _record_formset(self, request: HttpRequest, formset: Any) -> None:
        for row in formset.new_objects:
            self.record(request, "created", row, list(formset.form.base_fields))
        for row, fields in formset.changed_objects:
            self.record(request, "changed", row, fields)
        for row in formset.deleted_objects:
            self.record(request, "deleted", row, [])


class MachineWrittenAdmin(ScopedAdmin):
    """What the machine writes, people read: nothing is added, changed or deleted here, by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the machine adds these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: nobody changes what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: nobody unmakes what happened."""
        return False


class SheetAdmin(MachineWrittenAdmin):
    """What the machine writes, each row on a sheet of its own (`change_form_template`) rather than in a form.

    The sheet is read; what people may do about a row they do by POST at other addresses.
    """

    def sheet_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what the row's sheet shows; where its text is not for people, an empty `original` and a `title`."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the sheet."""
        # Rows of a workspace are hidden by the query; those of a shared table are there for everybody.
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        return self.sheet(request, row, **(extra_context or {}))

    def sheet(self, request: HttpRequest, row: Any, **extra: Any) -> HttpResponse:
        """Return the row's sheet, with `extra` in place of what it shows otherwise."""
        context = {"title": str(row), "original": row, **self.sheet_context(request, row), **extra}
        if not context["original"]:
            return self.page(request, self.change_form_template, **context)
        return self._around(request, self.change_form_template, context)


class ScopedInline(ScopedChoices, TabularInline):  # type: ignore[misc]
    """Rows within another row's page: who may change that row may add, change and delete these."""

    extra = 0
    hide_title = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field without buttons to other pages, for which a table's cell has no room."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may read the row these belong to."""
        return self._page().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may change the row these belong to."""
        return self._page().has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may change the row these belong to."""
        return self._page().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person may change the row these belong to."""
        return self._page().has_change_permission(request, obj)

    def _page(self) -> ScopedAdmin:
        page: ScopedAdmin = self.admin_site.get_model_admin(self.parent_model)
        return page


class MachineWrittenInline(ScopedInline):
    """Machine-written rows within another row's page: read there, never touched."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: the machine adds these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: nobody changes what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: nobody unmakes what happened."""
        return False
