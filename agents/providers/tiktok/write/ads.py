"""Creating and switching ads. What TikTok creates is live unless told otherwise; what we create never is.

`request_id` (text of a number below 2^63) is our idempotency key: TikTok's SDK says that repeats with the
same one succeed once. Another source doubts it, so whoever calls this also looks the campaign up by its name.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_value
from agents.providers.tiktok.provider import TikTokProvider

CREATE_CAMPAIGN = Endpoint("campaign_create", "POST", "/campaign/create/")
CREATE_ADGROUP = Endpoint("adgroup_create", "POST", "/adgroup/create/")
CREATE_AD = Endpoint("ad_create", "POST", "/ad/create/")
SWITCH = {
    "campaign": Endpoint("campaign_status", "POST", "/campaign/status/update/"),
    "adgroup": Endpoint("adgroup_status", "POST", "/adgroup/status/update/"),
    "ad": Endpoint("ad_status", "POST", "/ad/status/update/"),
}
ENDPOINTS = (CREATE_CAMPAIGN, CREATE_ADGROUP, CREATE_AD, *SWITCH.values())
PAUSED = "DISABLE"


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign to be: `daily_budget` is absolute, in the advertiser's currency."""

    name: str
    objective: str
    daily_budget: Decimal


@dataclass(frozen=True, slots=True)
class NewAdGroup:
    """An ad group to be, of a campaign; it runs from `starts_at` to `ends_at` (UTC, `YYYY-MM-DD HH:MM:SS`).

    Without `location_ids` or `age_groups` TikTok goes by neither; `daily_budget` is in the advertiser's currency.
    """

    campaign_id: str
    name: str
    daily_budget: Decimal
    optimization_goal: str
    billing_event: str
    starts_at: str
    ends_at: str
    location_ids: tuple[str, ...] = ()
    age_groups: tuple[str, ...] = ()
    gender: str = "GENDER_UNLIMITED"


@dataclass(frozen=True, slots=True)
class NewSparkAd:
    """An ad to be, of one of our own posts; `text` is what stands beside it."""

    adgroup_id: str
    name: str
    post_id: str
    identity_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Made:
    """The id of what is there now."""

    id: Annotated[str, BeforeValidator(str), Field(min_length=1)]


_MADE = TypeAdapter(Made)


def new_request_id() -> str:
    """Return a fresh idempotency key; it is stored before it is sent, and reused."""
    return str(1 + secrets.randbelow(2**63 - 1))


class AdsWriter:
    """Creates and switches ads through a provider.

    An error's `may_have_acted` says whether TikTok may have done what was asked all the same.
    """

    def __init__(self, provider: TikTokProvider) -> None:
        self._wire = provider.business_wire

    def create_campaign(
        self,
        *,
        token: str,
        advertiser_id: str,
        campaign: NewCampaign,
        request_id: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> str:
        """Create a campaign, switched off, and return its id."""
        body = {
            "advertiser_id": advertiser_id,
            "campaign_name": campaign.name,
            "objective_type": campaign.objective,
            "budget_mode": "BUDGET_MODE_DAY",
            "budget": float(campaign.daily_budget),
            "operation_status": PAUSED,
            "request_id": request_id,
        }
        return self._create(CREATE_CAMPAIGN, token, body, "campaign_id", timeout_seconds)

    def create_adgroup(
        self,
        *,
        token: str,
        advertiser_id: str,
        group: NewAdGroup,
        request_id: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> str:
        """Create an ad group, switched off, and return its id."""
        body = {
            "advertiser_id": advertiser_id,
            "campaign_id": group.campaign_id,
            "adgroup_name": group.name,
            "billing_event": group.billing_event,
            "budget": float(group.daily_budget),
            "budget_mode": "BUDGET_MODE_DAY",
            "optimization_goal": group.optimization_goal,
            "pacing": "PACING_MODE_SMOOTH",
            "schedule_type": "SCHEDULE_START_END",
            "schedule_start_time": group.starts_at,
            "schedule_end_time": group.ends_at,
            "location_ids": list(group.location_ids),
            "age_groups": list(group.age_groups),
            "gender": group.gender,
            "operation_status": PAUSED,
            "request_id": request_id,
        }
        return self._create(CREATE_ADGROUP, token, body, "adgroup_id", timeout_seconds)

    def create_spark_ad(
        self,
        *,
        token: str,
        advertiser_id: str,
        ad: NewSparkAd,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> str:
        """Create an ad of one of our own posts, switched off, and return its id.

        There is no idempotency key here: whoever calls this looks the ad up before it is made again.
        """
        creative = {
            "ad_name": ad.name,
            "ad_text": ad.text,
            "identity_type": "TT_USER",
            "identity_id": ad.identity_id,
            "tiktok_item_id": ad.post_id,
            "operation_status": PAUSED,
        }
        body = {"advertiser_id": advertiser_id, "adgroup_id": ad.adgroup_id, "creatives": [creative]}
        answer = self._wire.call(CREATE_AD, token=token, body=body, timeout_seconds=timeout_seconds)
        found = {"id": (answer.data.get("ad_ids") or [""])[0]}
        return _made(found, log_id=answer.log_id)

    def switch(
        self,
        *,
        token: str,
        advertiser_id: str,
        level: str,
        ids: Sequence[str],
        is_on: bool,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        """Switch campaigns, ad groups or ads (`level`) on or off; harmless twice.

        Raises `ProviderRejected` where only some of them were switched.
        """
        body = {
            "advertiser_id": advertiser_id,
            f"{level}_ids": list(ids),
            "operation_status": "ENABLE" if is_on else PAUSED,
        }
        answer = self._wire.call(SWITCH[level], token=token, body=body, timeout_seconds=timeout_seconds)
        if answer.is_partial:
            raise ProviderRejected(
                f"TikTok switched only some of {len(ids)}: look at which, and ask for the others again.",
                request_id=answer.log_id,
                code="20001",
                was_sent=True,
            )

    def _create(
        self, endpoint: Endpoint, token: str, body: dict[str, Any], id_name: str, timeout_seconds: float
    ) -> str:
        answer = self._wire.call(endpoint, token=token, body=body, timeout_seconds=timeout_seconds)
        return _made({"id": answer.data.get(id_name, "")}, log_id=answer.log_id)


def _made(found: dict[str, Any], *, log_id: str) -> str:
    """Return the id in an answer; raises `ProviderUnavailable` where it has none."""
    return read_value(_MADE, found, log_id=log_id).id
