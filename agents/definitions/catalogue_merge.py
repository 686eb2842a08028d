"""Three states of a catalogue compared: the source, the shop, and what both were when last synced.

What only the source changed is to be done in the shop; what only the shop changed is left alone; what both
changed is a conflict for a person. Without a last state nobody can tell who changed what, so a difference
is a conflict then too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from agents.contract import Typed
from agents.skills.captions import find_phrase, fold, utf16_length
from agents.skills.money import CURRENCIES, decimals_of, is_whole
from tiktok_ops.content.figures import CatalogueFigures

LONGEST_TITLE = 255
"""What the shop's table and TikTok Shop's product pages have room for at most."""

STEEPEST_PRICE = Decimal(5)
"""A price more than 5 times what it was, or less than a fifth, is a slip of the decimal point until somebody
says otherwise. Ours; sales of 70 % and doubled prices pass."""

FIELDS = ("title", "description", "price", "currency")
"""What is compared. Stock is not: it falls with each order, and `inventory_sync` watches it."""


class CatalogueItem(Typed):
    """One product as the source has it: money as a decimal string, its currency an ISO 4217 code."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    product_id: str = Field(min_length=1, max_length=40)
    title: str = Field(default="", max_length=1_000)
    description: str = ""
    price: Decimal | None = Field(default=None, allow_inf_nan=False, max_digits=20)
    currency: str = Field(default="", max_length=10)

    @model_validator(mode="before")
    @classmethod
    def _is_trimmed(cls, given: object) -> object:
        """Return the texts without space around them: nobody means a difference in that."""
        if not isinstance(given, dict):
            return given
        return {key: value.strip() if isinstance(value, str) else value for key, value in given.items()}

    @classmethod
    def of(cls, product: CatalogueFigures) -> Self:
        """Return a product of the shop in the same form."""
        return cls(
            product_id=product.product_id,
            title=product.title,
            description=product.description,
            price=product.price,
            currency=product.currency,
        )


class ProblemRule(StrEnum):
    """What can be wrong with a row of the source; each row with a problem is held back."""

    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_TITLE = "duplicate_title"
    TITLE_MISSING = "title_missing"
    TITLE_TOO_LONG = "title_too_long"
    PRICE_MISSING = "price_missing"
    PRICE_NOT_POSITIVE = "price_not_positive"
    PRICE_DECIMALS = "price_decimals"
    PRICE_JUMP = "price_jump"
    CURRENCY_UNKNOWN = "currency_unknown"
    CURRENCY_DIFFERS = "currency_differs"
    BANNED_CLAIM = "banned_claim"


class Problem(Typed):
    """What is wrong with a row of the source, counted from 1, and what to do about it."""

    row: int
    product_id: str
    rule: ProblemRule
    message: str


class FieldChange(Typed):
    """One field of a product, before and after; money as a decimal string."""

    field: str
    before: str
    after: str


class ProductChange(Typed):
    """A product and what is to change of it, or was changed in the shop."""

    product_id: str
    title: str
    changes: tuple[FieldChange, ...]


class ListingChange(Typed):
    """New words for a product, and those they take the place of; None where a text stays."""

    product_id: str
    title: str | None = None
    description: str | None = None
    replaces_title: str | None = None
    replaces_description: str | None = None

    @classmethod
    def of(cls, change: ProductChange) -> "ListingChange | None":
        """Return what of a change is about words; None where it is about others things alone."""
        words = {
            one.field: one for one in change.changes if one.field in ("title", "description") and one.after
        }
        if not words:
            return None
        values = {name: one.after for name, one in words.items()}
        return cls(
            product_id=change.product_id,
            **values,
            **{f"replaces_{name}": one.before for name, one in words.items()},
        )


class ConflictKind(StrEnum):
    """Why a person has to decide."""

    BOTH_CHANGED = "both_changed"
    CHANGED_AND_REMOVED = "changed_and_removed"
    REMOVED_IN_SHOP = "removed_in_shop"
    NEVER_SYNCED = "never_synced"


class Conflict(Typed):
    """A product, or one field of it, that both sides changed; `field` is empty for the product as a whole.

    `last` is the value at the last sync, None where there was none or where a side has no such product.
    """

    product_id: str
    title: str
    kind: ConflictKind
    field: str
    last: str | None
    in_source: str | None
    in_shop: str | None


