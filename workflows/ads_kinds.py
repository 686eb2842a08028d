"""What people are asked for before money can be spent: a campaign, created switched off."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from approvals.kinds import Kind, Weight, register
from tiktok_ops.accounts.roles import Capability
from workflows.effect_words import fate_of
from workflows.gates import resume_gate
from workflows.payloads import Act

LEAST_BUDGET = Decimal(50)
"""TikTok's own least daily budget of a campaign, about 50 US dollars."""
HIGH_SPEND_USD = Decimal(1000)
"""From here on spending is of high risk."""

Money = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]


class CampaignCreation(Act):
    """A campaign to be created switched off; switching it on is another approval.

    Budgets are absolute, in `currency` (the advertiser's own, ISO 4217). `days` is for how long the money is
    weighed. `spend_cap` bounds what all campaigns of the run may spend together, where there is one.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    objective: Literal[
        "REACH", "TRAFFIC", "VIDEO_VIEWS", "ENGAGEMENT", "LEAD_GENERATION", "WEB_CONVERSIONS", "PRODUCT_SALES"
    ]
    daily_budget: Annotated[Money, Field(ge=LEAST_BUDGET)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    days: Annotated[int, Field(ge=1, le=365)]
    spend_cap: Annotated[Money, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _is_within_cap(self) -> "CampaignCreation":
        if self.spend_cap is not None and self.most_spend > self.spend_cap:
            raise ValueError(
                f"{self.most_spend} {self.currency} in {self.days} days is above the cap of {self.spend_cap}"
            )
        return self

    @property
    def most_spend(self) -> Decimal:
        """Return what it can spend in `days` days, in its currency."""
        return self.daily_budget * self.days


def _weigh(act: CampaignCreation) -> Weight:
    """Money needs another person than who asked for it; in a currency we cannot weigh, whatever the sum."""
    if act.currency != "USD":
        return Weight(risk="high")
    risk = "high" if act.most_spend >= HIGH_SPEND_USD else "medium"
    return Weight(risk=risk, amount_usd=act.most_spend)


def _shown(act: CampaignCreation) -> dict[str, str]:
    cap = f"{act.spend_cap} {act.currency}" if act.spend_cap is not None else "none"
    return {
        "Advertiser of": f"@{act.handle}",
        "Campaign": act.name,
        "Objective": act.objective.replace("_", " ").lower(),
        "Budget": f"{act.daily_budget} {act.currency} a day",
        "At most": f"{act.most_spend} {act.currency} in {act.days} days",
        "Cap for the run": cap,
        "Created": "switched off: nothing is spent until somebody switches it on",
    }


CAMPAIGN = Kind(
    name="create_campaign",
    label="Create a campaign",
    Payload=CampaignCreation,
    weigh=_weigh,
    title=lambda act: f"Campaign of @{act.handle}: {act.name}, {act.daily_budget} {act.currency} a day",
    approve_label=lambda act: f"Approve and create it switched off, {act.daily_budget} {act.currency} a day",
    on_decided=resume_gate,
    capability=Capability.DECIDE_SPEND,
    shown=_shown,
    fate=fate_of,
    asked_of="a finance approver",
)


def register_ads_kinds() -> None:
    """Fill the registry."""
    register(CAMPAIGN)
