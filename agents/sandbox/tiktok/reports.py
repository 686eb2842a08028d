"""The sandbox's ads report: figures by campaign, ad group or ad, by day or for all of a range."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json

from agents.sandbox.tiktok.discovery import check_advertiser
from agents.sandbox.tiktok.records import Kind, world_now
from agents.sandbox.tiktok.wire import BusinessError, Received, Reply, business_reply, read_query
from agents.sandbox_models import SandboxCreator, SandboxRecord

LONGEST_BY_DAY = 30
LONGEST_RANGE = 365
LEVELS = {
    "AUCTION_CAMPAIGN": Kind.CAMPAIGN,
    "AUCTION_ADGROUP": Kind.ADGROUP,
    "AUCTION_AD": Kind.AD,
}
USUAL_METRICS = ["spend", "impressions"]
RATES = {
    "ctr": ("clicks", "impressions", 100),
    "cpc": ("spend", "clicks", 1),
    "cpm": ("spend", "impressions", 1000),
}
"""What is a quotient of sums and so is not summed itself: (over, under, times)."""


class _Report(BaseModel):
    """The query of `report/integrated/get`."""

    model_config = ConfigDict(extra="forbid")

    advertiser_id: str
    report_type: Literal["BASIC"]
    data_level: Literal["AUCTION_CAMPAIGN", "AUCTION_ADGROUP", "AUCTION_AD"]
    dimensions: Json[list[str]]
    metrics: Json[list[str]] = USUAL_METRICS
    start_date: date
    end_date: date
    service_type: Literal["AUCTION"] = "AUCTION"
    page: int = Field(default=1, ge=1)
    page_size: int = Field(default=10, ge=1, le=1000)


def report(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the report's rows; every metric is text."""
    asked = read_query(_Report, received)
    check_advertiser(asked.advertiser_id, creator)
    level = LEVELS[asked.data_level]
    by_day = _by_day(asked, level)
    rows = SandboxRecord.objects.filter(
        kind=Kind.REPORT_ROW,
        owner=creator.username,
        data__level=level.value,
        data__day__gte=asked.start_date.isoformat(),
        data__day__lte=asked.end_date.isoformat(),
        at__lte=world_now(),
    )
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in rows.order_by("data__day", "data__object_id"):
        where = (row.data["object_id"], row.data["day"] if by_day else "")
        into = sums.setdefault(where, {})
        for name, value in row.data["metrics"].items():
            into[name] = into.get(name, Decimal(0)) + Decimal(value)
    listed = [_row(level, where, figures, asked.metrics) for where, figures in sums.items()]
    return paged(listed, page=asked.page, page_size=asked.page_size)


def _by_day(asked: _Report, level: Kind) -> bool:
    """Return whether each day is told apart; refuses dimensions and ranges that are not served."""
    id_name = f"{level.value}_id"
    if asked.dimensions not in ([id_name], [id_name, "stat_time_day"]):
        raise BusinessError(40002, f"dimensions: [{id_name}], and stat_time_day after it or not")
    by_day = len(asked.dimensions) == 2
    days = (asked.end_date - asked.start_date).days
    longest = LONGEST_BY_DAY if by_day else LONGEST_RANGE
    if not 0 <= days <= longest:
        raise BusinessError(40002, f"start_date, end_date: 0 to {longest} days apart")
    return by_day


def _row(
    level: Kind, where: tuple[str, str], figures: dict[str, Decimal], wanted: list[str]
) -> dict[str, Any]:
    object_id, day = where
    dimensions = {f"{level.value}_id": object_id} | ({"stat_time_day": f"{day} 00:00:00"} if day else {})
    return {"dimensions": dimensions, "metrics": {name: _metric(name, figures) for name in wanted}}


def _metric(name: str, figures: dict[str, Decimal]) -> str:
    """Return a metric as text; what cannot be told is `-`."""
    if name not in RATES:
        return str(figures.get(name, "0"))
    over, under, times = RATES[name]
    if not figures.get(under):
        return "-"
    return f"{figures.get(over, Decimal(0)) * times / figures[under]:.2f}"


def paged(found: list[dict[str, Any]], *, page: int, page_size: int) -> Reply:
    """Answer one page of a list, counted from 1."""
    told = {
        "page": page,
        "page_size": page_size,
        "total_number": len(found),
        "total_page": -(-len(found) // page_size),
    }
    first = (page - 1) * page_size
    return business_reply({"list": found[first : first + page_size], "page_info": told})
