"""The sandbox's ads: campaigns, ad groups and ads with their reports; creating them, and switching them on or off.

A create goes live unless it says `DISABLE`. One with a `request_id` the sandbox has seen makes nothing new
and answers what the first one made, which is what the SDK says of `request_id` (ad/create has none).
An ad group aims at what its campaign's objective allows, and a Spark ad promotes a post of its own identity.
"""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

from agents.sandbox.tiktok.discovery import check_advertiser
from agents.sandbox.tiktok.ids import fresh_id
from agents.sandbox.tiktok.operations import BUSINESS, Act, Operation
from agents.sandbox.tiktok.records import Kind, plant, record, world_now
from agents.sandbox.tiktok.reports import paged, report
from agents.sandbox.tiktok.trade_records import ads_object
from agents.sandbox.tiktok.wire import (
    BusinessError,
    Received,
    Reply,
    business_reply,
    open_id_of,
    read_business_body,
    read_query,
)
from agents.sandbox_models import SandboxCreator, SandboxRecord

CALLS_A_MINUTE = 600
AD_CREATES_A_MINUTE = 150
LONGEST_NAME = 512
LONGEST_TEXT = 100
SMALLEST_CAMPAIGN_BUDGET = Decimal(50)
SMALLEST_GROUP_BUDGET = Decimal(20)
"""In the advertiser's currency; documented in US dollars, "about"."""
MOST_IDS = 100
AIMS = {
    "REACH": {("REACH", "CPM")},
    "TRAFFIC": {("CLICK", "CPC")},
    "VIDEO_VIEWS": {("ENGAGED_VIEW", "CPV")},
    "ENGAGEMENT": {("PAGE_VISIT", "OCPM"), ("FOLLOWERS", "OCPM")},
}
"""What an ad group may aim at and be paid by, under the objectives that have a list here; others take anything."""
Switch = Literal["ENABLE", "DISABLE"]
BudgetMode = Literal[
    "BUDGET_MODE_INFINITE", "BUDGET_MODE_TOTAL", "BUDGET_MODE_DAY", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET"
]


class _Filtering(BaseModel):
    """What the lists are filtered by."""

    model_config = ConfigDict(extra="forbid")

    campaign_ids: list[str] = Field(default=[], max_length=MOST_IDS)
    adgroup_ids: list[str] = Field(default=[], max_length=MOST_IDS)
    ad_ids: list[str] = Field(default=[], max_length=MOST_IDS)
    campaign_name: str = ""


class _Get(BaseModel):
    """The query of the three lists."""

    model_config = ConfigDict(extra="forbid")

    advertiser_id: str
    filtering: Json[_Filtering] = _Filtering()
    fields: Json[list[str]] = []
    page: int = Field(default=1, ge=1)
    page_size: int = Field(default=10, ge=1, le=1000)


class _Body(BaseModel):
    """Base of what is read from a body: nothing is converted, nothing unknown let through."""

    model_config = ConfigDict(extra="forbid", strict=True)

    advertiser_id: str


class _NewCampaign(_Body):
    """The body of `campaign/create`."""

    campaign_name: str = Field(min_length=1)
    objective_type: Literal[
        "REACH",
        "TRAFFIC",
        "VIDEO_VIEWS",
        "ENGAGEMENT",
        "LEAD_GENERATION",
        "APP_PROMOTION",
        "WEB_CONVERSIONS",
        "PRODUCT_SALES",
    ]
    budget_mode: BudgetMode
    budget: float | None = None
    operation_status: Switch = "ENABLE"
    special_industries: list[Literal["HOUSING", "EMPLOYMENT", "CREDIT"]] = []
    request_id: str = Field(default="", pattern=r"^(\d{1,19})?$")


