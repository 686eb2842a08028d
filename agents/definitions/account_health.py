"""How healthy an account is: its last two weeks against the month before, and four canaries.

An account is measured against itself, never against others. Windows, canaries and risk follow the
design's health rule; the third canary's limit, the score and the categories are ours, stated below.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from agents.contract import Agent, AgentContext, ModelTier, Prompt, Typed
from agents.definitions.health_input import HealthInput, with_stored_flags
from agents.skills.posting_times import LOOKBACK_DAYS, HourFigures, best_hours
from agents.skills.statistics import Ratio, clipped, relative_change, round_half_up
from agents.skills.windows import (
    EngagementTrend,
    WindowFigures,
    comments_per_1000_views,
    engagement_trend,
    median_engagement_rate,
    median_views,
    posts_between,
    window_figures,
)
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

Posts = Sequence[PostFigures]

FEWEST_POSTS = 8
"""Of the window and the baseline together; with fewer the answer is "not enough data"."""

VIEWS_DAYS = 7
SUPPRESSED_FRACTION = 10
"""A post is suppressed with fewer views than the baseline's median divided by this."""
SUPPRESSED_THRESHOLD = 0.25
"""Ours, the design names none: one weak post among four is more than bad luck."""

REACH_WEIGHT = 40
ENGAGEMENT_WEIGHT = 25
CADENCE_WEIGHT = 15
CANARIES_WEIGHT = 20
NEUTRAL_SHARE = 0.5
"""What a part earns that cannot be measured: neither praise nor blame."""

HEALTHY_FROM = 75
WATCH_FROM = 50
SUMMARY_MAX_CHARACTERS = 600


class Risk(StrEnum):
    """How likely it is that the platform shows the account to fewer people than before."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Category(StrEnum):
    """The score and the risk in one word; the bounds are in `_category`."""

    HEALTHY = "healthy"
    WATCH = "watch"
    AT_RISK = "at risk"
    NOT_ENOUGH_DATA = "not enough data"


class CanaryName(StrEnum):
    """The four early signs of trouble."""

    VIEWS = "views"
    COMMENTS = "comments"
    SUPPRESSED_POSTS = "suppressed_posts"
    POLICY_FLAGS = "policy_flags"


FALLS = {
    CanaryName.VIEWS: ("Median views per post", -0.20),
    CanaryName.COMMENTS: ("Comments per 1,000 views", -0.50),
}
"""What the canaries of a fall compare, and the change below which they trip."""

CANARY_SHARES = {Risk.LOW: 1.0, Risk.MEDIUM: 0.5, Risk.HIGH: 0.0}


class Canary(Typed):
    """One sign; `tripped` is None where it cannot be judged.

    `value` and `reference` are in the units named by `explanation`; `change` is the relative change
    where the canary is about one; `threshold` is for the change, or else for the value.
    """

    name: CanaryName
    tripped: bool | None
    value: Ratio | None
    reference: Ratio | None
    change: Ratio | None
    threshold: float
    explanation: str


class ScorePart(Typed):
    """What one part of the score earned out of its weight (2 decimals), and whether it was measured."""

    points: float
    weight: int
    measured: bool


class ScoreParts(Typed):
    """The four parts whose points add up to the score."""

    reach: ScorePart
    engagement: ScorePart
    cadence: ScorePart
    canaries: ScorePart

    def total(self) -> int:
        """Return the sum of the points as shown, so that the page adds up, to the nearest whole number."""
        parts = (self.reach, self.engagement, self.cadence, self.canaries)
        return round_half_up(sum(part.points for part in parts))


class HealthFacts(Typed):
    """Everything computed. Medians are exact, ratios have 4 decimals, rounded once, here.

    `posts_considered` counts window and baseline. Without enough data there is no risk and no score,
    while the figures are still shown. The risk is also None where no canary could be measured and no
    flag is known: no sign is not a good sign.
    """

    as_of: AwareDatetime
    enough_data: bool
    posts_considered: int
    category: Category
    overall_score: int | None
    score_parts: ScoreParts | None
    shadowban_risk: Risk | None
    canaries: tuple[Canary, ...]
    window: WindowFigures
    baseline: WindowFigures
    engagement_trend: EngagementTrend
    posts_per_week: Ratio
    best_hours: tuple[HourFigures, ...]


class HealthWords(Typed):
    """What the model writes."""

    summary: str


class HealthOutput(HealthFacts):
    """The facts, and their summary in two or three sentences."""

    summary: str


class AccountHealth(Agent[HealthInput, HealthFacts, HealthWords, HealthOutput]):
    """Measures an account's health against its own recent past."""

    name = "account_health"
    purpose = "Compare an account's recent posts with its own baseline and watch for a shadowban."
    model_tier = ModelTier.FAST
    Input = HealthInput
    Facts = HealthFacts
    Words = HealthWords
    Output = HealthOutput

    def compute(self, given: HealthInput, context: AgentContext) -> HealthFacts:
        """Read the posts that any figure needs and what TikTok holds against the account, and assess them."""
        days = max(given.window_days + given.baseline_days, LOOKBACK_DAYS)
        since = context.as_of - timedelta(days=days)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        return assess(posts, with_stored_flags(given, context), context.as_of)

    def prompt(self, facts: HealthFacts, context: AgentContext) -> Prompt | None:
        """Ask for a summary, unless there is too little to summarise."""
        if not facts.enough_data:
            return None
        return Prompt(
            instruction=(
                "Write a summary of two or three sentences for a brand manager: how healthy the account is, "
                "what drives that, and what to look at next. Take every number from the facts and compute "
                "none. Where a fact is null, say that it could not be measured or leave it out. A shadowban "
                f"is a risk here, never a finding. Write in the language of the locale {context.locale!r}."
            ),
            facts=facts,
        )

    def compose(self, facts: HealthFacts, words: HealthWords | None) -> HealthOutput:
        """Join facts and summary; too few posts get a fixed sentence.

        Raises `ValueError` where there is enough data and the summary is missing or too long.
        """
        summary = _checked_summary(words) if facts.enough_data else _too_few_posts(facts.posts_considered)
        return HealthOutput.model_validate({**facts.model_dump(), "summary": summary})


