"""What a product costs and whether it is sold, through the real client."""

from decimal import Decimal
from typing import Any

import pytest

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.write.shop import SET_PRICE, ShopWriter
from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.records import Kind
from agents.sandbox_models import SandboxRecord
from tests.factories.tiktok import TOKEN, sandbox_tiktok
from tests.factories.tiktok_world import ACCESS, PRODUCT_ID, SKU_ID, WAREHOUSE_ID, plant_world

pytestmark = pytest.mark.usefixtures("committed_sandbox")
SHOP: dict[str, Any] = {"token": TOKEN, "cipher": ACCESS.shop_cipher}
PRICE: dict[str, Any] = {
    **SHOP,
    "product_id": PRODUCT_ID,
    "sku_id": SKU_ID,
    "price": Decimal("26.50"),
    "currency": "EUR",
    "seller_type": "LOCAL",
}


def stock() -> dict[str, int]:
    """Return what each warehouse has of the product."""
    [product] = sandbox_tiktok().shop.inventory(**SHOP, product_ids=[PRODUCT_ID])
    return {one.warehouse_id: one.available for sku in product.skus for one in sku.warehouses}


def price() -> Decimal | None:
    """Return what the product costs."""
    return sandbox_tiktok().shop.product(**SHOP, product_id=PRODUCT_ID).skus[0].price.sale_price


def test_set_price_is_absolute_and_changes_nothing_else() -> None:
    plant_world()
    for _ in range(2):
        ShopWriter(sandbox_tiktok()).set_price(**PRICE)
    assert (price(), stock()) == (Decimal("26.50"), {WAREHOUSE_ID: 40})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"currency": "CHF"}, "currency is not the shop's"),
        ({"sku_id": "1"}, "SKU does not belong"),
        ({"seller_type": "CROSS_BORDER"}, "36009004"),
        ({"product_id": "1"}, "does not exist"),
    ],
)
def test_set_price_tiktok_does_not_take_changes_nothing(changes: dict[str, Any], said: str) -> None:
    plant_world()
    with pytest.raises(ProviderRejected, match=said):
        ShopWriter(sandbox_tiktok()).set_price(**(PRICE | changes))
    assert price() == Decimal("24.90")


@pytest.mark.parametrize("amount", ["0", "-1", "a lot", "NaN"])
def test_set_price_that_is_none_is_refused_by_tiktok_and_unsent_by_us(amount: str) -> None:
    plant_world()
    body = {"skus": [{"id": SKU_ID, "price": {"currency": "EUR", "amount": amount}}]}
    with pytest.raises(ProviderRejected, match="amount"):
        sandbox_tiktok().shop_wire.call(SET_PRICE, **SHOP, parts={"product_id": PRODUCT_ID}, body=body)
    with pytest.raises(ProviderRejected, match="must be above 0"):
        ShopWriter(sandbox_tiktok()).set_price(**(PRICE | {"price": Decimal(0)}))
    assert len(received(operation="price_update")) == 1


def test_take_off_sale_twice_keeps_the_product() -> None:
    plant_world()
    for _ in range(2):
        ShopWriter(sandbox_tiktok()).take_off(**SHOP, product_id=PRODUCT_ID)
    product = sandbox_tiktok().shop.product(**SHOP, product_id=PRODUCT_ID)
    assert (product.status, product.title) == ("SELLER_DEACTIVATED", "Cold brew set, 750 ml")
    assert stock() == {WAREHOUSE_ID: 40}


def test_take_off_sale_what_is_not_on_it_is_refused_behind_a_good_code() -> None:
    plant_world()
    row = SandboxRecord.objects.get(kind=Kind.PRODUCT, key=PRODUCT_ID)
    row.data["status"] = "FREEZE"
    row.save(update_fields=["data"])
    with pytest.raises(ProviderRejected, match="not active"):
        ShopWriter(sandbox_tiktok()).take_off(**SHOP, product_id=PRODUCT_ID)
    assert received(operation="product_deactivate")[0].outcome == "ok"


def test_set_price_of_a_product_not_on_sale_is_refused() -> None:
    plant_world()
    ShopWriter(sandbox_tiktok()).take_off(**SHOP, product_id=PRODUCT_ID)
    with pytest.raises(ProviderRejected, match="not active"):
        ShopWriter(sandbox_tiktok()).set_price(**PRICE)
