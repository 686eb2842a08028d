"""What a listing is worth, by hand; what it may not say; which words are proven."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.definitions.listing_rules import (
    ListingKind,
    Scored,
    Written,
    check_written,
    proven_terms,
    score_of,
)
from tests.factories.figures import NOON, make_post
from tests.forms import examples
from tiktok_ops.content.figures import PostFigures

LAMP = Written("Paper lamp for a small desk at night", "word " * 15, ("paperlamp",))


def test_score_of_a_text_by_hand() -> None:
    # Segments: of "lamp", "desk", "sofa" two stand there, of "cold brew" none: (2/3 + 0) / 2 = 1/3.
    # Proven: "night" of "night", "kettle": 1/2. Title 36 of 25 units: 1; description 15 of 30 words: 1/2;
    # together 3/4. Nothing to be distinct from.
    scored = score_of(
        LAMP,
        ListingKind.PRODUCT,
        segments=[("lamp", "desk", "sofa"), ("cold brew",)],
        proven=["night", "kettle"],
    )
    assert scored == Scored(segments=1 / 3, proven=0.5, length=0.75, distinct=None)
    # 40 * 0.3333 + 30 * 0.5 + 20 * 0.75 + 10 * 0.5 (not measured) = 13.332 + 15 + 15 + 5
    assert scored.total() == pytest.approx(48.332)


def test_score_of_a_text_with_nothing_to_measure_by_earns_half_of_what_is_not_measured() -> None:
    # 40 * 0.5 + 30 * 0.5 + 20 * 0 + 10 * 0.5 = 40
    scored = score_of(Written("", ""), ListingKind.PRODUCT, segments=[], proven=[])
    assert (scored.segments, scored.proven, scored.length, scored.distinct) == (None, None, 0, None)
    assert scored.total() == 40


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("Paper Lamp", True),  # written together, as the hashtag is
        ("desk night", True),  # both of its words somewhere
        ("desk sofa", False),
        ("lamps", False),  # no stemming
    ],
)
def test_score_of_a_text_counts_a_term_it_carries(term: str, found: bool) -> None:
    assert score_of(LAMP, ListingKind.PRODUCT, segments=[[term]], proven=[]).segments == found


@pytest.mark.parametrize(("kind", "length"), [(ListingKind.PRODUCT, 0.75), (ListingKind.POST, 1)])
def test_score_of_a_post_asks_for_fewer_words(kind: ListingKind, length: float) -> None:
    assert score_of(LAMP, kind, segments=[], proven=[]).length == length


def test_score_of_a_text_falls_with_its_likeness_to_the_nearest_other() -> None:
    # "red lamp" and "red kettle" share one of two terms: cosine 1 / 2. "blue tea" shares none.
    red, kettle, tea = (Written(text, "") for text in ("red lamp", "red kettle", "blue tea"))
    scored = score_of(red, ListingKind.PRODUCT, segments=[], proven=[], others=[tea, kettle])
    assert scored.distinct == 0.5
    assert score_of(red, ListingKind.PRODUCT, segments=[], proven=[], others=[red]).distinct == 0


@settings(max_examples=examples(40))
@given(
    st.lists(st.lists(st.sampled_from(["lamp", "desk", "sofa"]), max_size=3), max_size=3),
    st.lists(st.sampled_from(["night", "tea"]), max_size=2, unique=True),
    st.text(max_size=40),
)
def test_score_of_any_text_is_between_nothing_and_a_hundred(
    segments: list[list[str]], proven: list[str], description: str
) -> None:
    written = Written(LAMP.title, description)
    scored = score_of(written, ListingKind.PRODUCT, segments=segments, proven=proven, others=[LAMP])
    assert 0 <= scored.total() <= 100


# --- proven words


def posts(*captions_and_views: tuple[str, int]) -> list[PostFigures]:
    return [
        make_post(caption=caption, views=views, hashtags=(), created_at=NOON - timedelta(days=day))
        for day, (caption, views) in enumerate(captions_and_views)
    ]


EIGHT = (
    ("lamp glow", 900),
    ("lamp glow", 800),
    ("lamp paper", 100),
    ("lamp paper", 100),
    ("tea", 100),
    ("tea", 100),
    ("kettle", 100),
    ("sofa", 100),
)
"""Of eight posts one in four, two, may be well seen: those above the third highest, 100."""


def test_prove_words_of_well_seen_posts_by_their_edge() -> None:
    # Both well-seen posts have glow and lamp. Of all eight, two have glow (edge 1 - 2/8 = 0.75) and four
    # have lamp (1 - 4/8 = 0.5).
    assert proven_terms(posts(*EIGHT), about="A lamp") == ("glow", "lamp")


def test_prove_words_leaves_out_what_no_post_on_the_subject_has() -> None:
    assert proven_terms(posts(*EIGHT), about="Green tea") == ()


def test_prove_words_leaves_out_what_more_than_half_of_the_posts_say() -> None:
    every = [*EIGHT[:-1], ("lamp sofa", 100)]  # five of eight
    assert proven_terms(posts(*every), about="A lamp") == ()
    assert proven_terms(posts(*every), about="A lamp with glow") == ("glow",)


def test_prove_words_needs_eight_posts_with_views() -> None:
    fewer = [*EIGHT[:-1], ("sofa", 0)]
    assert proven_terms(posts(*fewer), about="A lamp") == ()


def test_prove_words_takes_no_word_of_a_single_well_seen_post_and_no_plea_for_reach() -> None:
    once = [("lamp glow fyp", 900), ("lamp fyp", 800), *EIGHT[2:]]
    assert proven_terms(posts(*once), about="A lamp") == ("lamp",)


def test_prove_words_of_posts_all_seen_alike_proves_none() -> None:
    assert proven_terms(posts(*((caption, 100) for caption, _ in EIGHT)), about="A lamp") == ()


def test_prove_words_gives_ten_at_most() -> None:
    many = " ".join(f"glow{chr(97 + n)}" for n in range(12))
    assert len(proven_terms(posts((many, 900), (many, 800), *EIGHT[2:]), about=many)) == 10


# --- refusals

FORM = "Paper lamp for a small desk", "Folds flat and weighs little."


def check(title: str = FORM[0], description: str = FORM[1], **kwargs: object) -> None:
    options: dict[str, object] = {"banned": (), "disclosures": (), "known": "lamp 750 ml", "kind": "product"}
    options |= kwargs
    kind = ListingKind(str(options.pop("kind")))
    check_written("It", Written(title, description), kind, **options)  # type: ignore[arg-type]


def test_check_a_sound_text_says_nothing() -> None:
    check()
    check(description="Holds 750 ml.")
    check(title="a" * 25)
    check(title="a" * 200)
    check(title="a", kind="post")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"title": "a" * 24}, "It has a title of 24 UTF-16 units; write 25 to 200."),
        ({"title": "a" * 201}, "It has a title of 201 UTF-16 units; write 25 to 200."),
        ({"title": "🪔" * 46, "kind": "post"}, "It has a title of 92 UTF-16 units; write 1 to 90."),
        ({"title": "", "kind": "post"}, "It has a title of 0 UTF-16 units; write 1 to 90."),
        ({"description": ""}, "It has a description of 0 UTF-16 units; write 1 to 10000."),
        ({"description": "a" * 10_001}, "It has a description of 10001 UTF-16 units; write 1 to 10000."),
        ({"description": "See lamps.shop"}, "It has a link; write it without one."),
        ({"description": "So good #lamp"}, "It holds the hashtag 'lamp'; name hashtags in hashtags only."),
        (
            {"description": "Holds 800 ml."},
            "It: the description has the figure '800', which nobody gave; leave it out.",
        ),
        (
            {"description": "It HEALS you", "banned": ["heals"]},
            "It: the description claims 'heals', which the brand never does; leave it out.",
        ),
        ({"disclosures": ["Anzeige"]}, "It does not say 'Anzeige'; say it word for word."),
        (
            {"description": "Use my code LAMP", "kind": "post", "known": None},
            "It looks like a deal and does not say that it is advertising.",
        ),
    ],
)  # fmt: skip
def test_check_a_text_that_may_not_be_used_says_why(given: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 -- the whole sentence is compared
        check(**given)  # type: ignore[arg-type]
    assert str(refused.value) == complaint


def test_check_takes_a_deal_that_says_so_and_a_product_with_a_code() -> None:
    check(description="Anzeige | Use my code LAMP", kind="post", known=None)
    check(description="Use my code LAMP")


def test_check_what_is_there_now_asks_for_no_form() -> None:
    check(title="", description="See lamps.shop #lamp 800", known=None)
