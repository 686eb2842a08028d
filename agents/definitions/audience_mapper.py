"""Which topics an account's audience gathers around: groups of posts that share tags and words.

TikTok tells nobody who watched what, so a segment is the audience of a topic, as far as views and
reactions show it.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field

from agents.contract import Agent, AgentContext, ModelTier, Prompt, Typed
from agents.skills.captions import terms
from agents.skills.hashtags import extract_hashtags, is_topic_tag, normalise_hashtag
from agents.skills.similarity import group_alike
from agents.skills.statistics import Ratio, median
from agents.skills.windows import median_engagement_rate, posts_between
from tiktok_ops.content.figures import PostFigures
from tiktok_ops.content.queries import posts_until

Posts = Sequence[PostFigures]

LOOKBACK_DAYS = 180
RECENT_DAYS = 30
FEWEST_POSTS = 8
MOST_POSTS = 500
"""Only the newest posts are grouped: comparing all pairs grows with the square."""

FEWEST_SEGMENT_POSTS = 3
FEWEST_TOKEN_POSTS = 2
LARGEST_TOKEN_SHARE = 0.5
"""What more than half of the posts say is what the account is, not what a post is about."""

CORE_SHARE = 0.75
"""At least so many of a segment's posts share one term. Where the account uses tags at all, one of these
posts has it as a tag: "man" or "today" in four captions is no topic."""

TAG_WEIGHT = 1.0
WORD_WEIGHT = 0.5
"""A tag is chosen to name the topic; a word of the caption may be there for grammar."""

ALIKE = 0.15
"""Mean cosine from which posts share a topic. Captions are short: two posts of five rare terms each
that share one have 0.2. Tried on the posts of two newsrooms: below 0.1 strangers join, above 0.2 one
story falls apart."""

SHARE_WEIGHT, LIFT_WEIGHT, GROWTH_WEIGHT = 0.4, 0.4, 0.2
NEUTRAL = 0.5
MOST_TERMS = 8
LONGEST_TERM = 40
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200


class AudienceInput(Typed):
    """Which segments to name: those that score at least `min_score`, at most `max_segments`."""

    min_score: float = Field(default=0.5, ge=0, le=1)
    max_segments: int = Field(default=6, ge=1, le=20)


class SegmentFigures(Typed):
    """One segment in numbers.

    `share` is its part of all views; `lift` its median engagement rate by the account's (1 is the
    same), None without views; `growth` its share of the views of the last 30 days minus its share
    before, in points of 1, None where either time has no views. `terms` are single words or tags.
    """

    key: str
    score: Ratio
    share: Ratio
    lift: Ratio | None
    growth: Ratio | None
    posts: int
    terms: tuple[str, ...]


class AudienceAnswer(Typed):
    """What facts and output share; `note` is a sentence where there is no segment to show."""

    as_of: AwareDatetime
    lookback_days: int
    posts_considered: int
    enough_data: bool
    note: str


class AudienceFacts(AudienceAnswer):
    """The segments, best first; `captions` holds a few captions of each by its key."""

    segments: tuple[SegmentFigures, ...]
    captions: dict[str, str]


class SegmentWords(Typed):
    """What the model writes about the segment with this key."""

    key: str
    name: str
    traits: tuple[str, ...]
    hooks: tuple[str, ...]


class AudienceWords(Typed):
    """One item for each segment."""

    segments: tuple[SegmentWords, ...]


class Segment(SegmentFigures):
    """A segment in numbers and words."""

    name: str
    traits: tuple[str, ...]
    hooks: tuple[str, ...]


class AudienceOutput(AudienceAnswer):
    """The segments of an account's audience, best first."""

    segments: tuple[Segment, ...]


