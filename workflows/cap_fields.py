"""The fields in which people write a cap."""

from decimal import Decimal

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from agents.budgets.services import HIGHEST_CAP_USD

DECIMALS = 6


def cap_field(label: str = "Cap in USD", *, help_text: str = "", required: bool = True) -> forms.DecimalField:
    """Return a field for an amount of US dollars from 0 up."""
    return forms.DecimalField(
        min_value=Decimal(0),
        max_value=HIGHEST_CAP_USD,
        decimal_places=DECIMALS,
        required=required,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"inputmode": "decimal", "step": "any"}),
        label=label,
        help_text=help_text,
    )


def run_cap_field() -> forms.DecimalField:
    """Return the field for what one run may cost at most."""
    return cap_field(
        "At most, in USD",
        required=False,
        help_text="What its calls to models may cost, in the sandbox what they would. Left empty: no cap of its own.",
    )


class RunForm(BaseDialogForm):  # type: ignore[misc]
    """What is asked before a run starts that takes no input."""

    cap_usd = run_cap_field()
