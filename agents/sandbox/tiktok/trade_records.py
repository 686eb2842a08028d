"""Builders of the world's rows for shops, creators and ads; see `records` for every kind's shape."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agents.sandbox.tiktok.ids import creator_open_id_of, fresh_id, number_of, warehouse_id_of
from agents.sandbox.tiktok.records import Kind, record, seconds_of
from agents.sandbox_models import SandboxRecord

MESSAGE_SENDERS = ("SHOP", "CREATOR")


@dataclass(frozen=True, slots=True)
class Stock:
    """How much of a SKU one warehouse has left to sell, and how much is promised to orders beside it.

    `quantity` below 0 is a shop that sold more than it has. An empty `warehouse_id` is the shop's first.
    """

    quantity: int
    committed: int = 0
    warehouse_id: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """One product in an order; `sale_price` is one unit's, a decimal string in the order's currency."""

    product_id: str
    sku_id: str
    product_name: str
    sale_price: str
    quantity: int = 1
    seller_sku: str = ""


def sku_id_of(product_id: str) -> str:
    """Return the id of the first SKU of a product whose builder was given none."""
    return number_of(f"sku {product_id}", 19)


def product(
    username: str,
    *,
    title: str,
    description: str,
    price: str,
    currency: str,
    stock: Sequence[Stock],
    at: datetime,
    product_id: str = "",
    sku_id: str = "",
    seller_sku: str = "",
    status: str = "ACTIVATE",
    listing_quality: str = "GOOD",
    region: str = "DE",
    updated_at: datetime | None = None,
) -> SandboxRecord:
    """Return a product of one SKU; `price` is a decimal string, `stock` one entry a warehouse."""
    product_id = product_id or fresh_id(at)
    sku = {
        "id": sku_id or sku_id_of(product_id),
        "seller_sku": seller_sku,
        "price": {"currency": currency, "sale_price": price, "tax_exclusive_price": price},
        "inventory": [_level(one, username) for one in stock],
    }
    data = {
        "id": product_id,
        "title": title,
        "description": description,
        "status": status,
        "sales_regions": [region],
        "create_time": seconds_of(at),
        "update_time": seconds_of(updated_at or at),
        "listing_quality_tier": listing_quality,
        "audit": {"status": "APPROVED"},
        "skus": [sku],
    }
    return record(Kind.PRODUCT, username, product_id, data, at=at)


def _level(stock: Stock, username: str) -> dict[str, Any]:
    return {
        "warehouse_id": stock.warehouse_id or warehouse_id_of(username),
        "quantity": stock.quantity,
        "committed_quantity": stock.committed,
    }


def order(
    username: str,
    *,
    at: datetime,
    lines: Sequence[Bought],
    currency: str,
    order_id: str = "",
    status: str = "COMPLETED",
    updated_at: datetime | None = None,
    is_sample: bool = False,
) -> SandboxRecord:
    """Return an order; TikTok lists each unit as a line of its own. Buyers are masked, as they are there."""
    order_id = order_id or fresh_id(at)
    units = [one for one in lines for _ in range(one.quantity)]
    total = str(sum((Decimal(one.sale_price) for one in units), Decimal(0)))
    data = {
        "id": order_id,
        "status": status,
        "create_time": seconds_of(at),
        "paid_time": seconds_of(at),
        "update_time": seconds_of(updated_at or at),
        "shipping_type": "TIKTOK",
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "is_sample_order": is_sample,
        "payment": {"currency": currency, "sub_total": total, "total_amount": total, "shipping_fee": "0"},
        "line_items": [_line(order_id, number, one, currency, status) for number, one in enumerate(units)],
        "recipient_address": {"name": "T** F**", "region_code": "DE", "postal_code": "10***"},
    }
    return record(Kind.ORDER, username, order_id, data, at=at)


def _line(order_id: str, number: int, bought: Bought, currency: str, status: str) -> dict[str, Any]:
    return {
        "id": number_of(f"line {order_id} {number}", 18),
        "product_id": bought.product_id,
        "sku_id": bought.sku_id,
        "seller_sku": bought.seller_sku,
        "product_name": bought.product_name,
        "sale_price": bought.sale_price,
        "original_price": bought.sale_price,
        "currency": currency,
        "display_status": status,
    }


def units_by_product(data: Mapping[str, Any]) -> Counter[str]:
    """Return how many units of each product an order's `data` has."""
    return Counter(line["product_id"] for line in data["line_items"])


