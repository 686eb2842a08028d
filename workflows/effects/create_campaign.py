"""Creating a campaign, its ad group and its ads, all switched off: each once, one after the other.

Which parts TikTok has is kept part by part (`parts`). What was asked for and not answered is looked for before
anything more is asked for: the campaign by its name, the ad group by its name within the campaign, an ad by its post
within the ad group. The campaign and the ad group have our request id besides, which follows from the effect, so
that twice is once even where TikTok's lists lag; an ad has none.

A campaign of the name that is there before the first was asked for is somebody else's, and the act is refused.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q

from agents.providers.errors import ProviderError
from agents.providers.tiktok.access import Access
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS
from agents.providers.tiktok.read.ads import Ad, AdGroup, Campaign
from agents.providers.tiktok.write.ads import PAUSED, AdsWriter, NewAdGroup, NewCampaign, NewSparkAd
from tiktok_ops.clock import database_now
from tiktok_ops.crash_points import CrashPoint, pass_by
from workflows.ads_kinds import CampaignCreation
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.ledger import ON_ITS_WAY
from workflows.effects.models import Effect
from workflows.effects.parts import AS_MADE, FACT, Part, is_made, parts_in
from workflows.effects.refusals import EffectRefused
from workflows.effects.underway import TooLate
from workflows.stop_switch import Stopped

CAMPAIGN, GROUP, AD = "campaign", "adgroup", "ad:"
READS = 4
"""A look is the advertiser, its campaigns of the name, the campaign's ad groups, and the group's ads."""
MOMENT = "%Y-%m-%d %H:%M:%S"

Shown = Campaign | AdGroup | Ad
One = TypeVar("One", Campaign, AdGroup)


class CreateCampaign(Deed[CampaignCreation]):
    """A campaign with a daily budget, an ad group and ads of our posts, switched off."""

    name = "create_campaign"
    operation = "campaign_create"

    def look(self, acting: Acting[CampaignCreation]) -> dict[str, Any]:
        """Return the advertiser's currency, and which parts are there; before any was asked for, what else there is."""
        acting.work.hold(READS * CALL_TIMEOUT_SECONDS)
        access, facts = acting.access, acting.facts
        advertiser = acting.provider.ads.advertiser(token=access.token, advertiser_id=access.advertiser_id)
        currency = advertiser.currency if advertiser else ""
        if any(part.asked for part in parts_in(facts)):
            _keep_what_is_there(acting)
            return {**acting.facts, "currency": currency, **_start(acting)}
        return {
            "currency": currency,
            "campaigns_before": [one.id for one in _same_name(acting)],
            AS_MADE: acting.wanted.as_made,
            **_start(acting),
            FACT: [asdict(part) for part in parts_of(acting.wanted)],
        }

    def check(self, acting: Acting[CampaignCreation], facts: Mapping[str, Any]) -> None:
        """Refuse another currency, a start that is past, a name that is taken, and more than the run's cap.

        What was begun goes on only as what it was begun as.
        """
        wanted = acting.wanted
        if facts["currency"] != wanted.currency:
            raise EffectRefused(
                f"The budget was approved in {wanted.currency}, and the advertiser's money is in "
                f"{facts['currency'] or 'a currency that is not known'}: start it again in that."
            )
        if any(part.asked for part in parts_in(facts)):
            if facts[AS_MADE] != wanted.as_made:
                raise EffectRefused(
                    "It was begun with other words or figures than are approved now: start it again."
                )
        elif facts["campaigns_before"]:
            raise EffectRefused(
                f"The advertiser has a campaign called {wanted.name!r} already: choose another name."
            )
        _check_start(wanted, facts)
        spent = _promised(acting)
        if wanted.spend_cap is not None and spent + wanted.most_spend > wanted.spend_cap:
            raise EffectRefused(
                f"The run's campaigns may spend {spent} {wanted.currency} already; with {wanted.most_spend} more that "
                f"is above the cap of {wanted.spend_cap}."
            )

    def send(self, acting: Acting[CampaignCreation]) -> str:
        """Create the parts TikTok does not have, in order, and return the campaign's id.

        What ends it in between leaves the parts that are there on record.
        """
        made = {part.key: part.id for part in parts_in(acting.facts)}
        for part in parts_in(acting.facts):
            if not part.id:
                made[part.key] = _make(acting, part, made)
        return made[CAMPAIGN]

    def find(self, acting: Acting[CampaignCreation]) -> Found | None:
        """Return the campaign once TikTok shows all of it; what it shows of it before that is kept."""
        acting.work.hold(READS * CALL_TIMEOUT_SECONDS)
        shown = _keep_what_is_there(acting)
        parts = parts_in(acting.facts)
        if any(part.key not in shown for part in parts):
            return None
        campaign = shown[CAMPAIGN]
        evidence = {
            "live_budget": str(campaign.budget) if isinstance(campaign, Campaign) else "",
            "operation_status": campaign.operation_status,
            "is_switched_off": all(one.operation_status == PAUSED for one in shown.values()),
            "adgroup": shown[GROUP].id,
            "ads": [shown[part.key].id for part in parts if part.key.startswith(AD)],
        }
        return Found(campaign.id, evidence)

    def is_undone(self, acting: Acting[CampaignCreation]) -> bool:
        """Return whether a part is not there, and making it again leaves one: our request id sees to that.

        An ad has none: where one was asked for and is not shown, a person decides.
        """
        missing = [part for part in parts_in(acting.facts) if not part.id]
        return bool(missing) and not any(part.asked and part.key.startswith(AD) for part in missing)


