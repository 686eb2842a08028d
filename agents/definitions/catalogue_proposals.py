"""What a comparison of source and shop asks people for, in the shape of the acts they approve.

What the source alone changed and what both changed are asked alike: `why` tells which it is. Each is the source's
side; a no keeps the shop's.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from agents.contract import Typed
from agents.definitions.catalogue_merge import (
    PARTS,
    CatalogueItem,
    Conflict,
    ConflictKind,
    Items,
    Merge,
    ProductChange,
)

MOST_AT_ONCE = 100
"""So many of each kind are asked for in one run: a person reads them all. The rest is asked for by the next."""

SOURCE_CHANGED = "The catalogue changed it; TikTok has what both had before."
_DECIDE = "approve to take the catalogue's, reject to keep TikTok's, or edit it."
WHY: Mapping[ConflictKind, str] = MappingProxyType(
    {
        ConflictKind.BOTH_CHANGED: f"The catalogue and TikTok both changed it: {_DECIDE}",
        ConflictKind.CHANGED_AND_REMOVED: "The catalogue no longer has it, and TikTok changed it meanwhile: approve to "
        "take it off sale, reject to leave it.",
        ConflictKind.NEVER_SYNCED: f"The two differ, and nobody knows which one changed: {_DECIDE}",
    }
)
SOURCE_REMOVED = "The catalogue no longer has it; TikTok has it as both had before."
TEXTS = ("title", "description")


class ListingChange(Typed):
    """New words for a product, and those they take the place of; None where a text stays.

    `source_title` and `source_description` are what the source says: once it is dealt with, that is known.
    `last` is what the shop had when a conflict was last dealt with, None where it never was or there is none.
    """

    product_id: str
    title: str | None = None
    description: str | None = None
    replaces_title: str | None = None
    replaces_description: str | None = None
    source_title: str | None = None
    source_description: str | None = None
    why: str = SOURCE_CHANGED
    last: str | None = None

    @classmethod
    def of(cls, change: ProductChange) -> "ListingChange | None":
        """Return what of a change is about words; None where it is about others things alone."""
        words = {one.field: (one.before, one.after) for one in change.changes if one.field in TEXTS}
        return cls._with(change.product_id, {name: pair for name, pair in words.items() if pair[1]})

    @classmethod
    def of_conflict(cls, conflict: Conflict) -> "ListingChange | None":
        """Return the source's side of a conflict about words; None of another, or where the source has none."""
        if conflict.field not in TEXTS or not conflict.in_source:
            return None
        made = cls._with(conflict.product_id, {conflict.field: (conflict.in_shop or "", conflict.in_source)})
        return made and made.model_copy(update={"why": WHY[conflict.kind], "last": conflict.last})

    @classmethod
    def _with(cls, product_id: str, words: Mapping[str, tuple[str, str]]) -> "ListingChange | None":
        if not words:
            return None
        return cls(
            product_id=product_id,
            **{name: after for name, (_, after) in words.items()},
            **{f"source_{name}": after for name, (_, after) in words.items()},
            **{f"replaces_{name}": before for name, (before, _) in words.items()},
        )


class PriceChange(Typed):
    """A new price for a product, in the currency it is sold in, and the one it takes the place of."""

    product_id: str
    price: Decimal
    currency: str
    replaces_price: Decimal | None
    source_price: Decimal
    why: str = SOURCE_CHANGED
    last: str | None = None

    @classmethod
    def between(cls, source: CatalogueItem, shop: CatalogueItem) -> "PriceChange | None":
        """Return the source's price for the shop; None where it names none, or is in another currency."""
        if source.price is None or source.currency != shop.currency:
            return None
        return cls(
            product_id=shop.product_id,
            price=source.price,
            currency=source.currency,
            replaces_price=shop.price,
            source_price=source.price,
        )


def price_changes(found: Merge, source: Items, shop: Items) -> Iterator[PriceChange]:
    """Yield the prices people are asked about: first what the source changed, then the conflicts.

    `shop` has the products on sale: TikTok takes no price of another.
    """
    for change in found.updated:
        one = change.product_id
        if one in shop and any(field.field in PARTS["price"] for field in change.changes):
            yield from filter(None, [PriceChange.between(source[one], shop[one])])
    for conflict in found.conflicts:
        one = conflict.product_id
        if (
            one in shop
            and conflict.field == "price"
            and (made := PriceChange.between(source[one], shop[one]))
        ):
            yield made.model_copy(update={"why": WHY[conflict.kind], "last": conflict.last})


def listing_changes(found: Merge) -> Iterator[ListingChange]:
    """Yield the words people are asked about: first what the source changed, then the conflicts."""
    asked = [ListingChange.of(change) for change in found.updated]
    asked += [ListingChange.of_conflict(conflict) for conflict in found.conflicts]
    yield from filter(None, asked)


class Removal(Typed):
    """A product on sale that the source no longer has."""

    product_id: str
    title: str
    why: str = SOURCE_REMOVED


def removals(found: Merge, selling: Items) -> Iterator[Removal]:
    """Yield the products people are asked to take off sale: first those nobody changed, then the conflicts."""
    for item in found.removed:
        if item.product_id in selling:
            yield Removal(product_id=item.product_id, title=item.title)
    for conflict in found.conflicts:
        if conflict.kind == ConflictKind.CHANGED_AND_REMOVED and conflict.product_id in selling:
            yield Removal(product_id=conflict.product_id, title=conflict.title, why=WHY[conflict.kind])


def proposals(found: Merge, source: Items, selling: Items) -> dict[str, Any]:
    """Return what people are asked about, by the report's fields; `selling` are the shop's products on sale."""
    every: dict[str, tuple[Typed, ...]] = {
        "listing_changes": tuple(listing_changes(found)),
        "price_changes": tuple(price_changes(found, source, selling)),
        "removals": tuple(removals(found, selling)),
    }
    left = sum(len(asked[MOST_AT_ONCE:]) for asked in every.values())
    return {name: asked[:MOST_AT_ONCE] for name, asked in every.items()} | {"left_for_next": left}
