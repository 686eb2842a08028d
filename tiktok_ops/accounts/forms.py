"""The forms of people, workspaces and accounts: what may be written, and the sentence when it may not."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UsernameField
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tiktok_ops.accounts.access import only_workspace, workspaces_with
from tiktok_ops.accounts.models import Brand, Membership, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Capability, Role
from tiktok_ops.rest.scopes import Scope

ROLE_CHOICES = [(role.value, role.value.title()) for role in Role]


def check_brand(brand: Brand | None, workspace_id: Any) -> None:
    """Raise `ValidationError` unless the brand, if any, is one of the workspace."""
    if brand is not None and workspace_id is not None and brand.workspace_id != workspace_id:
        raise ValidationError(
            _("The brand %(brand)r belongs to another workspace: choose one of this workspace, or none."),
            params={"brand": brand.name},
        )


class AccountForm(forms.ModelForm[TikTokAccount]):
    """An account: its handle once in the workspace, its brand of the same workspace."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brand = self.fields.get("brand")
        if isinstance(brand, forms.ModelChoiceField) and not self.instance._state.adding:
            brand.queryset = brand.queryset.filter(workspace=self.instance.workspace_id)  # type: ignore[union-attr]

    def clean_handle(self) -> str:
        """Take the handle as people write it, with or without the @."""
        return str(self.cleaned_data["handle"]).removeprefix("@")

    def clean(self) -> dict[str, Any]:
        """Check what concerns more than one field."""
        cleaned = super().clean() or self.cleaned_data
        workspace = cleaned.get("workspace") or (
            None if self.instance._state.adding else self.instance.workspace
        )
        if workspace is not None:
            self._check("brand", lambda: check_brand(cleaned.get("brand"), workspace.id))
            self._check("handle", lambda: self._check_handle(cleaned.get("handle", ""), workspace))
        self._check("ownership", lambda: self._check_ownership(cleaned.get("ownership", "")))
        return cleaned

    def _check(self, field: str, check: Any) -> None:
        """Put the refusal of `check` beside its field."""
        try:
            check()
        except ValidationError as error:
            self.add_error(field, error)

    def _check_handle(self, handle: str, workspace: Workspace) -> None:
        others = TikTokAccount.objects.filter(workspace=workspace, handle__iexact=handle)
        if handle and others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(
                _("The workspace %(workspace)r has the account @%(handle)s already: open that one instead."),
                params={"workspace": workspace.name, "handle": handle},
            )

    def _check_ownership(self, ownership: str) -> None:
        is_live = self.instance.mode == TikTokAccount.Mode.LIVE
        if is_live and ownership == TikTokAccount.Ownership.THIRD_PARTY:
            raise ValidationError(_("A live account is our own: switch it back to the sandbox first."))


class MembershipForm(forms.ModelForm[Membership]):
    """A role, for the whole workspace or for brands of it that are named."""

    def clean(self) -> dict[str, Any]:
        """Check that reach and brands say the same, and that the brands are of this workspace."""
        cleaned = super().clean() or self.cleaned_data
        brands = list(cleaned.get("brands") or [])
        is_for_brands = cleaned.get("reach") == Membership.Reach.BRANDS
        if is_for_brands and not brands and "brands" not in self.errors:
            self.add_error("brands", _("Name at least one brand, or choose the whole workspace."))
        if not is_for_brands and brands:
            self.add_error("brands", _("Brands are named only when the role is for named brands."))
        for brand in brands:
            try:
                check_brand(brand, self.instance.workspace_id)
            except ValidationError as error:
                self.add_error("brands", error)
        return cleaned


class MembershipFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """The memberships of a workspace: each role once, and its last owner stays."""

    def clean(self) -> None:
        """Raise `ValidationError` when somebody would have a role twice, or nobody would be owner."""
        super().clean()
        shown = [form.instance.pk for form in self.initial_forms]
        others = Membership.objects.filter(workspace=self.instance).exclude(pk__in=shown)
        kept = [form.cleaned_data for form in self.forms if self._is_kept(form)]
        self._check_once(kept, others)
        self._check_owner(kept, others)

    def _is_kept(self, form: Any) -> bool:
        """Return whether the form stands for a membership there will be."""
        is_filled = bool(getattr(form, "cleaned_data", {}).get("user"))
        return is_filled and not self._should_delete_form(form)

    def _check_once(self, kept: list[dict[str, Any]], others: QuerySet[Membership]) -> None:
        held: set[tuple[Any, Any]] = set(others.values_list("user", "role"))
        for row in kept:
            pair = (row["user"].pk, row.get("role"))
            if pair in held:
                raise ValidationError(
                    _("%(person)s is %(role)s here already: change that row."),
                    params={"person": row["user"], "role": row.get("role")},
                )
            held.add(pair)

    def _check_owner(self, kept: list[dict[str, Any]], others: QuerySet[Membership]) -> None:
        whole = {"role": Role.OWNER.value, "reach": Membership.Reach.WORKSPACE.value}
        had_one = Membership.objects.filter(workspace=self.instance, **whole).exists()
        stays = others.filter(**whole).exists() or any(whole.items() <= row.items() for row in kept)
        if had_one and not stays:
            raise ValidationError(_("A workspace needs an owner: make somebody else owner first."))


class PersonForm(forms.ModelForm[User]):
    """A person who signs in; the password has a form of its own."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser")
        field_classes = {"username": UsernameField}


class PersonCreationForm(UserCreationForm):  # type: ignore[misc]
    """A new person, with the first role they get; only superusers may leave the workspace out."""

    usable_password = None  # the only way in, so far
    role = forms.ChoiceField(
        choices=ROLE_CHOICES, initial=Role.VIEWER.value, widget=UnfoldAdminSelectWidget, label=_("Role")
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")


def first_workspace_field(by: User) -> forms.ModelChoiceField[Workspace]:
    """Return the field in which `by` says where a new person works."""
    return forms.ModelChoiceField(
        queryset=workspaces_with(by, Capability.MANAGE),
        initial=only_workspace(by, Capability.MANAGE).get("workspace"),
        required=not by.is_superuser,
        widget=UnfoldAdminSelectWidget,
        label=_("Workspace"),
    )


class IssueKeyForm(forms.Form):
    """A new API key."""

    workspace = forms.ModelChoiceField(Workspace.objects.none(), widget=UnfoldAdminSelectWidget)
    brand = forms.ModelChoiceField(
        Brand.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label=_("All brands of the workspace"),
    )
    name = forms.CharField(
        max_length=120, widget=UnfoldAdminTextInputWidget, help_text=_("Who or what will use the key.")
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope],
        initial=[Scope.READ.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("What the key may do."),
    )
    acts_for = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label=_("Nobody"),
        help_text=_("A key that decides on approvals does so in your name, as far as your own roles go."),
    )
    expires_at = forms.SplitDateTimeField(
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=_("In UTC; left empty, the key is good until somebody revokes it."),
    )
    is_sandbox_only = forms.BooleanField(
        required=False, initial=True, widget=UnfoldBooleanWidget, label=_("Sandbox only")
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(only_workspace(by, Capability.MANAGE))
        workspaces = workspaces_with(by, Capability.MANAGE)
        self.fields["workspace"].queryset = workspaces  # type: ignore[attr-defined]
        self.fields["acts_for"].queryset = User.objects.filter(id=by.id)  # type: ignore[attr-defined]
        self.fields["brand"].queryset = Brand.objects.filter(workspace__in=workspaces)  # type: ignore[attr-defined]
