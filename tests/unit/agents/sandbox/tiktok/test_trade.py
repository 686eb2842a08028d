"""Trends, shops, ads and creators, through the real clients."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from agents.providers.errors import AccessRefused, ProviderError, ProviderRejected
from agents.providers.tiktok.write.ads import AdsWriter, NewAdGroup, NewCampaign, NewSparkAd, new_request_id
from agents.providers.tiktok.write.messages import MessageWriter
from agents.providers.tiktok.write.shop import ShopWriter
from agents.sandbox.tiktok.ids import creator_open_id_of
from agents.sandbox.tiktok.ledger import received
from agents.sandbox.tiktok.records import Kind, fix_clock, plant, record
from agents.sandbox.tiktok.trade_records import (
    Stock,
    message,
    outreach_quota,
    report_row,
)
from tests.factories.tiktok import TOKEN, USERNAME, make_creator, sandbox_tiktok
from tests.factories.tiktok_world import (
    ACCESS,
    BEGAN,
    CAMPAIGN_ID,
    CREATOR,
    PRODUCT_ID,
    SKU_ID,
    VIDEO_ID,
    WAREHOUSE_ID,
    a_campaign,
    a_creator,
    a_hashtag,
    a_product,
    a_video,
    an_order,
    days,
    plant_world,
)

pytestmark = pytest.mark.usefixtures("committed_sandbox")
ADS: dict[str, Any] = {"token": TOKEN, "advertiser_id": ACCESS.advertiser_id}
SHOP: dict[str, Any] = {"token": TOKEN, "cipher": ACCESS.shop_cipher}
NEW = NewCampaign(name="Spring", objective="TRAFFIC", daily_budget=Decimal("50.00"))


def stock() -> dict[str, int]:
    """Return what each warehouse has of the product."""
    [product] = sandbox_tiktok().shop.inventory(**SHOP, product_ids=[PRODUCT_ID])
    return {one.warehouse_id: one.available for sku in product.skus for one in sku.warehouses}


def write_to(creator: str = CREATOR) -> str:
    """Return the thread with a creator."""
    return MessageWriter(sandbox_tiktok()).open_thread(**SHOP, creator_open_id=creator_open_id_of(creator)).id


# Discovery ----------------------------------------------------------------------------------------


def test_read_trends_of_a_country_gives_them_by_rank() -> None:
    plant(
        [
            a_hashtag("oolong", rank=2),
            a_hashtag("coldbrew", rank=1),
            a_hashtag("yoga", rank=3, category="PETS"),
        ]
    )
    discovery = sandbox_tiktok().discovery
    found = discovery.trending_hashtags(**ADS, country_code="DE")
    assert [(one.rank, one.name, one.views) for one in found][:2] == [
        (1, "coldbrew", 18_400_221),
        (2, "oolong", 18_400_221),
    ]
    assert [one.name for one in discovery.trending_hashtags(**ADS, country_code="DE", category="PETS")] == [
        "yoga"
    ]
    assert discovery.trending_hashtags(**ADS, country_code="FR") == ()
    first = found[0]
    assert discovery.hashtag(**ADS, hashtag_id=first.id, country_code="DE") == first
    assert discovery.hashtag(**ADS, hashtag_id="1", country_code="DE") is None
    [with_videos] = discovery.trending_videos(**ADS, hashtag_ids=[first.id], country_code="DE")
    assert with_videos.videos == first.videos
    assert (first.history[0].rank, first.rank_change) == (3, "NEW")


@pytest.mark.parametrize("count", [0, 11])
def test_read_videos_of_too_many_trends_is_refused_unsent(count: int) -> None:
    with pytest.raises(ProviderRejected, match="1 to 10"):
        sandbox_tiktok().discovery.trending_videos(**ADS, hashtag_ids=["1"] * count, country_code="DE")
    assert received() == ()


def test_read_trends_for_another_advertiser_is_refused() -> None:
    with pytest.raises(AccessRefused, match="40106"):
        sandbox_tiktok().discovery.trending_hashtags(token=TOKEN, advertiser_id="7", country_code="DE")


# Shop ---------------------------------------------------------------------------------------------


def test_read_shop_gives_products_stock_and_orders() -> None:
    plant_world()
    plant([an_order(order_id=str(n), at=BEGAN + timedelta(hours=n), units=2) for n in range(60)])
    reader = sandbox_tiktok().shop
    [shop] = reader.shops(token=TOKEN)
    assert (shop.cipher, shop.name) == (ACCESS.shop_cipher, "Nordlicht Tea")
    [product] = reader.products(**SHOP)
    assert (product.title, product.description, product.skus[0].quantity) == ("Cold brew set, 750 ml", "", 40)
    assert product.skus[0].price.sale_price == Decimal("24.90")
    assert reader.product(**SHOP, product_id=PRODUCT_ID).description == "<p>Glass, with a fine sieve.</p>"
    [levels] = reader.inventory(**SHOP, product_ids=[PRODUCT_ID])
    assert (levels.skus[0].available, levels.skus[0].committed) == (40, 2)
    orders = list(reader.orders(**SHOP))
    assert [order.id for order in orders] == [str(n) for n in range(60)]
    assert len(orders[0].lines) == 2
    late = reader.orders(**SHOP, created_since=BEGAN + timedelta(hours=58))
    assert [order.id for order in late] == ["58", "59"]
    assert list(reader.products(**SHOP, updated_since=BEGAN + days(1))) == []


def test_edit_listing_changes_what_is_given_and_nothing_else() -> None:
    plant_world()
    ShopWriter(sandbox_tiktok()).edit_listing(**SHOP, product_id=PRODUCT_ID, title="Cold brew, 1 l")
    product = sandbox_tiktok().shop.product(**SHOP, product_id=PRODUCT_ID)
    assert (product.title, product.description) == ("Cold brew, 1 l", "<p>Glass, with a fine sieve.</p>")


def test_set_stock_is_absolute() -> None:
    plant_world()
    writer = ShopWriter(sandbox_tiktok())
    for _ in range(2):
        writer.set_stock(**SHOP, product_id=PRODUCT_ID, sku_id=SKU_ID, levels={WAREHOUSE_ID: 25})
    assert stock() == {WAREHOUSE_ID: 25}


def test_set_stock_of_a_foreign_warehouse_is_refused_behind_a_good_code() -> None:
    other = Stock(quantity=7, warehouse_id="8")
    plant([a_product(stock=[Stock(quantity=40, warehouse_id=WAREHOUSE_ID), other])])
    with pytest.raises(ProviderRejected, match="Warehouse does not belong") as refused:
        ShopWriter(sandbox_tiktok()).set_stock(
            **SHOP, product_id=PRODUCT_ID, sku_id=SKU_ID, levels={WAREHOUSE_ID: 9, "1": 3}
        )
    assert refused.value.may_have_acted is True
    assert stock() == {WAREHOUSE_ID: 9, "8": 7}
    assert received(operation="inventory_update")[0].outcome == "ok"


@pytest.mark.parametrize("quantity", [0, -1, 100_000])
def test_set_stock_tiktok_does_not_take_is_refused_unsent(quantity: int) -> None:
    with pytest.raises(ProviderRejected, match="TikTok takes 1 to 99999"):
        ShopWriter(sandbox_tiktok()).set_stock(
            **SHOP, product_id=PRODUCT_ID, sku_id=SKU_ID, levels={WAREHOUSE_ID: quantity}
        )
    with pytest.raises(ProviderRejected, match="Neither a title"):
        ShopWriter(sandbox_tiktok()).edit_listing(**SHOP, product_id=PRODUCT_ID)
    assert received() == ()


def test_read_another_shop_is_refused() -> None:
    with pytest.raises(ProviderRejected, match="36009004"):
        sandbox_tiktok().shop.product(token=TOKEN, cipher="ROW_other", product_id=PRODUCT_ID)
    with pytest.raises(ProviderError, match="106013"):
        sandbox_tiktok().shop.product(token=TOKEN, cipher="", product_id=PRODUCT_ID)
    with pytest.raises(ProviderRejected, match="does not exist"):
        sandbox_tiktok().shop.product(**SHOP, product_id="1")


# Ads ----------------------------------------------------------------------------------------------


def test_create_campaign_makes_one_paused_however_often_it_is_asked_for() -> None:
    make_creator()
    writer, key = AdsWriter(sandbox_tiktok()), new_request_id()
    made = {writer.create_campaign(**ADS, campaign=NEW, request_id=key) for _ in range(3)}
    [campaign] = sandbox_tiktok().ads.campaigns(**ADS)
    assert made == {campaign.id}
    assert (campaign.name, campaign.operation_status, campaign.budget) == (
        "Spring",
        "DISABLE",
        Decimal("50.0"),
    )
    with pytest.raises(ProviderRejected, match="another campaign has this name"):
        writer.create_campaign(**ADS, campaign=NEW, request_id=new_request_id())


def test_create_campaign_below_the_least_budget_is_refused() -> None:
    little = NewCampaign(name="Little", objective="TRAFFIC", daily_budget=Decimal("49.99"))
    with pytest.raises(ProviderRejected, match="budget: at least 50"):
        AdsWriter(sandbox_tiktok()).create_campaign(**ADS, campaign=little, request_id=new_request_id())
    assert list(sandbox_tiktok().ads.campaigns(**ADS)) == []


GROUP = NewAdGroup(
    campaign_id=CAMPAIGN_ID,
    name="Tea drinkers",
    daily_budget=Decimal(20),
    optimization_goal="CLICK",
    billing_event="CPC",
    starts_at="2026-12-01 00:00:00",
    ends_at="2026-12-08 00:00:00",
    location_ids=("2921044",),
    age_groups=("AGE_18_24",),
)


def spark(group_id: str, **changes: str) -> NewSparkAd:
    """Return an ad of the world's video."""
    ad = NewSparkAd(
        adgroup_id=group_id, name="Ad", post_id=VIDEO_ID, identity_id=ACCESS.business_id, text="Tea, cold"
    )
    return replace(ad, **changes)


