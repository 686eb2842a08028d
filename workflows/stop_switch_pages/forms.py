"""The form that stops something: one choice of what, and why."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.models import Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.roles import Capability
from workflows.catalogue import known_slugs, label_of
from workflows.stop_switch import LONGEST_REASON, Target

MOST_OFFERED = 500
EVERYTHING = "everything"
Choices = list[tuple[str, Any]]


class EngageForm(forms.Form):
    """What to stop, of what the person may, and why; the banner shows the reason to everybody it concerns."""

    what = forms.ChoiceField(
        label="What to stop",
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choose what to stop: nothing is chosen for you."},
    )
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Everybody it concerns reads this on every page, until the switch is released.",
        error_messages={"required": "Say why: others will have to decide whether it can be released."},
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.targets = targets_of(by)
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _choices(self.targets)

    @property
    def target(self) -> Target:
        """What was chosen, once the form is valid."""
        return self.targets[self.cleaned_data["what"]][2]


def targets_of(by: User) -> dict[str, tuple[str, str, Target]]:
    """Return what they may stop, by its value in the form: the group it stands in, its name, and itself."""
    workspaces = list(workspaces_with(by, Capability.MANAGE)[:MOST_OFFERED])
    brands = Brand.objects.visible_to(by, Capability.MANAGE).select_related("workspace")[:MOST_OFFERED]
    accounts = TikTokAccount.objects.visible_to(by, Capability.MANAGE).select_related("workspace")
    found = {EVERYTHING: ("", "Everything, for everybody", Target())} if by.is_superuser else {}
    found |= {f"workspace:{one.id}": ("Workspaces", str(one), Target(workspace=one)) for one in workspaces}
    found |= {f"brand:{one.id}": ("Brands", str(one), Target(brand=one)) for one in brands}
    found |= {
        f"account:{one.id}": ("Accounts", str(one), Target(account=one)) for one in accounts[:MOST_OFFERED]
    }
    everywhere: list[Workspace | None] = [None] if by.is_superuser else []
    return found | _workflows([*everywhere, *workspaces])


def _workflows(places: Sequence[Workspace | None]) -> dict[str, tuple[str, str, Target]]:
    labels = {slug: label_of(slug) for slug in known_slugs()}
    return {
        f"workflow:{slug}:{place.id if place else ''}": (
            "Workflows",
            f"{label} in {place}" if place else f"{label} everywhere",
            Target(workspace=place, workflow=slug),
        )
        for place in places
        for slug, label in labels.items()
    }


def _choices(targets: dict[str, tuple[str, str, Target]]) -> Choices:
    """Return them in their groups, behind an empty choice."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for value, (group, name, _) in targets.items():
        groups.setdefault(group, []).append((value, name))
    alone: Iterable[tuple[str, str]] = groups.pop("", [])
    return [("", "Choose"), *alone, *groups.items()]
