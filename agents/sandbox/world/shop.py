"""The shops of the made world: products, and orders at a steady pace."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from agents.sandbox.world.material import Material
from agents.sandbox.world.model import WorldOrder, WorldProduct

SELLING_DAYS = 35
COUNTED_DAYS = 28
"""Sales are counted over 28 days; selling for longer, a product's pace is spread over all of them."""
FEWEST_DAYS_LEFT = 25
"""An ordinary product lasts at least this long."""
LOW_STOCK = 9
LOW_A_DAY = 4
OVERSOLD_BY = 3


@dataclass(frozen=True, slots=True)
class Shop:
    """What an account sells, and what was bought, oldest first."""

    products: tuple[WorldProduct, ...]
    orders: tuple[WorldOrder, ...]


def shop_of(dice: Random, material: Material, as_of: datetime) -> Shop:
    """Return a shop in which every product lasts for weeks."""
    products, orders = [], []
    for title in material.products:
        product_id = str(dice.randrange(17 * 10**17, 18 * 10**17))
        sold = _orders(dice, product_id, dice.uniform(0.2, 2.0), as_of)
        orders += sold
        products.append(
            WorldProduct(
                product_id=product_id,
                title=f"{material.name} {title}",
                description=f"{title} by {material.name}. Made in small batches, with a spare part for each part.",
                price=Decimal(dice.randrange(900, 9900)) / 100,
                currency="GBP" if "London" in material.handles[0][2] else "USD",
                stock=int(units_sold(sold, as_of) / COUNTED_DAYS * dice.uniform(FEWEST_DAYS_LEFT, 80)) + 5,
            )
        )
    return Shop(tuple(products), _in_order(orders))


def with_low(dice: Random, shop: Shop, place: int, as_of: datetime) -> tuple[Shop, float]:
    """Return the shop with one product that sells fast and is nearly gone, and how many days it lasts."""
    product = shop.products[place]
    orders = [order for order in shop.orders if order.product_id != product.product_id]
    fast = _orders(dice, product.product_id, LOW_A_DAY, as_of)
    changed = Shop(_replaced(shop, place, LOW_STOCK), _in_order([*orders, *fast]))
    return changed, LOW_STOCK * COUNTED_DAYS / units_sold(fast, as_of)


def with_oversold(shop: Shop, place: int) -> Shop:
    """Return the shop with one product promised to three more buyers than there are units."""
    return Shop(_replaced(shop, place, -OVERSOLD_BY), shop.orders)


def units_sold(orders: Sequence[WorldOrder], as_of: datetime) -> int:
    """Return the units of the last 28 days."""
    since = as_of - timedelta(days=COUNTED_DAYS)
    return sum(order.quantity for order in orders if since < order.ordered_at <= as_of)


def _orders(dice: Random, product_id: str, a_day: float, as_of: datetime) -> list[WorldOrder]:
    """Return orders of 35 days at an even pace; the first one is older than the 28 days that are counted."""
    count = max(int(a_day * SELLING_DAYS), 4)
    step = SELLING_DAYS / count
    return [
        WorldOrder(
            order_id=str(dice.randrange(57 * 10**16, 58 * 10**16)),
            product_id=product_id,
            quantity=1 if dice.random() < 0.85 else 2,
            ordered_at=as_of - timedelta(days=step * (place + dice.uniform(0.05, 0.95))),
        )
        for place in range(count)
    ]


def _replaced(shop: Shop, place: int, stock: int) -> tuple[WorldProduct, ...]:
    return tuple(
        replace(product, stock=stock) if at == place else product for at, product in enumerate(shop.products)
    )


def _in_order(orders: Sequence[WorldOrder]) -> tuple[WorldOrder, ...]:
    return tuple(sorted(orders, key=lambda order: (order.ordered_at, order.order_id)))