def test_create_group_and_ad_of_a_campaign_and_switch_them() -> None:
    plant([a_campaign(), a_video()])
    writer, reader = AdsWriter(sandbox_tiktok()), sandbox_tiktok().ads
    key = new_request_id()
    group_id = writer.create_adgroup(**ADS, group=GROUP, request_id=key)
    assert writer.create_adgroup(**ADS, group=GROUP, request_id=key) == group_id
    ad_id = writer.create_spark_ad(**ADS, ad=spark(group_id))
    [listed] = reader.adgroups(**ADS, campaign_ids=[CAMPAIGN_ID])
    [ad] = reader.ads(**ADS, adgroup_ids=[group_id])
    assert (listed.id, listed.operation_status) == (group_id, "DISABLE")
    assert (ad.id, ad.post_id, ad.operation_status) == (ad_id, VIDEO_ID, "DISABLE")
    writer.switch(**ADS, level="ad", ids=[ad_id], is_on=True)
    writer.switch(**ADS, level="campaign", ids=[CAMPAIGN_ID], is_on=False)
    assert [one.operation_status for one in reader.ads(**ADS)] == ["ENABLE"]
    assert [one.operation_status for one in reader.campaigns(**ADS)] == ["DISABLE"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends_at": "2026-12-01 00:00:00"}, "schedule_end_time"),
        ({"optimization_goal": "ENGAGED_VIEW"}, "optimization_goal: does not fit"),
        ({"daily_budget": Decimal("19.99")}, "budget: at least 20"),
        ({"age_groups": ("AGE_5",)}, "age_groups"),
        ({"campaign_id": "1"}, "campaign_id: there is none"),
    ],
)
def test_create_group_that_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    plant([a_campaign()])
    with pytest.raises(ProviderRejected, match=said):
        AdsWriter(sandbox_tiktok()).create_adgroup(
            **ADS, group=replace(GROUP, **changes), request_id=new_request_id()
        )
    assert list(sandbox_tiktok().ads.adgroups(**ADS)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"post_id": "7574"}, "is not a post of this identity"),
        ({"identity_id": "me"}, "is not for this identity"),
        ({"text": "x" * 101}, "ad_text: at most 100"),
    ],
)
def test_create_ad_of_what_is_not_ours_is_refused(changes: dict[str, str], said: str) -> None:
    plant([a_campaign(), a_video()])
    writer = AdsWriter(sandbox_tiktok())
    group_id = writer.create_adgroup(**ADS, group=GROUP, request_id=new_request_id())
    with pytest.raises(ProviderRejected, match=said):
        writer.create_spark_ad(**ADS, ad=spark(group_id, **changes))
    assert list(sandbox_tiktok().ads.ads(**ADS)) == []