def creator(
    username: str,
    *,
    at: datetime,
    followers: int,
    average_video_views: int = 0,
    region: str = "DE",
    nickname: str = "",
    category_ids: Sequence[str] = (),
    gmv: str = "0",
    currency: str = "EUR",
    level: int = 1,
    engagement_rate: float = 0.0,
    is_blocked: bool = False,
    has_invited_90d: bool = False,
    **more: Any,
) -> SandboxRecord:
    """Return a creator of the marketplace; `gmv` is a decimal string, `more` further fields of the wire.

    `engagement_rate` is a share of 1; the wire has it in ten-thousandths, as text.
    """
    open_id = creator_open_id_of(username)
    data = {
        "creator_open_id": open_id,
        "username": username,
        "nickname": nickname or username,
        "selection_region": region,
        "category_ids": list(category_ids),
        "follower_count": followers,
        "avg_ec_video_view_count": average_video_views,
        "ec_video_engagement_rate": str(round(engagement_rate * 10_000)),
        "gmv": {"amount": gmv, "currency": currency},
        "creator_profile": {
            "is_creator_blocked": is_blocked,
            "has_invited_90d": has_invited_90d,
            "creator_level": level,
        },
        **more,
    }
    return record(Kind.CREATOR, region, open_id, data, at=at)


def outreach_quota(
    username: str, *, at: datetime, total: int, used: int = 0, most_followers: int = 50_000
) -> SandboxRecord:
    """Return how many new creators a shop may write to in its week; counts are strings, as on the wire."""
    data = {
        "quota_sum": str(total),
        "quota_use": str(used),
        "unlimited": False,
        "gmv_tier": "1",
        "reached_max_follower_cnt": str(most_followers),
    }
    return record(Kind.QUOTA, username, "quota", data, at=at)


def conversation(username: str, creator_username: str, *, at: datetime) -> SandboxRecord:
    """Return the thread of an account's shop with a creator; there is one of each pair."""
    key = conversation_id_of(username, creator_username)
    data = {
        "conversation_id": key,
        "creator_open_id": creator_open_id_of(creator_username),
        "username": creator_username,
    }
    return record(Kind.CONVERSATION, username, key, data, at=at)


def conversation_id_of(username: str, creator_username: str) -> str:
    """Return the id of the thread of an account's shop with a creator."""
    return number_of(f"conversation {username} {creator_username}", 19)


def message(
    username: str,
    *,
    conversation_id: str,
    content: str,
    at: datetime,
    sender: str = "SHOP",
    message_type: str = "TEXT",
    message_id: str = "",
) -> SandboxRecord:
    """Return a message of a thread by one of `MESSAGE_SENDERS`; `content` is the wire's JSON string."""
    message_id = message_id or fresh_id(at)
    data = {
        "id": message_id,
        "conversation_id": conversation_id,
        "type": message_type,
        "content": content,
        "create_time": seconds_of(at),
        "sender": {"role": sender},
    }
    return record(Kind.MESSAGE, username, message_id, data, at=at)


def ads_object(
    kind: Kind, username: str, data: Mapping[str, Any], *, at: datetime, key: str = ""
) -> SandboxRecord:
    """Return a campaign, an ad group or an ad, with the fields of its `…/create/`; its id is added.

    A campaign has at least `campaign_name`, `objective_type`, `budget_mode` and `operation_status`, an
    ad group `campaign_id` and `adgroup_name`, an ad `adgroup_id` and `ad_name`.
    """
    key = key or fresh_id(at)
    times = {"create_time": f"{at:%Y-%m-%d %H:%M:%S}", "modify_time": f"{at:%Y-%m-%d %H:%M:%S}"}
    return record(kind, username, key, {f"{kind.value}_id": key, **times, **data}, at=at)


def report_row(
    username: str, *, level: Kind, object_id: str, day: date, at: datetime, **metrics: str
) -> SandboxRecord:
    """Return one object's figures of one day; `metrics` are decimal strings (`spend`, `impressions`, `clicks` …)."""
    data = {"level": level.value, "object_id": object_id, "day": day.isoformat(), "metrics": metrics}
    return record(Kind.REPORT_ROW, username, f"{level.value}:{object_id}:{day.isoformat()}", data, at=at)
