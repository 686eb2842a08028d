"""Three states of a catalogue compared: the source, the shop, and what each was when last dealt with.

What only the source changed is to be done in the shop; what only the shop changed is left alone; what both
changed is a conflict for a person. Without a last state nobody can tell who changed what, so a difference
is a conflict then too. Where neither changed, a difference was decided on, and stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from agents.contract import Typed
from tiktok_ops.content.figures import CatalogueFigures, Sides

PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"title": ("title",), "description": ("description",), "price": ("price", "currency")}
)
"""What is compared, and of which fields each is made. A price is nothing without its currency, so the two are
one: who changed one of them changed both. Stock is not compared: it falls with each order, and `inventory_sync`
watches it."""


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


class ConflictKind(StrEnum):
    """Why a person has to decide."""

    BOTH_CHANGED = "both_changed"
    CHANGED_AND_REMOVED = "changed_and_removed"
    REMOVED_IN_SHOP = "removed_in_shop"
    NEVER_SYNCED = "never_synced"


class Conflict(Typed):
    """A product, or one field of it, that both sides changed; `field` is empty for the product as a whole.

    `last` is what the shop had when it was last dealt with, None where it never was; the other two are None where a
    side has no such product.
    """

    product_id: str
    title: str
    kind: ConflictKind
    field: str
    last: str | None
    in_source: str | None
    in_shop: str | None


class Agreed(Typed):
    """A part of a product in which source and shop are the same, and were not known to be."""

    product_id: str
    part: str
    value: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What a comparison came to, each by product id."""

    created: tuple[CatalogueItem, ...] = ()
    updated: tuple[ProductChange, ...] = ()
    removed: tuple[CatalogueItem, ...] = ()
    kept: tuple[ProductChange, ...] = ()
    settled: tuple[ProductChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    forgotten: tuple[str, ...] = ()


Items = Mapping[str, CatalogueItem]
Known = Mapping[str, Mapping[str, Sides]]
"""What each side was when last dealt with: product id → part → sides."""


def merge(source: Items, shop: Items, known: Known, held: Iterable[str] = ()) -> Merge:
    """Return what to do about each product of the three states, all by product id; `held` ones are left alone.

    Source only, not known: created. In the source and the shop: part by part. In the shop and known, gone from
    the source: removed, or a conflict where the shop changed it meanwhile. In the source and known, gone from the
    shop: a conflict. In the shop only, not known: the shop's own. Known, and in neither: forgotten.
    """
    there = sorted((source.keys() | shop.keys()) - set(held))
    pairs = {
        one: _compared(source[one], shop[one], known.get(one, {}))
        for one in there
        if one in source and one in shop
    }
    conflicts = [found for one in there if (found := _one_sided(one, source, shop, known))]
    conflicts += [conflict for pair in pairs.values() for conflict in pair.conflicts]
    return Merge(
        created=tuple(source[one] for one in there if one not in shop and one not in known),
        updated=_changed(shop, {one: pair.forward for one, pair in pairs.items()}),
        removed=tuple(shop[one] for one in there if _is_removed(one, source, shop, known)),
        kept=_changed(shop, {one: pair.backward for one, pair in pairs.items()}),
        settled=_changed(shop, {one: pair.settled for one, pair in pairs.items()}),
        conflicts=tuple(sorted(conflicts, key=lambda conflict: (conflict.product_id, conflict.field))),
        agreed=tuple(one for pair in pairs.values() for one in pair.agreed),
        forgotten=tuple(sorted(known.keys() - source.keys() - shop.keys())),
    )


def known_from(items: Iterable[CatalogueItem]) -> dict[str, dict[str, Sides]]:
    """Return what is known where both sides were these products."""
    return {
        item.product_id: {part: Sides(value, value) for part, value in parts_of(item).items()}
        for item in items
    }


def parts_of(item: CatalogueItem) -> dict[str, str]:
    """Return the parts of a product as they are compared and kept: a price is "24.9 EUR"."""
    return {part: " ".join(filter(None, _values(item, fields))) for part, fields in PARTS.items()}


def price_part(price: Decimal | None, currency: str) -> str:
    """Return a price as it is compared and kept."""
    return " ".join(filter(None, (text_of(price), currency)))


def text_of(value: str | Decimal | None) -> str:
    """Return a field as text, an amount without the zeros at its end."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value or ""


def _is_removed(one: str, source: Items, shop: Items, known: Known) -> bool:
    return one in known and one not in source and one in shop and _is_as_known(shop[one], known[one])


def _is_as_known(item: CatalogueItem, sides: Mapping[str, Sides]) -> bool:
    """Return whether the shop has every part of a product as it was."""
    return {part: side.in_shop for part, side in sides.items()} == parts_of(item)


def _one_sided(one: str, source: Items, shop: Items, known: Known) -> Conflict | None:
    """Return the conflict about a product that one side no longer has, if there is one."""
    if one not in known or (one in source and one in shop):
        return None
    if one in source:
        item, kind = source[one], ConflictKind.REMOVED_IN_SHOP
    elif not _is_as_known(shop[one], known[one]):
        item, kind = shop[one], ConflictKind.CHANGED_AND_REMOVED
    else:
        return None
    was = known[one]["title"].in_shop if "title" in known[one] else None
    in_source, in_shop = (item.title if one in side else None for side in (source, shop))
    return _conflict(item, kind, "", (was, in_source, in_shop))


@dataclass(frozen=True, slots=True)
class _Pair:
    """What a product's two sides came to, part by part."""

    forward: list[FieldChange]
    backward: list[FieldChange]
    settled: list[FieldChange]
    conflicts: list[Conflict]
    agreed: list[Agreed]


def _compared(source: CatalogueItem, shop: CatalogueItem, known: Mapping[str, Sides]) -> _Pair:
    """Return what the source changed, what the shop changed, what was decided on, and the conflicts."""
    pair = _Pair([], [], [], [], [])
    here, there = parts_of(source), parts_of(shop)
    for part, fields in PARTS.items():
        ours, theirs, was = here[part], there[part], known.get(part)
        if ours == theirs:
            if was != Sides(ours, theirs):
                pair.agreed.append(Agreed(product_id=shop.product_id, part=part, value=ours))
            continue
        by_source, by_shop = was is None or was.in_source != ours, was is None or was.in_shop != theirs
        mine, yours = _values(source, fields), _values(shop, fields)
        if by_source and by_shop:
            kind = ConflictKind.BOTH_CHANGED if was else ConflictKind.NEVER_SYNCED
            told = (was.in_shop if was else None, ours, theirs)
            pair.conflicts.append(_conflict(shop, kind, part, told))
        elif by_source:
            pair.forward.extend(_differences(fields, yours, mine))
        else:
            (pair.backward if by_shop else pair.settled).extend(_differences(fields, mine, yours))
    return pair


def _values(item: CatalogueItem, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(text_of(getattr(item, field)) for field in fields)


def _differences(fields: Sequence[str], before: Sequence[str], after: Sequence[str]) -> list[FieldChange]:
    pairs = zip(fields, before, after, strict=True)
    return [FieldChange(field=field, before=old, after=new) for field, old, new in pairs if old != new]


def _changed(shop: Items, changes: Mapping[str, Sequence[FieldChange]]) -> tuple[ProductChange, ...]:
    return tuple(
        ProductChange(product_id=one, title=shop[one].title, changes=tuple(found))
        for one, found in changes.items()
        if found
    )


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