def test_read_advertiser_that_pays_in_another_currency() -> None:
    plant([record(Kind.ADVERTISER, USERNAME, "advertiser", {"currency": "EUR"}, at=BEGAN)])
    advertiser = sandbox_tiktok().ads.advertiser(**ADS)
    assert advertiser is not None
    assert (advertiser.currency, advertiser.timezone) == ("EUR", "Etc/UTC")


def test_switch_of_which_a_part_is_not_there_says_that_it_was_done_in_part() -> None:
    plant([a_campaign()])
    writer = AdsWriter(sandbox_tiktok())
    with pytest.raises(ProviderRejected, match="only some of 2") as partly:
        writer.switch(**ADS, level="campaign", ids=[CAMPAIGN_ID, "1"], is_on=False)
    assert (partly.value.code, partly.value.may_have_acted) == ("20001", True)
    with pytest.raises(ProviderRejected, match="40006"):
        writer.switch(**ADS, level="campaign", ids=["1"], is_on=False)


def test_read_report_gives_figures_by_day_and_in_all() -> None:
    rows = [
        report_row(
            USERNAME,
            level=Kind.CAMPAIGN,
            object_id=CAMPAIGN_ID,
            day=(BEGAN + days(n)).date(),
            at=BEGAN,
            spend="41.37",
            impressions="20118",
            clicks=str(300 * n),
        )
        for n in range(3)
    ]
    plant(rows)
    reader, since, until = sandbox_tiktok().ads, BEGAN.date(), (BEGAN + days(2)).date()
    by_day = list(reader.report(**ADS, level="campaign", since=since, until=until))
    assert [(row.day, row.metrics["clicks"]) for row in by_day] == [
        ((BEGAN + days(n)).date(), Decimal(300 * n)) for n in range(3)
    ]
    assert by_day[0].metrics["cpc"] is None  # nobody clicked, so there is no price of a click
    assert by_day[1].metrics["ctr"] == Decimal("1.49")
    [total] = reader.report(**ADS, level="campaign", since=since, until=until, by_day=False)
    assert (total.day, total.metrics["spend"]) == (None, Decimal("124.11"))