def assess(posts: Posts, given: HealthInput, as_of: datetime) -> HealthFacts:
    """Return the facts about these posts, in any order, as they were at `as_of` (aware, UTC).

    The window is `as_of - window_days < created_at <= as_of`, the baseline the `baseline_days` before
    it; best hours look back 90 days, the first canary 14, whatever the window. Other posts are
    ignored. `posts_per_week` is the window's posts by `window_days / 7`.
    """
    window_start = as_of - timedelta(days=given.window_days)
    baseline_start = window_start - timedelta(days=given.baseline_days)
    window = posts_between(posts, after=window_start, until=as_of)
    baseline = posts_between(posts, after=baseline_start, until=window_start)
    posts_considered = len(window) + len(baseline)
    enough_data = posts_considered >= FEWEST_POSTS
    canaries = (
        _views_canary(posts, as_of),
        _comments_canary(window, baseline, given),
        _suppressed_canary(window, baseline),
        _flags_canary(given.policy_flags),
    )
    risk = _risk(canaries) if enough_data else None
    parts = _score_parts(window, baseline, given, risk) if enough_data else None
    score = parts.total() if parts else None
    return HealthFacts(
        as_of=as_of,
        enough_data=enough_data,
        posts_considered=posts_considered,
        category=_category(score, risk),
        overall_score=score,
        score_parts=parts,
        shadowban_risk=risk,
        canaries=canaries if enough_data else tuple(_unjudged(canary) for canary in canaries),
        window=window_figures(window),
        baseline=window_figures(baseline),
        engagement_trend=engagement_trend(window, baseline),
        posts_per_week=len(window) / (given.window_days / 7),
        best_hours=best_hours(posts, as_of),
    )


def _views_canary(posts: Posts, as_of: datetime) -> Canary:
    """Trips where the last 7 days' median views per post fell by more than 20 % from the 7 days before."""
    week = timedelta(days=VIEWS_DAYS)
    now = median_views(posts_between(posts, after=as_of - week, until=as_of))
    before = median_views(posts_between(posts, after=as_of - 2 * week, until=as_of - week))
    return _fall_canary(CanaryName.VIEWS, now, before, (VIEWS_DAYS, VIEWS_DAYS))


def _comments_canary(window: Posts, baseline: Posts, given: HealthInput) -> Canary:
    """Trips where the window's comments per 1,000 views fell by more than 50 % from the baseline's."""
    now, before = comments_per_1000_views(window), comments_per_1000_views(baseline)
    return _fall_canary(CanaryName.COMMENTS, now, before, (given.window_days, given.baseline_days))


def _fall_canary(name: CanaryName, now: float | None, before: float | None, days: tuple[int, int]) -> Canary:
    subject, threshold = FALLS[name]
    spans = f"the last {days[0]} days", f"the {days[1]} days before"
    change = relative_change(now, before)
    if now is None or before is None or change is None:
        explanation = f"{subject}: nothing to compare, {spans[0]} or {spans[1]} are without posts or figures."
    else:
        explanation = (
            f"{subject}: {_in_words(now)} in {spans[0]}, {_in_words(before)} in {spans[1]}, a change of "
            f"{change:+.2%}; a fall of more than {-threshold:.0%} trips this."
        )
    return Canary(
        name=name,
        tripped=None if change is None else change < threshold,
        value=now,
        reference=before,
        change=change,
        threshold=threshold,
        explanation=explanation,
    )