@dataclass(frozen=True, slots=True)
class Merge:
    """What a comparison came to, each by product id."""

    created: tuple[CatalogueItem, ...]
    updated: tuple[ProductChange, ...]
    removed: tuple[CatalogueItem, ...]
    kept: tuple[ProductChange, ...]
    conflicts: tuple[Conflict, ...]


Items = Mapping[str, CatalogueItem]


def merge(source: Items, shop: Items, last: Items, held: Iterable[str] = ()) -> Merge:
    """Return what to do about each product of the three states, all by product id; `held` ones are left alone.

    Source only, never synced: created. In the source and the shop: field by field. In the shop and the
    last state, gone from the source: removed, or a conflict where the shop changed it meanwhile. In the
    source and the last state, gone from the shop: a conflict. In the shop only, never synced: the shop's own.
    """
    there = sorted((source.keys() | shop.keys()) - set(held))
    created = [source[one] for one in there if one not in shop and one not in last]
    removed = [shop[one] for one in there if one not in source and one in last and shop[one] == last[one]]
    conflicts = [found for one in there if (found := _one_sided(one, source, shop, last))]
    updated, kept = [], []
    for one in there:
        if one in source and one in shop:
            forward, backward, both = _compared(source[one], shop[one], last.get(one))
            updated += [_changes(shop[one], forward)] * bool(forward)
            kept += [_changes(shop[one], backward)] * bool(backward)
            conflicts += both
    conflicts.sort(key=lambda conflict: (conflict.product_id, conflict.field))
    return Merge(tuple(created), tuple(updated), tuple(removed), tuple(kept), tuple(conflicts))


def _one_sided(one: str, source: Items, shop: Items, last: Items) -> Conflict | None:
    """Return the conflict about a product that one side no longer has, if there is one."""
    if one not in last or (one in source and one in shop):
        return None
    if one in source:
        item, kind = source[one], ConflictKind.REMOVED_IN_SHOP
    elif shop[one] != last[one]:
        item, kind = shop[one], ConflictKind.CHANGED_AND_REMOVED
    else:
        return None
    in_source, in_shop = (item.title if one in side else None for side in (source, shop))
    return _conflict(item, kind, "", (last[one].title, in_source, in_shop))


def _compared(
    source: CatalogueItem, shop: CatalogueItem, last: CatalogueItem | None
) -> tuple[list[FieldChange], list[FieldChange], list[Conflict]]:
    """Return what the source changed, what the shop changed, and the conflicts, field by field.

    A price is nothing without its currency, so the two are one field here: who changed one of them
    changed both.
    """
    forward, backward, conflicts = [], [], []
    for fields in (("title",), ("description",), ("price", "currency")):
        ours, theirs = _values(source, fields), _values(shop, fields)
        if ours == theirs:
            continue
        before = _values(last, fields) if last else None
        if before == theirs:
            forward += _differences(fields, theirs, ours)
        elif before == ours:
            backward += _differences(fields, ours, theirs)
        else:
            kind = ConflictKind.BOTH_CHANGED if last else ConflictKind.NEVER_SYNCED
            told = (" ".join(before) if before else None, " ".join(ours), " ".join(theirs))
            conflicts.append(_conflict(shop, kind, fields[0], told))
    return forward, backward, conflicts


