"""Products of a source and a shop, and what the two come to."""

from typing import Any

from agents.contract import BrandVoice
from agents.definitions.catalog_sync import CatalogInput, CatalogReport, compare
from agents.definitions.catalogue_merge import CatalogueItem
from tests.factories.figures import NOON
from tiktok_ops.content.figures import CatalogueFigures

BRAND = BrandVoice(name="Tea house", banned_claims=("heals",))


def item(product_id: str = "1", **changes: Any) -> CatalogueItem:
    """Return a lamp of the source."""
    values: dict[str, Any] = {
        "title": f"Lamp {product_id}",
        "description": "",
        "price": "20",
        "currency": "EUR",
    }
    return CatalogueItem(product_id=product_id, **(values | changes))


def shown(one: CatalogueItem, status: str = "ACTIVATE") -> CatalogueFigures:
    """Return a product as the shop shows it."""
    return CatalogueFigures(one.product_id, one.title, one.description, one.price, one.currency, status)


def report(
    source: list[CatalogueItem], shop: list[CatalogueItem], last: list[CatalogueItem] | None = None
) -> CatalogReport:
    """Return the comparison; unless it is said, both sides were last what the shop is now."""
    synced = tuple(shop if last is None else last)
    given = CatalogInput(source=tuple(source), last_synced=synced)
    return compare([shown(one) for one in shop], given, NOON, brand=BRAND)
