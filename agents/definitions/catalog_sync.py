"""What a shop's catalogue and its source differ in, and what may be done about it without asking anybody.

There is nothing here for a model to say: a list of differences needs no words, so none are asked for.
Nothing is changed: a workflow step does what a person has approved.
"""

from collections.abc import Sequence, Set
from datetime import datetime
from types import MappingProxyType

from pydantic import AwareDatetime, ConfigDict, Field

from agents.contract import Agent, AgentContext, BrandVoice, ModelTier, Nothing, Prompt, Typed
from agents.definitions.catalogue_merge import (
    Agreed,
    CatalogueItem,
    Conflict,
    Known,
    Merge,
    ProductChange,
    known_from,
    merge,
)
from agents.definitions.catalogue_problems import Problem, problems_in
from agents.definitions.catalogue_proposals import ListingChange, PriceChange, Removal, proposals
from agents.definitions.drafting import unlinked
from tiktok_ops.content.figures import CatalogueFigures
from tiktok_ops.content.queries import catalogue_of, dealt_with

DELETED = "deleted"
"""The status of a product that is gone from the shop. Upper or lower case."""

TAKEN_OFF = "seller_deactivated"
ON_SALE = frozenset({"", "activate"})
"""The statuses of a product that can be bought, as far as is known. Upper or lower case."""

MOST_PRODUCTS = 5_000


class CatalogInput(Typed):
    """The source's products now.

    What both sides were when they were last dealt with is kept from sync to sync. `last_synced` takes its place,
    for a catalogue that was synced elsewhere until now: the products both sides had then.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"source": [{"product_id": "1", "title": "Lamp", "price": "24.90", "currency": "EUR"}]},
            ]
        }
    )

    source: tuple[CatalogueItem, ...] = Field(default=(), max_length=MOST_PRODUCTS)
    last_synced: tuple[CatalogueItem, ...] = Field(default=(), max_length=MOST_PRODUCTS)


class CatalogReport(Typed):
    """The difference between source and shop, each part by product id, problems by row of the source.

    `created`, `updated` and `removed` are to be done in the shop. `kept` was changed in the shop alone and
    stays. `settled` differs, and a person said that it may. People are asked about `updated`, `removed` and
    `conflicts`: `listing_changes` are those about words, `price_changes` about prices and `removals` about taking
    off sale, both of products on sale. Of each at most 100, and `left_for_next` is how many more there are.
    `problems` hold their rows back: of those products nothing else is said. `agreed` is what both sides are the
    same in and were not known to be, `forgotten` what neither has any more: both are kept for the next run.
    """

    as_of: AwareDatetime
    enough_data: bool
    note: str
    source_products: int
    shop_products: int
    held_products: int
    created: tuple[CatalogueItem, ...]
    updated: tuple[ProductChange, ...]
    removed: tuple[CatalogueItem, ...]
    kept: tuple[ProductChange, ...]
    settled: tuple[ProductChange, ...]
    listing_changes: tuple[ListingChange, ...]
    price_changes: tuple[PriceChange, ...]
    removals: tuple[Removal, ...]
    left_for_next: int
    conflicts: tuple[Conflict, ...]
    problems: tuple[Problem, ...]
    agreed: tuple[Agreed, ...]
    forgotten: tuple[str, ...]


class CatalogSync(Agent[CatalogInput, CatalogReport, Nothing, CatalogReport]):
    """Compares a source with the shop and the last sync; the facts are the whole answer."""

    name = "catalog_sync"
    purpose = (
        "Compare a source catalogue with the shop: what to create, update and remove, and what to decide."
    )
    model_tier = ModelTier.FAST
    providers = ()
    Input = CatalogInput
    Facts = CatalogReport
    Words = Nothing
    Output = CatalogReport

    def compute(self, given: CatalogInput, context: AgentContext) -> CatalogReport:
        """Read the shop as it was last synced and what was dealt with, and compare."""
        return compare(
            catalogue_of(context.account_id),
            given,
            context.as_of,
            known=dealt_with(context.account_id),
            brand=context.brand,
        )

    def prompt(self, facts: CatalogReport, context: AgentContext) -> Prompt | None:
        """Ask for nothing."""
        return None

    def compose(self, facts: CatalogReport, words: Nothing | None) -> CatalogReport:
        """Return the facts as they are."""
        return facts


def compare(
    products: Sequence[CatalogueFigures],
    given: CatalogInput,
    as_of: datetime,
    *,
    known: Known = MappingProxyType({}),
    brand: BrandVoice | None = None,
) -> CatalogReport:
    """Return what source and shop differ in, from rows in any order, as of `as_of` (aware, UTC).

    Rows of the source with a problem, and products deleted in the shop (or off sale there and in no row), are left
    out first; then the three states are merged (`catalogue_merge.merge`). An empty source removes nothing: it says
    "not enough data", for an empty file is a fault more often than the end of a shop.
    """
    listed = {item.product_id for item in given.source}
    shop = {one.product_id: CatalogueItem.of(one) for one in products if _is_there(one, listed)}
    last = known_from(given.last_synced) if given.last_synced else known
    problems = problems_in(given.source, shop, brand.banned_claims if brand else ())
    held = {problem.product_id for problem in problems}
    source = {item.product_id: item for item in given.source}
    found = merge(source, shop, last, held) if source else Merge()
    on_sale = {one.product_id for one in products if one.status.lower() in ON_SALE}
    return CatalogReport(
        as_of=as_of,
        enough_data=bool(source),
        note=unlinked(brand, _note(has_source=bool(source), has_shop=bool(shop), is_first=not last)),
        source_products=len(source),
        shop_products=len(shop),
        held_products=len(held),
        created=found.created,
        updated=found.updated,
        removed=found.removed,
        kept=found.kept,
        settled=found.settled,
        **proposals(found, source, {one: item for one, item in shop.items() if one in on_sale}),
        conflicts=found.conflicts,
        problems=problems,
        agreed=found.agreed,
        forgotten=found.forgotten,
    )


def _is_there(product: CatalogueFigures, listed: Set[str]) -> bool:
    """Return whether the shop has a product; one that is off sale and in no source is over for both."""
    status = product.status.lower()
    return status != DELETED and (status != TAKEN_OFF or product.product_id in listed or not listed)


def _note(*, has_source: bool, has_shop: bool, is_first: bool) -> str:
    if not has_source:
        return "Not enough data: the source has no products; nothing is removed for that."
    if has_shop and is_first:
        return (
            "No earlier sync is known, so nobody can tell which side changed: every difference is a conflict "
            "for a person, and nothing is removed."
        )
    return ""


agent = CatalogSync()
