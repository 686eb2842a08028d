"""How likely it is that the platform holds an account's posts back, and by which signs.

The signs are those `account_health` watches, on posts old enough to judge. The views' source (the share
from the feed) is in no table an agent reads, so it is no sign here. Nothing is put into words by a model.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from agents.contract import Agent, AgentContext, ModelTier, Nothing, Prompt, Typed
from agents.definitions.account_health import CanaryName, HealthFacts, assess
from agents.definitions.health_input import HealthInput, with_stored_flags
from agents.skills.statistics import Ratio, clipped, relative_change
from agents.skills.windows import MATURE_DAYS
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

Posts = Sequence[PostFigures]

PRIOR = 0.05
"""Ours: before any sign, one account in twenty. No rate is published; a person should look, not trust it."""

HALF_SURE_POSTS = 8
"""Posts on the thinner side at which confidence is a half."""


class Signal(StrEnum):
    """The signs that are weighed."""

    VIEWS = "views"
    SUPPRESSED_POSTS = "suppressed_posts"
    COMMENTS = "comments"
    POLICY_FLAGS = "policy_flags"


WEIGHTS = {Signal.VIEWS: 2.0, Signal.SUPPRESSED_POSTS: 3.0, Signal.COMMENTS: 1.0, Signal.POLICY_FLAGS: 3.0}
"""Log-odds that a sign adds at full strength, ours. A platform's own flag and posts hardly shown at all
point at the platform (odds times 20); fewer views have other causes too (times 7), and hang together
with suppressed posts, so both count for less than if they were independent; comments say least (times 3).
"""

RAMPS = {
    Signal.VIEWS: (0.2, 0.9),
    Signal.SUPPRESSED_POSTS: (0.0, 0.5),
    Signal.COMMENTS: (0.5, 1.0),
    Signal.POLICY_FLAGS: (0.0, 1.0),
}
"""From where a sign says something to where it says all it can: falls of the medians and of the rate
(beginning where the health rule's canaries trip), share of posts, number of flags."""


class ShadowbanInput(HealthInput):
    """How far back to look, in days, and provider limits or policy flags that are known besides those stored."""


class Evidence(Typed):
    """One sign: what was measured, its strength 0 to 1, and the log-odds it adds; None where it cannot be told.

    `value` is the fall of the median views or of comments per 1,000 views against the baseline (0.9 is 90 %
    less, below 0 is more), the share of posts under a tenth of the baseline's median, or the number of flags.
    """

    signal: Signal
    value: Ratio | None
    strength: Ratio | None
    log_odds: Ratio | None


class ShadowbanFacts(Typed):
    """The probability, 0 to 1, with its evidence; None without enough data, as is the confidence.

    `recent_posts` and `baseline_posts` were measured; `posts_without_views` were left out. Posts count
    until `measured_until`: younger ones still gather views.
    """

    as_of: AwareDatetime
    measured_until: AwareDatetime
    enough_data: bool
    recent_posts: int
    baseline_posts: int
    posts_without_views: int
    probability: Ratio | None
    confidence: Ratio | None
    evidence: tuple[Evidence, ...]
    note: str


class ShadowbanOutput(ShadowbanFacts):
    """The facts, as they are."""


class ShadowbanCheck(Agent[ShadowbanInput, ShadowbanFacts, Nothing, ShadowbanOutput]):
    """Weighs the signs of a shadowban; a probability, never a finding."""

    name = "shadowban_check"
    purpose = "Estimate how likely it is that the platform holds an account's posts back."
    model_tier = ModelTier.FAST
    providers = ()
    Input = ShadowbanInput
    Facts = ShadowbanFacts
    Words = Nothing
    Output = ShadowbanOutput

    def compute(self, given: ShadowbanInput, context: AgentContext) -> ShadowbanFacts:
        """Read the posts of both windows and what TikTok holds against the account, and weigh them."""
        since = context.as_of - timedelta(days=given.window_days + given.baseline_days + MATURE_DAYS)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        return weigh(posts, with_stored_flags(given, context), context.as_of)

    def prompt(self, facts: ShadowbanFacts, context: AgentContext) -> Prompt | None:
        """Ask for nothing: the evidence speaks for itself."""
        return None

    def compose(self, facts: ShadowbanFacts, words: Nothing | None) -> ShadowbanOutput:
        """Return the facts."""
        return ShadowbanOutput.model_validate(facts.model_dump())


def weigh(posts: Posts, given: HealthInput, as_of: datetime) -> ShadowbanFacts:
    """Return the facts about these posts, in any order, as they were at `as_of` (aware, UTC).

    The windows are those of `account_health.assess`, ending 3 days before `as_of`. Posts without views
    are left out: a count a file leaves out is stored as 0, so it may not be known. Probability, the
    logistic of summed log-odds: `1 / (1 + e^-(ln(PRIOR / (1 - PRIOR)) + sum of weight * strength))`; a
    sign that cannot be told adds nothing. Confidence: `n / (n + 8)`, `n` the posts on the thinner side.
    Both are None of fewer than 8 posts, or where the posts tell no sign at all.
    """
    measured_until = as_of - timedelta(days=MATURE_DAYS)
    oldest = measured_until - timedelta(days=given.window_days + given.baseline_days)
    unseen = sum(not post.views and oldest < post.created_at <= measured_until for post in posts)
    health = assess([post for post in posts if post.views], given, measured_until)
    evidence = tuple(_evidence(signal, value) for signal, value in _values(health).items())
    is_told = any(one.value is not None for one in evidence if one.signal != Signal.POLICY_FLAGS)
    enough_data = health.enough_data and is_told
    thinner = min(health.window.posts, health.baseline.posts)
    return ShadowbanFacts(
        as_of=as_of,
        measured_until=measured_until,
        enough_data=enough_data,
        recent_posts=health.window.posts,
        baseline_posts=health.baseline.posts,
        posts_without_views=unseen,
        probability=_probability(evidence) if enough_data else None,
        confidence=thinner / (thinner + HALF_SURE_POSTS) if enough_data else None,
        evidence=evidence,
        note="" if enough_data else _note(health),
    )


def _values(health: HealthFacts) -> dict[Signal, float | None]:
    canaries = {canary.name: canary for canary in health.canaries}
    return {
        Signal.VIEWS: _fall(relative_change(health.window.median_views, health.baseline.median_views)),
        Signal.SUPPRESSED_POSTS: canaries[CanaryName.SUPPRESSED_POSTS].value,
        Signal.COMMENTS: _fall(canaries[CanaryName.COMMENTS].change),
        Signal.POLICY_FLAGS: canaries[CanaryName.POLICY_FLAGS].value,
    }


def _fall(change: float | None) -> float | None:
    return None if change is None else -change


def _evidence(signal: Signal, value: float | None) -> Evidence:
    """Strength: how far the value is along its ramp, 0 to 1."""
    if value is None:
        return Evidence(signal=signal, value=None, strength=None, log_odds=None)
    begins, full = RAMPS[signal]
    strength = clipped((value - begins) / (full - begins))
    return Evidence(signal=signal, value=value, strength=strength, log_odds=WEIGHTS[signal] * strength)


def _probability(evidence: Sequence[Evidence]) -> float:
    log_odds = math.log(PRIOR / (1 - PRIOR)) + sum(one.log_odds or 0.0 for one in evidence)
    return 1 / (1 + math.exp(-log_odds))


def _note(health: HealthFacts) -> str:
    return (
        "Not enough data: a judgement needs at least 8 posts with views, in the recent days and in the "
        f"baseline, that are {MATURE_DAYS} days old or older; this account has {health.window.posts} and "
        f"{health.baseline.posts}."
    )


agent = ShadowbanCheck()
