"""Better titles and descriptions for products or posts, each variant scored by rule, the best one named.

The model writes the words; what a variant is worth is computed from the words it has. The score compares
the variants of one text with each other and with what is there now; it predicts no sale.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from agents.contract import Agent, AgentContext, BrandVoice, Made, ModelTier, Prompt, Typed
from agents.definitions.content_producer import offered_hashtags
from agents.definitions.drafting import (
    MOST_SEGMENTS,
    Feedback,
    Posts,
    SegmentBrief,
    check_keys,
    mending,
    unlinked,
)
from agents.definitions.listing_rules import (
    ANGLES,
    LIMITS,
    ListingKind,
    Scored,
    Standing,
    Written,
    check_written,
    has_faults,
    proven_terms,
    score_of,
    turned,
)
from agents.skills.captions import terms
from agents.skills.hashtags import is_topic_tag, normalise_hashtag
from agents.skills.statistics import Ratio
from agents.skills.stock import VELOCITY_DAYS
from tiktok_ops.content.figures import CatalogueFigures
from tiktok_ops.content.queries import catalogue_of, posts_until, products_until

LOOKBACK_DAYS = 180
"""How far back posts tell which words do well, and how a hashtag is used."""

DELETED = "deleted"
MOST_LISTINGS = 5
"""Texts in one call: five of them in five variants are about what an answer has room for."""

MOST_VARIANTS = 5
MOST_HASHTAGS = 5
MOST_OWN_TERMS = 3
MOST_TERMS = 8
LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 800
LONGEST_SHOWN = 2_000


class ListingInput(Typed):
    """Which texts: products by id, posts by video id; without either, the shop's best-selling products.

    Each of `required_disclosures` must stand in every variant, word for word. `feedback` is what was said of
    the variants drafted before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"products": ["1729592969712207008"], "segments": [{"name": "Students", "terms": ["desk"]}]},
            ]
        }
    )

    products: tuple[str, ...] = Field(default=(), max_length=MOST_LISTINGS)
    posts: tuple[str, ...] = Field(default=(), max_length=MOST_LISTINGS)
    segments: tuple[SegmentBrief, ...] = Field(default=(), max_length=MOST_SEGMENTS)
    n_variants: int = Field(default=3, ge=1, le=MOST_VARIANTS)
    required_disclosures: tuple[str, ...] = Field(default=(), max_length=5)
    feedback: Feedback = ""


class ListingItem(Typed):
    """One text to improve: `score` is that of what stands there now, 0 to 100."""

    key: str
    id: str
    kind: ListingKind
    score: Ratio
    segment_terms: tuple[tuple[str, ...], ...]
    proven_terms: tuple[str, ...]


class VariantSlot(Typed):
    """One variant to write: of which text, what it puts in front, words that fit, tags it may carry."""

    key: str
    listing: str
    angle: str
    terms: tuple[str, ...]
    hashtags: tuple[str, ...]
    longest_title: int


class ListingAnswer(Typed):
    """What facts and output share; `note` is a sentence for each thing a reader has to know."""

    as_of: AwareDatetime
    enough_data: bool
    posts_considered: int
    note: str


class ListingFacts(ListingAnswer):
    """The texts and the variants to write; `texts` holds what stands there now, by the text's key."""

    listings: tuple[ListingItem, ...]
    variants: tuple[VariantSlot, ...]
    texts: dict[str, str]
    banned_claims: tuple[str, ...]
    required_disclosures: tuple[str, ...]
    feedback: str = ""


class VariantWords(Typed):
    """What the model writes for the slot with this key."""

    key: str
    title: str = Field(max_length=LONGEST_TITLE)
    description: str = Field(max_length=LONGEST_DESCRIPTION)
    hashtags: tuple[str, ...] = Field(max_length=MOST_HASHTAGS)


class ListingWords(Typed):
    """One title, description and set of hashtags for each slot."""

    variants: tuple[VariantWords, ...]


class Variant(Typed):
    """One variant with its score, 0 to 100, and the four parts of it, each 0 to 1 or None."""

    title: str
    description: str
    hashtags: tuple[str, ...]
    score: Ratio
    parts: Scored


class Listing(Typed):
    """The variants of one text; `recommended` is the best, `recommended_index` its place, counted from 0.

    `current_score` is what the text that is there now earns by the same rule.
    """

    id: str
    kind: ListingKind
    current_score: Ratio
    variants: tuple[Variant, ...]
    recommended_index: int
    recommended: Variant


class ListingOutput(ListingAnswer):
    """The texts in the order they were asked for."""

    listings: tuple[Listing, ...]


