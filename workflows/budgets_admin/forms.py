"""The forms of budgets: a new one, another cap, and another answer to one that is used up."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from agents.budgets.models import Budget
from agents.budgets.services import HIGHEST_CAP_USD, Capped
from tiktok_ops.accounts.access import workspaces_with
from tiktok_ops.accounts.models import Brand, User, Workspace
from tiktok_ops.accounts.roles import Capability
from workflows.budget_approvals import BudgetQuestion
from workflows.cap_fields import cap_field


class CapForm(forms.Form):
    """A budget's cap, and whether it holds."""

    cap_usd = cap_field(
        help_text="A cap below what is spent and held already lets nothing more go out until the next month."
    )
    is_in_force = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="In force",
        help_text="Off: there is no cap, and nothing is counted.",
    )


class NewBudgetForm(forms.Form):
    """A new budget: of what, for how long, of which money, and how much."""

    workspace = forms.ModelChoiceField(Workspace.objects.none(), widget=UnfoldAdminSelectWidget)
    brand = forms.ModelChoiceField(
        Brand.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="The whole workspace",
        help_text="A brand's calls count in its own budget and in that of the workspace.",
    )
    per = forms.ChoiceField(
        choices=[(Budget.Per.MONTH.value, "A month (UTC)"), (Budget.Per.RUN.value, "A run, each by itself")],
        initial=Budget.Per.MONTH.value,
        widget=UnfoldAdminRadioSelectWidget,
        label="For",
    )
    money = forms.ChoiceField(
        choices=[("real", "Real"), ("simulated", "Simulated: what the sandbox would have cost")],
        initial="real",
        widget=UnfoldAdminRadioSelectWidget,
        help_text="The two are never added up.",
    )
    cap_usd = cap_field()

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["workspace"].queryset = workspaces_with(by, Capability.MANAGE)
        fields["brand"].queryset = Brand.objects.visible_to(by, Capability.MANAGE)
        fields["workspace"].initial = fields["workspace"].queryset.first()

    def what(self) -> Capped:
        """Return what is capped; the form is valid."""
        given = self.cleaned_data
        return Capped(given["workspace"], given["brand"], given["per"], given["money"] == "simulated")


class AnswerForm(forms.Form):
    """Another answer than the one that was asked for."""

    seen_sha256 = forms.CharField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(widget=UnfoldAdminRadioSelectWidget, label="What to do")
    raise_by_usd = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_value=HIGHEST_CAP_USD,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"inputmode": "decimal", "step": "0.01"}),
        label="Raise by, in USD",
        help_text="Of no account for a cheaper model.",
    )

    def __init__(self, *args: Any, question: BudgetQuestion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("raise", "Raise the cap, for this month or this run")]
        if question.cheaper_model:
            choices.append(("cheaper_model", f"Let this run go on with {question.cheaper_model}"))
        self.fields["answer"].choices = choices  # type: ignore[attr-defined]
        self.fields["answer"].initial = "raise"
        self.fields["raise_by_usd"].initial = question.raise_by_usd
