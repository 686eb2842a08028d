"""The sandbox's shop: its products, their stock, its orders; listings and stock may be changed."""

from typing import Any, Literal

from django.db.models import QuerySet
from pydantic import BaseModel, ConfigDict, Field

from agents.sandbox.tiktok.ids import shop_cipher_of, shop_id_of
from agents.sandbox.tiktok.operations import SHOP, Act, Operation
from agents.sandbox.tiktok.records import Kind, seconds_of, world_now
from agents.sandbox.tiktok.wire import (
    Received,
    Reply,
    ShopError,
    read_query,
    read_shop_body,
    shop_reply,
)
from agents.sandbox_models import SandboxCreator, SandboxRecord

CALLS_A_MINUTE = 600
"""No limit is documented; ours is below the 50 a second a vendor names."""
LONGEST_PAGE = 100
LONGEST_SHOP_TITLE = 255
LONGEST_DESCRIPTION = 10_000
LARGEST_STOCK = 99_999
ORDER_STATUSES = (
    *("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"),
    *("IN_TRANSIT", "DELIVERED", "COMPLETED", "CANCELLED"),
)
NOT_FOUND = 12052048
WRONG_WAREHOUSE = 12052701
"""What a shop says of an item that is not its own; the numbers are the sandbox's, none is documented."""


class Signed(BaseModel):
    """Base of what is read from a query of the Shop API; the signature has been checked by then."""

    model_config = ConfigDict(extra="forbid")

    app_key: str
    timestamp: str
    sign: str
    shop_cipher: str = ""


class Paged(Signed):
    """A query for one page."""

    page_size: int = Field(ge=1, le=LONGEST_PAGE)
    page_token: str = ""


class _OrdersPage(Paged):
    """The query for one page of orders."""

    sort_field: Literal["create_time", "update_time"] = "create_time"
    sort_order: Literal["ASC", "DESC"] = "DESC"


class ShopBody(BaseModel):
    """Base of what is read from a body of the Shop API: nothing is converted, nothing unknown let through."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Products(ShopBody):
    """The body of the search for products."""

    status: Literal[
        "ALL",
        "DRAFT",
        "PENDING",
        "FAILED",
        "ACTIVATE",
        "SELLER_DEACTIVATED",
        "PLATFORM_DEACTIVATED",
        "FREEZE",
        "DELETED",
    ] = "ALL"
    update_time_ge: int | None = None


class _Inventory(ShopBody):
    """The body of the search for stock."""

    product_ids: list[str] = Field(default=[], max_length=100)
    sku_ids: list[str] = Field(default=[], max_length=600)


class _Orders(ShopBody):
    """The body of the search for orders."""

    order_status: str = ""
    create_time_ge: int | None = None
    create_time_lt: int | None = None
    update_time_ge: int | None = None
    update_time_lt: int | None = None


class _Listing(ShopBody):
    """The body of `partial_edit`."""

    title: str | None = Field(default=None, min_length=1)
    description: str | None = Field(default=None, min_length=1)


class _Level(ShopBody):
    """How much a warehouse is to have."""

    warehouse_id: str
    quantity: int = Field(ge=1, le=LARGEST_STOCK)


class _Sku(ShopBody):
    """How much of a SKU there is to be."""

    id: str
    inventory: list[_Level] = Field(min_length=1)


class _Levels(ShopBody):
    """The body of `inventory/update`."""

    skus: list[_Sku] = Field(min_length=1)


def shop_query(kind: type[Any], received: Received, creator: SandboxCreator) -> Any:
    """Return the query as `kind`; refuses one for another shop than the token's."""
    asked = read_query(kind, received, refuse=lambda said: ShopError(36009004, said))
    if not asked.shop_cipher:
        raise ShopError(106013, "shop_cipher is missing")
    if asked.shop_cipher != shop_cipher_of(creator.username):
        raise ShopError(36009004, "shop_cipher: not a shop of the access token")
    return asked


