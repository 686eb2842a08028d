"""The form that starts a batch: one workflow, on which accounts, with what."""

from typing import Any
from uuid import UUID

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.ids import new_id
from workflows.batch_models import LONGEST_NAME
from workflows.batches import Item
from workflows.catalogue import current_workflows


class BatchForm(forms.Form):
    """A batch; the hidden `batch` makes the form sent twice one batch."""

    batch = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget, help_text="What it is for."
    )
    workflow = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    accounts = forms.ModelMultipleChoiceField(
        TikTokAccount.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="A run for each of them.",
    )
    inputs = forms.JSONField(
        required=False,
        initial=list,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
        label="Input",
        help_text='One input for every account, as {"window_days": 14}; or a list of them, as [{…}, {…}]: then '
        "there is a run of each account for each of the list.",
        error_messages={"invalid": 'This is not JSON: write it as {"window_days": 14}.'},
    )
    is_dry_run = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Dry run",
        help_text="Agents work, nobody is asked and nothing is sent; you see what would be.",
    )

    def __init__(self, posted: Any, *, by: User, chosen: list[str]) -> None:
        super().__init__(posted, initial={"batch": new_id(), "accounts": chosen})
        workflows = [(workflow.slug, workflow.label) for workflow, _ in current_workflows()]
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
