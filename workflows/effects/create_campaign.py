"""Creating a campaign, switched off. Our request id is written down first and used again: twice is once.

The id follows from the effect, so it is the same for every attempt. Whether TikTok honours it is not beyond
doubt, so a campaign of the same name is looked for before anything is created, and after every lost answer.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from agents.providers.tiktok.read.ads import Campaign
from agents.providers.tiktok.write.ads import PAUSED, AdsWriter, NewCampaign
from workflows.ads_kinds import CampaignCreation
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.guards import EffectRefused
from workflows.effects.ledger import ON_ITS_WAY
from workflows.effects.models import Effect


class CreateCampaign(Deed[CampaignCreation]):
    """A campaign with a daily budget, switched off."""

    name = "create_campaign"
    operation = "campaign_create"

    def look(self, acting: Acting[CampaignCreation]) -> dict[str, Any]:
        """Return the advertiser's currency, the campaigns of that name, and our request id."""
        access = acting.access
        advertiser = acting.provider.ads.advertiser(token=access.token, advertiser_id=access.advertiser_id)
        return {
            "request_id": request_id_of(acting.effect.id),
            "currency": advertiser.currency if advertiser else "",
            "campaigns_before": [one.id for one in _same_name(acting)],
        }

    def check(self, acting: Acting[CampaignCreation], facts: Mapping[str, Any]) -> None:
        """Refuse another currency, a name that is taken, and more than the run's cap."""
        wanted = acting.wanted
        if facts["currency"] != wanted.currency:
            raise EffectRefused(
                f"The budget was approved in {wanted.currency}, and the advertiser's money is in "
                f"{facts['currency'] or 'a currency that is not known'}: start it again in that."
            )
        if facts["campaigns_before"]:
            raise EffectRefused(
                f"The advertiser has a campaign called {wanted.name!r} already: choose another name."
            )
        spent = _promised(acting)
        if wanted.spend_cap is not None and spent + wanted.most_spend > wanted.spend_cap:
            raise EffectRefused(
                f"The run's campaigns may spend {spent} {wanted.currency} already; with {wanted.most_spend} more that "
                f"is above the cap of {wanted.spend_cap}."
            )

    def send(self, acting: Acting[CampaignCreation]) -> str:
        """Create it, and return its id."""
        wanted, access = acting.wanted, acting.access
        campaign = NewCampaign(name=wanted.name, objective=wanted.objective, daily_budget=wanted.daily_budget)
        return AdsWriter(acting.provider).create_campaign(
            token=access.token,
            advertiser_id=access.advertiser_id,
            campaign=campaign,
            request_id=acting.facts["request_id"],
        )

    def find(self, acting: Acting[CampaignCreation]) -> Found | None:
        """Return the campaign TikTok names, or the one of that name that was not there before."""
        before = set(acting.facts["campaigns_before"])
        found = [one for one in _same_name(acting) if one.id not in before]
        if acting.effect.provider_ref:
            found = [one for one in found if one.id == acting.effect.provider_ref]
        if not found:
            return None
        campaign = found[0]
        evidence = {
            "live_budget": str(campaign.budget),
            "operation_status": campaign.operation_status,
            "is_switched_off": campaign.operation_status == PAUSED,
        }
        return Found(campaign.id, evidence)

    def is_undone(self, acting: Acting[CampaignCreation]) -> bool:
        """Return whether there is no more of that name than before; our request id does the rest."""
        return {one.id for one in _same_name(acting)} == set(acting.facts["campaigns_before"])


def request_id_of(effect_id: UUID) -> str:
    """Return TikTok's idempotency key for an effect: a number from 1 to 2^63 - 1, always the same."""
    drawn = int.from_bytes(hashlib.sha256(effect_id.bytes).digest()[:8])
    return str(drawn % (2**63 - 1) + 1)


def _same_name(acting: Acting[CampaignCreation]) -> list[Campaign]:
    access = acting.access
    campaigns = acting.provider.ads.campaigns(
        token=access.token, advertiser_id=access.advertiser_id, name=acting.wanted.name
    )
    return [one for one in campaigns if one.name == acting.wanted.name]


def _promised(acting: Acting[CampaignCreation]) -> Decimal:
    """Return what the run's other campaigns may spend that are out, or on their way; the run is locked."""
    others = Effect.objects.filter(
        kind="create_campaign", step__run_id=acting.work.step.run_id, status__in=ON_ITS_WAY
    ).exclude(id=acting.effect.id)
    payloads = [json.loads(bytes(one.decision.payload)) for one in others.select_related("decision")]
    return sum((Decimal(one["daily_budget"]) * one["days"] for one in payloads), Decimal(0))


act = CreateCampaign(CampaignCreation).act
