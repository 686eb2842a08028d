"""An account's shop: its products with their stock, and the orders since the last sync."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction

from agents.providers.tiktok.read.paging import read_all
from agents.providers.tiktok.read.shop import MOST_PRODUCTS, ShopOrder, ShopProduct
from agents.sync.session import Session
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.content.models import OrderLine, Product

PART = "shop"
OVERLAP = timedelta(hours=1)
"""Orders are asked for from a little before the last sync: clocks differ, and a change may show late."""
FIRST_ORDERS_DAYS = 90
MOST_DESCRIPTIONS = 300
"""Each is a call of its own; what is left over is read with the next change."""
_FIELDS = ("title", "description", "price", "currency", "stock", "status")


def sync_shop(session: Session) -> dict[str, Any]:
    """Take in products, stock and orders; an account without a shop has none. Raises the reader's errors."""
    session.holding()
    shops = session.tiktok.shop.shops(token=session.access.token)
    if not shops:
        with transaction.atomic():
            return session.done(PART, {"products": 0, "orders": 0})
    cipher, token = shops[0].cipher, session.access.token
    pages = session.held(
        lambda place: session.tiktok.shop.product_page(token=token, cipher=cipher, page_token=place)
    )
    products = list(read_all(pages, key=lambda product: product.id))
    stock = _stock(session, cipher, products)
    descriptions = _descriptions(session, cipher, products)
    orders = _orders(session, cipher)
    with transaction.atomic():
        account = session.locked()
        known = _write_products(account, products, stock, descriptions)
        lines = _write_orders(account, orders, known)
        return session.done(PART, {"products": len(products), "orders": len(orders), "lines": lines})


def _stock(session: Session, cipher: str, products: list[ShopProduct]) -> dict[str, int]:
    """Return the units of each product there are to sell, in all warehouses."""
    levels: dict[str, int] = {}
    ids = [product.id for product in products]
    for start in range(0, len(ids), MOST_PRODUCTS):
        session.holding()
        told = session.tiktok.shop.inventory(
            token=session.access.token, cipher=cipher, product_ids=ids[start : start + MOST_PRODUCTS]
        )
        levels |= {one.product_id: sum(sku.available for sku in one.skus) for one in told}
    return levels


def _descriptions(session: Session, cipher: str, products: list[ShopProduct]) -> dict[str, str]:
    """Return what the listings say of products that are new or changed; the list of products does not tell it."""
    last = session.synced_at(PART)
    changed = [
        product
        for product in products
        if last is None or product.updated_at is None or product.updated_at >= last - OVERLAP
    ]
    found: dict[str, str] = {}
    for product in changed[:MOST_DESCRIPTIONS]:
        session.holding()
        told = session.tiktok.shop.product(token=session.access.token, cipher=cipher, product_id=product.id)
        found[product.id] = told.description
    return found


def _orders(session: Session, cipher: str) -> list[ShopOrder]:
    last = session.synced_at(PART)
    since = last - OVERLAP if last else session.now - timedelta(days=FIRST_ORDERS_DAYS)
    pages = session.held(
        lambda place: session.tiktok.shop.order_page(
            token=session.access.token, cipher=cipher, page_token=place, updated_since=since
        )
    )
    return [order for order in read_all(pages, key=lambda order: order.id) if not order.is_sample]


def _write_products(
    account: TikTokAccount,
    products: Iterable[ShopProduct],
    stock: dict[str, int],
    descriptions: dict[str, str],
) -> dict[str, Product]:
    """Write the products and return all of the account's, by TikTok's id; what was not read of one stays."""
    before = dict(Product.objects.filter(account=account).values_list("product_id", "description"))
    rows = [
        Product(
            account=account,
            product_id=product.id,
            title=product.title[:300],
            description=descriptions.get(product.id, before.get(product.id, "")),
            price=product.skus[0].price.sale_price if product.skus else None,
            currency=product.skus[0].price.currency if product.skus else "",
            stock=stock.get(product.id, 0),
            status=product.status,
        )
        for product in products
    ]
    Product.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["account", "product_id"], update_fields=_FIELDS
    )
    return {product.product_id: product for product in Product.objects.filter(account=account)}


def _write_orders(account: TikTokAccount, orders: Iterable[ShopOrder], known: dict[str, Product]) -> int:
    """Write a line for each product of each order; return how many. What is no product of the shop is left out."""
    lines = [
        OrderLine(
            account=account,
            product=known[product_id],
            order_id=order.id,
            quantity=units,
            ordered_at=order.created_at,
            is_cancelled=order.is_cancelled,
        )
        for order in orders
        for product_id, units in Counter(line.product_id for line in order.lines).items()
        if product_id in known
    ]
    OrderLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["account", "order_id", "product"],
        update_fields=["quantity", "is_cancelled"],
    )
    return len(lines)