def test_read_report_of_too_long_a_range_is_refused_unsent() -> None:
    since, until = BEGAN.date(), (BEGAN + days(31)).date()
    with pytest.raises(ProviderRejected, match="at most 30 days"):
        list(sandbox_tiktok().ads.report(**ADS, level="campaign", since=since, until=until))
    with pytest.raises(ProviderRejected, match="The level is 'shop'"):
        list(sandbox_tiktok().ads.report(**ADS, level="shop", since=since, until=since))


def test_read_advertiser_gives_its_currency() -> None:
    advertiser = sandbox_tiktok().ads.advertiser(**ADS)
    assert advertiser is not None
    assert (advertiser.id, advertiser.currency) == (ACCESS.advertiser_id, "USD")


# Creators -----------------------------------------------------------------------------------------


def test_search_creators_gives_those_found_each_once() -> None:
    plant([a_creator(f"tea_{n:02}", followers=1000 + n) for n in range(45)])
    found = list(sandbox_tiktok().affiliate.creators(**SHOP, keyword="TEA"))
    assert [one.username for one in found] == [f"tea_{n:02}" for n in reversed(range(45))]
    assert found[0].gmv == Decimal("12750.40")
    assert list(sandbox_tiktok().affiliate.creators(**SHOP, keyword="coffee")) == []