class AudienceMapper(Agent[AudienceInput, AudienceFacts, AudienceWords, AudienceOutput]):
    """Finds the topics an audience gathers around; the model only names and describes them."""

    name = "audience_mapper"
    purpose = "Group an account's posts into topics and rank the audiences those topics draw."
    model_tier = ModelTier.SMART
    Input = AudienceInput
    Facts = AudienceFacts
    Words = AudienceWords
    Output = AudienceOutput

    def compute(self, given: AudienceInput, context: AgentContext) -> AudienceFacts:
        """Read the posts of the last 180 days before `as_of`, and map them."""
        since = context.as_of - timedelta(days=LOOKBACK_DAYS)
        return map_audience(
            posts_until(context.account_id, as_of=context.as_of, since=since), given, context.as_of
        )

    def prompt(self, facts: AudienceFacts, context: AgentContext) -> Prompt | None:
        """Ask for names and descriptions, unless there is no segment."""
        if not facts.segments:
            return None
        return Prompt(
            instruction=(
                "For each segment write: name, two to four words for the topic; traits, up to three short "
                "phrases on what these viewers care about, as far as the terms and captions show it; hooks, "
                "up to three opening lines for a next video. Do not guess at age, gender, income or origin. "
                f"Return every key exactly once. Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"captions": {}}),
            untrusted=facts.captions,
        )

    def compose(self, facts: AudienceFacts, words: AudienceWords | None) -> AudienceOutput:
        """Join each segment with its words.

        Raises `ValueError` where a key is missing, unknown or given twice, or a name is empty.
        """
        written = _checked_words(facts, words)
        segments = [
            segment.model_dump() | written[segment.key].model_dump(exclude={"key"})
            for segment in facts.segments
        ]
        return AudienceOutput.model_validate(facts.model_dump(exclude={"captions"}) | {"segments": segments})


def map_audience(posts: Posts, given: AudienceInput, as_of: datetime) -> AudienceFacts:
    """Return the segments of these posts, in any order, as they were at `as_of` (aware, UTC).

    Considered: the newest 500 posts with `as_of - 180 days < created_at <= as_of`; fewer than 8 are
    not enough. Posts are grouped by the tags and caption words they share (`topic_weights`,
    `similarity.group_alike`); a group of at least 3 posts is a segment, other posts are the rest.
    Segments that score less than `min_score` are left out, of the others `max_segments` are kept.
    """
    window = posts_between(posts, after=as_of - timedelta(days=LOOKBACK_DAYS), until=as_of)
    considered = sorted(window, key=lambda post: (post.created_at, post.video_id))[-MOST_POSTS:]
    enough_data = len(considered) >= FEWEST_POSTS
    ranked = _ranked(_topics(considered) if enough_data else [], considered, as_of)
    kept = [one for one in ranked if one[0].score >= given.min_score][: given.max_segments]
    keyed = {f"s{number}": one for number, one in enumerate(kept, start=1)}
    return AudienceFacts(
        as_of=as_of,
        lookback_days=LOOKBACK_DAYS,
        posts_considered=len(considered),
        enough_data=enough_data,
        segments=tuple(figures.model_copy(update={"key": key}) for key, (figures, _) in keyed.items()),
        note=_note(len(considered), len(ranked), len(kept), given),
        captions={key: text for key, (_, topic) in keyed.items() if (text := _examples(topic))},
    )


def topic_weights(posts: Posts) -> list[dict[str, float]]:
    """Return, per post, the tags and caption words that tell its topic, and how much each tells.

    Weight: `ln(posts / posts with it)`, times 1 for a tag of this post and 0.5 for a word of its
    caption only. Left out: pleas for reach (#fyp), what only one post says, what more than half say.
    Source: inverse document frequency, Spärck Jones (1972); the two factors are ours.
    """
    tagged = [_tags(post) for post in posts]
    said = [tags | _words(post) for tags, post in zip(tagged, posts, strict=True)]
    known = Counter(token for tokens in said for token in tokens)
    weights = {
        token: math.log(len(posts) / count)
        for token, count in known.items()
        if FEWEST_TOKEN_POSTS <= count <= LARGEST_TOKEN_SHARE * len(posts) and len(token) <= LONGEST_TERM
    }
    return [
        {
            token: weights[token] * (TAG_WEIGHT if token in tags else WORD_WEIGHT)
            for token in tokens & weights.keys()
        }
        for tokens, tags in zip(said, tagged, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Topic:
    """Posts that belong together, oldest first, and the terms that set them apart."""

    posts: tuple[PostFigures, ...]
    terms: tuple[str, ...]


def _topics(posts: Posts) -> list[_Topic]:
    weights = topic_weights(posts)
    usual = Counter(token for tokens in weights for token in tokens)
    uses_tags = any(_tags(post) for post in posts)
    topics = []
    for group in group_alike(weights, threshold=ALIKE):
        grouped, bags = [posts[position] for position in group], [weights[position] for position in group]
        core = _core(bags)
        if core and (not uses_tags or any(core & _tags(post) for post in grouped)):
            topics.append(_Topic(tuple(grouped), _distinctive_terms(bags, usual)))
    return topics


def _core(bags: Sequence[Mapping[str, float]]) -> set[str]:
    """Return the terms that enough of these posts share; none where the posts are too few.

    Without a core the first post resembles the last by nothing: they are a chain, not a topic.
    """
    if len(bags) < FEWEST_SEGMENT_POSTS:
        return set()
    counts = Counter(token for bag in bags for token in bag)
    return {token for token, count in counts.items() if count >= CORE_SHARE * len(bags)}


def _distinctive_terms(bags: Sequence[Mapping[str, float]], usual: Mapping[str, int]) -> tuple[str, ...]:
    """Return the terms of at least two of the bags by `count * (count / count in all posts)`.

    Often within the group, seldom elsewhere; ties go by the alphabet.
    """
    counts = Counter(token for bag in bags for token in bag)
    shared = [token for token, count in counts.items() if count >= FEWEST_TOKEN_POSTS]
    shared.sort(key=lambda token: (-(counts[token] ** 2) / usual[token], token))
    return tuple(shared[:MOST_TERMS])


def _ranked(topics: Sequence[_Topic], posts: Posts, as_of: datetime) -> list[tuple[SegmentFigures, _Topic]]:
    usual_share = median(_view_share(topic.posts, posts) or 0.0 for topic in topics)
    ranked = [(_figures(topic, posts, usual_share, as_of), topic) for topic in topics]
    return sorted(ranked, key=lambda one: (-one[0].score, -one[0].share, one[0].terms))


def _figures(topic: _Topic, posts: Posts, usual_share: float | None, as_of: datetime) -> SegmentFigures:
    """Measure one topic against the account and its other topics.

    Score, 0 to 1: `0.4 * against(share, median share of the topics) + 0.4 * against(lift, 1) + 0.2 *
    against(share of the last 30 days, share before)`, where `against(x, usual) = x / (x + usual)` is
    0.5 for the usual. So 0.5 is a middling topic of this account. Ours: the design names the three
    ingredients and leaves the weights open; size and warmth count alike, and growth, which a month
    of posts makes jumpy, half as much. What cannot be measured counts as usual.
    """
    recent = as_of - timedelta(days=RECENT_DAYS)
    share = _view_share(topic.posts, posts)
    now = _view_share(*(posts_between(some, after=recent, until=as_of) for some in (topic.posts, posts)))
    before = _view_share(
        *([post for post in some if post.created_at <= recent] for some in (topic.posts, posts))
    )
    rate, usual_rate = median_engagement_rate(topic.posts), median_engagement_rate(posts)
    lift = rate / usual_rate if rate is not None and usual_rate else None
    return SegmentFigures(
        key="",
        score=SHARE_WEIGHT * _against(share, usual_share)
        + LIFT_WEIGHT * _against(lift, 1.0)
        + GROWTH_WEIGHT * _against(now, before),
        share=share or 0.0,
        lift=lift,
        growth=now - before if now is not None and before is not None else None,
        posts=len(topic.posts),
        terms=topic.terms,
    )


def _view_share(some: Posts, every: Posts) -> float | None:
    total = sum(post.views for post in every)
    return sum(post.views for post in some) / total if total else None


def _against(value: float | None, usual: float | None) -> float:
    if value is None or usual is None or not value + usual:
        return NEUTRAL
    return value / (value + usual)


def _tags(post: PostFigures) -> set[str]:
    written = {*map(normalise_hashtag, post.hashtags), *extract_hashtags(post.caption)}
    return {tag for tag in written if is_topic_tag(tag)}


def _words(post: PostFigures) -> set[str]:
    return {term for term in terms(post.caption) if is_topic_tag(term)}


def _examples(topic: _Topic) -> str:
    """Return the captions of the most viewed posts, one on each line, for the model to read."""
    captions = [
        " ".join(post.caption.split())[:LONGEST_EXAMPLE] for post in sorted(topic.posts, key=_by_views)
    ]
    return "\n".join([caption for caption in captions if caption][:MOST_EXAMPLES])


def _by_views(post: PostFigures) -> tuple[int, str]:
    return (-post.views, post.video_id)


def _note(considered: int, found: int, kept: int, given: AudienceInput) -> str:
    if considered < FEWEST_POSTS:
        return (
            f"Not enough data: grouping needs at least {FEWEST_POSTS} posts in the last {LOOKBACK_DAYS} "
            f"days, and this account has {considered}."
        )
    if not found:
        return f"No topic is shared by {FEWEST_SEGMENT_POSTS} posts or more, so there are no segments."
    if not kept:
        return f"None of the {found} topics found scores {given.min_score:g} or more; try a lower min_score."
    return ""


def _checked_words(facts: AudienceFacts, words: AudienceWords | None) -> dict[str, SegmentWords]:
    expected = [segment.key for segment in facts.segments]
    given = list(words.segments) if words else []
    keys = [segment.key for segment in given]
    if sorted(keys) != sorted(expected):
        raise ValueError(f"segments has the keys {keys!r}; give exactly one item for each of {expected!r}.")
    unnamed = [segment.key for segment in given if not segment.name.strip()]
    if unnamed:
        raise ValueError(f"segments has an empty name for {unnamed[0]!r}; write two to four words.")
    return {segment.key: segment for segment in given}


agent = AudienceMapper()