class ListingOptimizer(Agent[ListingInput, ListingFacts, ListingWords, ListingOutput]):
    """Says which words a text lacks and scores what is written; the model only writes."""

    name = "listing_optimizer"
    purpose = "Write better titles and descriptions for products or posts, and say which one is best."
    model_tier = ModelTier.SMART
    Input = ListingInput
    Facts = ListingFacts
    Words = ListingWords
    Output = ListingOutput

    def compute(self, given: ListingInput, context: AgentContext) -> ListingFacts:
        """Read the shop, what it sold in 28 days, and the posts of 180 days."""
        account_id, as_of = context.account_id, context.as_of
        sold = products_until(account_id, as_of=as_of, since=as_of - timedelta(days=VELOCITY_DAYS))
        return plan_listings(
            catalogue_of(account_id),
            posts_until(account_id, as_of=as_of, since=as_of - timedelta(days=LOOKBACK_DAYS)),
            given,
            as_of,
            sold={product.product_id: product.units_sold for product in sold},
            brand=context.brand,
        )

    def prompt(self, facts: ListingFacts, context: AgentContext) -> Prompt | None:
        """Ask for the variants, unless there is no text to improve."""
        if not facts.variants:
            return None
        prompt = Prompt(
            instruction=(
                "For each item of variants write a title and a description of the text its listing names. "
                "Put the item's angle in front. Use its terms, the segments' and the proven ones wherever "
                "they are true of the text, and never where they are not. title: at most longest_title "
                "characters and at least 25 for a product, without a price, a link or an offer. "
                f"description: 30 words or more, at most {LONGEST_DESCRIPTION} characters. hashtags: at most "
                f"{MOST_HASHTAGS} of the item's own, spelled as there; write none inside a text. Repeat "
                "figures only from the text that is there now. No two variants may say the same thing in "
                "nearly the same words. Say each required disclosure word for word, and make none of the "
                "banned claims. Return every key exactly once. The texts that are there now stand below "
                f"under the keys of listings. Locale: {context.locale!r}."
            ),
            facts=facts.model_copy(update={"texts": {}, "feedback": ""}),
            untrusted=facts.texts,
        )
        return mending(prompt, facts.feedback)

    def compose(self, facts: ListingFacts, words: ListingWords | None) -> ListingOutput:
        """Join slots and words, score each variant, and name the best of each text.

        The best has the highest score as shown; of equals, the first. Raises `ValueError`, naming the
        variant, where a key is missing, unknown or given twice, a text is empty, too short or too long,
        has a link, a hashtag or a figure nobody gave, a banned claim is made, a disclosure is missing, a
        hashtag was not offered, or two variants of a text have the same title.
        """
        written = _checked_words(facts, words)
        listings = [_listing(item, facts, written) for item in facts.listings]
        shared = facts.model_dump(include=set(ListingAnswer.model_fields))
        return ListingOutput.model_validate(shared | {"listings": listings})

    def made(self, output: ListingOutput) -> tuple[Made, ...]:
        """Keep every variant of every text, the one recommended first."""
        told = [f"{one.id}\n\n" + "\n".join(map(_as_read, _best_first(one))) for one in output.listings]
        return (Made("draft", "\n".join(told)),) if told else ()


def _best_first(listing: Listing) -> tuple[Variant, ...]:
    at = listing.recommended_index
    return (listing.recommended, *listing.variants[:at], *listing.variants[at + 1 :])


def _as_read(variant: Variant) -> str:
    tags = " ".join(f"#{tag}" for tag in variant.hashtags)
    return "\n".join(part for part in (variant.title, variant.description, tags) if part) + "\n"


def plan_listings(
    catalogue: Sequence[CatalogueFigures],
    posts: Posts,
    given: ListingInput,
    as_of: datetime,
    *,
    sold: Mapping[str, int] = MappingProxyType({}),
    brand: BrandVoice | None = None,
) -> ListingFacts:
    """Return which variants to write, from products and posts in any order, as of `as_of` (aware, UTC).

    Texts: the products named, then the posts named; without either, the 5 products that sold most units
    in 28 days, of equals by id. Deleted products and what is not there are left out, and named in the
    note. Offered terms: the first 3 of the text's own title, then those of the segments and the proven
    ones, two further with each variant, 8 together.
    """
    texts = _texts(catalogue, posts, given, sold)
    banned = brand.banned_claims if brand else ()
    items, slots = [], []
    for number, text in enumerate(texts, start=1):
        item = _item(f"l{number}", text, posts, given, banned)
        items.append(item)
        slots += _slots(item, text, posts, given.n_variants)
    return ListingFacts(
        as_of=as_of,
        enough_data=bool(texts),
        posts_considered=len(posts),
        note=unlinked(brand, _note(texts, given)),
        listings=tuple(items),
        variants=tuple(slots),
        texts={item.key: text.whole[:LONGEST_SHOWN] for item, text in zip(items, texts, strict=True)},
        banned_claims=banned,
        required_disclosures=given.required_disclosures,
        feedback=given.feedback,
    )


