"""Changing a shop: the words of a listing, what it costs, how much there is, and taking it off sale.

All of it is absolute: twice is as good as once.
"""

from collections.abc import Mapping
from decimal import Decimal

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint
from agents.providers.tiktok.provider import TikTokProvider

EDIT = Endpoint("product_edit", "POST", "/product/202509/products/{product_id}/partial_edit")
SET_STOCK = Endpoint("inventory_update", "POST", "/product/202309/products/{product_id}/inventory/update")
SET_PRICE = Endpoint("price_update", "POST", "/product/202309/products/{product_id}/prices/update")
TAKE_OFF = Endpoint("product_deactivate", "POST", "/product/202309/products/deactivate")
ENDPOINTS = (EDIT, SET_STOCK, SET_PRICE, TAKE_OFF)
LOCAL = "LOCAL"
"""Who sells in the shop's own country names a price `amount`, who sells across borders `sale_price`."""
FEWEST, MOST = 1, 99_999
"""TikTok takes no stock of 0: a product that is gone is taken off the shop."""


class ShopWriter:
    """Changes products through a provider."""

    def __init__(self, provider: TikTokProvider) -> None:
        self._wire = provider.shop_wire

    def edit_listing(
        self,
        *,
        token: str,
        cipher: str,
        product_id: str,
        title: str | None = None,
        description: str | None = None,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        """Change the title, the description (HTML) or both; TikTok may look at it before it shows.

        Raises `ProviderRejected` unsent where nothing is to be changed.
        """
        body = {"title": title, "description": description}
        changed = {name: value for name, value in body.items() if value is not None}
        if not changed:
            raise _unsent("Neither a title nor a description is given")
        self._wire.call(
            EDIT,
            token=token,
            cipher=cipher,
            parts={"product_id": product_id},
            body=changed,
            timeout_seconds=timeout_seconds,
        )

    def set_stock(
        self,
        *,
        token: str,
        cipher: str,
        product_id: str,
        sku_id: str,
        levels: Mapping[str, int],
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        """Set how many units of a SKU each warehouse has; `levels` names every warehouse of it.

        Raises `ProviderRejected` unsent for a number TikTok does not take.
        """
        wrong = [quantity for quantity in levels.values() if not FEWEST <= quantity <= MOST]
        if wrong or not levels:
            raise _unsent(f"The stock is {wrong or 'not given'}, and TikTok takes {FEWEST} to {MOST}")
        inventory = [
            {"warehouse_id": warehouse_id, "quantity": quantity} for warehouse_id, quantity in levels.items()
        ]
        self._wire.call(
            SET_STOCK,
            token=token,
            cipher=cipher,
            parts={"product_id": product_id},
            body={"skus": [{"id": sku_id, "inventory": inventory}]},
            timeout_seconds=timeout_seconds,
        )

    def set_price(
        self,
        *,
        token: str,
        cipher: str,
        product_id: str,
        sku_id: str,
        price: Decimal,
        currency: str,
        seller_type: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> None:
        """Set what a SKU costs, in the shop's currency; TikTok takes it of products on sale only.

        Raises `ProviderRejected` unsent for a price of 0 or less.
        """
        if price <= 0:
            raise _unsent(f"The price is {price}, and must be above 0")
        name = "amount" if seller_type == LOCAL else "sale_price"
        self._wire.call(
            SET_PRICE,
            token=token,
            cipher=cipher,
            parts={"product_id": product_id},
            body={"skus": [{"id": sku_id, "price": {"currency": currency, name: f"{price:f}"}}]},
            timeout_seconds=timeout_seconds,
        )

    def take_off(
        self, *, token: str, cipher: str, product_id: str, timeout_seconds: float = CALL_TIMEOUT_SECONDS
    ) -> None:
        """Take a product off sale; it is not deleted, and can be put back."""
        self._wire.call(
            TAKE_OFF,
            token=token,
            cipher=cipher,
            body={"product_ids": [product_id]},
            timeout_seconds=timeout_seconds,
        )


def _unsent(why: str) -> ProviderRejected:
    return ProviderRejected(f"{why}; nothing was sent.", was_sent=False, may_have_acted=False)
