"""Setting a stock: an absolute number, read back and compared. Twice is as good as once.

A number is absolute for one warehouse; TikTok wants every warehouse of the SKU named, so the others are sent
as they were read just before.
"""

from collections.abc import Mapping
from typing import Any

from agents.providers.tiktok.write.shop import ShopWriter
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.refusals import EffectChanged
from workflows.effects.shop_places import only
from workflows.shop_kinds import StockUpdate


class SetStock(Deed[StockUpdate]):
    """How many units of a SKU a warehouse has."""

    name = "set_stock"
    operation = "inventory_update"

    def look(self, acting: Acting[StockUpdate]) -> dict[str, Any]:
        """Return the stock of every SKU and warehouse of the product now."""
        return {"levels": _levels(acting)}

    def check(self, acting: Acting[StockUpdate], facts: Mapping[str, Any]) -> None:
        """Refuse where it is not clear which stock is meant; ask again where it is another than it was."""
        sku_id, warehouse_id = _place(acting.wanted, facts["levels"])
        there: int = facts["levels"][sku_id][warehouse_id]
        wanted = acting.wanted
        if wanted.replaces_quantity is None or there in (wanted.replaces_quantity, wanted.quantity):
            return
        now = wanted.model_copy(update={"replaces_quantity": there})
        raise EffectChanged(
            f"The stock was {wanted.replaces_quantity} when this was drafted, and is {there} now.",
            now.model_dump(mode="json"),
        )

    def send(self, acting: Acting[StockUpdate]) -> str:
        """Set the number; the SKU's id stands for it."""
        sku_id, warehouse_id = _place(acting.wanted, acting.facts["levels"])
        levels = {**acting.facts["levels"][sku_id], warehouse_id: acting.wanted.quantity}
        ShopWriter(acting.provider).set_stock(
            token=acting.access.token,
            cipher=acting.access.shop_cipher,
            product_id=acting.wanted.product_id,
            sku_id=sku_id,
            levels=levels,
        )
        return sku_id

    def find(self, acting: Acting[StockUpdate]) -> Found | None:
        """Return the stock once it is the approved number."""
        sku_id, warehouse_id = _place(acting.wanted, acting.facts["levels"])
        there = _levels(acting).get(sku_id, {}).get(warehouse_id)
        if there != acting.wanted.quantity:
            return None
        return Found(sku_id, {"live_quantity": there, "warehouse": warehouse_id})

    def is_undone(self, acting: Acting[StockUpdate]) -> bool:
        """Return whether every number is as it was: nothing was set, and nothing was sold."""
        before: dict[str, dict[str, int]] = acting.facts["levels"]
        return _levels(acting) == before


def _levels(acting: Acting[StockUpdate]) -> dict[str, dict[str, int]]:
    """Return how many units each warehouse has of each SKU of the product."""
    products = acting.provider.shop.inventory(
        token=acting.access.token,
        cipher=acting.access.shop_cipher,
        product_ids=[acting.wanted.product_id],
    )
    return {
        sku.id: {one.warehouse_id: one.available for one in sku.warehouses}
        for product in products
        for sku in product.skus
    }


def _place(wanted: StockUpdate, levels: Mapping[str, Mapping[str, int]]) -> tuple[str, str]:
    """Return the SKU and the warehouse that are meant; raises `EffectRefused` where that is not clear."""
    sku_id = only(wanted.sku_id, list(levels), "SKU", product_id=wanted.product_id)
    there = list(levels[sku_id])
    return sku_id, only(wanted.warehouse_id, there, "warehouse", product_id=wanted.product_id)


act = SetStock(StockUpdate).act
