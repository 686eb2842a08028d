"""The Shop API, read: our shops, their products and stock, and what was ordered.

`cipher` names the shop in every call for it (`shops` tells it). Money is in the shop's currency. Buyers'
names and addresses are not read: nobody here needs them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_shape
from agents.providers.tiktok.numbered_wires import ShopWire
from agents.providers.tiktok.read.paging import Page, read_all

SHOPS = Endpoint("shop_list", "GET", "/authorization/202309/shops")
PRODUCTS = Endpoint("product_search", "POST", "/product/202502/products/search")
PRODUCT = Endpoint("product_get", "GET", "/product/202309/products/{product_id}")
INVENTORY = Endpoint("inventory_search", "POST", "/product/202309/inventory/search")
ORDERS = Endpoint("order_search", "POST", "/order/202309/orders/search")
ENDPOINTS = (SHOPS, PRODUCTS, PRODUCT, INVENTORY, ORDERS)
PAGE_SIZE = 50
"""TikTok's ceiling is not sure: half of the 100 that is said is taken."""
MOST_PRODUCTS = 100
CANCELLED = frozenset({"CANCELLED", "CANCEL"})
"""The orders' documentation and the webhooks' name it differently."""

Id = Annotated[str, BeforeValidator(str)]


def _money(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


Money = Annotated[Decimal | None, BeforeValidator(_money)]


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop the token speaks for. `seller_type` is LOCAL or another word for who sells across borders."""

    id: Id
    cipher: str
    name: str = ""
    region: str = ""
    seller_type: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """What a SKU is sold for."""

    currency: str = ""
    sale_price: Money = None


@dataclass(frozen=True, slots=True)
class StockedAt:
    """How much of a SKU a warehouse has."""

    warehouse_id: Id
    quantity: int


@dataclass(frozen=True, slots=True)
class Sku:
    """One thing that is sold: a size or a colour of a product."""

    id: Id
    seller_sku: str = ""
    price: Price = field(default_factory=Price)
    inventory: tuple[StockedAt, ...] = ()

    @property
    def quantity(self) -> int:
        """Return how much of it there is in all warehouses."""
        return sum(one.quantity for one in self.inventory)


def _status(given: object) -> str:
    return str(given.get("status", "")) if isinstance(given, dict) else str(given or "")


@dataclass(frozen=True, slots=True)
class ShopProduct:
    """A product; `description` (HTML) is read with `product` only."""

    id: Id
    title: str = ""
    description: str = ""
    status: str = ""
    skus: tuple[Sku, ...] = ()
    created_at: Annotated[datetime | None, Field(validation_alias="create_time")] = None
    updated_at: Annotated[datetime | None, Field(validation_alias="update_time")] = None
    listing_quality: Annotated[str | None, Field(validation_alias="listing_quality_tier")] = None
    audit_status: Annotated[str, BeforeValidator(_status), Field(validation_alias="audit")] = ""


@dataclass(frozen=True, slots=True)
class WarehouseLevel:
    """What a warehouse can still sell of a SKU, and what is promised to orders."""

    warehouse_id: Id
    available: Annotated[int, Field(validation_alias="available_quantity")]
    committed: Annotated[int, Field(validation_alias="committed_quantity")] = 0


@dataclass(frozen=True, slots=True)
class SkuLevels:
    """The stock of one SKU."""

    id: Id
    available: Annotated[int, Field(validation_alias="total_available_quantity")] = 0
    committed: Annotated[int, Field(validation_alias="total_committed_quantity")] = 0
    warehouses: Annotated[tuple[WarehouseLevel, ...], Field(validation_alias="warehouse_inventory")] = ()


@dataclass(frozen=True, slots=True)
class ProductLevels:
    """The stock of a product's SKUs."""

    product_id: Id
    skus: tuple[SkuLevels, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One unit of an order."""

    id: Id
    product_id: Id
    sku_id: Id = ""
    product_name: str = ""
    sale_price: Money = None
    currency: str = ""
    status: Annotated[str, Field(validation_alias="display_status")] = ""


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order; TikTok lists each unit as a line of its own."""

    id: Id
    status: str
    created_at: Annotated[datetime, Field(validation_alias="create_time")]
    updated_at: Annotated[datetime | None, Field(validation_alias="update_time")] = None
    lines: Annotated[tuple[OrderLine, ...], Field(validation_alias="line_items")] = ()
    is_sample: Annotated[bool, Field(validation_alias="is_sample_order")] = False

    @property
    def is_cancelled(self) -> bool:
        """Return whether nothing of it is sold after all."""
        return self.status in CANCELLED


@dataclass(frozen=True, slots=True)
class _Shops:
    """The shops, as they are answered."""

    shops: tuple[Shop, ...] = ()


@dataclass(frozen=True, slots=True)
class _Products:
    """One page of products, as it is answered."""

    products: tuple[ShopProduct, ...] = ()
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class _Inventory:
    """The stock, as it is answered."""

    inventory: tuple[ProductLevels, ...] = ()


@dataclass(frozen=True, slots=True)
class _Orders:
    """One page of orders, as it is answered."""

    orders: tuple[ShopOrder, ...] = ()
    next_page_token: str = ""


_SHOPS = TypeAdapter(_Shops)
_PRODUCTS = TypeAdapter(_Products)
_PRODUCT = TypeAdapter(ShopProduct)
_INVENTORY = TypeAdapter(_Inventory)
_ORDERS = TypeAdapter(_Orders)


class ShopReader:
    """Reads a shop. Every method raises errors that are safe to try again."""

    def __init__(self, wire: ShopWire) -> None:
        self._wire = wire

    def shops(self, *, token: str) -> tuple[Shop, ...]:
        """Return the shops the token speaks for."""
        return read_shape(_SHOPS, self._wire.call(SHOPS, token=token)).shops

    def product_page(
        self, *, token: str, cipher: str, page_token: str | None = None, updated_since: datetime | None = None
    ) -> Page[ShopProduct, str]:
        """Return one page of the products, without descriptions."""
        body = {"status": "ALL"} | _bound("update_time_ge", updated_since)
        query = {"page_size": PAGE_SIZE, "page_token": page_token}
        answer = self._wire.call(PRODUCTS, token=token, cipher=cipher, query=query, body=body)
        page = read_shape(_PRODUCTS, answer)
        return Page(page.products, page.next_page_token or None)

    def products(
        self, *, token: str, cipher: str, updated_since: datetime | None = None
    ) -> Iterator[ShopProduct]:
        """Yield all products, without descriptions, each once; those changed since a moment (aware)."""
        return read_all(
            lambda place: self.product_page(
                token=token, cipher=cipher, page_token=place, updated_since=updated_since
            ),
            key=lambda product: product.id,
        )

    def product(
        self,
        *,
        token: str,
        cipher: str,
        product_id: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> ShopProduct:
        """Return one product in full, as it is or as it will be once TikTok has looked at a change."""
        answer = self._wire.call(
            PRODUCT,
            token=token,
            cipher=cipher,
            parts={"product_id": product_id},
            timeout_seconds=timeout_seconds,
        )
        return read_shape(_PRODUCT, answer)

    def inventory(
        self,
        *,
        token: str,
        cipher: str,
        product_ids: Sequence[str],
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> tuple[ProductLevels, ...]:
        """Return the stock of 1 to 100 products; raises `ProviderRejected` unsent for another number."""
        if not 1 <= len(product_ids) <= MOST_PRODUCTS:
            raise ProviderRejected(
                f"The stock of {len(product_ids)} products was asked for; ask for 1 to {MOST_PRODUCTS} at once.",
                was_sent=False,
                may_have_acted=False,
            )
        answer = self._wire.call(
            INVENTORY,
            token=token,
            cipher=cipher,
            body={"product_ids": list(product_ids)},
            timeout_seconds=timeout_seconds,
        )
        return read_shape(_INVENTORY, answer).inventory

    def order_page(
        self,
        *,
        token: str,
        cipher: str,
        page_token: str | None = None,
        created_since: datetime | None = None,
        updated_since: datetime | None = None,
    ) -> Page[ShopOrder, str]:
        """Return one page of the orders, those changed first first."""
        body = _bound("create_time_ge", created_since) | _bound("update_time_ge", updated_since)
        query = {
            "page_size": PAGE_SIZE,
            "page_token": page_token,
            "sort_field": "update_time",
            "sort_order": "ASC",
        }
        answer = self._wire.call(ORDERS, token=token, cipher=cipher, query=query, body=body)
        page = read_shape(_ORDERS, answer)
        return Page(page.orders, page.next_page_token or None)

    def orders(
        self,
        *,
        token: str,
        cipher: str,
        created_since: datetime | None = None,
        updated_since: datetime | None = None,
    ) -> Iterator[ShopOrder]:
        """Yield all orders, each once; those made, or changed, since a moment (aware)."""
        return read_all(
            lambda place: self.order_page(
                token=token,
                cipher=cipher,
                page_token=place,
                created_since=created_since,
                updated_since=updated_since,
            ),
            key=lambda order: order.id,
        )


def _bound(name: str, at: datetime | None) -> dict[str, Any]:
    return {} if at is None else {name: int(at.timestamp())}