class _NewGroup(_Body):
    """The body of `adgroup/create`."""

    campaign_id: str
    adgroup_name: str = Field(min_length=1, max_length=LONGEST_NAME)
    billing_event: Literal["CPC", "CPM", "CPV", "OCPM"]
    budget: float
    budget_mode: BudgetMode
    optimization_goal: str
    pacing: Literal["PACING_MODE_SMOOTH", "PACING_MODE_FAST"]
    schedule_type: Literal["SCHEDULE_FROM_NOW", "SCHEDULE_START_END"]
    schedule_start_time: str = Field(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$")
    schedule_end_time: str = ""
    location_ids: list[str] = Field(default=[], max_length=3000)
    age_groups: list[
        Literal["AGE_13_17", "AGE_18_24", "AGE_25_34", "AGE_35_44", "AGE_45_54", "AGE_55_100"]
    ] = []
    gender: Literal["GENDER_UNLIMITED", "GENDER_MALE", "GENDER_FEMALE"] = "GENDER_UNLIMITED"
    operation_status: Switch = "ENABLE"
    request_id: str = Field(default="", pattern=r"^(\d{1,19})?$")


class _Creative(BaseModel):
    """One ad of `ad/create`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ad_name: str
    ad_format: str = ""
    ad_text: str = ""
    identity_type: Literal["CUSTOMIZED_USER", "AUTH_CODE", "TT_USER", "BC_AUTH_TT"]
    identity_id: str = ""
    video_id: str = ""
    tiktok_item_id: str = Field(default="", pattern=r"^\d{0,25}$")
    landing_page_url: str = ""
    call_to_action: str = ""
    aigc_disclosure_type: str = "NOT_DECLARED"
    operation_status: Switch = "ENABLE"


class _NewAds(_Body):
    """The body of `ad/create`."""

    adgroup_id: str
    creatives: list[_Creative] = Field(min_length=1, max_length=20)


class _Switched(_Body):
    """The body of the three `status/update`."""

    operation_status: Literal["ENABLE", "DISABLE", "DELETE"]
    campaign_ids: list[str] = Field(default=[], max_length=MOST_IDS)
    adgroup_ids: list[str] = Field(default=[], max_length=MOST_IDS)
    ad_ids: list[str] = Field(default=[], max_length=MOST_IDS)


def _get(kind: Kind) -> Act:
    """Return what lists the objects of a kind."""

    def act(received: Received, creator: SandboxCreator) -> Reply:
        asked = read_query(_Get, received)
        check_advertiser(asked.advertiser_id, creator)
        rows = SandboxRecord.objects.filter(kind=kind, owner=creator.username, at__lte=world_now())
        for level in (Kind.CAMPAIGN, Kind.ADGROUP, Kind.AD):
            if ids := getattr(asked.filtering, f"{level.value}_ids"):
                rows = rows.filter(**{f"data__{level.value}_id__in": ids})
        if asked.filtering.campaign_name:
            rows = rows.filter(data__campaign_name__icontains=asked.filtering.campaign_name)
        found = [_chosen(row.data, asked.fields) for row in rows.order_by("-at", "-key")]
        return paged(found, page=asked.page, page_size=asked.page_size)

    return act


def _chosen(data: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if not fields or name in fields}


def campaign_create(received: Received, creator: SandboxCreator) -> Reply:
    """Make a campaign, live unless it says otherwise."""
    asked = read_business_body(_NewCampaign, received)
    check_advertiser(asked.advertiser_id, creator)
    _check_campaign(asked)
    if made := _made_before("campaign_create", asked.request_id, creator):
        return business_reply(made)
    if _campaigns(creator).filter(data__campaign_name=asked.campaign_name).exists():
        raise BusinessError(40002, "campaign_name: another campaign has this name")
    data = asked.model_dump(exclude={"request_id"}, exclude_none=True)
    return _make(Kind.CAMPAIGN, "campaign_create", asked.request_id, data, creator)


def adgroup_create(received: Received, creator: SandboxCreator) -> Reply:
    """Make an ad group of one of the advertiser's campaigns."""
    asked = read_business_body(_NewGroup, received)
    check_advertiser(asked.advertiser_id, creator)
    if Decimal(str(asked.budget)) < SMALLEST_GROUP_BUDGET:
        raise BusinessError(40002, f"budget: at least {SMALLEST_GROUP_BUDGET}")
    # Both are of one shape, in which earlier moments come first.
    if asked.schedule_type == "SCHEDULE_START_END" and asked.schedule_end_time <= asked.schedule_start_time:
        raise BusinessError(40002, "schedule_end_time: is required, and after schedule_start_time")
    campaign = _check_there(Kind.CAMPAIGN, asked.campaign_id, creator)
    aims = AIMS.get(campaign.data["objective_type"])
    if aims and (asked.optimization_goal, asked.billing_event) not in aims:
        raise BusinessError(
            40002, "optimization_goal: does not fit the campaign's objective and billing_event"
        )
    if made := _made_before("adgroup_create", asked.request_id, creator):
        return business_reply(made)
    data = asked.model_dump(exclude={"request_id"})
    return _make(Kind.ADGROUP, "adgroup_create", asked.request_id, data, creator)


def ad_create(received: Received, creator: SandboxCreator) -> Reply:
    """Make an ad of each creative; nothing here keeps a repeated request from making them again."""
    asked = read_business_body(_NewAds, received)
    check_advertiser(asked.advertiser_id, creator)
    _check_there(Kind.ADGROUP, asked.adgroup_id, creator)
    for creative in asked.creatives:
        _check_spark(creative, creator)
    now = world_now()
    rows = [
        ads_object(
            Kind.AD, creator.username, {**creative.model_dump(), "adgroup_id": asked.adgroup_id}, at=now
        )
        for creative in asked.creatives
    ]
    plant(rows)
    return business_reply({"ad_ids": [row.key for row in rows]})


def _switch(kind: Kind) -> Act:
    """Return what switches objects of a kind on or off, each by itself: some may be there and others not."""

    def act(received: Received, creator: SandboxCreator) -> Reply:
        asked = read_business_body(_Switched, received)
        check_advertiser(asked.advertiser_id, creator)
        ids: list[str] = getattr(asked, f"{kind.value}_ids")
        if not ids:
            raise BusinessError(40002, f"{kind.value}_ids: is required")
        rows = list(SandboxRecord.objects.filter(kind=kind, owner=creator.username, key__in=ids))
        for row in rows:
            row.data["operation_status"] = asked.operation_status
            row.save(update_fields=["data"])
        done = sorted(row.key for row in rows)
        if not done:
            raise BusinessError(40006, f"{kind.value}_ids: none of them is there")
        lost = [one for one in ids if one not in done]
        told = {f"{kind.value}_ids": done, "status": asked.operation_status, "failed_ids": lost}
        return business_reply(told, code="20001" if lost else "ok")

    return act


def _check_campaign(asked: _NewCampaign) -> None:
    """Refuse a name that is too long or has an emoji, and a budget below the least one."""
    # Whatever lies beyond U+FFFF counts as an emoji here; CJK counts twice.
    width = sum(2 if ord(one) >= 0x2E80 else 1 for one in asked.campaign_name)
    if width > LONGEST_NAME or any(ord(one) > 0xFFFF for one in asked.campaign_name):
        raise BusinessError(40002, f"campaign_name: at most {LONGEST_NAME} characters, no emoji")
    if asked.budget_mode == "BUDGET_MODE_INFINITE":
        return
    if asked.budget is None or Decimal(str(asked.budget)) < SMALLEST_CAMPAIGN_BUDGET:
        raise BusinessError(40002, f"budget: at least {SMALLEST_CAMPAIGN_BUDGET}")


def _campaigns(creator: SandboxCreator) -> Any:
    return SandboxRecord.objects.filter(kind=Kind.CAMPAIGN, owner=creator.username)


def _check_there(kind: Kind, key: str, creator: SandboxCreator) -> SandboxRecord:
    row = SandboxRecord.objects.filter(kind=kind, owner=creator.username, key=key).first()
    if row is None:
        raise BusinessError(40006, f"{kind.value}_id: there is none like it")
    return row


def _check_spark(creative: _Creative, creator: SandboxCreator) -> None:
    """Refuse an ad of a post that is not the identity's own, and one with too long a text."""
    if creative.identity_type == "TT_USER" and creative.identity_id != open_id_of(creator.username):
        raise BusinessError(40002, "identity_id: the access token is not for this identity")
    if len(creative.ad_text) > LONGEST_TEXT:
        raise BusinessError(40002, f"ad_text: at most {LONGEST_TEXT} characters")
    if not creative.tiktok_item_id:
        return
    planted = SandboxRecord.objects.filter(
        kind=Kind.VIDEO, owner=creator.username, key=creative.tiktok_item_id
    )
    if not planted.exists() and not creator.posts.filter(post_id=creative.tiktok_item_id).exists():
        raise BusinessError(40002, "tiktok_item_id: is not a post of this identity")


def _made_before(operation: str, request_id: str, creator: SandboxCreator) -> dict[str, Any]:
    """Return what the first request with this id made; nothing where there was none."""
    rows = SandboxRecord.objects.filter(
        kind=Kind.REQUEST, owner=creator.username, key=f"{operation}:{request_id}"
    )
    row = rows.first() if request_id else None
    return dict(row.data) if row else {}


def _make(
    kind: Kind, operation: str, request_id: str, data: dict[str, Any], creator: SandboxCreator
) -> Reply:
    now = world_now()
    row = ads_object(kind, creator.username, data, at=now, key=fresh_id(now))
    rows = [row]
    if request_id:
        rows.append(record(Kind.REQUEST, creator.username, f"{operation}:{request_id}", row.data, at=now))
    plant(rows)
    return business_reply(row.data)


class _Advertisers(BaseModel):
    """The query of `advertiser/info`."""

    model_config = ConfigDict(extra="forbid")

    advertiser_ids: Json[list[str]]
    fields: Json[list[str]] = []


def advertiser_info(received: Received, creator: SandboxCreator) -> Reply:
    """Answer in which currency and zone the advertiser's money and days are."""
    asked = read_query(_Advertisers, received)
    for one in asked.advertiser_ids:
        check_advertiser(one, creator)
    name = creator.display_name or creator.username
    usual = {"name": name, "currency": "USD", "timezone": "Etc/UTC", "status": "STATUS_ENABLE"}
    planted = SandboxRecord.objects.filter(kind=Kind.ADVERTISER, owner=creator.username).first()
    told = usual | (planted.data if planted else {})
    return business_reply({"list": [{"advertiser_id": one, **told} for one in asked.advertiser_ids]})


def _operation(
    name: str, method: str, path: str, act: Act, *, calls_a_minute: int = CALLS_A_MINUTE
) -> Operation:
    scopes = frozenset({"ads.manage"} if method == "POST" else {"ads.read", "ads.manage"})
    return Operation(name, method, f"/open_api/v1.3/{path}", scopes, act, calls_a_minute, BUSINESS)


OPERATIONS = (
    _operation("advertiser_info", "GET", "advertiser/info/", advertiser_info),
    _operation("campaign_get", "GET", "campaign/get/", _get(Kind.CAMPAIGN)),
    _operation("adgroup_get", "GET", "adgroup/get/", _get(Kind.ADGROUP)),
    _operation("ad_get", "GET", "ad/get/", _get(Kind.AD)),
    _operation("ads_report", "GET", "report/integrated/get/", report),
    _operation("campaign_create", "POST", "campaign/create/", campaign_create),
    _operation("adgroup_create", "POST", "adgroup/create/", adgroup_create),
    _operation("ad_create", "POST", "ad/create/", ad_create, calls_a_minute=AD_CREATES_A_MINUTE),
    _operation("campaign_status", "POST", "campaign/status/update/", _switch(Kind.CAMPAIGN)),
    _operation("adgroup_status", "POST", "adgroup/status/update/", _switch(Kind.ADGROUP)),
    _operation("ad_status", "POST", "ad/status/update/", _switch(Kind.AD)),
)