def shop_list(received: Received, creator: SandboxCreator) -> Reply:
    """Answer the token's shops: one."""
    read_query(Signed, received, refuse=lambda said: ShopError(36009004, said))
    shop = {
        "id": shop_id_of(creator.username),
        "name": creator.display_name or creator.username,
        "region": "DE",
        "seller_type": "LOCAL",
        "cipher": shop_cipher_of(creator.username),
        "code": f"DELC{shop_id_of(creator.username)[:6]}",
    }
    return shop_reply({"shops": [shop]})


def product_search(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the shop's products, the oldest first."""
    asked = shop_query(Paged, received, creator)
    wanted = read_shop_body(_Products, received)
    rows = _rows(Kind.PRODUCT, creator).order_by("at", "key")
    if wanted.status != "ALL":
        rows = rows.filter(data__status=wanted.status)
    if wanted.update_time_ge is not None:
        rows = rows.filter(data__update_time__gte=wanted.update_time_ge)
    return _page(asked, rows, "products", lambda row: without(row.data, "description"))


def product_get(received: Received, creator: SandboxCreator) -> Reply:
    """Answer one product in full."""
    shop_query(Signed, received, creator)
    return shop_reply(_listed(product_of(received.parts["product_id"], creator).data))


def inventory_search(received: Received, creator: SandboxCreator) -> Reply:
    """Answer the stock of the products or SKUs asked for, by warehouse."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Inventory, received)
    if not asked.product_ids and not asked.sku_ids:
        raise ShopError(36009004, "product_ids or sku_ids: one of them is needed")
    rows = _rows(Kind.PRODUCT, creator).order_by("at", "key")
    if asked.product_ids:
        rows = rows.filter(key__in=asked.product_ids)
    found = [_stock(row.data, set(asked.sku_ids)) for row in rows]
    return shop_reply({"inventory": [one for one in found if one["skus"]]})


def order_search(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the shop's orders."""
    asked = shop_query(_OrdersPage, received, creator)
    wanted = read_shop_body(_Orders, received)
    if wanted.order_status and wanted.order_status not in ORDER_STATUSES:
        raise ShopError(36009004, f"order_status: {wanted.order_status}")
    bounds = {
        "data__create_time__gte": wanted.create_time_ge,
        "data__create_time__lt": wanted.create_time_lt,
        "data__update_time__gte": wanted.update_time_ge,
        "data__update_time__lt": wanted.update_time_lt,
        "data__status": wanted.order_status or None,
    }
    rows = _rows(Kind.ORDER, creator).filter(
        **{name: value for name, value in bounds.items() if value is not None}
    )
    sign = "-" if asked.sort_order == "DESC" else ""
    return _page(
        asked, rows.order_by(f"{sign}data__{asked.sort_field}", "key"), "orders", lambda row: row.data
    )


def product_edit(received: Received, creator: SandboxCreator) -> Reply:
    """Change the title, the description or both of a product; the rest stays."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Listing, received)
    if len(asked.title or "") > LONGEST_SHOP_TITLE:
        raise ShopError(36009004, f"title: at most {LONGEST_SHOP_TITLE} characters")
    if len(asked.description or "") > LONGEST_DESCRIPTION:
        raise ShopError(36009004, f"description: at most {LONGEST_DESCRIPTION} characters")
    row = product_of(received.parts["product_id"], creator)
    row.data |= asked.model_dump(exclude_none=True) | {"update_time": seconds_of(world_now())}
    row.save(update_fields=["data"])
    skus = [{"id": sku["id"], "seller_sku": sku["seller_sku"]} for sku in row.data["skus"]]
    return shop_reply({"product_id": row.key, "skus": skus, "audit": row.data["audit"]})


def inventory_update(received: Received, creator: SandboxCreator) -> Reply:
    """Set the stock of SKUs to absolute numbers; an item that is not the shop's is told of on a good code."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Levels, received)
    row = product_of(received.parts["product_id"], creator)
    errors = [error for sku in asked.skus for error in _set_levels(row.data, sku)]
    row.data["update_time"] = seconds_of(world_now())
    row.save(update_fields=["data"])
    return shop_reply({"errors": errors} if errors else {})


def _set_levels(data: dict[str, Any], asked: _Sku) -> list[dict[str, Any]]:
    sku = next((one for one in data["skus"] if one["id"] == asked.id), None)
    if sku is None:
        return [amiss(NOT_FOUND, "The SKU does not belong to the product", asked.id)]
    levels = {one["warehouse_id"]: one for one in sku["inventory"]}
    errors = []
    for level in asked.inventory:
        if level.warehouse_id in levels:
            levels[level.warehouse_id]["quantity"] = level.quantity
        else:
            errors.append(amiss(WRONG_WAREHOUSE, "Warehouse does not belong to the shop", asked.id))
    return errors


def amiss(code: int, message: str, sku_id: str) -> dict[str, Any]:
    """Return what is said of an item that is amiss, behind a good code."""
    return {"code": code, "message": message, "detail": {"sku_id": sku_id}}


def _stock(data: dict[str, Any], only: set[str]) -> dict[str, Any]:
    skus = [sku for sku in data["skus"] if not only or sku["id"] in only]
    return {"product_id": data["id"], "skus": [_sku_stock(sku) for sku in skus]}


def _sku_stock(sku: dict[str, Any]) -> dict[str, Any]:
    levels = sku["inventory"]
    return {
        "id": sku["id"],
        "seller_sku": sku["seller_sku"],
        "total_available_quantity": sum(one["quantity"] for one in levels),
        "total_committed_quantity": sum(one["committed_quantity"] for one in levels),
        "warehouse_inventory": [
            {
                "warehouse_id": one["warehouse_id"],
                "available_quantity": one["quantity"],
                "committed_quantity": one["committed_quantity"],
            }
            for one in levels
        ],
    }


def without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a product as it is listed: without these fields, and without what is promised to orders."""
    return {name: value for name, value in _listed(data).items() if name not in names}


def _listed(data: dict[str, Any]) -> dict[str, Any]:
    skus = [
        {
            **sku,
            "inventory": [
                {"warehouse_id": one["warehouse_id"], "quantity": one["quantity"]} for one in sku["inventory"]
            ],
        }
        for sku in data["skus"]
    ]
    return {**data, "skus": skus}


def _rows(kind: Kind, creator: SandboxCreator) -> QuerySet[SandboxRecord]:
    return SandboxRecord.objects.filter(kind=kind, owner=creator.username, at__lte=world_now())


def product_of(product_id: str, creator: SandboxCreator) -> SandboxRecord:
    """Return a product of the shop; refuses another's."""
    row = _rows(Kind.PRODUCT, creator).filter(key=product_id).first()
    if row is None:
        raise ShopError(NOT_FOUND, "The product does not exist")
    return row


def _page(asked: Paged, rows: QuerySet[SandboxRecord], name: str, shown: Any) -> Reply:
    """Answer a page; its token says where the next one begins."""
    if asked.page_token and not asked.page_token.isdigit():
        raise ShopError(36009004, "page_token: not one of ours")
    first = int(asked.page_token or 0)
    total = rows.count()
    page = [shown(row) for row in rows[first : first + asked.page_size]]
    following = str(first + len(page)) if first + len(page) < total else ""
    return shop_reply({"total_count": total, "next_page_token": following, name: page})


def _operation(name: str, method: str, path: str, scope: str, act: Act) -> Operation:
    return Operation(name, method, path, frozenset({scope}), act, CALLS_A_MINUTE, SHOP)


_READ, _WRITE = "seller.product.basic", "seller.product.write"
_ONE = "/product/202309/products/{product_id}"
OPERATIONS = (
    _operation("shop_list", "GET", "/authorization/202309/shops", "seller.authorization.info", shop_list),
    _operation("product_search", "POST", "/product/202502/products/search", _READ, product_search),
    _operation("product_get", "GET", _ONE, _READ, product_get),
    _operation("inventory_search", "POST", "/product/202309/inventory/search", _READ, inventory_search),
    _operation("order_search", "POST", "/order/202309/orders/search", "seller.order.info", order_search),
    _operation(
        "product_edit", "POST", "/product/202509/products/{product_id}/partial_edit", _WRITE, product_edit
    ),
    _operation("inventory_update", "POST", f"{_ONE}/inventory/update", _WRITE, inventory_update),
)