def request_id_of(effect_id: UUID, part: str = CAMPAIGN) -> str:
    """Return TikTok's idempotency key for a part of an effect: a number from 1 to 2^63 - 1, always the same."""
    drawn = int.from_bytes(hashlib.sha256(effect_id.bytes + part.encode()).digest()[:8])
    return str(drawn % (2**63 - 1) + 1)


def parts_of(wanted: CampaignCreation) -> list[Part]:
    """Return the parts in the order they are made: each but the first needs the one before it."""
    return [
        Part(CAMPAIGN, f"the campaign {wanted.name!r}"),
        Part(GROUP, f"its ad group {wanted.audience.segment!r}"),
        *(Part(f"{AD}{post}", f"the ad of post {post}") for post in wanted.posts),
    ]


def _make(acting: Acting[CampaignCreation], part: Part, made: Mapping[str, str]) -> str:
    """Make one part and keep its id; `made` are the ids of those before it.

    The access comes first, since it may have to be renewed: between the checks and the call is nothing that waits.
    That it is asked for is kept before, and taken back where it is known not to be done.
    """
    acting.hold_for_call()
    access = acting.access
    acting.keep_part(replace(part, asked=True))
    try:
        acting.ready_to_call()
        reference = _create(acting, access, part.key, made)
    except (Stopped, TooLate):
        acting.keep_part(part)
        raise
    except ProviderError as trouble:
        if not trouble.may_have_acted:
            acting.keep_part(part)
        raise
    pass_by(CrashPoint.BEFORE_PART_KEPT, acting.work.step.id)
    acting.keep_part(replace(part, asked=True, id=reference))
    pass_by(CrashPoint.AFTER_PART_KEPT, acting.work.step.id)
    return reference


def _create(acting: Acting[CampaignCreation], access: Access, key: str, made: Mapping[str, str]) -> str:
    """Create a part with one call, and return its id."""
    wanted = acting.wanted
    where: dict[str, Any] = {"token": access.token, "advertiser_id": access.advertiser_id}
    request_id = request_id_of(acting.effect.id, key)
    writer = AdsWriter(acting.provider)
    if key == CAMPAIGN:
        new = NewCampaign(name=wanted.name, objective=wanted.objective, daily_budget=wanted.daily_budget)
        return writer.create_campaign(**where, campaign=new, request_id=request_id)
    if key == GROUP:
        group = _group(wanted, campaign_id=made[CAMPAIGN], starts_at=acting.facts["starts_at"])
        return writer.create_adgroup(**where, group=group, request_id=request_id)
    post = key.removeprefix(AD)
    ad = NewSparkAd(
        adgroup_id=made[GROUP],
        name=f"{wanted.name}, {post}",
        post_id=post,
        identity_id=access.business_id,
        text=wanted.hook,
    )
    return writer.create_spark_ad(**where, ad=ad)


def _group(wanted: CampaignCreation, *, campaign_id: str, starts_at: str) -> NewAdGroup:
    ends_at = datetime.strptime(starts_at, MOMENT).replace(tzinfo=UTC) + timedelta(days=wanted.days)
    return NewAdGroup(
        campaign_id=campaign_id,
        name=wanted.audience.segment,
        daily_budget=wanted.daily_budget,
        optimization_goal=wanted.optimization_goal,
        billing_event=wanted.billing_event,
        starts_at=starts_at,
        ends_at=ends_at.strftime(MOMENT),
        location_ids=wanted.location_ids,
        age_groups=wanted.age_groups,
        gender=wanted.gender,
    )


