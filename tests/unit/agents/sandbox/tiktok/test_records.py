"""What the world's rows may be, what the database refuses of them, and the wire at its limits."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from django.db import IntegrityError, transaction

from agents.providers.tiktok.numbered_wires import shop_sign
from agents.sandbox.tiktok import ledger
from agents.sandbox.tiktok.ids import fresh_id, number_of
from agents.sandbox.tiktok.operations import BUSINESS, SHOP
from agents.sandbox.tiktok.records import Counted, Kind, fix_clock, plant, record
from agents.sandbox.tiktok.registry import OPERATIONS
from agents.sandbox.tiktok.shop_gate import SANDBOX_APP_KEY, SANDBOX_APP_SECRET
from agents.sandbox.tiktok.trade_records import Bought, order, units_by_product
from agents.sandbox.tiktok.videos import counts_of
from agents.sandbox.tiktok.wire import SANDBOX_BUSINESS_BASE_URL, SANDBOX_SHOP_BASE_URL
from agents.sandbox_models import ALL_SCOPES, SandboxRecord
from tests.factories.tiktok import TOKEN, USERNAME
from tests.factories.tiktok_world import ACCESS, BEGAN, COMMENT_ID, VIDEO_ID, days, plant_world
from tests.unit.agents.sandbox.tiktok.wire import exchange
from tiktok_ops.clock import database_now

BAD = 40002
POST = {"access-token": TOKEN, "content-type": "application/json"}
SHOP_POST = {"x-tts-access-token": TOKEN, "content-type": "application/json"}


def business(method: str, path: str, given: dict[str, Any], headers: dict[str, str] | None = None) -> int:
    """Send anything to the Business API and return the code it answers with, always on HTTP 200."""
    url = f"{SANDBOX_BUSINESS_BASE_URL}/{path}"
    if method == "GET":
        url, content = f"{url}?{urlencode(given)}", b""
    else:
        content = json.dumps(given).encode()
    answer = exchange(method, url, content=content, headers=POST if headers is None else headers)
    assert answer.status_code == 200
    return int(answer.json()["code"])


def shop(
    path: str, *, body: bytes = b"{}", sign: str = "", headers: dict[str, str] | None = None, **query: str
) -> int:
    """Send anything to the Shop API, signed unless told, and return the code it answers with."""
    params = {
        "app_key": SANDBOX_APP_KEY,
        "timestamp": str(int(database_now().timestamp())),
        "shop_cipher": ACCESS.shop_cipher,
        "page_size": "20",
    } | query
    params["sign"] = sign or shop_sign(SANDBOX_APP_SECRET, path, params, body)
    url = f"{SANDBOX_SHOP_BASE_URL}{path}?{urlencode(params)}"
    answer: httpx.Response = exchange(
        "POST", url, content=body, headers=SHOP_POST if headers is None else headers
    )
    return int(answer.json()["code"])


PRODUCTS = "/product/202502/products/search"
ME = {"business_id": ACCESS.business_id}
AD = {"advertiser_id": ACCESS.advertiser_id}
REPLY = {**ME, "video_id": VIDEO_ID, "comment_id": COMMENT_ID}
CAMPAIGN = {
    **AD,
    "campaign_name": "Spring",
    "objective_type": "TRAFFIC",
    "budget_mode": "BUDGET_MODE_DAY",
    "budget": 50.0,
}
GROUP = {
    **AD,
    "campaign_id": "1790000000000000001",
    "adgroup_name": "Group",
    "billing_event": "CPC",
    "budget": 20.0,
    "budget_mode": "BUDGET_MODE_DAY",
    "optimization_goal": "CLICK",
    "pacing": "PACING_MODE_SMOOTH",
    "schedule_type": "SCHEDULE_FROM_NOW",
    "schedule_start_time": "2026-12-01 00:00:00",
}
TREND = {**AD, "discovery_type": "HASHTAG", "country_code": "DE"}
REPORT = {
    **AD,
    "report_type": "BASIC",
    "data_level": "AUCTION_AD",
    "dimensions": '["ad_id"]',
    "start_date": "2026-11-01",
    "end_date": "2026-11-02",
}
REFUSED: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "business/video/list/", {**ME, "max_count": 21}, BAD),
    ("GET", "business/video/list/", {**ME, "fields": '["secret"]'}, BAD),
    ("GET", "business/video/list/", {**ME, "fields": "item_id"}, BAD),
    ("GET", "business/video/list/", {**ME, "cursor": 10**30}, BAD),
    ("GET", "business/get/", {**ME, "start_date": "2020-01-01"}, BAD),
    ("GET", "business/get/", {**ME, "end_date": "2099-01-01"}, BAD),
    ("GET", "business/get/", {**ME, "nonsense": "1"}, BAD),
    ("GET", "business/get/", {"business_id": "a\0b"}, BAD),
    ("GET", "business/comment/list/", {**ME, "video_id": VIDEO_ID, "max_count": 31}, BAD),
    (
        "GET",
        "business/comment/list/",
        {**ME, "video_id": VIDEO_ID, "comment_ids": json.dumps(["1"] * 31)},
        40007,
    ),
    ("GET", "business/comment/list/", {**ME, "video_id": "1"}, 40053),
    ("GET", "business/comment/list/", {**ME, "video_id": "9" * 40}, 40053),
    ("POST", "business/comment/reply/create/", {**REPLY, "text": "x" * 1201}, BAD),
    ("POST", "business/comment/reply/create/", {**REPLY, "text": "a\0b"}, BAD),
    ("POST", "business/comment/hide/", {**REPLY, "action": "DELETE"}, BAD),
    ("POST", "campaign/create/", {**CAMPAIGN, "campaign_name": "Spring 🍵"}, BAD),
    ("POST", "campaign/create/", {**CAMPAIGN, "campaign_name": "茶" * 257}, BAD),
    ("POST", "campaign/create/", {**CAMPAIGN, "request_id": "abc"}, BAD),
    ("POST", "campaign/create/", {**CAMPAIGN, "budget": None}, BAD),
    ("POST", "adgroup/create/", {**GROUP, "budget": 19.99}, BAD),
    ("POST", "adgroup/create/", {**GROUP, "schedule_type": "SCHEDULE_START_END"}, BAD),
    ("POST", "adgroup/create/", {**GROUP, "campaign_id": "1"}, 40006),
    ("POST", "ad/status/update/", {**AD, "operation_status": "ENABLE"}, BAD),
    ("GET", "discovery/trending_list/", {**TREND, "date_range": "3DAY"}, BAD),
    ("GET", "discovery/video_list/", {**TREND, "hashtag_ids": json.dumps(["1"] * 11)}, 40007),
    ("GET", "report/integrated/get/", {**REPORT, "dimensions": '["country"]'}, BAD),
    ("GET", "report/integrated/get/", {**REPORT, "end_date": "2028-11-02"}, BAD),
]


@pytest.mark.usefixtures("committed_sandbox")
def test_ask_the_business_api_beyond_its_limits_is_refused_on_http_200() -> None:
    plant_world()
    found = {(path, str(given)): business(method, path, given) for method, path, given, _ in REFUSED}
    assert found == {(path, str(given)): code for _, path, given, code in REFUSED}
    assert business("POST", "campaign/create/", {**CAMPAIGN, "campaign_name": "茶" * 256}) == 0
    assert business("POST", "campaign/create/", {**CAMPAIGN, "budget_mode": "BUDGET_MODE_INFINITE"}) == 0
    assert business("GET", "business/get/", ME, headers={"authorization": f"Bearer {TOKEN}"}) == 40105
    form = {"access-token": TOKEN, "content-type": "text/plain"}
    assert business("POST", "campaign/create/", CAMPAIGN, headers=form) == BAD
    assert exchange("GET", f"{SANDBOX_BUSINESS_BASE_URL}/business/get", headers=POST).status_code == 404
    assert exchange("PUT", f"{SANDBOX_BUSINESS_BASE_URL}/business/get/", headers=POST).status_code == 404


@pytest.mark.usefixtures("committed_sandbox")
def test_ask_the_shop_with_an_address_that_is_not_rightly_signed_is_refused() -> None:
    plant_world()
    now = int(database_now().timestamp())
    assert shop(PRODUCTS) == 0
    assert shop(PRODUCTS, sign="0" * 64) == 106001
    assert (
        shop(PRODUCTS, body=b'{"status":"ALL"}', sign=shop_sign(SANDBOX_APP_SECRET, PRODUCTS, {}, b"{}"))
        == 106001
    )
    assert [shop(PRODUCTS, timestamp=str(now + seconds)) for seconds in (-310, 310)] == [36009004] * 2
    assert [shop(PRODUCTS, timestamp=text) for text in ("", "now", "123")] == [36009004] * 3
    assert shop(PRODUCTS, app_key="somebody") == 36009004
    assert shop(PRODUCTS, headers={"content-type": "application/json"}) == 105002
    form = {"x-tts-access-token": TOKEN, "content-type": "multipart/form-data; boundary=x"}
    unsigned_body = {
        "app_key": SANDBOX_APP_KEY,
        "timestamp": str(now),
        "shop_cipher": ACCESS.shop_cipher,
        "page_size": "20",
    }
    sign = shop_sign(SANDBOX_APP_SECRET, PRODUCTS, unsigned_body)
    assert shop(PRODUCTS, timestamp=str(now), sign=sign, headers=form) == 36009004  # signed well, but no JSON


@pytest.mark.usefixtures("committed_sandbox")
def test_ask_the_shop_beyond_its_limits_is_refused() -> None:
    plant_world()
    assert [shop(PRODUCTS, page_size=size) for size in ("0", "101")] == [36009004] * 2
    assert shop(PRODUCTS, page_token="next") == 36009004
    assert shop(PRODUCTS, body=b'{"status":"SOLD"}') == 36009004
    assert shop(PRODUCTS, body=b'{"status":"DRAFT"}') == 0
    assert shop("/order/202309/orders/search", body=b'{"order_status":"LOST"}') == 36009004
    assert shop("/affiliate_seller/202608/marketplace_creators/search") == 0
    lost = exchange("GET", f"{SANDBOX_SHOP_BASE_URL}/product/202309/products/1%002", headers=SHOP_POST)
    assert (lost.status_code, lost.json()["code"]) == (200, 36009009)
    assert shop("/affiliate_seller/202608/marketplace_creators/search", page_size="13") == 36009004


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "key"), [("", "k"), ("video", "")])
def test_write_record_that_has_no_name_is_refused_by_the_database(kind: str, key: str) -> None:
    with pytest.raises(IntegrityError, match="sandbox_record_is_named"), transaction.atomic():
        SandboxRecord.objects.create(kind=kind, owner="", key=key, data={}, at=BEGAN)


@pytest.mark.django_db
def test_write_record_twice_is_refused_by_the_database() -> None:
    plant([record(Kind.VIDEO, USERNAME, "1", {}, at=BEGAN)])
    with pytest.raises(IntegrityError, match="sandbox_record_once"), transaction.atomic():
        SandboxRecord.objects.create(kind="video", owner=USERNAME, key="1", data={}, at=BEGAN)
    assert str(SandboxRecord.objects.get()) == "video 1"


@pytest.mark.django_db
def test_fix_clock_again_moves_it() -> None:
    fix_clock(BEGAN)
    fix_clock(BEGAN + days(1))
    assert SandboxRecord.objects.get().at == BEGAN + days(1)


def test_make_ids_gives_nineteen_digits_that_grow_with_time() -> None:
    early, late = fresh_id(datetime(2026, 1, 1, tzinfo=UTC)), fresh_id(datetime(2026, 1, 2, tzinfo=UTC))
    assert len(early) == len(late) == 19
    assert early < late
    assert number_of("shop a", 19) == number_of("shop a", 19) != number_of("shop b", 19)
    assert {len(number_of(str(n), 8)) for n in range(300)} == {8}


def test_count_video_of_one_point_stays_at_it() -> None:
    data = {
        "curve": [
            {
                "at": BEGAN.isoformat(),
                **dict.fromkeys(("likes", "comments", "shares", "favorites"), 1),
                "views": 7,
            }
        ]
    }
    assert counts_of(data, BEGAN)[0] == counts_of(data, BEGAN + days(9))[0] == 7
    assert counts_of(data, BEGAN - days(1)) == (0, 0, 0, 0, 0)
    assert counts_of({"curve": []}, BEGAN) == (0, 0, 0, 0, 0)
    assert Counted(at=BEGAN, views=1).favorites == 0


def test_make_order_lists_each_unit_and_their_sum() -> None:
    made = order(USERNAME, at=BEGAN, lines=[Bought("1", "2", "Tea", "4.95", quantity=3)], currency="EUR")
    assert made.data["payment"]["total_amount"] == "14.85"
    assert units_by_product(made.data) == {"1": 3}
    assert len({line["id"] for line in made.data["line_items"]}) == 3


@pytest.mark.usefixtures("committed_sandbox")
def test_every_operation_leaves_a_row_in_the_ledger_that_says_what_it_did() -> None:
    plant_world()
    business("GET", "business/get/", ME)
    shop(PRODUCTS)
    [read] = ledger.received(operation="business_get")
    [searched] = ledger.received(operation="product_search")
    assert (read.username, read.outcome, searched.outcome) == (USERNAME, "ok", "ok")
    assert read.token_digest == searched.token_digest != ""


def test_name_every_operations_scopes_among_those_a_creator_grants() -> None:
    granted = set(ALL_SCOPES)
    assert [one.name for one in OPERATIONS if one.scopes.isdisjoint(granted)] == ["token", "revoke"]
    assert {one.style for one in OPERATIONS} >= {BUSINESS, SHOP}
