"""What the agents that draft share: whom a draft is for, what was said before, which tags are the account's."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import ConfigDict, Field

from agents.contract import Prompt, Typed
from agents.definitions.compliance import NO_BRAND
from agents.skills.captions import find_phrase, fold, terms
from agents.skills.disclosures import COMMERCIAL_TAGS, DISCLOSURE_TAGS
from agents.skills.hashtags import extract_hashtags, is_topic_tag, normalise_hashtag
from agents.skills.similarity import cosine
from agents.skills.statistics import NOISE_DIGITS
from tiktok_ops.content.figures import PostFigures

Posts = Sequence[PostFigures]

MOST_SEGMENTS = 20
LONGEST_TOPIC = 100
LONGEST_CAPTION = 300
"""Captions are compared by their first 300 characters: what a facts row holds has to end somewhere."""

LONGEST_FEEDBACK = 2_000
Feedback = Annotated[str, Field(max_length=LONGEST_FEEDBACK)]
"""What was said of the draft before, by a person or by another agent; empty of a first draft."""

_MEND = " The last draft was sent back; what was said of it stands below: write one that it is not true of."

LABEL_TAGS = DISCLOSURE_TAGS | COMMERCIAL_TAGS
"""Whether a post is advertising is for a person to say: no label is taken over from another post."""


class SegmentBrief(Typed):
    """Whom something is for, as `audience_mapper` describes a segment; its figures are not needed here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    terms: tuple[str, ...] = Field(default=(), max_length=20)
    hooks: tuple[str, ...] = Field(default=(), max_length=20)


def mending(prompt: Prompt, feedback: str) -> Prompt:
    """Return the prompt with what was said of the last draft, which asks for a better one; as it is without."""
    if not feedback:
        return prompt
    return replace(
        prompt,
        instruction=prompt.instruction + _MEND,
        untrusted={**prompt.untrusted, "said of the last draft": feedback},
    )


_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


def tags_of(post: PostFigures) -> tuple[str, ...]:
    """Return the post's tags that name a topic, each once: no pleas for reach, no advertising labels."""
    written = [*map(normalise_hashtag, post.hashtags), *extract_hashtags(post.caption)]
    return tuple(
        dict.fromkeys(
            tag
            for tag in written
            if is_topic_tag(tag) and tag not in LABEL_TAGS and len(tag) <= LONGEST_TOPIC
        )
    )


def words_of(post: PostFigures) -> frozenset[str]:
    """Return the post's tags and the terms of its caption."""
    return frozenset(tags_of(post)) | frozenset(terms(post.caption))


def newest_captions(posts: Posts, *, most: int) -> tuple[str, ...]:
    """Return the distinct captions of posts in any order, newest first, each cut and on one line."""
    newest = sorted(posts, key=lambda post: (post.created_at, post.video_id), reverse=True)
    captions = [" ".join(post.caption.split())[:LONGEST_CAPTION] for post in newest]
    return tuple(dict.fromkeys(caption for caption in captions if caption))[:most]


def alike(left: str, right: str) -> float:
    """Return how alike two texts are, 0 to 1: the cosine of their term counts, 1 where they read the same.

    The formula is `similarity.cosine` over `captions.terms`. Texts of stop words or signs alone have no
    terms; they are alike only when nothing but case, width and spacing tells them apart.
    """
    if fold(left).text.strip() == fold(right).text.strip():
        return 1.0
    # Cleared of binary noise, so that a likeness of exactly a threshold reaches it.
    return round(cosine(Counter(terms(left)), Counter(terms(right))), NOISE_DIGITS)


def check_claims(texts: Iterable[tuple[str, str]], banned_claims: Sequence[str]) -> None:
    """Raise `ValueError`, naming the place, for a text that makes a claim the brand never makes.

    `texts` are pairs of a place ("the caption") and what stands there.
    """
    for place, text in texts:
        for claim in banned_claims:
            if find_phrase(text, claim):
                raise ValueError(f"{place} claims {claim!r}, which the brand never does; leave it out.")


def carries(words: frozenset[str], term: str) -> bool:
    """Tell whether words hold a term: written together ("coldbrew"), or each of its words somewhere."""
    apart = frozenset(terms(term))
    return "".join(term.lower().split()) in words or (bool(apart) and apart <= words)


def check_figures(texts: Iterable[tuple[str, str]], *, known: str) -> None:
    """Raise `ValueError`, naming the place, for a figure that does not stand in `known`.

    `texts` are pairs as for `check_claims`. Figures are facts: a model may repeat one, never make one.
    """
    told = set(_FIGURE.findall(fold(known).text))
    for place, text in texts:
        made_up = [figure for figure in _FIGURE.findall(fold(text).text) if figure not in told]
        if made_up:
            raise ValueError(f"{place} has the figure {made_up[0]!r}, which nobody gave; leave it out.")


def check_keys(name: str, keys: Sequence[str], expected: Sequence[str]) -> None:
    """Raise `ValueError` unless these are exactly the expected keys, in any order."""
    if sorted(keys) != sorted(expected):
        raise ValueError(
            f"{name} has the keys {list(keys)!r}; give exactly one item for each of {list(expected)!r}."
        )


def unlinked(brand: object, note: str = "") -> str:
    """Return the note with the warning before it that no brand is linked, where none is."""
    return " ".join(part for part in ("" if brand else NO_BRAND, note) if part)
