"""Which topics are picking up speed, and which of them fit the brand.

No source of TikTok's own trends is read here: the trends are those of the account's own posts, and
every answer says so. What other accounts do stays unseen.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from agents.contract import Agent, AgentContext, BrandVoice, ModelTier, Prompt, Typed
from agents.skills.captions import terms
from agents.skills.hashtags import extract_hashtags, is_topic_tag, normalise_hashtag
from agents.skills.similarity import cosine, damped
from agents.skills.statistics import Ratio, clipped, median
from agents.skills.windows import posts_between
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

Posts = Sequence[PostFigures]

HISTORY_DAYS = 90
"""How far "the time before" goes back behind the fresh hours, and what saturation is measured over."""

FEWEST_POSTS = 8
TREND_FROM = 0.25
RISING_FROM = 0.5
"""With no views before, a velocity of 0.25 is a third of a typical post's views, one of 0.5 all of them;
with views before, more. Below the first a tag is no trend, below the second it does not rise."""

MOST_RISING = 10
SIGNATURE_FROM = 0.5
"""A tag on more than half of the posts is the account's signature: it names no topic."""

SAME_STORY = 0.5
"""A tag of which at least half of the fresh posts carry a stronger tag tells that tag's story again."""

MOST_ALONGSIDE = 8
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200
LONGEST_TAG = 60


class TrendInput(Typed):
    """What counts as fresh, and how well a trend must fit.

    `category` and `region` narrow a trend source; the account's own posts have neither, and the note
    says so. `min_fit` defaults to 0.01: fit is a product of three numbers below 1, and the cosine of a
    few posts with a vocabulary of hundreds of words is small by nature (0.02 to 0.3 in two newsrooms'
    posts), so 0.01 drops what shares no word with the brand or does not rise, and little else.
    """

    category: str = Field(default="", max_length=100)
    region: str = Field(default="", max_length=10)
    freshness_hours: int = Field(default=168, ge=1, le=2160)
    min_fit: float = Field(default=0.01, ge=0, le=1)
    max_trends: int = Field(default=10, ge=1, le=50)


class TrendFigures(Typed):
    """One trend in numbers, the first four of them 0 to 1.

    `posts` counts the posts with the tag in the fresh hours and the time before, `fresh_posts` those
    in the fresh hours; `alongside` are weaker tags that tell the same story.
    """

    tag: str
    velocity: Ratio
    saturation: Ratio
    similarity: Ratio
    fit: Ratio
    posts: int
    fresh_posts: int
    alongside: tuple[str, ...]


class TrendAnswer(Typed):
    """What facts and output share. `posts_considered` includes the fresh ones."""

    as_of: AwareDatetime
    source: Literal["own posts"]
    vocabulary: Literal["brand", "own posts"]
    freshness_hours: int
    posts_considered: int
    fresh_posts: int
    enough_data: bool
    rising_hashtags: tuple[str, ...]
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
    """The trends of the account's own posts, best fit first, and the hashtags that rise the fastest."""

    trends: tuple[Trend, ...]


