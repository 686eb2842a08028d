"""What an account posts about, and how well each topic does."""

from collections.abc import Sequence

from pydantic import FiniteFloat

from agents.contract import Typed
from agents.definitions.drafting import LONGEST_TOPIC, Posts, tags_of, words_of
from agents.skills.captions import terms
from agents.skills.statistics import Ratio, median
from tiktok_ops.content.figures import PostFigures

FEWEST_TOPIC_POSTS = 2
LARGEST_TOPIC_SHARE = 0.5
"""What more than half of the posts carry is what the account is, not what a post is about."""

LUCK_POSTS = 2
"""A topic's lift counts as if two more posts had done as the account usually does: ours, against luck."""

SAME_STORY = 0.5
"""A topic at least half of whose posts carry a better one tells that one's story again."""


class TopicFigures(Typed):
    """One topic in numbers: the posts that carry it, their median views by the account's (`lift`)."""

    topic: str
    posts: int
    median_views: FiniteFloat | None
    lift: Ratio | None


def best_topics(posts: Posts, *, most: int) -> list[str]:
    """Return the topics whose posts are viewed most, best first, at most `most`.

    A topic is a hashtag (or, where the account uses none, a term of its captions) of at least 2 posts
    and at most half of them. Ranked by the shrunken lift `(n * lift + 2) / (n + 2)`, where lift is the
    median views of its n posts by the account's median: ours, a mean with two usual posts, so that two
    lucky posts do not outrank twenty good ones. Of equals, the one on more posts, then by name. One that
    shares at least half of its posts with a better one is left out.
    """
    words = [tags_of(post) for post in posts]
    if not any(words):
        words = [tuple(dict.fromkeys(terms(post.caption))) for post in posts]
    known = sorted({word for post in words for word in post if len(word) <= LONGEST_TOPIC})
    carriers = {word: carriers_of(word, posts) for word in known}
    fit = [
        word
        for word in known
        if FEWEST_TOPIC_POSTS <= len(carriers[word]) <= LARGEST_TOPIC_SHARE * len(posts)
    ]
    ranked = sorted(
        fit, key=lambda word: (-_shrunken_lift(carriers[word], posts), -len(carriers[word]), word)
    )
    return _different(ranked, carriers)[:most]


def _different(ranked: Sequence[str], carriers: dict[str, list[PostFigures]]) -> list[str]:
    """Return the topics that tell a story of their own, in their order."""
    ids = {topic: {post.video_id for post in carriers[topic]} for topic in ranked}
    kept: list[str] = []
    for topic in ranked:
        if all(len(ids[topic] & ids[better]) < SAME_STORY * len(ids[topic]) for better in kept):
            kept.append(topic)
    return kept


def carriers_of(topic: str, posts: Posts) -> list[PostFigures]:
    """Return the posts that carry a topic: written together ("coldbrew"), or all of its terms."""
    together, apart = "".join(topic.lower().split()), frozenset(terms(topic))
    carried = [(post, words_of(post)) for post in posts]
    return [post for post, words in carried if together in words or (apart and apart <= words)]


def _lift(carriers: Posts, posts: Posts) -> float | None:
    usual = median(post.views for post in posts)
    views = median(post.views for post in carriers)
    return views / usual if usual and views is not None else None


def _shrunken_lift(carriers: Posts, posts: Posts) -> float:
    lift = _lift(carriers, posts) or 0.0
    return (len(carriers) * lift + LUCK_POSTS) / (len(carriers) + LUCK_POSTS)


def topic_figures(topic: str, posts: Posts) -> TopicFigures:
    """Return what the posts that carry a topic did."""
    carriers = carriers_of(topic, posts)
    return TopicFigures(
        topic=topic,
        posts=len(carriers),
        median_views=median(post.views for post in carriers),
        lift=_lift(carriers, posts),
    )