def _suppressed_canary(window: Posts, baseline: Posts) -> Canary:
    """Trips where 25 % or more of the window's posts have under a tenth of the baseline's median views."""
    usual_views = median_views(baseline)
    if not window or not usual_views:
        share = None
        explanation = "Suppressed posts cannot be told: the window has no posts or the baseline no views."
    else:
        suppressed = sum(post.views * SUPPRESSED_FRACTION < usual_views for post in window)
        share = suppressed / len(window)
        explanation = (
            f"{suppressed} of {len(window)} posts in the window have fewer views than a tenth of the "
            f"baseline's median of {_in_words(usual_views)}; {SUPPRESSED_THRESHOLD:.0%} or more trips this."
        )
    return Canary(
        name=CanaryName.SUPPRESSED_POSTS,
        tripped=None if share is None else share >= SUPPRESSED_THRESHOLD,
        value=share,
        reference=None if usual_views is None else usual_views / SUPPRESSED_FRACTION,
        change=None,
        threshold=SUPPRESSED_THRESHOLD,
        explanation=explanation,
    )


def _flags_canary(flags: Sequence[str]) -> Canary:
    """Trips on any flag. Only their number is told: the text is the provider's, and this goes to a model."""
    return Canary(
        name=CanaryName.POLICY_FLAGS,
        tripped=bool(flags),
        value=len(flags),
        reference=None,
        change=None,
        threshold=1,
        explanation=f"Provider limits and policy flags known: {len(flags)}; any trips this.",
    )


def _unjudged(canary: Canary) -> Canary:
    """Keep a canary's figures and take back its verdict; a flag is a report, not a measurement, and stays."""
    if canary.name == CanaryName.POLICY_FLAGS or canary.tripped is None:
        return canary
    explanation = f"{canary.explanation} There are too few posts to judge by."
    return canary.model_copy(update={"tripped": None, "explanation": explanation})


def _risk(canaries: Sequence[Canary]) -> Risk | None:
    """None tripped is low, one medium, two or more high; None where nothing tripped nor was measured."""
    tripped = sum(canary.tripped is True for canary in canaries)
    measured = [canary for canary in canaries if canary.name != CanaryName.POLICY_FLAGS]
    if not tripped and all(canary.tripped is None for canary in measured):
        return None
    return (Risk.LOW, Risk.MEDIUM, Risk.HIGH)[min(tripped, 2)]


def _score_parts(window: Posts, baseline: Posts, given: HealthInput, risk: Risk | None) -> ScoreParts:
    """Return the parts of the score; ours, in `weight * share of its own baseline kept, 0 to 1`.

    Reach (40): window's median views per post by the baseline's. Engagement (25): the same of the
    median engagement rate. Cadence (15): the same of posts per day. Canaries (20): all of it at low
    risk, half at medium, nothing at high. Doing better than the baseline earns no more than keeping
    it, and a part that cannot be measured earns half its weight.
    """
    cadence = relative_change(len(window) * given.baseline_days, len(baseline) * given.window_days)
    engagement = relative_change(median_engagement_rate(window), median_engagement_rate(baseline))
    return ScoreParts(
        reach=_part(REACH_WEIGHT, _kept(relative_change(median_views(window), median_views(baseline)))),
        engagement=_part(ENGAGEMENT_WEIGHT, _kept(engagement)),
        cadence=_part(CADENCE_WEIGHT, _kept(cadence)),
        canaries=_part(CANARIES_WEIGHT, None if risk is None else CANARY_SHARES[risk]),
    )


def _kept(change: float | None) -> float | None:
    return None if change is None else clipped(1 + change)


def _part(weight: int, share: float | None) -> ScorePart:
    points = weight * (NEUTRAL_SHARE if share is None else share)
    return ScorePart(points=round(points, 2), weight=weight, measured=share is not None)


def _category(score: int | None, risk: Risk | None) -> Category:
    """At risk below 50 or at high risk; watch below 75 or at medium risk; healthy otherwise. Ours."""
    if score is None:
        return Category.NOT_ENOUGH_DATA
    if score < WATCH_FROM or risk == Risk.HIGH:
        return Category.AT_RISK
    if score < HEALTHY_FROM or risk == Risk.MEDIUM:
        return Category.WATCH
    return Category.HEALTHY


def _checked_summary(words: HealthWords | None) -> str:
    summary = words.summary.strip() if words else ""
    if not 0 < len(summary) <= SUMMARY_MAX_CHARACTERS:
        raise ValueError(
            f"The field 'summary' has {len(summary)} characters; write two or three sentences, at most "
            f"{SUMMARY_MAX_CHARACTERS} characters together."
        )
    return summary


def _too_few_posts(posts: int) -> str:
    return (
        f"Not enough data: a judgement needs at least {FEWEST_POSTS} posts in the window and the baseline "
        f"together, and this account has {posts}."
    )


def _in_words(number: float) -> str:
    return f"{number:,.2f}".rstrip("0").rstrip(".")


agent = AccountHealth()
