"""The ads API, read: an advertiser, its campaigns, ad groups and ads, and what they cost and brought."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Answer, Endpoint, read_shape, read_value
from agents.providers.tiktok.numbered_wires import BusinessWire
from agents.providers.tiktok.read.paging import Page, read_all

ADVERTISER = Endpoint("advertiser_info", "GET", "/advertiser/info/")
CAMPAIGNS = Endpoint("campaign_get", "GET", "/campaign/get/")
ADGROUPS = Endpoint("adgroup_get", "GET", "/adgroup/get/")
ADS = Endpoint("ad_get", "GET", "/ad/get/")
REPORT = Endpoint("ads_report", "GET", "/report/integrated/get/")
ENDPOINTS = (ADVERTISER, CAMPAIGNS, ADGROUPS, ADS, REPORT)
PAGE_SIZE = 100
LONGEST_BY_DAY = 30
LEVELS = ("campaign", "adgroup", "ad")
METRICS = ("spend", "impressions", "clicks", "ctr", "cpc", "conversion")

Id = Annotated[str, BeforeValidator(str)]


def _figure(value: object) -> Decimal | None:
    """Return a metric, which comes as text; `-` is none."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _text(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Advertiser:
    """Whose ads they are; money is in `currency`, days are in `timezone`."""

    id: Annotated[Id, Field(validation_alias="advertiser_id")]
    name: str = ""
    currency: str = ""
    timezone: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; `budget` is in the advertiser's currency, by `budget_mode`."""

    id: Annotated[Id, Field(validation_alias="campaign_id")]
    name: Annotated[str, Field(validation_alias="campaign_name")] = ""
    objective: Annotated[str, BeforeValidator(_text), Field(validation_alias="objective_type")] = ""
    budget_mode: Annotated[str, BeforeValidator(_text)] = ""
    budget: Annotated[Decimal | None, BeforeValidator(_figure)] = None
    operation_status: str = ""


@dataclass(frozen=True, slots=True)
class AdGroup:
    """An ad group of a campaign."""

    id: Annotated[Id, Field(validation_alias="adgroup_id")]
    campaign_id: Id
    name: Annotated[str, Field(validation_alias="adgroup_name")] = ""
    budget: Annotated[Decimal | None, BeforeValidator(_figure)] = None
    operation_status: str = ""


@dataclass(frozen=True, slots=True)
class Ad:
    """An ad of an ad group; `post_id` is the post it promotes, if it does."""

    id: Annotated[Id, Field(validation_alias="ad_id")]
    adgroup_id: Id
    name: Annotated[str, Field(validation_alias="ad_name")] = ""
    post_id: Annotated[str, BeforeValidator(_text), Field(validation_alias="tiktok_item_id")] = ""
    operation_status: str = ""


