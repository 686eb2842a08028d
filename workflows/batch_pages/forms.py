"""The form that starts a batch: one workflow, on which accounts, with what."""

from typing import Any
from uuid import UUID

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.ids import new_id
from workflows.batch_models import LONGEST_NAME
from workflows.batches import Item
from workflows.catalogue import current_workflows
from workflows.values import ValuesField


class BatchForm(forms.Form):
    """A batch; the hidden `batch` makes the form sent twice one batch."""

    batch = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="What it is for, as it is to stand in the list of batches.",
        error_messages={"required": "Give the batch a name: by it you find it again."},
    )
    workflow = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choose a workflow: none is chosen for you."},
    )
    accounts = forms.ModelMultipleChoiceField(
        TikTokAccount.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="A run starts on each of them.",
        error_messages={"required": "Choose at least one account."},
    )
    inputs = ValuesField(
        label="Values",
        help_text='Left empty, each run takes the workflow\'s own. For every account the same: {"window_days": 14}. '
        'Several runs of each account: [{"window_days": 7}, {"window_days": 14}].',
    )
    is_dry_run = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Dry run",
        help_text="Agents work, nobody is asked and nothing is sent; you see what would be.",
    )

    def __init__(self, posted: Any, *, by: User, chosen: list[str], workflow: str = "") -> None:
        super().__init__(posted, initial={"batch": new_id(), "accounts": chosen, "workflow": workflow})
        workflows = [("", "Choose a workflow"), *((one.slug, one.label) for one, _ in current_workflows())]
        self.fields["workflow"].choices = workflows  # type: ignore[attr-defined]
        accounts = TikTokAccount.objects.visible_to(by, Capability.RUN)
        self.fields["accounts"].queryset = accounts  # type: ignore[attr-defined]

    def clean_inputs(self) -> list[dict[str, Any]]:
        """Return the inputs, each an object; one without a field where nothing was given."""
        given = self.cleaned_data["inputs"] or [{}]
        inputs = given if isinstance(given, list) else [given]
        for one in inputs:
            if not isinstance(one, dict):
                raise forms.ValidationError(
                    f'The input has {one!r}, which is no object: write it as {{"window_days": 14}}.'
                )
        return inputs

    def values(self) -> dict[str, Any]:
        """Return what the service takes; the form is valid."""
        given = self.cleaned_data
        accounts, inputs = given["accounts"].order_by("id"), given["inputs"]
        batch_id: UUID = given["batch"]
        return {
            "slug": given["workflow"],
            "name": given["name"],
            "items": [Item(account.id, dict(one)) for account in accounts for one in inputs],
            "is_dry_run": given["is_dry_run"],
            "batch_id": batch_id,
        }