def test_ask_how_a_creator_does_says_how_engaging_they_are() -> None:
    plant([a_creator(engagement_rate=0.0725), a_creator("quiet.mia", engagement_rate=0.0)])
    reader = sandbox_tiktok().affiliate
    told = [reader.performance(**SHOP, creator_open_id=one.open_id) for one in reader.creators(**SHOP)]
    assert sorted(one.engagement_rate or 0 for one in told) == [0.0, 0.0725]
    with pytest.raises(ProviderRejected, match="not a creator of the marketplace"):
        reader.performance(**SHOP, creator_open_id="nobody")


def test_send_message_is_in_the_thread_and_uses_the_quota_once() -> None:
    plant([a_creator(), outreach_quota(USERNAME, at=BEGAN, total=2)])
    thread = write_to()
    assert write_to() == thread
    writer, reader = MessageWriter(sandbox_tiktok()), sandbox_tiktok().affiliate
    ids = [writer.send(**SHOP, conversation_id=thread, text=text) for text in ("Hello", "Are you there?")]
    found = list(reader.messages(**SHOP, conversation_id=thread))
    assert [(one.id, one.text, one.is_own) for one in found] == [
        (ids[1], "Are you there?", True),
        (ids[0], "Hello", True),
    ]
    assert (reader.quota(**SHOP).left, reader.quota(**SHOP).most_followers) == (1, 50_000)
    [known] = reader.connections(**SHOP)
    assert (known.creator_open_id, known.has_sent_message) == (creator_open_id_of(CREATOR), True)


def test_send_message_beyond_what_is_allowed_is_refused() -> None:
    plant([a_creator(), a_creator("blocked.mia", is_blocked=True), a_creator("late.mia")])
    plant([outreach_quota(USERNAME, at=BEGAN, total=1)])
    writer, thread = MessageWriter(sandbox_tiktok()), write_to()
    for number in range(5):
        writer.send(**SHOP, conversation_id=thread, text=f"Message {number}")
    with pytest.raises(ProviderRejected, match="until the creator answers"):
        writer.send(**SHOP, conversation_id=thread, text="Message 6")
    plant([message(USERNAME, conversation_id=thread, content='{"content":"Hi"}', at=BEGAN, sender="CREATOR")])
    for creator, why in (("blocked.mia", "cannot be written to"), ("late.mia", "quota of this week")):
        with pytest.raises(ProviderRejected, match=why):
            writer.send(**SHOP, conversation_id=write_to(creator), text="Hello")
    with pytest.raises(ProviderRejected, match="no such conversation"):
        writer.send(**SHOP, conversation_id="1", text="Hello")
    for text in ("", "x" * 2001):
        with pytest.raises(ProviderRejected, match="TikTok takes 1 to 2000"):
            writer.send(**SHOP, conversation_id=thread, text=text)


def test_open_thread_with_nobody_of_the_marketplace_is_refused() -> None:
    with pytest.raises(ProviderRejected, match="not a creator of the marketplace"):
        write_to()


def test_read_what_is_not_yet_is_not_there() -> None:
    plant_world()
    fix_clock(BEGAN - days(1))
    provider = sandbox_tiktok()
    assert list(provider.shop.products(**SHOP)) == []
    assert list(provider.ads.campaigns(**ADS)) == []
    assert provider.discovery.trending_hashtags(**ADS, country_code="DE") == ()
    assert list(provider.affiliate.creators(**SHOP)) == []
