"""What people are asked for before money can be spent: a campaign, its ad group and its ads, all switched off."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from agents.contract import Typed
from agents.definitions.ad_plan import MINIMUM_DAILY
from agents.skills.money import CURRENCIES, is_whole
from approvals.kinds import Kind, Preview, Weight, register
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.canonical import canonical_json
from tiktok_ops.content.models import Post
from workflows.effect_words import fate_of
from workflows.gates import resume_gate
from workflows.payloads import Act, ActImpossible

HIGH_SPEND_USD = Decimal(1000)
"""From here on spending is of high risk."""

AIMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "REACH": ("REACH", "CPM"),
        "VIDEO_VIEWS": ("ENGAGED_VIEW", "CPV"),
        "ENGAGEMENT": ("PAGE_VISIT", "OCPM"),
    }
)
"""What the ad group aims at, and by what it is paid, for each objective; names are TikTok's, the choice is ours.

An objective that needs more than posts (a page, a pixel, a shop) is not among them.
"""

Money = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=3)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,25}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=100)]
AgeGroup = Literal["AGE_13_17", "AGE_18_24", "AGE_25_34", "AGE_35_44", "AGE_45_54", "AGE_55_100"]
NOT_OF_CAMPAIGN = frozenset({"account", "handle", "mode", "delivery"})


class Audience(Typed):
    """Whom it is meant for, in our words. TikTok gets `segment` as the ad group's name; `terms` stay here."""

    segment: Line
    terms: Annotated[tuple[Line, ...], Field(max_length=50)] = ()


class CampaignCreation(Act):
    """A campaign, its ad group and an ad of each of `posts`, created switched off; switching on is another approval.

    Budgets are absolute, in `currency` (the advertiser's own, ISO 4217); the ad group has the campaign's.
    `minimum_daily` is the least TikTok takes a day, where it is known. The ads may run for `days` days from
    `starts_at`, or from when they are created. `spend_cap` bounds what all campaigns of the run may spend together,
    where there is one. TikTok shows the ads by `location_ids` (its numbers of places), `age_groups` and `gender`;
    an empty list is everywhere, or everybody. `hook` is the text of each ad.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    objective: Literal["REACH", "VIDEO_VIEWS", "ENGAGEMENT"]
    optimization_goal: str
    billing_event: str
    daily_budget: Money
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    minimum_daily: Money | None = None
    days: Annotated[int, Field(ge=1, le=365)]
    starts_at: AwareDatetime | None = None
    spend_cap: Money | None = None
    audience: Audience
    location_ids: Annotated[tuple[Digits, ...], Field(max_length=3000)] = ()
    age_groups: Annotated[tuple[AgeGroup, ...], Field(max_length=6)] = ()
    gender: Literal["GENDER_UNLIMITED", "GENDER_MALE", "GENDER_FEMALE"] = "GENDER_UNLIMITED"
    hook: Line
    posts: Annotated[tuple[Digits, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="before")
    @classmethod
    def _says_its_aim(cls, given: Any) -> Any:
        """Let what follows from the objective stand in the sealed bytes, so that it cannot change afterwards."""
        if isinstance(given, Mapping) and given.get("objective") in AIMS:
            goal, billing = AIMS[given["objective"]]
            return {"optimization_goal": goal, "billing_event": billing, **given}
        return given

    @model_validator(mode="after")
    def _is_sound(self) -> "CampaignCreation":
        if (self.optimization_goal, self.billing_event) != AIMS[self.objective]:
            goal, billing = AIMS[self.objective]
            raise ValueError(
                f"optimization_goal {self.optimization_goal!r} and billing_event {self.billing_event!r} do not fit "
                f"{self.objective}: give {goal!r} and {billing!r}"
            )
        if len(set(self.posts)) < len(self.posts):
            raise ValueError("posts names a post twice: an ad is made of each once")
        return self

    @model_validator(mode="after")
    def _can_be_paid(self) -> "CampaignCreation":
        if self.currency not in CURRENCIES:
            raise ValueError(f"currency {self.currency!r} is not known; give its ISO 4217 code, as in 'EUR'")
        if not is_whole(self.daily_budget, self.currency):
            raise ValueError(f"daily_budget {self.daily_budget} has more decimals than {self.currency} has")
        if self.least_daily is not None and self.daily_budget < self.least_daily:
            raise ValueError(
                f"daily_budget {self.daily_budget} is below {self.least_daily} {self.currency}, the least TikTok takes"
            )
        if self.spend_cap is not None and self.most_spend > self.spend_cap:
            raise ValueError(
                f"{self.most_spend} {self.currency} in {self.days} days is above the cap of {self.spend_cap}"
            )
        return self

    @property
    def least_daily(self) -> Decimal | None:
        """Return the least daily budget TikTok takes, as far as that is known or was told."""
        told = [one for one in (MINIMUM_DAILY.get(self.currency), self.minimum_daily) if one is not None]
        return max(told, default=None)

    @property
    def most_spend(self) -> Decimal:
        """Return what it can spend in `days` days, in its currency."""
        return self.daily_budget * self.days

    @property
    def as_made(self) -> str:
        """Return all that TikTok is told of it, as text to compare: whose account it is does not count."""
        return canonical_json(self.model_dump(mode="json", exclude=set(NOT_OF_CAMPAIGN))).decode()


def _check_campaign(act: CampaignCreation, account: TikTokAccount) -> None:
    """Raise `ActImpossible` unless every post is one of the account's that we have read."""
    known = set(
        Post.objects.filter(account=account, video_id__in=act.posts).values_list("video_id", flat=True)
    )
    missing = [repr(one) for one in act.posts if one not in known]
    if missing:
        raise ActImpossible(
            f"The posts to advertise with are not all ones of @{act.handle} that we have read ({', '.join(missing)}): "
            "sync the account first."
        )


