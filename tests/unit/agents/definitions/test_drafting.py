"""What the drafting agents share."""

from datetime import timedelta

import pytest

from agents.definitions.drafting import (
    LONGEST_CAPTION,
    SegmentBrief,
    alike,
    check_claims,
    newest_captions,
    tags_of,
    words_of,
)
from tests.factories.figures import NOON, make_post


def test_segment_of_the_audience_mapper_is_taken_without_its_figures() -> None:
    segment = SegmentBrief.model_validate({"key": "s1", "name": "Tea", "terms": ["tea"], "score": 0.9})
    assert segment.model_dump() == {"name": "Tea", "terms": ("tea",), "hooks": ()}


def test_tags_of_a_post_leave_out_reach_and_advertising() -> None:
    post = make_post(
        caption="Tea #Tea #werbung", hashtags=("#FYP", "ad", "gifted", "Coldbrew", "2026", "x" * 101)
    )
    assert tags_of(post) == ("coldbrew", "tea")


def test_words_of_a_post_are_its_tags_and_terms() -> None:
    assert words_of(make_post(caption="How to brew it", hashtags=("tea",))) == {"tea", "brew"}


def test_newest_captions_come_once_each_cut_and_on_one_line() -> None:
    captions = ["same", "old", "x" * 400, "two\n lines", "  ", "same"]
    posts = [make_post(created_at=NOON + timedelta(days=n), caption=text) for n, text in enumerate(captions)]
    assert newest_captions(posts, most=10) == ("same", "two lines", "x" * LONGEST_CAPTION, "old")
    assert newest_captions(posts, most=1) == ("same",)
    assert newest_captions([], most=1) == ()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("tea lamp", "lamp tea", 1.0),
        ("tea lamp", "dog cat", 0.0),
        ("red tea", "green tea", 0.5),  # one of two terms each
        ("What is it?", "  what  IS it? ", 1.0),  # no terms, but the same words
        ("What is it?", "Who was he?", 0.0),
        ("", "", 1.0),
    ],
)
def test_alike_compares_terms_or_the_very_text(left: str, right: str, expected: float) -> None:
    assert alike(left, right) == pytest.approx(expected)
    assert alike(right, left) == pytest.approx(expected)


def test_check_claims_names_the_place_and_the_claim() -> None:
    with pytest.raises(ValueError, match="The hook claims 'cures everything', which the brand never does"):
        check_claims([("The outline", "fine"), ("The hook", "It CURES  everything!")], ["cures everything"])


def test_check_claims_without_any_is_silent() -> None:
    check_claims([("The hook", "It cures everything")], [])
    check_claims([("The hook", "It obscures everything")], ["cures everything"])