def _first_day(given: object) -> object:
    return str(given)[:10] if given else None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One object's figures of a day, or of the whole range where `day` is None; a figure may be None."""

    object_id: str
    day: Annotated[date | None, BeforeValidator(_first_day)]
    metrics: dict[str, Annotated[Decimal | None, BeforeValidator(_figure)]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _PageInfo:
    """Which page of how many this is."""

    page: int = 1
    total_page: int = 1


@dataclass(frozen=True, slots=True)
class _Listed:
    """One page of a list, its rows not read yet."""

    rows: Annotated[tuple[dict[str, Any], ...], Field(validation_alias="list")] = ()
    page_info: _PageInfo = field(default_factory=_PageInfo)


_LISTED = TypeAdapter(_Listed)
_ADVERTISERS = TypeAdapter(tuple[Advertiser, ...])
_CAMPAIGNS = TypeAdapter(tuple[Campaign, ...])
_ADGROUPS = TypeAdapter(tuple[AdGroup, ...])
_ADS = TypeAdapter(tuple[Ad, ...])
_ROWS = TypeAdapter(tuple[ReportRow, ...])


class AdsReader:
    """Reads ads and their figures. Every method raises errors that are safe to try again."""

    def __init__(self, wire: BusinessWire) -> None:
        self._wire = wire

    def advertiser(self, *, token: str, advertiser_id: str) -> Advertiser | None:
        """Return the advertiser; None where TikTok does not tell."""
        answer = self._wire.call(ADVERTISER, token=token, query={"advertiser_ids": [advertiser_id]})
        rows = read_shape(_LISTED, answer).rows
        return read_value(_ADVERTISERS, rows, log_id=answer.log_id)[0] if rows else None

    def campaigns(
        self,
        *,
        token: str,
        advertiser_id: str,
        campaign_ids: Sequence[str] = (),
        name: str = "",
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> Iterator[Campaign]:
        """Yield the campaigns, newest first; those with these ids, or whose name contains `name`."""
        filtering = {"campaign_ids": list(campaign_ids), "campaign_name": name}
        return self._objects(CAMPAIGNS, token, advertiser_id, filtering, _CAMPAIGNS, timeout_seconds)

    def adgroups(
        self, *, token: str, advertiser_id: str, campaign_ids: Sequence[str] = ()
    ) -> Iterator[AdGroup]:
        """Yield the ad groups, newest first, of these campaigns or of all."""
        filtering = {"campaign_ids": list(campaign_ids)}
        return self._objects(ADGROUPS, token, advertiser_id, filtering, _ADGROUPS, CALL_TIMEOUT_SECONDS)

    def ads(self, *, token: str, advertiser_id: str, adgroup_ids: Sequence[str] = ()) -> Iterator[Ad]:
        """Yield the ads, newest first, of these ad groups or of all."""
        filtering = {"adgroup_ids": list(adgroup_ids)}
        return self._objects(ADS, token, advertiser_id, filtering, _ADS, CALL_TIMEOUT_SECONDS)

    def report(
        self,
        *,
        token: str,
        advertiser_id: str,
        level: str,
        since: date,
        until: date,
        by_day: bool = True,
        metrics: Sequence[str] = METRICS,
    ) -> Iterator[ReportRow]:
        """Yield the figures of each `campaign`, `adgroup` or `ad` from `since` to `until`, both included.

        By day a range may have 30 days. Raises `ProviderRejected` unsent for a longer one or another level.
        """
        _check_range(level, since, until, by_day)
        id_name = f"{level}_id"
        query = {
            "advertiser_id": advertiser_id,
            "report_type": "BASIC",
            "data_level": f"AUCTION_{level.upper()}",
            "dimensions": [id_name, *(["stat_time_day"] if by_day else [])],
            "metrics": list(metrics),
            "start_date": since.isoformat(),
            "end_date": until.isoformat(),
        }

        def read(page: int | None) -> Page[ReportRow, int]:
            answer, rows, following = self._page(REPORT, token, query, page, CALL_TIMEOUT_SECONDS)
            shaped = [
                {
                    "object_id": str(row.get("dimensions", {}).get(id_name)),
                    "day": row.get("dimensions", {}).get("stat_time_day"),
                    "metrics": row.get("metrics", {}),
                }
                for row in rows
            ]
            return Page(read_value(_ROWS, shaped, log_id=answer.log_id), following)

        return read_all(read, key=lambda row: f"{row.object_id} {row.day}")

    def _objects(
        self,
        endpoint: Endpoint,
        token: str,
        advertiser_id: str,
        filtering: dict[str, Any],
        shape: TypeAdapter[tuple[Any, ...]],
        timeout_seconds: float,
    ) -> Iterator[Any]:
        asked = {name: value for name, value in filtering.items() if value}
        query = {"advertiser_id": advertiser_id, "filtering": asked or None}

        def read(page: int | None) -> Page[Any, int]:
            answer, rows, following = self._page(endpoint, token, query, page, timeout_seconds)
            return Page(read_value(shape, rows, log_id=answer.log_id), following)

        return read_all(read, key=lambda one: str(one.id))

    def _page(
        self,
        endpoint: Endpoint,
        token: str,
        query: dict[str, Any],
        page: int | None,
        timeout_seconds: float,
    ) -> tuple[Answer, tuple[dict[str, Any], ...], int | None]:
        """Return an answer, its rows, and the number of the next page, counted from 1."""
        asked = query | {"page": page or 1, "page_size": PAGE_SIZE}
        answer = self._wire.call(endpoint, token=token, query=asked, timeout_seconds=timeout_seconds)
        listed = read_shape(_LISTED, answer)
        here = page or 1
        return answer, listed.rows, here + 1 if here < listed.page_info.total_page else None


def _check_range(level: str, since: date, until: date, by_day: bool) -> None:
    problem = ""
    if level not in LEVELS:
        problem = f"The level is {level!r}, not one of {', '.join(LEVELS)}"
    elif until < since or (by_day and (until - since).days > LONGEST_BY_DAY):
        problem = f"From {since} to {until} cannot be told by day: at most {LONGEST_BY_DAY} days, in order"
    if problem:
        raise ProviderRejected(f"{problem}.", was_sent=False, may_have_acted=False)
