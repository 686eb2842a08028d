"""Run sheets to the minute, products that last through a show, cues and recaps, all by hand."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agents.definitions.live_plan import (
    LEAST_STOCK,
    PartKind,
    Recap,
    Slot,
    cues_from,
    pin_products,
    recap_of,
    run_sheet,
)
from agents.skills.comment_classes import CommentClass
from tests.factories.figures import NOON, make_post
from tiktok_ops.content.figures import CommentFigures, OrderFigures, ProductFigures


def slot(minutes: int = 60, starts_at: datetime = NOON) -> Slot:
    return Slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes))


def sheet(minutes: int, products: int) -> list[tuple[str, int]]:
    return [
        (part.kind.value, part.minutes)
        for part in run_sheet(slot(minutes), [str(n) for n in range(products)])
    ]


def test_sheet_of_an_hour_with_four_products_by_hand() -> None:
    # Edges: 5 % of 60 are 3 minutes each, 54 are left. Two rounds of questions take 10, four products share
    # 44: 11 each.
    assert sheet(60, 4) == [
        ("opening", 3),
        ("product", 11),
        ("product", 11),
        ("product", 11),
        ("questions", 5),
        ("product", 11),
        ("questions", 5),
        ("closing", 3),
    ]


def test_sheet_that_does_not_divide_gives_the_first_a_minute_more() -> None:
    # 56: edges 2.8, rounded 3; 50 left, one round: 45 for three products, 15 each. 55: 2.75 is 3 too; 44.
    assert sheet(56, 3)[1:5] == [("product", 15), ("product", 15), ("product", 15), ("questions", 5)]
    assert sheet(55, 3)[1:5] == [("product", 15), ("product", 15), ("product", 14), ("questions", 5)]


def test_sheet_of_a_long_show_leaves_what_products_need_not_to_the_questions() -> None:
    # 120: edges 6, 108 left; one product takes at most 15, the questions 93.
    assert sheet(120, 1) == [("opening", 6), ("product", 15), ("questions", 93), ("closing", 6)]
    # 121: edges 6 (6.05), 109 left; four products take 60, two rounds share 49: 25 and 24.
    assert [minutes for kind, minutes in sheet(121, 4) if kind == "questions"] == [25, 24]


@pytest.mark.parametrize(("minutes", "edge"), [(10, 2), (49, 2), (50, 3), (210, 10), (211, 10), (720, 10)])
def test_sheet_opens_and_closes_with_a_twentieth_between_two_and_ten_minutes(minutes: int, edge: int) -> None:
    parts = sheet(minutes, 0)
    assert parts == [("opening", edge), ("questions", minutes - 2 * edge), ("closing", edge)]


def test_sheet_for_more_products_than_there_is_time_for_is_refused() -> None:
    # 13 minutes: edges 2 each, 9 left: 4 for one product and 5 for the questions.
    assert sheet(13, 1) == [("opening", 2), ("product", 4), ("questions", 5), ("closing", 2)]
    with pytest.raises(ValueError, match="The slot of 12 minutes has no room for 1 products"):
        sheet(12, 1)


@given(st.integers(10, 720), st.integers(0, 20))
def test_sheet_of_any_show_fills_the_slot_without_a_gap(minutes: int, products: int) -> None:
    shop = [ProductFigures(str(n), "Lamp", "", 100, 0, None) for n in range(products)]
    pinned, left_out = pin_products(shop, slot(minutes), named=(), most=20, until=NOON)
    assert len(pinned) + len(left_out) == products
    parts = run_sheet(slot(minutes), [one.product_id for one in pinned])
    assert (parts[0].starts_at, parts[-1].ends_at) == (slot(minutes).starts_at, slot(minutes).ends_at)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(parts))
    shown = [part for part in parts if part.kind == PartKind.PRODUCT]
    assert [part.product_id for part in shown] == [one.product_id for one in pinned]
    assert all(4 <= part.minutes <= 15 for part in shown)
    assert max((part.minutes for part in shown), default=0) - min((p.minutes for p in shown), default=0) <= 1
    asked = [part for part in parts if part.kind == PartKind.QUESTIONS]
    assert all(part.minutes >= 5 for part in asked)
    assert len(asked) == max(1, -(-len(shown) // 3))
    assert min(part.minutes for part in parts) > 0


@pytest.mark.parametrize(
    ("ends", "complaint"),
    [
        (timedelta(minutes=9), "the slot is 9 minutes long; give one of 10 to 720"),
        (timedelta(minutes=721), "the slot is 721 minutes long"),
        (timedelta(minutes=-30), "the slot is -30 minutes long"),
        (timedelta(minutes=30, seconds=1), "let it begin and end to the minute"),
    ],
)
def test_slot_that_is_no_show_is_refused(ends: timedelta, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Slot(starts_at=NOON, ends_at=NOON + ends)


# --- products


def product(product_id: str, stock: int = 100, sold: int = 28, status: str = "") -> ProductFigures:
    first = NOON - timedelta(days=100)
    return ProductFigures(product_id, f"Lamp {product_id}", status, stock, sold, first)


def pin(*products: ProductFigures, minutes: int = 60, most: int = 8, named: tuple[str, ...] = ()) -> Any:
    return pin_products(products, slot(minutes), named=named, most=most, until=NOON)


def test_pin_the_fastest_sellers_first_and_of_equals_what_there_is_more_of() -> None:
    pinned, left_out = pin(
        product("a", sold=28), product("b", sold=56), product("c", stock=200), product("d", sold=0)
    )
    assert [(one.product_id, one.units_per_day, one.days_of_cover) for one in pinned] == [
        ("b", 2, 50),
        ("c", 1, 200),
        ("a", 1, 100),
        ("d", 0, None),
    ]
    assert left_out == ()


def test_pin_only_what_lasts_through_the_show() -> None:
    # 336 units in 28 days are 12 a day; ten times that for 2 of 24 hours: 10 * 12 * 120 / 1,440 = 10.
    enough, short = product("a", stock=10, sold=336), product("b", stock=9, sold=336)
    pinned, left_out = pin(enough, short, minutes=120)
    assert [(one.product_id, one.needed_stock) for one in pinned] == [("a", 10)]
    assert [(one.product_id, one.reason) for one in left_out] == [
        ("b", "There are 9 in stock, and the show may need 10.")
    ]


@pytest.mark.parametrize(("stock", "count"), [(LEAST_STOCK, 1), (LEAST_STOCK - 1, 0), (-3, 0)])
def test_pin_nothing_that_is_nearly_gone(stock: int, count: int) -> None:
    assert len(pin(product("a", stock=stock, sold=0))[0]) == count


def test_pin_of_the_products_named_says_what_is_not_there() -> None:
    pinned, left_out = pin(
        product("a"), product("b"), product("c", status="Deleted"), named=("b", "c", "x", "b")
    )
    assert [one.product_id for one in pinned] == ["b"]
    assert [(one.product_id, one.reason) for one in left_out] == [
        ("c", "It is not in the shop."),
        ("x", "It is not in the shop."),
    ]


def test_pin_no_more_than_asked_for_and_than_there_is_time_for() -> None:
    shop = [product(name, sold=sold) for name, sold in (("a", 1), ("b", 3), ("c", 2))]
    pinned, left_out = pin(*shop, most=2)
    assert [one.product_id for one in pinned] == ["b", "c"]
    assert left_out[0].reason == "The show has room for 2, and others sell faster."
    assert [one.product_id for one in pin(*shop, minutes=13)[0]] == ["b"]
    assert pin(*shop, minutes=12)[0] == ()


# --- comments


def comment(text: str, number: int = 0) -> CommentFigures:
    return CommentFigures(str(number), "1", "somebody", text, NOON)


def test_cue_what_is_one_in_twenty_and_what_must_never_be_missed() -> None:
    texts = ["where can I buy this"] * 2 + ["does it fold?"] + ["nice"] * 17
    cues = cues_from([comment(text, number) for number, text in enumerate(texts)])
    assert [(cue.comment_class.value, cue.comments, cue.share) for cue in cues] == [
        ("safety", 0, 0),
        ("abuse", 0, 0),
        ("purchase_intent", 2, 0.1),
        ("question", 1, 0.05),
    ]
    assert all(cue.action for cue in cues)


def test_cue_of_a_kind_rarer_than_one_in_twenty_is_not_given() -> None:
    texts = ["does it fold?"] + ["nice"] * 20
    cues = cues_from([comment(text, number) for number, text in enumerate(texts)])
    assert [cue.comment_class.value for cue in cues] == ["safety", "abuse"]


def test_cue_of_too_few_comments_knows_no_shares() -> None:
    cues = cues_from([comment("does it fold?", number) for number in range(19)])
    assert [(cue.comment_class.value, cue.share) for cue in cues] == [("safety", None), ("abuse", None)]


# --- recaps


def order(order_id: str, product_id: str, quantity: int) -> OrderFigures:
    return OrderFigures(order_id, product_id, quantity, NOON)


def test_recap_of_a_show_by_hand() -> None:
    # Lamp a sells 1 a day: in an hour 1/24 = 0.0417 are usual; 3 units are 72 times that. Nothing is known
    # of the pace of x, which is gone from the shop.
    recap = recap_of(
        slot(60),
        [make_post()],
        [comment("does it fold?", 1), comment("love it", 2)],
        [order("1", "a", 1), order("1", "x", 1), order("2", "a", 2)],
        [product("a")],
    )
    assert recap is not None
    assert (recap.posts, recap.comments, recap.orders, recap.units) == (1, 2, 2, 4)
    assert {kind: count for kind, count in recap.comment_classes.items() if count} == {
        "question": 1,
        "praise": 1,
    }
    assert set(recap.comment_classes) == {kind.value for kind in CommentClass}
    assert [(one.product_id, one.title, one.units, one.expected, one.lift) for one in recap.products] == [
        ("a", "Lamp a", 3, 0.0417, 72),
        ("x", "", 1, 0, None),
    ]


def test_recap_of_a_time_nothing_is_stored_of_is_none() -> None:
    assert recap_of(slot(), [], [], [], [product("a")]) is None


@pytest.mark.parametrize("part", ["posts", "comments", "orders"])
def test_recap_of_anything_stored_is_one(part: str) -> None:
    stored = {"posts": [make_post()], "comments": [comment("hm")], "orders": [order("1", "a", 1)]}
    given: dict[str, Any] = {"posts": [], "comments": [], "orders": []} | {part: stored[part]}
    assert isinstance(recap_of(slot(), **given, products=[]), Recap)
