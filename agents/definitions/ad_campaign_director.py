"""Which campaigns to run for which audience, with which posts, and how the budget is shared between them.

The plan is computed (`ad_plan`). Nothing is created here: a workflow step creates the campaigns, paused,
after a person has approved them.
"""

import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from pydantic import Field

from agents.contract import Agent, AgentContext, Made, ModelTier, Prompt, Typed
from agents.definitions.ad_plan import (
    LOOKBACK_DAYS,
    AdAnswer,
    AdFacts,
    AdInput,
    CampaignFigures,
    plan_campaigns,
)
from agents.definitions.drafting import check_claims, check_figures, check_keys, mending
from tiktok_ops.content.queries import posts_until

NAMED_DAYS = 365
"""A post that is named may be this old."""

LONGEST_NAME = 100
LONGEST_HOOK = 100
"""An ad's text has 1 to 100 characters (TikTok Ads); a campaign's name could have 512."""


class CampaignWords(Typed):
    """What the model writes for the campaign with this key."""

    key: str
    name: str = Field(max_length=LONGEST_NAME)
    hook: str = Field(max_length=LONGEST_HOOK)


class AdWords(Typed):
    """A name and a hook for each campaign."""

    campaigns: tuple[CampaignWords, ...]


class Campaign(CampaignFigures):
    """A campaign in figures and words; `hook` is the text of the ad."""

    name: str
    hook: str


class AdOutput(AdAnswer):
    """The campaigns, heaviest first."""

    campaigns: tuple[Campaign, ...]


class AdCampaignDirector(Agent[AdInput, AdFacts, AdWords, AdOutput]):
    """Chooses creatives and shares the budget out; the model only names campaigns and writes the ad's line."""

    name = "ad_campaign_director"
    purpose = "Plan campaigns for an account's audiences with its best posts, never above the cap."
    model_tier = ModelTier.SMART
    Input = AdInput
    Facts = AdFacts
    Words = AdWords
    Output = AdOutput

    def compute(self, given: AdInput, context: AgentContext) -> AdFacts:
        """Read the posts to advertise with, those of 90 days or, where some are named, of a year."""
        days = NAMED_DAYS if given.posts else LOOKBACK_DAYS
        since = context.as_of - timedelta(days=days)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        return plan_campaigns(posts, given, context.as_of, brand=context.brand)

    def prompt(self, facts: AdFacts, context: AgentContext) -> Prompt | None:
        """Ask for names and lines, unless there is no campaign."""
        if not facts.campaigns:
            return None
        prompt = Prompt(
            instruction=(
                "For each item of campaigns write: name, two to six words by which a person finds the "
                "campaign again, without emoji, no two alike; hook, the one line of text of the ad, at most "
                f"{LONGEST_HOOK} characters, for the item's audience and in keeping with its posts. Write "
                "no figures, prices or dates, promise nothing, and make none of the banned claims. Return "
                "every key exactly once. The captions of each campaign's posts stand below under its key. "
                f"Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"captions": {}, "feedback": ""}),
            untrusted=facts.captions,
        )
        return mending(prompt, facts.feedback)

    def compose(self, facts: AdFacts, words: AdWords | None) -> AdOutput:
        """Join each campaign with its words.

        Raises `ValueError`, naming the campaign, where a key is missing, unknown or given twice, a text is
        empty, a name has an emoji or is given twice, a hook has a figure nobody gave, or a text makes a
        banned claim.
        """
        written = _checked_words(facts, words)
        campaigns = [
            plan.model_dump(exclude={"terms"})
            | {"name": written[plan.key].name, "hook": written[plan.key].hook}
            for plan in facts.campaigns
        ]
        shared = facts.model_dump(include=set(AdAnswer.model_fields))
        return AdOutput.model_validate(shared | {"campaigns": campaigns})

    def made(self, output: AdOutput) -> tuple[Made, ...]:
        """Keep the campaigns' names and lines."""
        lines = [f"{one.name}\n\n{one.hook}\n" for one in output.campaigns]
        return (Made("draft", "\n".join(lines)),) if lines else ()


def _checked_words(facts: AdFacts, words: AdWords | None) -> dict[str, CampaignWords]:
    given = [_plain(one) for one in words.campaigns] if words else []
    check_keys("campaigns", [one.key for one in given], [plan.key for plan in facts.campaigns])
    plans = {plan.key: plan for plan in facts.campaigns}
    for one in given:
        if not one.name or not one.hook:
            raise ValueError(f"The campaign {one.key!r} has an empty name or hook; write both.")
        if any(unicodedata.category(character) == "So" for character in one.name):
            raise ValueError(f"The name of {one.key!r} has an emoji, which TikTok refuses; leave it out.")
        known = " ".join([facts.captions[one.key], *plans[one.key].terms])
        check_figures([(f"The hook of {one.key!r}", one.hook)], known=known)
        parts = [(f"The name of {one.key!r}", one.name), (f"The hook of {one.key!r}", one.hook)]
        check_claims(parts, facts.banned_claims)
    _check_names(given)
    return {one.key: one for one in given}


def _check_names(given: Iterable[CampaignWords]) -> None:
    seen: set[str] = set()
    for one in given:
        if one.name.casefold() in seen:
            raise ValueError(f"Two campaigns have the name {one.name!r}; write different ones.")
        seen.add(one.name.casefold())


def _plain(one: CampaignWords) -> CampaignWords:
    return CampaignWords(key=one.key, name=" ".join(one.name.split()), hook=" ".join(one.hook.split()))


agent = AdCampaignDirector()
