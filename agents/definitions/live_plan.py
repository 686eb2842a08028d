"""The plan of a live show by rule: what is shown when, which products are pinned, what the chat needs.

All times are whole minutes. The rules are ours: TikTok documents how to go live, not how to fill the time.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from pydantic import AwareDatetime, model_validator

from agents.contract import Typed
from agents.skills.comment_classes import CommentClass, classify
from agents.skills.statistics import Ratio, clipped, round_half_up
from agents.skills.stock import days_of_cover, selling_days
from tiktok_ops.content.figures import CommentFigures, OrderFigures, PostFigures, ProductFigures

SHORTEST_MINUTES = 10
LONGEST_MINUTES = 720
EDGE_SHARE = 0.05
"""Opening and closing get a twentieth of the slot each: viewers come late, and leave before the end."""

EDGE_LEAST, EDGE_MOST = 2, 10
PRODUCT_LEAST, PRODUCT_MOST = 4, 15
"""Minutes for a product: in fewer nobody has seen it, in more they have."""

QUESTIONS_MINUTES = 5
PRODUCTS_PER_ROUND = 3
"""After so many products the questions are read out."""

LEAST_STOCK = 5
BURST = 10
"""A show may sell so many times what a usual day does; a pinned product has to last through it."""

MINUTES_PER_DAY = 1_440
FEWEST_COMMENTS = 20
"""Comments from which it can be told what this audience writes."""

EXPECTED_FROM = 0.05
"""A kind of comment that is one in twenty or more gets a cue."""


class Slot(Typed):
    """When the show is: 10 minutes to 12 hours, to the minute."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @property
    def minutes(self) -> int:
        """How long it is."""
        return int((self.ends_at - self.starts_at) / timedelta(minutes=1))

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        length = self.ends_at - self.starts_at
        if length % timedelta(minutes=1):
            raise ValueError(f"the slot is {length} long; let it begin and end to the minute")
        if not SHORTEST_MINUTES <= self.minutes <= LONGEST_MINUTES:
            raise ValueError(
                f"the slot is {self.minutes} minutes long; give one of {SHORTEST_MINUTES} to {LONGEST_MINUTES}"
            )
        return self


class PartKind(StrEnum):
    """What a part of the show is for."""

    OPENING = "opening"
    PRODUCT = "product"
    QUESTIONS = "questions"
    CLOSING = "closing"


class Part(Typed):
    """One part of the run sheet; `product_id` is empty where no product is shown."""

    key: str
    kind: PartKind
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    minutes: int
    product_id: str


class PinnedProduct(Typed):
    """A product to pin, in the order it is shown; `needed_stock` is what the show may sell."""

    product_id: str
    title: str
    stock: int
    needed_stock: int
    units_per_day: Ratio
    days_of_cover: Ratio | None


class LeftOut(Typed):
    """A product that is not shown, and why."""

    product_id: str
    reason: str


class ModerationCue(Typed):
    """What to do about a kind of comment; `share` is its part of the last weeks' comments, None if not known."""

    comment_class: CommentClass
    comments: int
    share: Ratio | None
    action: str


class SoldProduct(Typed):
    """What a product sold in the slot; `expected` at its usual pace, `lift` how many times that, or None."""

    product_id: str
    title: str
    units: int
    expected: Ratio
    lift: Ratio | None


class Recap(Typed):
    """What came of the slot, by what is stored of it: posts, comments by kind, orders and units."""

    posts: int
    comments: int
    comment_classes: dict[str, int]
    orders: int
    units: int
    products: tuple[SoldProduct, ...]


CUES: Mapping[CommentClass, str] = MappingProxyType(
    {
        CommentClass.SAFETY: "Call the person on duty at once, write it down, and say nothing about it on air.",
        CommentClass.ABUSE: "Remove the comment and mute its author; do not answer.",
        CommentClass.SPAM: "Remove the comment; block the author the second time.",
        CommentClass.COMPLAINT: "Answer once that somebody will look into it, and move it out of the show.",
        CommentClass.PURCHASE: "Tell the host which product is asked for, and pin it again.",
        CommentClass.QUESTION: "Collect it for the next questions, the most asked first.",
    }
)
"""What a moderator does about each kind of comment, the gravest kind first."""

