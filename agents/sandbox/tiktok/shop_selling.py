"""The sandbox's shop: for how much a product is sold, and whether it is."""

from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import Field

from agents.sandbox.tiktok.operations import SHOP, Operation
from agents.sandbox.tiktok.records import seconds_of, world_now
from agents.sandbox.tiktok.shop import (
    CALLS_A_MINUTE,
    NOT_FOUND,
    ShopBody,
    Signed,
    amiss,
    product_of,
    shop_query,
)
from agents.sandbox.tiktok.wire import Received, Reply, ShopError, read_shop_body, shop_reply
from agents.sandbox_models import SandboxCreator

ON_SALE, TAKEN_OFF = "ACTIVATE", "SELLER_DEACTIVATED"
MOST_TAKEN_OFF = 20
NOT_ON_SALE = 12052101
WRONG_CURRENCY = 12052102
"""The numbers are the sandbox's, none is documented."""


class _Price(ShopBody):
    """What a SKU is to cost; the sandbox's sellers are local, so that it is `amount`."""

    currency: str = Field(pattern="^[A-Z]{3}$")
    amount: str


class _PricedSku(ShopBody):
    """A SKU and its price."""

    id: str
    price: _Price


class _Prices(ShopBody):
    """The body of `prices/update`."""

    skus: list[_PricedSku] = Field(min_length=1)


class _TakenOff(ShopBody):
    """The body of `products/deactivate`."""

    product_ids: list[str] = Field(min_length=1, max_length=MOST_TAKEN_OFF)


def product_deactivate(received: Received, creator: SandboxCreator) -> Reply:
    """Take products off sale; one that cannot be is told of on a good code."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_TakenOff, received)
    errors = []
    for product_id in asked.product_ids:
        row = product_of(product_id, creator)
        if row.data["status"] not in (ON_SALE, TAKEN_OFF):
            detail = {"product_id": product_id}
            errors.append({"code": NOT_ON_SALE, "message": "The product is not active", "detail": detail})
            continue
        row.data |= {"status": TAKEN_OFF, "update_time": seconds_of(world_now())}
        row.save(update_fields=["data"])
    return shop_reply({"errors": errors} if errors else {})


def price_update(received: Received, creator: SandboxCreator) -> Reply:
    """Set the prices of SKUs of a product on sale; what is amiss with one is told of on a good code."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Prices, received)
    row = product_of(received.parts["product_id"], creator)
    if row.data["status"] != ON_SALE:
        raise ShopError(NOT_ON_SALE, "The product is not active")
    errors = [error for sku in asked.skus for error in _set_price(row.data, sku)]
    row.data["update_time"] = seconds_of(world_now())
    row.save(update_fields=["data"])
    return shop_reply({"errors": errors} if errors else {})


def _set_price(data: dict[str, Any], asked: _PricedSku) -> list[dict[str, Any]]:
    if not _is_money(asked.price.amount):
        raise ShopError(36009004, "amount: a decimal above 0, as in 24.90")
    sku = next((one for one in data["skus"] if one["id"] == asked.id), None)
    if sku is None:
        return [amiss(NOT_FOUND, "The SKU does not belong to the product", asked.id)]
    if sku["price"]["currency"] != asked.price.currency:
        return [amiss(WRONG_CURRENCY, "The currency is not the shop's", asked.id)]
    amount = asked.price.amount
    sku["price"] |= {"sale_price": amount, "tax_exclusive_price": amount}
    return []


def _is_money(text: str) -> bool:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    return amount.is_finite() and amount > 0


OPERATIONS = (
    Operation(
        "product_deactivate",
        "POST",
        "/product/202309/products/deactivate",
        frozenset({"seller.product.write"}),
        product_deactivate,
        CALLS_A_MINUTE,
        SHOP,
    ),
    Operation(
        "price_update",
        "POST",
        "/product/202309/products/{product_id}/prices/update",
        frozenset({"seller.product.write"}),
        price_update,
        CALLS_A_MINUTE,
        SHOP,
    ),
)