class TrendWatcher(Agent[TrendInput, TrendFacts, TrendWords, TrendOutput]):
    """Finds hashtags that gain views and fit the brand; the model only says why."""

    name = "trend_watcher"
    purpose = "Find the topics that are picking up speed in an account's posts and fit its brand."
    model_tier = ModelTier.FAST
    Input = TrendInput
    Facts = TrendFacts
    Words = TrendWords
    Output = TrendOutput

    def compute(self, given: TrendInput, context: AgentContext) -> TrendFacts:
        """Read the fresh posts and those of the 90 days before them, and compare."""
        since = context.as_of - timedelta(hours=given.freshness_hours, days=HISTORY_DAYS)
        posts = posts_until(context.account_id, as_of=context.as_of, since=since)
        return watch_trends(posts, given, context.as_of, brand=context.brand)

    def prompt(self, facts: TrendFacts, context: AgentContext) -> Prompt | None:
        """Ask for reasons, unless there is no trend."""
        if not facts.trends:
            return None
        return Prompt(
            instruction=(
                "For each trend write why: one sentence on what the posts with this tag are about and why it "
                "is, or is not, worth another post now, going by velocity, saturation and fit. These are "
                "trends among the account's own posts; claim nothing about TikTok as a whole. Return every "
                f"tag exactly once, spelled as given. Locale: {context.locale!r}."
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


def watch_trends(
    posts: Posts, given: TrendInput, as_of: datetime, *, brand: BrandVoice | None = None
) -> TrendFacts:
    """Return the trends in these posts, in any order, as they were at `as_of` (aware, UTC).

    Fresh: `as_of - freshness_hours < created_at <= as_of`; before: the 90 days before that. Fewer than
    8 posts together, or none fresh, are not enough. A trend is a hashtag of a fresh post, pleas for
    reach (#fyp) and tags on more than half of the posts apart, whose velocity is 0.25 or more and whose
    fit is `min_fit` or more and not 0; `_figures` has the formulas. A tag that shares at least half of
    its fresh posts with a stronger one is listed alongside it.
    """
    stretch = _stretch(posts, given, as_of)
    enough_data = len(stretch.every) >= FEWEST_POSTS and bool(stretch.fresh)
    brand_words = damped(Counter(terms(f"{brand.voice} {brand.guidelines}"))) if brand else {}
    stories = _stories(_measured(stretch, brand_words), stretch) if enough_data else []
    rising = [trend for trend in stories if trend.velocity >= RISING_FROM]
    rising.sort(key=lambda trend: (-trend.velocity, trend.tag))
    fitting = [one for one in stories if one.velocity >= TREND_FROM and one.fit >= given.min_fit and one.fit]
    trends = tuple(fitting[: given.max_trends])
    return TrendFacts(
        as_of=as_of,
        source="own posts",
        vocabulary="brand" if brand_words else "own posts",
        freshness_hours=given.freshness_hours,
        posts_considered=len(stretch.every),
        fresh_posts=len(stretch.fresh),
        enough_data=enough_data,
        rising_hashtags=tuple(trend.tag for trend in rising[:MOST_RISING]),
        note=_note(stretch, given, found=len(trends)),
        trends=trends,
        captions={trend.tag: text for trend in trends if (text := _examples(stretch.fresh, trend.tag))},
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A post with its tags and the words of its caption, taken out of it once."""

    post: PostFigures
    tags: frozenset[str]
    words: tuple[str, ...]


Reads = tuple[_Read, ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The posts compared, oldest first, and the days their views are spread over."""

    fresh: Reads
    before: Reads
    fresh_days: float
    before_days: float
    lately_from: datetime

    @property
    def every(self) -> Reads:
        """The posts before and the fresh ones."""
        return self.before + self.fresh

    @property
    def lately(self) -> Reads:
        """Those of the last 90 days, over which saturation is measured."""
        return tuple(read for read in self.every if read.post.created_at > self.lately_from)


def _stretch(posts: Posts, given: TrendInput, as_of: datetime) -> _Stretch:
    start = as_of - timedelta(hours=given.freshness_hours)
    history = timedelta(days=HISTORY_DAYS)
    ordered = sorted(posts, key=lambda post: (post.created_at, post.video_id))
    before = posts_between(ordered, after=start - history, until=start)
    # An account younger than 90 days is not slower for it: its views are spread over the days it had.
    covered = (start - before[0].created_at) / timedelta(days=1) if before else HISTORY_DAYS
    return _Stretch(
        fresh=_read(posts_between(ordered, after=start, until=as_of)),
        before=_read(before),
        fresh_days=given.freshness_hours / 24,
        before_days=clipped(covered, 1, HISTORY_DAYS),
        lately_from=as_of - history,
    )


def _read(posts: Iterable[PostFigures]) -> Reads:
    return tuple(_Read(post, _tags(post), terms(post.caption)) for post in posts)


def _tags(post: PostFigures) -> frozenset[str]:
    written = [*map(normalise_hashtag, post.hashtags), *extract_hashtags(post.caption)]
    return frozenset(tag for tag in written if is_topic_tag(tag) and len(tag) <= LONGEST_TAG)


def _measured(stretch: _Stretch, brand_words: dict[str, float]) -> list[TrendFigures]:
    tags = {tag for read in stretch.fresh for tag in read.tags}
    measured = [_figures(tag, stretch, brand_words) for tag in sorted(tags)]
    return [trend for trend in measured if trend.saturation <= SIGNATURE_FROM]


def _figures(tag: str, stretch: _Stretch, brand_words: dict[str, float]) -> TrendFigures:
    """Measure one tag.

    Saturation: the share of the account's posts of the last 90 days that use the tag. Similarity: the
    cosine of the damped counts of two vocabularies, the tags and caption words of the tag's posts, and
    the words of the brand's voice and guidelines; where these have none, the tags and words of the
    account's posts outside the tag. Fit, the design's formula: `similarity * velocity * (1 - saturation)`.
    """
    tagged = [read for read in stretch.every if tag in read.tags]
    velocity = _velocity(tag, stretch)
    saturation = sum(tag in read.tags for read in stretch.lately) / len(stretch.lately)
    compared = brand_words or _vocabulary(read for read in stretch.every if tag not in read.tags)
    similarity = cosine(_vocabulary(tagged), compared)
    return TrendFigures(
        tag=tag,
        velocity=velocity,
        saturation=saturation,
        similarity=similarity,
        fit=similarity * velocity * (1 - saturation),
        posts=len(tagged),
        fresh_posts=sum(tag in read.tags for read in stretch.fresh),
        alongside=(),
    )


def _velocity(tag: str, stretch: _Stretch) -> float:
    """Return `(fresh - before) / (fresh + before + typical)`, 0 where that is negative.

    Fresh and before are the tag's views per day in the fresh hours and in the time before, as far back
    as there are posts; typical is the median views of a post, spread over the fresh days. Ours: a
    relative change, bounded, that one lucky post alone does not bring to 1.
    """
    fresh = sum(read.post.views for read in stretch.fresh if tag in read.tags) / stretch.fresh_days
    before = sum(read.post.views for read in stretch.before if tag in read.tags) / stretch.before_days
    typical = (median(read.post.views for read in stretch.every) or 0.0) / stretch.fresh_days
    total = fresh + before + typical
    return max(0.0, fresh - before) / total if total else 0.0


def _vocabulary(reads: Iterable[_Read]) -> dict[str, float]:
    return damped(Counter(word for read in reads for word in (*read.tags, *read.words)))


def _stories(measured: Sequence[TrendFigures], stretch: _Stretch) -> list[TrendFigures]:
    """Return one trend for each story, best fit first, with the tags that repeat it alongside.

    The fastest tag speaks for a story; of equals, the one on the most posts.
    """
    carriers = {
        trend.tag: {read.post.video_id for read in stretch.fresh if trend.tag in read.tags}
        for trend in measured
    }
    strongest_first = sorted(measured, key=lambda trend: (-trend.velocity, -trend.posts, trend.tag))
    alongside: dict[str, list[str]] = {}
    for trend in strongest_first:
        own = carriers[trend.tag]
        lead = next(
            (tag for tag in alongside if len(own & carriers[tag]) >= SAME_STORY * len(own)), trend.tag
        )
        alongside.setdefault(lead, []).append(trend.tag)
    leads = [
        trend.model_copy(update={"alongside": tuple(alongside[trend.tag][1 : MOST_ALONGSIDE + 1])})
        for trend in strongest_first
        if trend.tag in alongside
    ]
    return sorted(leads, key=lambda trend: -trend.fit)


def _examples(fresh: Reads, tag: str) -> str:
    """Return the captions of the tag's newest posts, one on each line, for the model to read."""
    captions = [
        " ".join(read.post.caption.split())[:LONGEST_EXAMPLE] for read in reversed(fresh) if tag in read.tags
    ]
    return "\n".join([caption for caption in captions if caption][:MOST_EXAMPLES])


def _note(stretch: _Stretch, given: TrendInput, *, found: int) -> str:
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
    if given.category or given.region:
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
