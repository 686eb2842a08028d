"""The Business and the Shop API on the wire: signature, envelopes, codes, and what never leaves."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.providers.errors import (
    AccessRefused,
    Advice,
    ProviderError,
    ProviderMisconfigured,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from agents.providers.tiktok import read, write
from agents.providers.tiktok.numbered_problems import BUSINESS_CODES, SHOP_CODES
from agents.providers.tiktok.numbered_wires import in_query, shop_sign
from agents.providers.tiktok.provider import TikTokProvider
from agents.providers.tiktok.read import ads, affiliate, business, discovery, shop
from agents.providers.tiktok.write import ads as write_ads
from agents.providers.tiktok.write import comments as write_comments
from agents.providers.tiktok.write import messages as write_messages
from agents.providers.tiktok.write import shop as write_shop
from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.operations import BUSINESS, SHOP
from agents.sandbox.tiktok.registry import OPERATIONS
from tests.unit.agents.providers.tiktok.wire import TOKEN, Recorder, answering, failing

FAMILIES = (business, discovery, ads, shop, affiliate, write_comments, write_ads, write_shop, write_messages)
ENDPOINTS = {endpoint.name: endpoint for family in FAMILIES for endpoint in family.ENDPOINTS}
LIVE = {"shop_app_key": "29a39d", "shop_app_secret": "e59af819cc"}


def speaking(*bodies: Any, status: int = 200) -> tuple[TikTokProvider, Recorder]:
    """Return a live provider that gets these answers, and what it sent."""
    recorder = Recorder([answering(body, status=status) for body in bodies])
    return TikTokProvider("live", LIVE, transport=recorder), recorder


def numbered(code: int = 0, data: Any = None, message: str = "") -> dict[str, Any]:
    """Return the body of an answer."""
    return {"code": code, "message": message, "request_id": "r1", "data": {} if data is None else data}


def business_call(provider: TikTokProvider) -> object:
    """Ask for something of the Business API."""
    return provider.business.profile(token=TOKEN, business_id="-000me")


def shop_call(provider: TikTokProvider) -> object:
    """Ask for something of the Shop API."""
    return provider.shop.product(token=TOKEN, cipher="ROW_x", product_id="17295")


def test_sign_gives_what_tiktoks_own_page_gives() -> None:
    assert shop_sign(
        "e59af819cc", "/authorization/202309/shops", {"app_key": "29a39d", "timestamp": "1623812664"}
    ) == ("b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8")


def test_sign_covers_the_body_and_leaves_out_itself_and_the_token() -> None:
    params = {
        "app_key": "test_app_key",
        "timestamp": "1700000000",
        "shop_cipher": "ROW_test_cipher",
        "page_size": "20",
        "sign": "old",
        "access_token": "secret",
    }
    path = "/affiliate_seller/202508/marketplace_creators/search"
    assert shop_sign("test_app_secret", path, params, b'{"keyword":"wellness"}') == (
        "5e3ab609d268b0381e751bf743491d7ab6eab69efa2648348a121283792cbc92"
    )


@given(
    st.dictionaries(st.text("abc_", min_size=1), st.text(max_size=8), max_size=4),
    st.binary(max_size=20),
)
def test_sign_anything_is_the_documented_hmac(params: dict[str, str], body: bytes) -> None:
    middle = "/p" + "".join(name + value for name, value in sorted(params.items()))
    message = b"s" + middle.encode() + body + b"s"
    assert shop_sign("s", "/p", params, body) == hmac.new(b"s", message, hashlib.sha256).hexdigest()


def test_ask_the_shop_sends_the_bytes_that_were_signed() -> None:
    provider, recorder = speaking(numbered(data={"inventory": []}))
    provider.shop.inventory(token=TOKEN, cipher="ROW_x", product_ids=["17295"])
    [request] = recorder.requests
    params = dict(request.url.params)
    assert request.url.host == "open-api.tiktokglobalshop.com"
    assert params.pop("sign") == shop_sign("e59af819cc", request.url.path, params, request.content)
    assert params["shop_cipher"] == "ROW_x"
    assert request.headers["x-tts-access-token"] == TOKEN
    assert "authorization" not in request.headers
    assert b"e59af819cc" not in request.content + str(request.url).encode()


def test_ask_the_business_api_sends_lists_as_json_and_the_token_in_its_own_header() -> None:
    provider, recorder = speaking(numbered(data={"videos": []}))
    provider.business.video_page(token=TOKEN, business_id="-000me", video_ids=["1", "2"])
    [request] = recorder.requests
    assert str(request.url.copy_with(query=None)) == (
        "https://business-api.tiktok.com/open_api/v1.3/business/video/list/"
    )
    assert json.loads(request.url.params["filters"]) == {"video_ids": ["1", "2"]}
    assert request.url.params["max_count"] == "20"
    assert "cursor" not in request.url.params
    assert request.headers["access-token"] == TOKEN
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("value", "text"),
    [("a b", "a b"), (7, "7"), (True, "true"), (False, "false"), (["ä"], '["ä"]'), ({"a": [1]}, '{"a":[1]}')],
)
def test_write_value_into_a_query(value: object, text: str) -> None:
    assert in_query(value) == text


@pytest.mark.parametrize("call", [business_call, shop_call])
@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>", 502, ProviderUnavailable),
        (b"{}", 200, ProviderUnavailable),
        (b'{"code":"ok"}', 404, ProviderMisconfigured),
        (b'{"code":true}', 401, AccessRefused),
        (numbered(77777, message="?"), 200, ProviderRejected),
        (numbered(77777), 429, ProviderRateLimited),
        (numbered(77777), 503, ProviderUnavailable),
    ],
)
def test_read_answer_that_says_nothing_we_know(
    call: Any, body: Any, status: int, kind: type[ProviderError]
) -> None:
    provider, _ = speaking(body, status=status)
    with pytest.raises(kind):
        call(provider)


@pytest.mark.parametrize("code", BUSINESS_CODES)
def test_refuse_business_call_by_code_says_what_to_do(code: int) -> None:
    provider, _ = speaking(numbered(code, message=f"Because of {TOKEN}"))
    with pytest.raises(BUSINESS_CODES[code].kind) as refused:
        business_call(provider)
    assert (refused.value.code, refused.value.request_id, refused.value.was_sent) == (str(code), "r1", True)
    assert refused.value.may_have_acted is BUSINESS_CODES[code].may_have_acted
    assert TOKEN not in str(refused.value)
    assert str(refused.value).startswith(f"TikTok refused ({code}: Because of [token]); ")


@pytest.mark.parametrize("code", SHOP_CODES)
def test_refuse_shop_call_by_code_says_what_to_do(code: int) -> None:
    provider, _ = speaking(numbered(code, message="No TTP_exampleAccess"))
    with pytest.raises(SHOP_CODES[code].kind) as refused:
        shop_call(provider)
    assert refused.value.may_have_acted is SHOP_CODES[code].may_have_acted
    assert "TTP_" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "advice", "seconds"),
    [
        (40100, Advice.WAIT, 300.0),
        (40133, Advice.WAIT, 1.0),
        (40901, Advice.WAIT, None),
        (40050, Advice.GIVE_UP, None),
    ],
)
def test_be_limited_says_for_how_long(code: int, advice: Advice, seconds: float | None) -> None:
    provider, _ = speaking(numbered(code))
    with pytest.raises(ProviderError) as limited:
        business_call(provider)
    assert (limited.value.advice, limited.value.retry_after_seconds) == (advice, seconds)


@pytest.mark.parametrize("errors", [[{"code": 1, "message": f"x {TOKEN}"}], ["odd"], "odd"])
def test_read_good_code_with_errors_inside_is_no_success(errors: Any) -> None:
    provider, _ = speaking(numbered(data={"errors": errors}))
    with pytest.raises(ProviderRejected, match="refused a part of it") as refused:
        shop_call(provider)
    assert (refused.value.may_have_acted, refused.value.advice) == (True, Advice.ASK_PERSON)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("call", [business_call, shop_call])
def test_lose_connection_tells_neither_token_nor_address(call: Any) -> None:
    recorder = Recorder([failing(httpx.ReadError)])
    provider = TikTokProvider("live", LIVE, transport=recorder)
    with pytest.raises(ProviderUnavailable) as broken:
        call(provider)
    assert broken.value.__context__ is None
    assert TOKEN not in str(broken.value)


@pytest.mark.parametrize("token", ["", "two words", "ünicode", "line\nbreak"])
def test_speak_with_no_token_sends_nothing(token: str) -> None:
    provider, recorder = speaking(numbered())
    with pytest.raises(AccessRefused):
        provider.business.profile(token=token, business_id="x")
    with pytest.raises(AccessRefused):
        provider.shop.shops(token=token)
    assert recorder.requests == []


def test_speak_to_the_shop_without_our_apps_secret_sends_nothing() -> None:
    recorder = Recorder([answering(numbered())])
    provider = TikTokProvider("live", {"shop_app_key": "29a39d"}, transport=recorder)
    with pytest.raises(ProviderMisconfigured, match="set TIKTOK_SHOP_APP_KEY and TIKTOK_SHOP_APP_SECRET"):
        shop_call(provider)
    assert recorder.requests == []


@pytest.mark.parametrize("product_id", ["", "../orders", "1/2", "1?x=2", "%2e%2e", "١"])
def test_ask_for_an_id_that_leads_elsewhere_sends_nothing(product_id: str) -> None:
    provider, recorder = speaking(numbered())
    with pytest.raises(ProviderMisconfigured, match="cannot be part of an address"):
        provider.shop.product(token=TOKEN, cipher="ROW_x", product_id=product_id)
    assert recorder.requests == []


def test_read_answer_that_lacks_what_it_should_hold_names_it() -> None:
    provider, _ = speaking(numbered(data={"videos": [{"caption": "no id"}]}))
    with pytest.raises(ProviderUnavailable, match=r"lacks a usable 'videos\.0\.item_id'"):
        provider.business.video_page(token=TOKEN, business_id="x")
    provider, _ = speaking(numbered(data={"list": [{"campaign_name": "no id"}]}))
    with pytest.raises(ProviderUnavailable, match=r"lacks a usable '0\.campaign_id'"):
        list(provider.ads.campaigns(token=TOKEN, advertiser_id="7"))
    provider, _ = speaking(numbered(data={}))
    with pytest.raises(ProviderUnavailable, match="lacks a usable 'id'"):
        write_ads.AdsWriter(provider).create_spark_ad(
            token=TOKEN,
            advertiser_id="7",
            ad=write_ads.NewSparkAd(adgroup_id="8", name="Ad", post_id="9", identity_id="me", text="Tea"),
        )


def test_send_message_whose_id_is_not_told_gives_none() -> None:
    provider, _ = speaking(numbered(data={}))
    sent = write_messages.MessageWriter(provider).send(
        token=TOKEN, cipher="ROW_x", conversation_id="1", text="Hello"
    )
    assert sent == ""


def test_name_endpoints_as_the_sandbox_does() -> None:
    prefix = {BUSINESS: "/open_api/v1.3", SHOP: ""}
    served = {
        one.name: (one.method, one.path.removeprefix(prefix[one.style]))
        for one in OPERATIONS
        if one.style in prefix
    }
    assert {name: (one.method, one.path) for name, one in ENDPOINTS.items()} == served
    assert len(ENDPOINTS) == sum(len(family.ENDPOINTS) for family in FAMILIES)
    assert {family.__name__.rpartition(".")[0] for family in FAMILIES} == {read.__name__, write.__name__}


def test_every_operation_can_be_made_to_fail_and_is_short_enough_for_the_ledger() -> None:
    assert {one.name for one in OPERATIONS} <= set(TikTokFaults.model_fields)
    assert max(len(one.name) for one in OPERATIONS) <= 20
    assert len({(one.method, one.path) for one in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize(
    ("told", "expected"),
    [("250", 0.025), (8774, 0.8774), ("0", 0.0), ("", None), ("n/a", None), (None, None)],
)
def test_read_an_engagement_rate_in_ten_thousandths(told: object, expected: float | None) -> None:
    provider, recorder = speaking(numbered(data={"creator": {"ec_video_engagement_rate": told}}))
    found = provider.affiliate.performance(token=TOKEN, cipher="ROW_x", creator_open_id="open-1")
    assert found.engagement_rate == expected
    assert recorder.requests[0].url.path == "/affiliate_seller/202608/marketplace_creators/open-1"
