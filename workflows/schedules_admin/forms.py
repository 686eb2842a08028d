"""The form of a schedule: which workflow, on which account, when and with what."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from workflows.catalogue import current_workflows
from workflows.schedules.models import LONGEST_NAME, Schedule
from workflows.schedules.timing import KIND_LABELS, LONGEST_EXPRESSION
from workflows.values import ValuesField

WRITTEN_AS = (
    "By the clock of the account, at times of the calendar as cron does: 0 9 * * 1-5 is at 9:00, Monday to Friday. "
    "Again and again: 6 hours. Once: 2026-11-20 18:00. When something happened: import.finished."
)


class ScheduleForm(forms.Form):
    """A schedule; of one there is, the workflow and the account stay. What may be, the service says."""

    name = forms.CharField(
        max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget, help_text="What it is for."
    )
    workflow = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choose a workflow: none is chosen for you."},
    )
    account = forms.ModelChoiceField(
        TikTokAccount.objects.none(), widget=UnfoldAdminSelectWidget, empty_label="Choose an account"
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, label) for kind, label in KIND_LABELS.items()],
        widget=UnfoldAdminSelectWidget,
        label="When",
    )
    expression = forms.CharField(
        max_length=LONGEST_EXPRESSION,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        label="Written as",
        help_text=WRITTEN_AS,
    )
    input = ValuesField(
        label="Values",
        help_text='Left empty, each run takes the workflow\'s own. Written as {"window_days": 14}.',
    )

    def __init__(self, *args: Any, by: User, schedule: Schedule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if schedule is not None:
            del self.fields["workflow"], self.fields["account"]
            return
        workflows = [("", "Choose a workflow"), *((one.slug, one.label) for one, _ in current_workflows())]
        self.fields["workflow"].choices = workflows  # type: ignore[attr-defined]
        accounts = TikTokAccount.objects.visible_to(by, Capability.RUN)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]

    def clean_input(self) -> dict[str, Any]:
        """Return the input; it has to be a JSON object."""
        given = self.cleaned_data["input"]
        if given is None:
            return {}
        if not isinstance(given, dict):
            raise forms.ValidationError(
                f'The input is {given!r}, not an object: write it as {{"window_days": 14}}.'
            )
        return given

    def given(self) -> dict[str, Any]:
        """Return what the services take; the form is valid."""
        values = dict(self.cleaned_data)
        values["given"] = values.pop("input")
        if "account" in values:
            values["account_id"] = values.pop("account").id
        return values
