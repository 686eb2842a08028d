"""What a listing may say and what it is worth: limits, refusals, and the score with its four parts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from agents.contract import Typed
from agents.definitions.drafting import Posts, alike, carries, check_claims, check_figures, words_of
from agents.skills.captions import find_phrase, fold, terms, utf16_length
from agents.skills.comment_classes import LINK
from agents.skills.disclosures import has_disclosure, looks_commercial
from agents.skills.hashtags import find_hashtags, is_topic_tag
from agents.skills.statistics import Ratio

SEGMENTS_WEIGHT = 40
PROVEN_WEIGHT = 30
LENGTH_WEIGHT = 20
DISTINCT_WEIGHT = 10
"""Ours. Whom it is for counts most, what did well here next; being long enough and unlike the others is
needed, and easily had."""

NEUTRAL_SHARE = 0.5
"""What a part earns that cannot be measured: neither praise nor blame."""

TITLE_UNITS = 25
"""A title says enough from here on. TikTok Shop's sellers' pages ask for at least 25 characters."""

FEWEST_POSTS = 8
"""Posts with views from which it can be told which words do well."""

WELL_SEEN_SHARE = 4
"""Well seen are the posts with more views than three quarters of the account's: one in four."""

LARGEST_SHARE = 0.5
FEWEST_PROVEN_POSTS = 2
MOST_PROVEN = 10


ANGLES = (
    "what it is and what it is made of",
    "who it is for and what it makes easier",
    "how it is used from the first day on",
    "what sets it apart from the usual ones",
    "what comes with it and how it is looked after",
)
"""What a variant puts in front, in turn, so that the variants of a text differ in more than wording."""


class ListingKind(StrEnum):
    """What a text belongs to."""

    PRODUCT = "product"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a title and a description may be, in UTF-16 units, and how many words say enough."""

    title_least: int
    title_most: int
    description_most: int
    description_words: int


LIMITS: Mapping[ListingKind, Limits] = MappingProxyType(
    {
        ListingKind.PRODUCT: Limits(25, 200, 10_000, 30),
        ListingKind.POST: Limits(1, 90, 2_200, 10),
    }
)
"""Products: the narrowest of what TikTok Shop's sellers' pages name for titles (25 to 200 characters) and
30 words of description. Posts: a photo's title of 90 and a video's caption of 2,200 UTF-16 units, so that
the text fits both (Content Posting API); their 10 words are ours."""


@dataclass(frozen=True, slots=True)
class Written:
    """A title, a description and normalised hashtags."""

    title: str
    description: str
    hashtags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Title and description together."""
        return f"{self.title} {self.description}".strip()

    @property
    def words(self) -> frozenset[str]:
        """The words a reader finds in it, tags included."""
        inside = (found.tag for found in find_hashtags(self.text))
        return frozenset([*terms(self.text), *inside, *self.hashtags])