def _texts(
    catalogue: Sequence[CatalogueFigures], posts: Posts, given: ListingInput, sold: Mapping[str, int]
) -> list[Standing]:
    there = {one.product_id: one for one in catalogue if one.status.lower() != DELETED}
    posted = {post.video_id: post for post in posts}
    best = sorted(there, key=lambda product_id: (-sold.get(product_id, 0), product_id))[:MOST_LISTINGS]
    products = given.products or (() if given.posts else tuple(best))
    return [
        Standing(one.product_id, ListingKind.PRODUCT, one.title.strip(), one.description.strip())
        for one in (there[name] for name in dict.fromkeys(products) if name in there)
    ] + [
        Standing(one.video_id, ListingKind.POST, "", one.caption.strip(), tuple(one.hashtags))
        for one in (posted[name] for name in dict.fromkeys(given.posts) if name in posted)
    ]


def _item(key: str, text: Standing, posts: Posts, given: ListingInput, banned: Sequence[str]) -> ListingItem:
    wanted = tuple((segment.terms or (segment.name,)) for segment in given.segments)
    proven = proven_terms(posts, about=text.whole)
    now = Written(text.title, text.description, text.hashtags)
    scored = score_of(now, text.kind, segments=wanted, proven=proven)
    is_sound = not has_faults(now, text.kind, banned, given.required_disclosures)
    return ListingItem(
        key=key,
        id=text.id,
        kind=text.kind,
        score=scored.total() if is_sound else 0,
        segment_terms=wanted,
        proven_terms=proven,
    )


def _slots(item: ListingItem, text: Standing, posts: Posts, n_variants: int) -> list[VariantSlot]:
    own = list(dict.fromkeys(terms(f"{text.title} {text.description}")))[:MOST_OWN_TERMS]
    fitting = [term for wanted in item.segment_terms for term in wanted] + list(item.proven_terms)
    others = [term for term in dict.fromkeys(fitting) if term not in own]
    tags = offered_hashtags(posts, topic="", about=text.whole)
    kept = [tag for tag in (*map(normalise_hashtag, text.hashtags), *tags) if is_topic_tag(tag)]
    return [
        VariantSlot(
            key=f"{item.key}v{number + 1}",
            listing=item.key,
            angle=ANGLES[number % len(ANGLES)],
            terms=tuple((own + turned(others, 2 * number))[:MOST_TERMS]),
            hashtags=tuple(dict.fromkeys(kept))[:MOST_HASHTAGS],
            longest_title=min(LIMITS[item.kind].title_most, LONGEST_TITLE),
        )
        for number in range(n_variants)
    ]


def _note(texts: Sequence[Standing], given: ListingInput) -> str:
    found = {text.id for text in texts}
    missing = [repr(name) for name in (*given.products, *given.posts) if name not in found]
    sentences = [f"Not found and left out: {', '.join(missing)}."] if missing else []
    if not texts:
        sentences.append("Not enough data: there is no product in the shop and no post to write about.")
    return " ".join(sentences)


def _checked_words(facts: ListingFacts, words: ListingWords | None) -> dict[str, Written]:
    given = list(words.variants) if words else []
    check_keys("variants", [one.key for one in given], [slot.key for slot in facts.variants])
    slots = {slot.key: slot for slot in facts.variants}
    kinds = {item.key: item.kind for item in facts.listings}
    written: dict[str, Written] = {}
    for one in given:
        slot = slots[one.key]
        tags = tuple(dict.fromkeys(filter(None, map(normalise_hashtag, one.hashtags))))
        unknown = [tag for tag in tags if tag not in slot.hashtags]
        if unknown:
            raise ValueError(
                f"The variant {one.key!r} has the hashtag {unknown[0]!r}, which was not offered; choose of "
                f"{slot.hashtags!r}."
            )
        written[one.key] = Written(" ".join(one.title.split()), one.description.strip(), tags)
        check_written(
            f"The variant {one.key!r}",
            written[one.key],
            kinds[slot.listing],
            banned=facts.banned_claims,
            disclosures=facts.required_disclosures,
            known=" ".join([facts.texts[slot.listing], *slot.terms, *facts.required_disclosures]),
        )
    return written


def _listing(item: ListingItem, facts: ListingFacts, written: Mapping[str, Written]) -> dict[str, Any]:
    keys = [slot.key for slot in facts.variants if slot.listing == item.key]
    titles = [written[key].title.casefold() for key in keys]
    if len(set(titles)) < len(titles):
        raise ValueError(f"Two variants of {item.key!r} have the same title; write different ones.")
    variants = [_variant(key, item, written) for key in keys]
    best = max(range(len(variants)), key=lambda at: (variants[at].score, -at))
    return {
        "id": item.id,
        "kind": item.kind,
        "current_score": item.score,
        "variants": variants,
        "recommended_index": best,
        "recommended": variants[best],
    }


def _variant(key: str, item: ListingItem, written: Mapping[str, Written]) -> Variant:
    one, others = written[key], [other for name, other in written.items() if name != key]
    scored = score_of(one, item.kind, segments=item.segment_terms, proven=item.proven_terms, others=others)
    return Variant(
        title=one.title,
        description=one.description,
        hashtags=one.hashtags,
        score=scored.total(),
        parts=scored,
    )


agent = ListingOptimizer()