ALWAYS = frozenset({CommentClass.SAFETY, CommentClass.ABUSE})
"""Cues that are given however seldom their kind was."""


def pin_products(
    products: Sequence[ProductFigures], slot: Slot, *, named: Sequence[str], most: int, until: datetime
) -> tuple[tuple[PinnedProduct, ...], tuple[LeftOut, ...]]:
    """Return which products to show, the fastest sellers first, and which not, with the reason.

    Of the products named, or all of the shop. Pace: units of 28 days by `stock.selling_days` as of
    `until`. Needed: the greater of 5 and `10 * pace * slot days`, rounded up; a product with less in stock
    is left out. Ranked by pace, then stock, then id; as many as `most` and the slot have room for.
    """
    there = {one.product_id: one for one in products if one.status.lower() != "deleted"}
    wanted = list(dict.fromkeys(named)) or sorted(there)
    out = [LeftOut(product_id=name, reason="It is not in the shop.") for name in wanted if name not in there]
    measured = [_pinned(there[name], slot, until) for name in wanted if name in there]
    lasting = sorted(
        (one for one in measured if one.stock >= one.needed_stock),
        key=lambda one: (-one.units_per_day, -one.stock, one.product_id),
    )
    out += [
        LeftOut(
            product_id=one.product_id,
            reason=f"There are {one.stock} in stock, and the show may need {one.needed_stock}.",
        )
        for one in measured
        if one.stock < one.needed_stock
    ]
    room = min(most, _room(slot.minutes, len(lasting)))
    out += [
        LeftOut(product_id=one.product_id, reason=f"The show has room for {room}, and others sell faster.")
        for one in lasting[room:]
    ]
    return tuple(lasting[:room]), tuple(out)


def _pinned(product: ProductFigures, slot: Slot, until: datetime) -> PinnedProduct:
    pace = product.units_sold / selling_days(product.first_ordered_at, until)
    return PinnedProduct(
        product_id=product.product_id,
        title=product.title,
        stock=product.stock,
        needed_stock=max(LEAST_STOCK, math.ceil(round(BURST * pace * slot.minutes / MINUTES_PER_DAY, 9))),
        units_per_day=pace,
        days_of_cover=days_of_cover(product.stock, pace),
    )


def _edge(minutes: int) -> int:
    return int(clipped(round_half_up(EDGE_SHARE * minutes), EDGE_LEAST, EDGE_MOST))


