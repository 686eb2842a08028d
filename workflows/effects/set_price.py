"""Setting what a SKU costs: an absolute price, read back and compared. Twice is as good as once."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agents.definitions.catalogue_merge import text_of
from agents.providers.tiktok.write.shop import ShopWriter
from workflows.effects.acting import Acting, Deed, Found
from workflows.effects.refusals import EffectChanged, EffectRefused
from workflows.effects.shop_places import only
from workflows.shop_kinds import ON_SALE, PriceUpdate


class SetPrice(Deed[PriceUpdate]):
    """What a SKU of a product on sale costs, in the currency it is sold in."""

    name = "set_price"
    operation = "price_update"

    def look(self, acting: Acting[PriceUpdate]) -> dict[str, Any]:
        """Return what each SKU of the product costs now, the product's status, and how the seller names prices."""
        shops = acting.provider.shop.shops(token=acting.access.token)
        seller_type = next((one.seller_type for one in shops if one.cipher == acting.access.shop_cipher), "")
        return {**_priced(acting), "seller_type": seller_type}

    def check(self, acting: Acting[PriceUpdate], facts: Mapping[str, Any]) -> None:
        """Refuse what TikTok does not take; ask again where it costs something else than it did."""
        wanted = acting.wanted
        if facts["status"] != ON_SALE:
            raise EffectRefused(
                f"TikTok shows the product as {facts['status']!r}, and takes prices of products on sale only."
            )
        there = facts["prices"][_sku(wanted, facts)]
        if there["currency"] != wanted.currency:
            raise EffectRefused(
                f"The price was approved in {wanted.currency}, and the product is sold in {there['currency']}."
            )
        fitting = {text_of(wanted.price), text_of(wanted.replaces_price)}
        if wanted.replaces_price is None or there["price"] in fitting:
            return
        now = wanted.model_copy(
            update={"replaces_price": Decimal(there["price"]) if there["price"] else None}
        )
        raise EffectChanged(
            f"The price was {wanted.replaces_price} {wanted.currency} when this was drafted, and is "
            f"{there['price'] or 'not set'} now.",
            now.model_dump(mode="json"),
        )

    def send(self, acting: Acting[PriceUpdate]) -> str:
        """Set the price; the SKU's id stands for it."""
        sku_id = _sku(acting.wanted, acting.facts)
        ShopWriter(acting.provider).set_price(
            token=acting.access.token,
            cipher=acting.access.shop_cipher,
            product_id=acting.wanted.product_id,
            sku_id=sku_id,
            price=acting.wanted.price,
            currency=acting.wanted.currency,
            seller_type=acting.facts["seller_type"],
        )
        return sku_id

    def find(self, acting: Acting[PriceUpdate]) -> Found | None:
        """Return the price once it is the approved one."""
        sku_id = _sku(acting.wanted, acting.facts)
        there = _priced(acting)["prices"].get(sku_id)
        if there != {"price": text_of(acting.wanted.price), "currency": acting.wanted.currency}:
            return None
        return Found(sku_id, {"live_price": there["price"], "currency": there["currency"]})

    def is_undone(self, acting: Acting[PriceUpdate]) -> bool:
        """Return whether every price is as it was."""
        before: dict[str, Any] = acting.facts["prices"]
        return bool(_priced(acting)["prices"] == before)


def _priced(acting: Acting[PriceUpdate]) -> dict[str, Any]:
    product = acting.provider.shop.product(
        token=acting.access.token,
        cipher=acting.access.shop_cipher,
        product_id=acting.wanted.product_id,
    )
    prices = {
        sku.id: {"price": text_of(sku.price.sale_price), "currency": sku.price.currency}
        for sku in product.skus
    }
    return {"prices": prices, "status": product.status}


def _sku(wanted: PriceUpdate, facts: Mapping[str, Any]) -> str:
    return only(wanted.sku_id, list(facts["prices"]), "SKU", product_id=wanted.product_id)


act = SetPrice(PriceUpdate).act
