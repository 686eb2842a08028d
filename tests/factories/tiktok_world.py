"""A small world on the sandbox TikTok: an account with videos and comments, a shop, trends, creators, ads."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from agents.providers.tiktok.access import Access
from agents.sandbox.tiktok.ids import advertiser_id_of, shop_cipher_of
from agents.sandbox.tiktok.records import Counted, Kind, comment, hashtag, plant, put_profile, video
from agents.sandbox.tiktok.trade_records import (
    Bought,
    Stock,
    ads_object,
    creator,
    order,
    product,
    sku_id_of,
)
from agents.sandbox.tiktok.wire import open_id_of, sandbox_token
from agents.sandbox_models import SandboxRecord
from tests.factories.tiktok import USERNAME

BEGAN = datetime(2026, 11, 1, 9, tzinfo=UTC)
"""When the first thing of this world came to be; all of it is past by the database's clock."""

VIDEO_ID = "7574100012345678901"
COMMENT_ID = "7574200099887766554"
PRODUCT_ID = "1729592969712207008"
SKU_ID = sku_id_of(PRODUCT_ID)
WAREHOUSE_ID = "7068517275539719942"
CREATOR = "brewwithmia"
CAMPAIGN_ID = "1790000000000000001"
ACCESS = Access(
    token=sandbox_token(USERNAME),
    business_id=open_id_of(USERNAME),
    advertiser_id=advertiser_id_of(USERNAME),
    shop_cipher=shop_cipher_of(USERNAME),
)


def days(count: float) -> timedelta:
    """Return so many days."""
    return timedelta(days=count)


def a_video(username: str = USERNAME, *, item_id: str = VIDEO_ID, at: datetime = BEGAN) -> SandboxRecord:
    """Return a video that grew for two days and then no more."""
    curve = [
        Counted(at=at, views=0),
        Counted(at=at + days(1), views=1000, likes=50, comments=4, shares=6, favorites=8),
        Counted(at=at + days(2), views=3000, likes=90, comments=8, shares=10, favorites=20),
    ]
    return video(username, caption="Three ways to cold brew #tea", at=at, curve=curve, item_id=item_id)


def a_comment(
    username: str = USERNAME,
    *,
    comment_id: str = COMMENT_ID,
    video_id: str = VIDEO_ID,
    text: str = "Which tea is this?",
    minutes: float = 60,
    parent: str = "",
    is_hidden: bool = False,
) -> SandboxRecord:
    """Return a comment by a stranger."""
    return comment(
        username,
        video_id=video_id,
        text=text,
        at=BEGAN + timedelta(minutes=minutes),
        author="teafan88",
        comment_id=comment_id,
        parent_comment_id=parent,
        is_hidden=is_hidden,
    )


def a_product(
    username: str = USERNAME,
    *,
    product_id: str = PRODUCT_ID,
    stock: Sequence[Stock] = (Stock(quantity=40, committed=2, warehouse_id=WAREHOUSE_ID),),
) -> SandboxRecord:
    """Return a product of one SKU in one warehouse."""
    return product(
        username,
        title="Cold brew set, 750 ml",
        description="<p>Glass, with a fine sieve.</p>",
        price="24.90",
        currency="EUR",
        stock=stock,
        at=BEGAN,
        product_id=product_id,
        seller_sku="CB-750",
    )


def an_order(
    username: str = USERNAME, *, order_id: str, at: datetime = BEGAN, units: int = 1
) -> SandboxRecord:
    """Return an order of the product."""
    line = Bought(PRODUCT_ID, SKU_ID, "Cold brew set, 750 ml", "24.90", quantity=units, seller_sku="CB-750")
    return order(username, at=at, lines=[line], currency="EUR", order_id=order_id)


def a_campaign(username: str = USERNAME, *, name: str = "2026-12 cold brew launch") -> SandboxRecord:
    """Return a campaign that runs."""
    data = {
        "campaign_name": name,
        "objective_type": "TRAFFIC",
        "budget_mode": "BUDGET_MODE_DAY",
        "budget": 50.0,
        "operation_status": "ENABLE",
    }
    return ads_object(Kind.CAMPAIGN, username, data, at=BEGAN, key=CAMPAIGN_ID)


def a_creator(
    username: str = CREATOR,
    *,
    followers: int = 35_100,
    engagement_rate: float = 0.05,
    is_blocked: bool = False,
) -> SandboxRecord:
    """Return a creator of the marketplace."""
    return creator(
        username,
        at=BEGAN,
        followers=followers,
        average_video_views=8200,
        gmv="12750.40",
        nickname=username.title(),
        engagement_rate=engagement_rate,
        is_blocked=is_blocked,
    )


def a_hashtag(name: str, *, rank: int, category: str = "FOOD_AND_BEVERAGE") -> SandboxRecord:
    """Return a hashtag that trends in Germany."""
    return hashtag(
        "DE",
        name,
        at=BEGAN,
        rank=rank,
        views=18_400_221,
        posts=5120,
        category=category,
        rank_change="NEW",
        history=[(BEGAN.date(), rank + 2)],
        top_video_ids=[VIDEO_ID],
    )


def plant_world(username: str = USERNAME) -> None:
    """Plant one of everything."""
    audience = {"audience_countries": [{"country": "DE", "percentage": 0.61}]}
    put_profile(username, at=BEGAN, display_name="Nordlicht Tea", follower_count=18_420, audience=audience)
    plant(
        [
            a_video(username),
            a_comment(username),
            a_product(username),
            a_campaign(username),
            a_creator(),
            a_hashtag("coldbrew", rank=1),
        ]
    )
