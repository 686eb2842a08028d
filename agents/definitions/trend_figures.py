"""What an account's own posts say of a tag: how fast it gains views, how common it is, how well it fits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.contract import Typed
from agents.skills.captions import terms
from agents.skills.hashtags import extract_hashtags, is_topic_tag, normalise_hashtag
from agents.skills.similarity import cosine, damped
from agents.skills.statistics import Ratio, clipped, median
from agents.skills.windows import posts_between
from tiktok_ops.content.figures import PostFigures

Posts = Sequence[PostFigures]

HISTORY_DAYS = 90
"""How far "the time before" goes back behind the fresh hours, and what saturation is measured over."""

SIGNATURE_FROM = 0.5
"""A tag on more than half of the posts is the account's signature: it names no topic."""

SAME_STORY = 0.5
"""A tag of which at least half of the fresh posts carry a stronger tag tells that tag's story again."""

MOST_ALONGSIDE = 8
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200
LONGEST_TAG = 60


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


@dataclass(frozen=True, slots=True)
class Read:
    """A post with its tags and the words of its caption, taken out of it once."""

    post: PostFigures
    tags: frozenset[str]
    words: tuple[str, ...]


Reads = tuple[Read, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
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


def stretch_of(posts: Posts, *, freshness_hours: int, as_of: datetime) -> Stretch:
    """Return the posts of the fresh hours and of the 90 days before them, read."""
    start = as_of - timedelta(hours=freshness_hours)
    history = timedelta(days=HISTORY_DAYS)
    ordered = sorted(posts, key=lambda post: (post.created_at, post.video_id))
    before = posts_between(ordered, after=start - history, until=start)
    # An account younger than 90 days is not slower for it: its views are spread over the days it had.
    covered = (start - before[0].created_at) / timedelta(days=1) if before else HISTORY_DAYS
    return Stretch(
        fresh=_read(posts_between(ordered, after=start, until=as_of)),
        before=_read(before),
        fresh_days=freshness_hours / 24,
        before_days=clipped(covered, 1, HISTORY_DAYS),
        lately_from=as_of - history,
    )


def _read(posts: Iterable[PostFigures]) -> Reads:
    return tuple(Read(post, _tags(post), terms(post.caption)) for post in posts)


def _tags(post: PostFigures) -> frozenset[str]:
    written = [*map(normalise_hashtag, post.hashtags), *extract_hashtags(post.caption)]
    return frozenset(tag for tag in written if is_topic_tag(tag) and len(tag) <= LONGEST_TAG)


def measured(stretch: Stretch, brand_words: dict[str, float]) -> list[TrendFigures]:
    """Return the figures of each tag of the fresh posts that is not on more than half of the posts."""
    tags = sorted({tag for read in stretch.fresh for tag in read.tags})
    found = [figures_of(tag, stretch, brand_words, velocity=velocity_of(tag, stretch)) for tag in tags]
    return [trend for trend in found if trend.saturation <= SIGNATURE_FROM]


def figures_of(tag: str, stretch: Stretch, brand_words: dict[str, float], *, velocity: float) -> TrendFigures:
    """Measure one tag that gains views at this velocity.

    Saturation: the share of the account's posts of the last 90 days that use the tag. Similarity: the
    cosine of the damped counts of two vocabularies, the tag with the tags and caption words of its posts,
    and the words of the brand's voice and guidelines; where these have none, or none of them is among the words
    of posts the account has with the tag, the tags and words of its posts outside the tag.
    Fit, the design's formula: `similarity * velocity * (1 - saturation)`.
    """
    tagged = [read for read in stretch.every if tag in read.tags]
    lately = stretch.lately
    saturation = sum(tag in read.tags for read in lately) / len(lately) if lately else 0.0
    words = vocabulary(tagged) or {tag: 1.0}
    similarity = cosine(words, brand_words)
    if not brand_words or (tagged and not similarity):
        # Guidelines name few of the topics a brand posts about: what it does post about is not foreign to it.
        similarity = cosine(words, vocabulary(read for read in stretch.every if tag not in read.tags))
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


def velocity_of(tag: str, stretch: Stretch) -> float:
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


def vocabulary(reads: Iterable[Read]) -> dict[str, float]:
    """Return the damped counts of the posts' tags and words."""
    return damped(Counter(word for read in reads for word in (*read.tags, *read.words)))


def stories(found: Sequence[TrendFigures], stretch: Stretch) -> list[TrendFigures]:
    """Return one trend for each story, best fit first, with the tags that repeat it alongside.

    The fastest tag speaks for a story; of equals, the one on the most posts.
    """
    carriers = {
        trend.tag: {read.post.video_id for read in stretch.fresh if trend.tag in read.tags} for trend in found
    }
    strongest_first = sorted(found, key=lambda trend: (-trend.velocity, -trend.posts, trend.tag))
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


def examples(fresh: Reads, tag: str) -> str:
    """Return the captions of the tag's newest posts, one on each line, for the model to read."""
    captions = [
        " ".join(read.post.caption.split())[:LONGEST_EXAMPLE] for read in reversed(fresh) if tag in read.tags
    ]
    return "\n".join([caption for caption in captions if caption][:MOST_EXAMPLES])