@dataclass(frozen=True, slots=True)
class Standing:
    """A text as it stands now."""

    id: str
    kind: ListingKind
    title: str
    description: str
    hashtags: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Title, description and hashtags, a line each, without empty ones."""
        tags = " ".join(f"#{tag}" for tag in self.hashtags)
        return "\n".join(part for part in (self.title, self.description, tags) if part)


class Scored(Typed):
    """The four parts of a score, each 0 to 1, None where there is nothing to measure by."""

    segments: Ratio | None
    proven: Ratio | None
    length: Ratio
    distinct: Ratio | None

    def total(self) -> float:
        """Return `40 * segments + 30 * proven + 20 * length + 10 * distinct`, 0 to 100.

        Of the parts as shown, so that the page adds up; one that is None counts as a half.
        """
        weighed = (
            (SEGMENTS_WEIGHT, self.segments),
            (PROVEN_WEIGHT, self.proven),
            (LENGTH_WEIGHT, self.length),
            (DISTINCT_WEIGHT, self.distinct),
        )
        return sum(weight * (NEUTRAL_SHARE if part is None else part) for weight, part in weighed)


def score_of(
    written: Written,
    kind: ListingKind,
    *,
    segments: Sequence[Sequence[str]],
    proven: Sequence[str],
    others: Sequence[Written] = (),
) -> Scored:
    """Return the parts of a text's score.

    Segments: the mean over the segments of the share of their terms that the text carries. Proven: the
    share of the proven terms it carries. Length: the mean of `title units / 25` and `description words /
    30` (10 for posts), each at most 1. Distinct: 1 minus the greatest likeness to another variant
    (`drafting.alike`). All ours.
    """
    words = written.words
    shares = [_share(words, wanted) for wanted in segments if wanted]
    longest = LIMITS[kind]
    title = min(1.0, utf16_length(written.title) / TITLE_UNITS)
    description = min(1.0, len(written.description.split()) / longest.description_words)
    likeness = [alike(written.text, other.text) for other in others]
    return Scored(
        segments=sum(shares) / len(shares) if shares else None,
        proven=_share(words, proven) if proven else None,
        length=(title + description) / 2,
        distinct=1 - max(likeness) if likeness else None,
    )


def _share(words: frozenset[str], wanted: Sequence[str]) -> float:
    return sum(carries(words, term) for term in wanted) / len(wanted)


def proven_terms(posts: Posts, *, about: str) -> tuple[str, ...]:
    """Return the words that well-seen posts on this subject have and others lack, at most 10.

    Well seen: posts with more views than three quarters of the account's posts that have views, of which
    at least 8 are needed. A word is proven by its edge, `share of the well-seen posts with it - share of
    all with it`, where that is above 0 and at least 2 well-seen posts have it; it must also stand in a
    post that shares a word with `about`, for what sells tea says nothing of lamps. What more than half of
    the posts say is what the account is and counts for neither. By edge, then by the alphabet. Ours; it
    shows what goes together, not what causes what.
    """
    seen = [post for post in posts if post.views]
    if len(seen) < FEWEST_POSTS:
        return ()
    bar = _upper_quartile([post.views for post in seen])
    bags = [(post.views > bar, words_of(post)) for post in seen]
    well = Counter(word for is_well, words in bags if is_well for word in words)
    usual = Counter(word for _, words in bags for word in words)
    telling = {word for word, count in usual.items() if count <= LARGEST_SHARE * len(bags)}
    sought = telling & {*terms(about), *(found.tag for found in find_hashtags(about))}
    related = telling & {word for _, words in bags if words & sought for word in words}
    well_seen = sum(is_well for is_well, _ in bags)
    edges = {
        word: count / well_seen - usual[word] / len(bags)
        for word, count in well.items()
        if count >= FEWEST_PROVEN_POSTS and word in related and is_topic_tag(word)
    }
    ranked = sorted((word for word, edge in edges.items() if edge > 0), key=lambda word: (-edges[word], word))
    return tuple(ranked[:MOST_PROVEN])


def _upper_quartile(views: Sequence[int]) -> int:
    """Return the number of views that at most a quarter of the posts exceed."""
    ordered = sorted(views, reverse=True)
    return ordered[len(ordered) // WELL_SEEN_SHARE]


def check_written(
    place: str,
    written: Written,
    kind: ListingKind,
    *,
    banned: Sequence[str],
    disclosures: Sequence[str],
    known: str | None = None,
) -> None:
    """Raise `ValueError`, naming the place, for a text that may not be used.

    Always: a banned claim, a required disclosure that is missing, or a post that looks like a deal and
    does not say that it is advertising. With `known`, the text a writer had before them: also an empty
    or too long text, a link, a hashtag inside, or a figure that does not stand in `known`.
    """
    parts = [
        (f"{place}: the title", written.title),
        (f"{place}: the description", written.description),
    ]
    if known is not None:
        _check_form(place, written, LIMITS[kind])
        check_figures(parts, known=known)
    check_claims(parts, banned)
    for disclosure in disclosures:
        if not find_phrase(written.text, disclosure):
            raise ValueError(f"{place} does not say {disclosure!r}; say it word for word.")
    is_deal = kind is ListingKind.POST and looks_commercial(written.text, written.hashtags)
    # A label counts at the beginning of a text, and each of the two has one.
    if is_deal and not any(
        has_disclosure(part, written.hashtags) for part in (written.title, written.description)
    ):
        raise ValueError(f"{place} looks like a deal and does not say that it is advertising.")


def turned(values: list[str], by: int) -> list[str]:
    """Return the values, begun at another one, so many places further."""
    at = by % len(values) if values else 0
    return values[at:] + values[:at]


def has_faults(now: Written, kind: ListingKind, banned: Sequence[str], disclosures: Sequence[str]) -> bool:
    """Tell whether what stands there now makes a banned claim or lacks a disclosure: it is worth nothing."""
    try:
        check_written("It", now, kind, banned=banned, disclosures=disclosures)
    except ValueError:
        return True
    return False


def _check_form(place: str, written: Written, limits: Limits) -> None:
    title, description = utf16_length(written.title), utf16_length(written.description)
    if not limits.title_least <= title <= limits.title_most:
        raise ValueError(
            f"{place} has a title of {title} UTF-16 units; write {limits.title_least} to {limits.title_most}."
        )
    if not 0 < description <= limits.description_most:
        raise ValueError(
            f"{place} has a description of {description} UTF-16 units; write 1 to {limits.description_most}."
        )
    if LINK.search(fold(written.text).text):
        raise ValueError(f"{place} has a link; write it without one.")
    inside = find_hashtags(written.text)
    if inside:
        raise ValueError(f"{place} holds the hashtag {inside[0].tag!r}; name hashtags in hashtags only.")