def _keep_what_is_there(acting: Acting[CampaignCreation]) -> dict[str, Shown]:
    """Return what TikTok shows of the parts that were asked for; the ids it had not answered yet are kept."""
    shown = _shown(acting)
    for part in parts_in(acting.facts):
        if part.key in shown and not part.id:
            acting.keep_part(replace(part, id=shown[part.key].id))
    return shown


def _shown(acting: Acting[CampaignCreation]) -> dict[str, Shown]:
    """Return what TikTok shows of each part that was asked for, by its key.

    What has a kept id is looked into by that id, even where a list that lags does not show it.
    """
    parts = {part.key: part for part in parts_in(acting.facts) if part.asked}
    access, ads, found = acting.access, acting.provider.ads, dict[str, Shown]()
    where: dict[str, Any] = {"token": access.token, "advertiser_id": access.advertiser_id}
    kept = {key: part.id for key, part in parts.items()}
    campaign_id = kept.get(CAMPAIGN, "")
    there_now = ads.campaigns(**where, campaign_ids=[campaign_id]) if campaign_id else _unclaimed(acting)
    if campaign := _one_of(parts.get(CAMPAIGN), there_now, lambda one: True):
        found[CAMPAIGN], campaign_id = campaign, campaign.id
    if not campaign_id:
        return found
    groups = ads.adgroups(**where, campaign_ids=[campaign_id])
    group_id = kept.get(GROUP, "")
    if group := _one_of(parts.get(GROUP), groups, lambda one: one.name == acting.wanted.audience.segment):
        found[GROUP], group_id = group, group.id
    if not group_id:
        return found
    for ad in ads.ads(**where, adgroup_ids=[group_id]):
        part = parts.get(f"{AD}{ad.post_id}")
        if part is not None and part.id in {"", ad.id}:
            found[part.key] = ad
    return found


def _one_of(part: Part | None, there: Iterable[One], is_it: Callable[[One], bool]) -> One | None:
    """Return the part among what is there: the one with its id or, where that is not known, the one that `is_it`."""
    if part is None:
        return None
    return next((one for one in there if (one.id == part.id if part.id else is_it(one))), None)


def _unclaimed(acting: Acting[CampaignCreation]) -> list[Campaign]:
    """Return the campaigns of the name but those another effect is known to have made, maybe at the same time."""
    others = Effect.objects.filter(kind=CreateCampaign.name).exclude(id=acting.effect.id)
    return [
        one
        for one in _same_name(acting)
        if not others.filter(
            Q(provider_ref=one.id) | Q(creator__contains={FACT: [{"key": CAMPAIGN, "id": one.id}]})
        ).exists()
    ]


def _same_name(acting: Acting[CampaignCreation]) -> list[Campaign]:
    access = acting.access
    campaigns = acting.provider.ads.campaigns(
        token=access.token, advertiser_id=access.advertiser_id, name=acting.wanted.name
    )
    return [one for one in campaigns if one.name == acting.wanted.name]


def _is_group_asked(facts: Mapping[str, Any]) -> bool:
    return any(part.asked for part in parts_in(facts) if part.key == GROUP)


def _start(acting: Acting[CampaignCreation]) -> dict[str, str]:
    """Return when the ad group starts, and the moment of the look; nothing once it was asked for, with its start."""
    if _is_group_asked(acting.facts):
        return {}
    now = database_now()
    return {
        "looked_at": now.astimezone(UTC).strftime(MOMENT),
        "starts_at": (acting.wanted.starts_at or now).astimezone(UTC).strftime(MOMENT),
    }


def _check_start(wanted: CampaignCreation, facts: Mapping[str, Any]) -> None:
    """Refuse a start that is past, unless the ad group was asked for with it already."""
    if wanted.starts_at is None or _is_group_asked(facts):
        return
    if facts["starts_at"] < facts["looked_at"]:  # moments of this form are in order as texts
        raise EffectRefused(
            f"It was to run from {facts['starts_at']} UTC, which is past: start it again with a later moment."
        )


def _promised(acting: Acting[CampaignCreation]) -> Decimal:
    """Return what the run's other campaigns may spend that are, or may be, there or on their way; the run is locked."""
    others = Effect.objects.filter(kind="create_campaign", step__run_id=acting.work.step.run_id)
    others = others.exclude(id=acting.effect.id).select_related("decision")
    payloads = [
        json.loads(bytes(one.decision.payload)) for one in others if one.status in ON_ITS_WAY or is_made(one)
    ]
    return sum((Decimal(one["daily_budget"]) * one["days"] for one in payloads), Decimal(0))


act = CreateCampaign(CampaignCreation).act
