"""Which topics are picking up speed, and which of them fit the brand.

For an account that is synced, TikTok's own trends are watched; without such a source the trends are those of
the account's own posts. Every answer says which; what is not read stays unseen.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from agents.contract import Agent, AgentContext, BrandVoice, ModelTier, Prompt, Typed
from agents.definitions.trend_figures import (
    HISTORY_DAYS,
    Posts,
    Stretch,
    TrendFigures,
    examples,
    figures_of,
    measured,
    stories,
    stretch_of,
)
from agents.skills.captions import terms
from agents.skills.places import country_of
from agents.skills.similarity import damped
from agents.skills.trend_categories import category_code
from agents.skills.trend_speed import by_tag, trend_speed
from tiktok_ops.content.figures import TrendSighting
from tiktok_ops.content.queries import posts_until, trends_until

FEWEST_POSTS = 8
TREND_FROM = 0.25
RISING_FROM = 0.5
"""With no views before, a velocity of 0.25 is a third of a typical post's views, one of 0.5 all of them;
with views before, more. Below the first a tag is no trend, below the second it does not rise. Of TikTok's own
trends one that gains three times what it gained has 0.5."""

MOST_RISING = 10


class TrendInput(Typed):
    """What counts as fresh, and how well a trend must fit.

    `category` (one of TikTok's: "Food & beverage") and `region` (a country; without one, the account's) narrow
    TikTok's trends; the account's own posts have neither, and the note says so. `min_fit` defaults to 0.01: fit
    is a product of three numbers below 1, and the cosine of a few posts with a vocabulary of hundreds of words is
    small by nature (0.02 to 0.3 in two newsrooms' posts), so 0.01 drops what shares no word with the brand or does
    not rise, and little else.
    """

    category: str = Field(default="", max_length=100)
    region: str = Field(default="", max_length=10)
    freshness_hours: int = Field(default=168, ge=1, le=2160)
    min_fit: float = Field(default=0.01, ge=0, le=1)
    max_trends: int = Field(default=10, ge=1, le=50)


class TrendAnswer(Typed):
    """What facts and output share. `posts_considered` includes the fresh ones.

    `off_brand` are tags that rise among TikTok's trends, the fastest first, and do not fit the brand.
    """

    as_of: AwareDatetime
    source: Literal["own posts", "tiktok"]
    vocabulary: Literal["brand", "own posts"]
    freshness_hours: int
    posts_considered: int
    fresh_posts: int
    enough_data: bool
    rising_hashtags: tuple[str, ...]
    off_brand: tuple[str, ...] = ()
    note: str


class TrendFacts(TrendAnswer):
    """The trends, best fit first; `captions` holds a few captions of each by its tag."""

    trends: tuple[TrendFigures, ...]
    captions: dict[str, str]


class TrendReason(Typed):
    """Why the trend with this tag is worth the brand's time, in a sentence."""

    tag: str
    why: str


class TrendWords(Typed):
    """What the model writes: a reason for each trend."""

    trends: tuple[TrendReason, ...]


class Trend(TrendFigures):
    """A trend in numbers and words."""

    why: str


class TrendOutput(TrendAnswer):
    """The trends, best fit first, and the hashtags that rise the fastest."""

    trends: tuple[Trend, ...]


class TrendWatcher(Agent[TrendInput, TrendFacts, TrendWords, TrendOutput]):
    """Finds hashtags that gain views and fit the brand; the model only says why."""

    name = "trend_watcher"
    purpose = "Find the topics that are picking up speed and fit an account's brand."
    model_tier = ModelTier.FAST
    Input = TrendInput
    Facts = TrendFacts
    Words = TrendWords
    Output = TrendOutput

    def compute(self, given: TrendInput, context: AgentContext) -> TrendFacts:
        """Read the fresh posts, those of the 90 days before them and what is known of trends, and compare."""
        since = context.as_of - timedelta(hours=given.freshness_hours, days=HISTORY_DAYS)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        region = given.region or country_of(context.locale)
        sightings = trends_until(
            context.account_id,
            as_of=context.as_of,
            since=since,
            region=region,
            category=category_code(given.category),
        )
        lacking = ""
        if not sightings and trends_until(context.account_id, as_of=context.as_of, since=since):
            lacking = _lacking(given.category, region)
        return watch_trends(
            posts, given, context.as_of, brand=context.brand, sightings=sightings, lacking=lacking
        )

    def prompt(self, facts: TrendFacts, context: AgentContext) -> Prompt | None:
        """Ask for reasons, unless there is no trend."""
        if not facts.trends:
            return None
        return Prompt(
            instruction=(
                "For each trend write why: one sentence on what the posts with this tag are about and why it "
                f"is, or is not, worth another post now, going by velocity, saturation and fit. {_SCOPE[facts.source]} "
                f"Return every tag exactly once, spelled as given. Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"captions": {}}),
            untrusted=facts.captions,
        )

    def compose(self, facts: TrendFacts, words: TrendWords | None) -> TrendOutput:
        """Join each trend with its reason.

        Raises `ValueError` where a tag is missing, unknown or given twice, or a reason is empty.
        """
        reasons = _checked_reasons(facts, words)
        trends = [trend.model_dump() | {"why": reasons[trend.tag]} for trend in facts.trends]
        return TrendOutput.model_validate(facts.model_dump(exclude={"captions"}) | {"trends": trends})


_SCOPE = {
    "own posts": "These are trends among the account's own posts; claim nothing about TikTok as a whole.",
    "tiktok": "These are trends on TikTok; the captions are the account's own posts with the tag, if it has any.",
}


def watch_trends(
    posts: Posts,
    given: TrendInput,
    as_of: datetime,
    *,
    brand: BrandVoice | None = None,
    sightings: Sequence[TrendSighting] = (),
    lacking: str = "",
) -> TrendFacts:
    """Return the trends in these posts, in any order, as they were at `as_of` (aware, UTC).

    Fresh: `as_of - freshness_hours < created_at <= as_of`; before: the 90 days before that. Fewer than
    8 posts together, or none fresh, are not enough. A trend is a hashtag of a fresh post, pleas for
    reach (#fyp) and tags on more than half of the posts apart, whose velocity is 0.25 or more and whose
    fit is `min_fit` or more and not 0; `figures_of` has the formulas. A tag that shares at least half of
    its fresh posts with a stronger one is listed alongside it.

    With `sightings` the trends are TikTok's: a tag's velocity is `trend_speed` of its sightings, its fit
    that of the account's posts that carry it. What rises and does not fit is `off_brand`; `lacking` says why none is.
    """
    stretch = stretch_of(posts, freshness_hours=given.freshness_hours, as_of=as_of)
    brand_words = damped(Counter(terms(f"{brand.voice} {brand.guidelines}"))) if brand else {}
    fresh_from = as_of - timedelta(hours=given.freshness_hours)
    found, enough_data = _measured(stretch, brand_words, sightings, fresh_from=fresh_from)
    trends, rising, foreign = _sorted_out(found if enough_data else [], given)
    on_tiktok = _note_on_tiktok(trends, enough_data=enough_data)
    return TrendFacts(
        as_of=as_of,
        source="tiktok" if sightings else "own posts",
        vocabulary="brand" if brand_words else "own posts",
        freshness_hours=given.freshness_hours,
        posts_considered=len(stretch.every),
        fresh_posts=len(stretch.fresh),
        enough_data=enough_data,
        rising_hashtags=rising,
        off_brand=foreign if sightings else (),
        note=on_tiktok if sightings else _note(stretch, given, found=len(trends), lacking=lacking),
        trends=trends,
        captions={trend.tag: text for trend in trends if (text := examples(stretch.fresh, trend.tag))},
    )


def _measured(
    stretch: Stretch,
    brand_words: dict[str, float],
    sightings: Sequence[TrendSighting],
    *,
    fresh_from: datetime,
) -> tuple[list[TrendFigures], bool]:
    """Return the trends, and whether there is enough to tell."""
    if sightings:
        found = _market(sightings, stretch, brand_words, fresh_from=fresh_from)
        return found, bool(found) and bool(brand_words or len(stretch.every) >= FEWEST_POSTS)
    enough = len(stretch.every) >= FEWEST_POSTS and bool(stretch.fresh)
    return (stories(measured(stretch, brand_words), stretch) if enough else []), enough


def _sorted_out(
    found: Sequence[TrendFigures], given: TrendInput
) -> tuple[tuple[TrendFigures, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the trends that fit, the tags that rise, fastest first, and those of them that do not fit."""
    rising = sorted(
        (trend for trend in found if trend.velocity >= RISING_FROM),
        key=lambda trend: (-trend.velocity, trend.tag),
    )
    fitting = [one for one in found if one.velocity >= TREND_FROM and one.fit >= given.min_fit and one.fit]
    foreign = [trend.tag for trend in rising if trend not in fitting]
    tags = tuple(trend.tag for trend in rising[:MOST_RISING])
    return tuple(fitting[: given.max_trends]), tags, tuple(foreign[:MOST_RISING])


def _market(
    sightings: Sequence[TrendSighting],
    stretch: Stretch,
    brand_words: dict[str, float],
    *,
    fresh_from: datetime,
) -> list[TrendFigures]:
    """Return the figures of each trend whose speed can be told, best fit first."""
    speeds = {tag: trend_speed(seen, fresh_from=fresh_from) for tag, seen in by_tag(sightings).items()}
    found = [
        figures_of(tag, stretch, brand_words, velocity=speed)
        for tag, speed in sorted(speeds.items())
        if speed is not None
    ]
    return sorted(found, key=lambda trend: -trend.fit)


def _note_on_tiktok(trends: Sequence[TrendFigures], *, enough_data: bool) -> str:
    if not enough_data:
        return (
            "Not enough data: no trend was seen before and in the fresh hours, or there is neither a brand nor "
            f"{FEWEST_POSTS} posts to measure fit by."
        )
    return "" if trends else "No trend both gains views and fits well enough."


def _lacking(category: str, region: str) -> str:
    kind = f" of the category {category!r}" if category else ""
    return f"None of TikTok's trends that were synced is{kind} in {region}: these are of the account's own posts."


def _note(stretch: Stretch, given: TrendInput, *, found: int, lacking: str) -> str:
    sentences = []
    if len(stretch.every) < FEWEST_POSTS:
        sentences.append(
            f"Not enough data: a comparison needs at least {FEWEST_POSTS} posts in the fresh hours and the "
            f"{HISTORY_DAYS} days before, and this account has {len(stretch.every)}."
        )
    elif not stretch.fresh:
        sentences.append(
            f"Not enough data: the account posted nothing in the last {given.freshness_hours} hours before "
            "the data ends; raise freshness_hours to look further back."
        )
    elif not found:
        sentences.append("No hashtag of the fresh posts both gains views and fits well enough.")
    if lacking:
        sentences.append(lacking)
    elif given.category or given.region:
        sentences.append("Category and region need a trend source and were not used.")
    return " ".join(sentences)


def _checked_reasons(facts: TrendFacts, words: TrendWords | None) -> dict[str, str]:
    expected = [trend.tag for trend in facts.trends]
    given = [(reason.tag, reason.why.strip()) for reason in words.trends] if words else []
    tags = [tag for tag, _ in given]
    if sorted(tags) != sorted(expected):
        raise ValueError(f"trends has the tags {tags!r}; give exactly one item for each of {expected!r}.")
    empty = [tag for tag, why in given if not why]
    if empty:
        raise ValueError(f"trends has an empty why for {empty[0]!r}; write one sentence.")
    return dict(given)


agent = TrendWatcher()
