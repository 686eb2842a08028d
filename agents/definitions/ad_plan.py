"""The figures of campaigns: which posts for whom, and how the money is shared between them.

Every amount is in whole units of its currency, and together they never pass the cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from agents.contract import BrandVoice, Typed
from agents.definitions.drafting import (
    MOST_SEGMENTS,
    Feedback,
    Posts,
    SegmentBrief,
    carries,
    unlinked,
    words_of,
)
from agents.skills.captions import find_phrase
from agents.skills.disclosures import has_disclosure, looks_commercial
from agents.skills.money import CURRENCIES, is_whole, rounded_down, shared_out, unit_of
from agents.skills.statistics import Ratio, clipped, median
from agents.skills.windows import MATURE_DAYS, median_engagement_rate, posts_between
from tiktok_ops.content.figures import PostFigures

LOOKBACK_DAYS = 90
"""Without names, posts of so many days are looked at for creatives, those too young to judge apart."""

FEWEST_POSTS = 8
"""Posts with views from which creatives may be chosen where none are named."""

MOST_CREATIVES = 3
"""For each campaign; a handful shows which works, more divide the money too finely. Ours."""

LIFT_LEAST, LIFT_MOST = 0.25, 4.0
"""Between these the views of the creatives move a budget: one viral post must not take it all. Ours."""

WARM_FROM = 1.25
"""A campaign aims at engagement where its posts move people a quarter more than the account's do. Ours."""

MINIMUM_DAILY: Mapping[str, Decimal] = MappingProxyType({"USD": Decimal(50)})
"""What TikTok asks for a campaign per day, by currency. Source: TikTok Ads Help Centre, "budget": at least
50 US dollars for a campaign and 20 for an ad group (a campaign here has one). Other currencies have
minimums of their own, which are not published in one place."""

LONGEST_EXAMPLE = 200

Money = Annotated[Decimal, Field(ge=0, max_digits=14)]


class Objective(StrEnum):
    """What a campaign aims at, in TikTok's words (`objective_type`)."""

    REACH = "REACH"
    VIDEO_VIEWS = "VIDEO_VIEWS"
    ENGAGEMENT = "ENGAGEMENT"
    TRAFFIC = "TRAFFIC"
    PRODUCT_SALES = "PRODUCT_SALES"


class TrimKind(StrEnum):
    """What was left out or cut."""

    BUDGET = "budget"
    CAMPAIGN = "campaign"
    CREATIVE = "creative"
    ROUNDING = "rounding"


class AdSegment(SegmentBrief):
    """An audience as `audience_mapper` describes it; its score is how much it is worth."""

    score: float = Field(default=0.5, ge=0, le=1)


class AdInput(Typed):
    """Whom to reach with what, and for how much: `budget` and `spend_cap` are for all `days` together.

    Without `posts` the account's own are chosen from. Without `objective` each campaign gets one by rule.
    `minimum_daily` is what TikTok asks for a campaign per day in a currency that is not known here. `feedback` is
    what was said of the names and lines drafted before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "segments": [{"name": "Students", "terms": ["desk"], "score": 0.7}],
                    "budget": "700.00",
                    "spend_cap": "1000.00",
                    "currency": "USD",
                },
            ]
        }
    )

    posts: tuple[str, ...] = Field(default=(), max_length=100)
    segments: tuple[AdSegment, ...] = Field(default=(), max_length=MOST_SEGMENTS)
    budget: Money
    spend_cap: Money
    currency: str = "USD"
    days: int = Field(default=7, ge=1, le=365)
    objective: Objective | None = None
    minimum_daily: Money | None = None
    feedback: Feedback = ""

    @model_validator(mode="after")
    def _is_money(self) -> Self:
        if self.currency not in CURRENCIES:
            raise ValueError(f"currency {self.currency!r} is not known; give its ISO 4217 code, as in 'EUR'")
        for name in ("budget", "spend_cap", "minimum_daily"):
            amount = getattr(self, name)
            if amount is not None and not is_whole(amount, self.currency):
                raise ValueError(
                    f"{name} {amount} has more decimals than {self.currency} has; leave them out"
                )
        return self


class Audience(Typed):
    """Whom a campaign is for: the segment's name and its terms, for targeting by interest and hashtag."""

    segment: str
    terms: tuple[str, ...]


class Creative(Typed):
    """A post to advertise with; `engagement_rate` is a share of its views."""

    video_id: str
    views: int
    engagement_rate: Ratio


class CampaignFigures(Typed):
    """A campaign in figures; `weight` is what its budget goes by, amounts are in the answer's currency."""

    key: str
    objective: Objective
    audience: Audience
    weight: Ratio
    daily_budget: Decimal
    total_budget: Decimal
    creatives: tuple[Creative, ...]


class CampaignPlan(CampaignFigures):
    """A campaign to be named; `terms` are its audience's, or the audience's name where it has none."""

    terms: tuple[str, ...]