def _rounds(products: int) -> int:
    return -(-products // PRODUCTS_PER_ROUND)


def _room(minutes: int, products: int) -> int:
    """Return for how many of so many products there is time, 4 minutes each and 5 for questions a round."""
    rest = minutes - 2 * _edge(minutes)
    fitting = (
        count
        for count in range(products, 0, -1)
        if count * PRODUCT_LEAST + _rounds(count) * QUESTIONS_MINUTES <= rest
    )
    return next(fitting, 0)


def run_sheet(slot: Slot, product_ids: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts of the show, which fill the slot to the minute.

    Opening and closing: 5 % of the slot each, 2 to 10 minutes. Between them the products in their order,
    questions of 5 minutes after every third and after the last. Products share what is left evenly, the
    first ones a minute more where it does not divide, 4 to 15 minutes each; what they leave goes to the
    questions. Without products there are questions only. Raises `ValueError` for more products than
    there is time for (`pin_products` gives no more).
    """
    edge, count = _edge(slot.minutes), len(product_ids)
    rest = slot.minutes - 2 * edge
    if _room(slot.minutes, count) < count:
        raise ValueError(f"The slot of {slot.minutes} minutes has no room for {count} products.")
    rounds = max(1, _rounds(count))
    for_products = min(rest - rounds * QUESTIONS_MINUTES, count * PRODUCT_MOST) if count else 0
    shown = _evenly(for_products, count)
    asked = _evenly(rest - for_products, rounds)
    parts: list[tuple[PartKind, int, str]] = [(PartKind.OPENING, edge, "")]
    for turn in range(rounds):
        places = range(turn * PRODUCTS_PER_ROUND, min((turn + 1) * PRODUCTS_PER_ROUND, count))
        parts += [(PartKind.PRODUCT, shown[place], product_ids[place]) for place in places]
        parts.append((PartKind.QUESTIONS, asked[turn], ""))
    return _timed([*parts, (PartKind.CLOSING, edge, "")], slot.starts_at)


def _evenly(minutes: int, parts: int) -> list[int]:
    """Return whole minutes for each part, the first ones one more where they do not divide."""
    return [minutes // parts + (place < minutes % parts) for place in range(parts)]


def _timed(parts: Iterable[tuple[PartKind, int, str]], starts_at: datetime) -> tuple[Part, ...]:
    sheet: list[Part] = []
    for number, (kind, minutes, product_id) in enumerate(parts, start=1):
        ends_at = starts_at + timedelta(minutes=minutes)
        sheet.append(
            Part(
                key=f"p{number}",
                kind=kind,
                starts_at=starts_at,
                ends_at=ends_at,
                minutes=minutes,
                product_id=product_id,
            )
        )
        starts_at = ends_at
    return tuple(sheet)


def cues_from(comments: Sequence[CommentFigures]) -> tuple[ModerationCue, ...]:
    """Return what moderators should be ready for, the gravest first, from the last weeks' comments.

    Harm and abuse always; another kind where it is 5 % of the comments or more, of at least 20; with fewer
    the shares are not known. Kinds: `comment_classes.classify`.
    """
    counts = Counter(classify(one.text) for one in comments)
    is_known = len(comments) >= FEWEST_COMMENTS
    shares = {kind: counts[kind] / len(comments) if is_known else None for kind in CUES}
    return tuple(
        ModerationCue(comment_class=kind, comments=counts[kind], share=share, action=CUES[kind])
        for kind, share in shares.items()
        if kind in ALWAYS or (share is not None and share >= EXPECTED_FROM)
    )


def recap_of(
    slot: Slot,
    posts: Sequence[PostFigures],
    comments: Sequence[CommentFigures],
    orders: Sequence[OrderFigures],
    products: Sequence[ProductFigures],
) -> Recap | None:
    """Return what is stored of the slot, `starts_at < time <= ends_at`; None where nothing is.

    `products` tell the pace before the slot. Expected: `units a day * slot days`; lift: `units /
    expected`, None where nothing was expected. The products that sold most units first, then by id.
    """
    if not posts and not comments and not orders:
        return None
    known = {one.product_id: one for one in products}
    units: Counter[str] = Counter()
    for order in orders:
        units[order.product_id] += order.quantity
    classes = Counter(classify(one.text) for one in comments)
    ranked = sorted(units, key=lambda name: (-units[name], name))
    return Recap(
        posts=len(posts),
        comments=len(comments),
        comment_classes={kind.value: classes[kind] for kind in CommentClass},
        orders=len({order.order_id for order in orders}),
        units=units.total(),
        products=tuple(_sold(name, units[name], known.get(name), slot) for name in ranked),
    )


def _sold(product_id: str, units: int, product: ProductFigures | None, slot: Slot) -> SoldProduct:
    pace = product.units_sold / selling_days(product.first_ordered_at, slot.starts_at) if product else 0.0
    expected = pace * slot.minutes / MINUTES_PER_DAY
    return SoldProduct(
        product_id=product_id,
        title=product.title if product else "",
        units=units,
        expected=expected,
        lift=units / expected if expected else None,
    )