def _values(item: CatalogueItem, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(_text(getattr(item, field)) for field in fields)


def _text(value: str | Decimal | None) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value or ""


def _differences(fields: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[FieldChange]:
    pairs = zip(fields, before, after, strict=True)
    return [FieldChange(field=field, before=old, after=new) for field, old, new in pairs if old != new]


def _changes(item: CatalogueItem, changes: Iterable[FieldChange]) -> ProductChange:
    return ProductChange(product_id=item.product_id, title=item.title, changes=tuple(changes))


def _conflict(
    item: CatalogueItem, kind: ConflictKind, field: str, told: tuple[str | None, str | None, str | None]
) -> Conflict:
    last, in_source, in_shop = told
    return Conflict(
        product_id=item.product_id,
        title=item.title,
        kind=kind,
        field=field,
        last=last,
        in_source=in_source,
        in_shop=in_shop,
    )


# --- what is wrong with the source


def problems_in(
    source: Sequence[CatalogueItem], shop: Items, banned: Sequence[str] = ()
) -> tuple[Problem, ...]:
    """Return what is wrong with the rows of the source, by row.

    Every row of a doubled id or title (whatever its case and spacing), a title that is missing or longer
    than 255 UTF-16 units; a price that is missing, 0 or less, has more decimals than its currency, or is
    more than 5 times or less than a fifth of the shop's; a currency nobody pays in, or another one than
    most of the shop's products have (of the source's, where the shop has none); a title or description
    with a claim the brand never makes.
    """
    ids = Counter(item.product_id for item in source)
    titles = Counter(fold(item.title).text for item in source)
    usual = usual_currency(shop.values() or source)
    found = []
    for row, item in enumerate(source, start=1):
        as_text = {
            ProblemRule.DUPLICATE_ID: ids[item.product_id] > 1,
            ProblemRule.DUPLICATE_TITLE: bool(item.title) and titles[fold(item.title).text] > 1,
            ProblemRule.BANNED_CLAIM: any(
                find_phrase(text, claim) for claim in banned for text in (item.title, item.description)
            ),
        }
        wrong = [rule for rule, is_so in as_text.items() if is_so]
        wrong += [*_title_rules(item), *_money_rules(item, shop.get(item.product_id), usual)]
        found += [_problem(row, item, rule, usual) for rule in wrong]
    return tuple(found)


def usual_currency(items: Iterable[CatalogueItem]) -> str:
    """Return the currency most products have, of equals the first by the alphabet; empty where none has one."""
    counts = Counter(item.currency for item in items if item.currency)
    return min(counts, key=lambda currency: (-counts[currency], currency), default="")


def _title_rules(item: CatalogueItem) -> list[ProblemRule]:
    if not item.title:
        return [ProblemRule.TITLE_MISSING]
    return [ProblemRule.TITLE_TOO_LONG] * (utf16_length(item.title) > LONGEST_TITLE)


def _money_rules(item: CatalogueItem, shown: CatalogueItem | None, usual: str) -> list[ProblemRule]:
    if item.currency not in CURRENCIES:
        return [ProblemRule.CURRENCY_UNKNOWN]
    rules = [ProblemRule.CURRENCY_DIFFERS] * (item.currency != usual)
    if item.price is None:
        return [*rules, ProblemRule.PRICE_MISSING]
    if item.price <= 0:
        return [*rules, ProblemRule.PRICE_NOT_POSITIVE]
    if not is_whole(item.price, item.currency):
        return [*rules, ProblemRule.PRICE_DECIMALS]
    if shown and shown.price and shown.currency == item.currency:
        is_steep = not shown.price / STEEPEST_PRICE <= item.price <= shown.price * STEEPEST_PRICE
        rules += [ProblemRule.PRICE_JUMP] * is_steep
    return rules


def _problem(row: int, item: CatalogueItem, rule: ProblemRule, usual: str) -> Problem:
    price = f"{_text(item.price)} {item.currency}"
    messages = {
        ProblemRule.DUPLICATE_ID: f"The id {item.product_id!r} stands in more than one row; keep one.",
        ProblemRule.DUPLICATE_TITLE: f"Another row has the title {item.title[:80]!r} too; name them apart.",
        ProblemRule.BANNED_CLAIM: "It makes a claim the brand never makes; take it out.",
        ProblemRule.TITLE_MISSING: "The title is empty; give it one.",
        ProblemRule.TITLE_TOO_LONG: f"The title has {utf16_length(item.title)} UTF-16 units; at most "
        f"{LONGEST_TITLE} fit.",
        ProblemRule.PRICE_MISSING: "The price is missing; give one.",
        ProblemRule.PRICE_NOT_POSITIVE: f"The price is {price}; it must be above 0.",
        ProblemRule.PRICE_DECIMALS: f"The price is {price}, but {item.currency} has "
        f"{decimals_of(item.currency)} decimals; round it.",
        ProblemRule.PRICE_JUMP: f"The price of {price} is more than {STEEPEST_PRICE} times the shop's, or less "
        "than that part of it; look at the decimal point.",
        ProblemRule.CURRENCY_UNKNOWN: f"The currency is {item.currency!r}; give an ISO 4217 code, as in 'EUR'.",
        ProblemRule.CURRENCY_DIFFERS: f"The currency is {item.currency}, the shop's is {usual}; convert it.",
    }
    return Problem(row=row, product_id=item.product_id, rule=rule, message=messages[rule])