class Trim(Typed):
    """Something that was left out or cut, with the money it frees where it is about money."""

    kind: TrimKind
    name: str
    amount: Decimal | None
    reason: str


class AdAnswer(Typed):
    """What facts and output share; `total_spend` is the sum of the campaigns for all days.

    `cap_ok` compares it with the cap; `minimum_daily` is None where no minimum is known.
    """

    as_of: AwareDatetime
    enough_data: bool
    currency: str
    days: int
    budget: Decimal
    spend_cap: Decimal
    minimum_daily: Decimal | None
    total_spend: Decimal
    cap_ok: bool
    trimmed: tuple[Trim, ...]
    note: str


class AdFacts(AdAnswer):
    """The campaigns, heaviest first; `captions` holds those of each one's creatives by its key."""

    campaigns: tuple[CampaignPlan, ...]
    captions: dict[str, str]
    banned_claims: tuple[str, ...]
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A campaign for a segment, before there is money for it."""

    segment: AdSegment
    creatives: tuple[PostFigures, ...]
    weight: float
    objective: Objective


def plan_campaigns(
    posts: Posts, given: AdInput, as_of: datetime, *, brand: BrandVoice | None = None
) -> AdFacts:
    """Return the campaigns for these posts, in any order, as they were at `as_of` (aware, UTC).

    Candidates: posts with views, those named or else those of 90 days that are 3 days old or older, at
    least 8. Money: what `min(budget, spend_cap) / days` gives a day, rounded down. Campaigns: one for each
    segment with a creative, the heaviest first, as many as the day's money pays the minimum of. Each gets
    the minimum, and what is left is shared by weight (`money.shared_out`). What is cut is in `trimmed`.
    """
    named = _candidates(posts, given, as_of)
    enough_data = bool(given.segments) and (bool(named) if given.posts else len(named) >= FEWEST_POSTS)
    banned = brand.banned_claims if brand else ()
    fit, unfit = _fit(named if enough_data else [], banned)
    wishes, wanting = _wishes(fit, given)
    kept, daily, cuts = _funded(wishes if enough_data else [], given)
    campaigns = tuple(
        _plan(f"a{number}", wish, amount, given.days)
        for number, (wish, amount) in enumerate(zip(kept, daily, strict=True), start=1)
    )
    total = sum((campaign.total_budget for campaign in campaigns), Decimal(0))
    return AdFacts(
        as_of=as_of,
        enough_data=enough_data,
        currency=given.currency,
        days=given.days,
        budget=given.budget,
        spend_cap=given.spend_cap,
        minimum_daily=minimum_of(given),
        total_spend=total,
        cap_ok=total <= given.spend_cap,
        trimmed=(*unfit, *(wanting if enough_data else ()), *cuts),
        note=unlinked(brand, _note(named, given, campaigns)),
        campaigns=campaigns,
        captions=_captions(campaigns, kept),
        banned_claims=banned,
        feedback=given.feedback,
    )


def _captions(campaigns: Sequence[CampaignPlan], kept: Sequence[_Wish]) -> dict[str, str]:
    pairs = zip(campaigns, kept, strict=True)
    return {plan.key: "\n".join(_example(post) for post in wish.creatives) for plan, wish in pairs}


def minimum_of(given: AdInput) -> Decimal | None:
    """Return what a campaign has to cost a day: the greater of what is known and what is given."""
    known = [amount for amount in (MINIMUM_DAILY.get(given.currency), given.minimum_daily) if amount]
    return max(known, default=None)


def _candidates(posts: Posts, given: AdInput, as_of: datetime) -> list[PostFigures]:
    if given.posts:
        return [post for post in posts if post.video_id in given.posts and post.views]
    start, end = as_of - timedelta(days=LOOKBACK_DAYS), as_of - timedelta(days=MATURE_DAYS)
    return [post for post in posts_between(posts, after=start, until=end) if post.views]


def _fit(posts: Posts, banned: Sequence[str]) -> tuple[list[PostFigures], list[Trim]]:
    """Return the posts that may be advertised with, best first, and those that may not, with the reason.

    Best: by views, then engagement rate, then id. A post that makes a banned claim, or looks like a deal
    and does not say that it is advertising, is not made more of.
    """
    ordered = sorted(posts, key=lambda post: (-post.views, -post.interactions / post.views, post.video_id))
    reasons = [(post, _unfit_for(post, banned)) for post in ordered]
    trims = [_trim(TrimKind.CREATIVE, post.video_id, reason) for post, reason in reasons if reason]
    return [post for post, reason in reasons if not reason], trims


def _unfit_for(post: PostFigures, banned: Sequence[str]) -> str:
    claim = next((claim for claim in banned if find_phrase(post.caption, claim)), "")
    if claim:
        return f"It claims {claim!r}, which the brand never does."
    if looks_commercial(post.caption, post.hashtags) and not has_disclosure(post.caption, post.hashtags):
        return "It looks like a deal and does not say that it is advertising."
    return ""


def _wishes(posts: Posts, given: AdInput) -> tuple[list[_Wish], list[Trim]]:
    """Return a campaign for each segment that has a creative, heaviest first, and the other segments.

    Creatives: the 3 best posts that carry a term of the segment (its name where it has none). Weight:
    `score * lift`, lift being the median views of its creatives by that of all candidates, between 0.25
    and 4. Of equals, the segment given first. Ours: the audience's worth, and how far posts for it reach.
    """
    wishes, trims = [], []
    read = [(post, words_of(post)) for post in posts]
    for segment in given.segments:
        wanted = segment.terms or (segment.name,)
        fitting = [post for post, words in read if any(carries(words, term) for term in wanted)]
        creatives = tuple(fitting[:MOST_CREATIVES])
        if creatives:
            wishes.append(_wish(segment, creatives, posts, given))
        else:
            trims.append(
                _trim(TrimKind.CAMPAIGN, segment.name, "No post that may be used carries its terms.")
            )
    return sorted(wishes, key=lambda wish: -wish.weight), trims


def _wish(segment: AdSegment, creatives: tuple[PostFigures, ...], posts: Posts, given: AdInput) -> _Wish:
    """Objective: what was asked for; else engagement where the creatives' median rate is 1.25 times that of
    all candidates or more; else video views.
    """
    views, usual = median(post.views for post in creatives), median(post.views for post in posts)
    lift = clipped((views or 0.0) / (usual or 1.0), LIFT_LEAST, LIFT_MOST)
    rate, usual_rate = median_engagement_rate(creatives), median_engagement_rate(posts)
    is_warm = bool(rate and usual_rate and rate >= WARM_FROM * usual_rate)
    by_rule = Objective.ENGAGEMENT if is_warm else Objective.VIDEO_VIEWS
    return _Wish(segment, creatives, segment.score * lift, given.objective or by_rule)


def _funded(wishes: Sequence[_Wish], given: AdInput) -> tuple[list[_Wish], list[Decimal], list[Trim]]:
    """Return the campaigns that are paid for, their daily budgets, and what was cut."""
    allowed = min(given.budget, given.spend_cap)
    daily = rounded_down(allowed / given.days, given.currency)
    least = minimum_of(given) or unit_of(given.currency)
    kept = list(wishes[: int(daily // least)])
    rest = shared_out(daily - least * len(kept), [wish.weight for wish in kept], given.currency)
    trims = []
    if given.budget > given.spend_cap:
        over = given.budget - given.spend_cap
        trims.append(_trim(TrimKind.BUDGET, "budget", "It is above the cap.", over))
    trims += [
        _trim(
            TrimKind.CAMPAIGN,
            wish.segment.name,
            f"{daily} {given.currency} a day do not pay the minimum of {least} for one more campaign.",
        )
        for wish in wishes[len(kept) :]
    ]
    if kept and (lost := allowed - daily * given.days):
        trims.append(_trim(TrimKind.ROUNDING, "budget", "It cannot be divided by the days.", lost))
    return kept, [least + amount for amount in rest], trims


def _plan(key: str, wish: _Wish, daily: Decimal, days: int) -> CampaignPlan:
    return CampaignPlan(
        key=key,
        objective=wish.objective,
        audience=Audience(segment=wish.segment.name, terms=wish.segment.terms),
        terms=wish.segment.terms or (wish.segment.name,),
        weight=wish.weight,
        daily_budget=daily,
        total_budget=daily * days,
        creatives=tuple(
            Creative(video_id=post.video_id, views=post.views, engagement_rate=post.interactions / post.views)
            for post in wish.creatives
        ),
    )


def _trim(kind: TrimKind, name: str, reason: str, amount: Decimal | None = None) -> Trim:
    return Trim(kind=kind, name=name, amount=amount, reason=reason)


def _example(post: PostFigures) -> str:
    return " ".join(post.caption.split())[:LONGEST_EXAMPLE]


def _note(posts: Posts, given: AdInput, campaigns: Sequence[CampaignPlan]) -> str:
    sentences = []
    missing = [repr(name) for name in given.posts if name not in {post.video_id for post in posts}]
    if missing:
        sentences.append(f"Not found, or without views, and left out: {', '.join(missing)}.")
    if not given.segments:
        sentences.append("Not enough data: there is no segment to advertise to; map the audience first.")
    elif not given.posts and len(posts) < FEWEST_POSTS:
        sentences.append(
            f"Not enough data: choosing posts needs at least {FEWEST_POSTS} with views that are {MATURE_DAYS} "
            f"days old or older, and this account has {len(posts)}."
        )
    elif given.posts and not posts:
        sentences.append("Not enough data: none of the posts named can be used.")
    elif not campaigns:
        sentences.append("No campaign can be paid for with these posts; the trims say why.")
    if minimum_of(given) is None:
        sentences.append(
            f"TikTok's minimum in {given.currency} is not known here and was not checked; give minimum_daily."
        )
    return " ".join(sentences)