def _weigh(act: CampaignCreation) -> Weight:
    """Money needs another person than who asked for it; in a currency we cannot weigh, whatever the sum."""
    if act.currency != "USD":
        return Weight(risk="high")
    risk = "high" if act.most_spend >= HIGH_SPEND_USD else "medium"
    return Weight(risk=risk, amount_usd=act.most_spend)


def _shown(act: CampaignCreation) -> dict[str, str]:
    """Return all that leaves, in words."""
    cap = f"{act.spend_cap} {act.currency}" if act.spend_cap is not None else "none"
    least = f"{act.least_daily} {act.currency} a day"
    ages = _listed([_words(one) for one in act.age_groups], otherwise="every age")
    return {
        "Advertiser of": f"@{act.handle}",
        "Campaign": act.name,
        "Objective": _words(act.objective),
        "Aims at": f"{_words(act.optimization_goal)}, paid by {act.billing_event}",
        "Budget": f"{act.daily_budget} {act.currency} a day, for the campaign and for its one ad group",
        "Least TikTok takes": least
        if act.least_daily
        else f"not known in {act.currency}: TikTok may refuse it",
        "At most": f"{act.most_spend} {act.currency} in {act.days} days",
        "Cap for the run": cap,
        "Runs": f"{act.days} days, from {_start(act.starts_at)}; then TikTok ends it",
        "Meant for": f"{act.audience.segment} (the ad group's name)",
        "Their terms": ", ".join(act.audience.terms) or "none",
        "Shown where": _listed(act.location_ids, otherwise="wherever the advertiser may advertise"),
        "Shown to": f"{ages}; {_GENDERS[act.gender]}",
        "Text of each ad": act.hook,
        "Posts, an ad of each": ", ".join(act.posts),
        "Created": "switched off, all of it: nothing is spent until somebody switches it on",
    }


_GENDERS = {"GENDER_UNLIMITED": "everybody", "GENDER_MALE": "men", "GENDER_FEMALE": "women"}


def _words(name: str) -> str:
    """Return a name of TikTok's in words: `VIDEO_VIEWS` is "video views"."""
    return name.replace("_", " ").lower()


def _start(at: datetime | None) -> str:
    return (
        "when it is created, switched on or not" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    )


def _listed(names: tuple[str, ...] | list[str], *, otherwise: str) -> str:
    return ", ".join(names) or otherwise


CAMPAIGN = Kind(
    name="create_campaign",
    label="Create a campaign",
    Payload=CampaignCreation,
    weigh=_weigh,
    title=lambda act: f"Campaign of @{act.handle}: {act.name}, {act.daily_budget} {act.currency} a day",
    approve_label=lambda act: f"Approve and create it switched off, {act.daily_budget} {act.currency} a day",
    on_decided=resume_gate,
    capability=Capability.DECIDE_SPEND,
    check=_check_campaign,
    shown=_shown,
    preview=lambda act: Preview(handle=act.handle, text=act.hook),
    fate=fate_of,
    asked_of="a finance approver",
)


def register_ads_kinds() -> None:
    """Fill the registry."""
    register(CAMPAIGN)
