"""The sandbox's Discovery API: what trends in a country, and the videos that carry it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Json

from agents.sandbox.tiktok.ids import advertiser_id_of
from agents.sandbox.tiktok.operations import BUSINESS, Act, Operation
from agents.sandbox.tiktok.records import Kind, world_now
from agents.sandbox.tiktok.wire import BusinessError, Received, Reply, business_reply, read_query
from agents.sandbox_models import SandboxCreator, SandboxRecord
from agents.skills.trend_categories import CATEGORIES

CALLS_A_MINUTE = 600
MOST_HASHTAGS = 200
MOST_VIDEOS = 20
MOST_IDS = 10
LISTED = frozenset(
    {
        *("hashtag_id", "hashtag_name", "rank_position", "rank_change", "views", "posts"),
        *("views_global_lifetime", "posts_global_lifetime", "top_country_list", "hashtag_status"),
        *("trending_history", "top_video_list"),
    }
)


class _Asked(BaseModel):
    """What every question of trends names."""

    model_config = ConfigDict(extra="forbid")

    advertiser_id: str
    discovery_type: Literal["HASHTAG"]
    country_code: str = "US"
    date_range: Literal["1DAY", "7DAY", "30DAY", "120DAY"] = "7DAY"


class _Trending(_Asked):
    """The query of `trending_list`."""

    category_name: str = "ALL"


class _Detail(_Asked):
    """The query of `detail`."""

    hashtag_id: str


class _Videos(_Asked):
    """The query of `video_list`."""

    hashtag_ids: Json[list[str]]


def check_advertiser(given: str, creator: SandboxCreator) -> None:
    """Refuse an advertiser the token does not speak for."""
    if given != advertiser_id_of(creator.username):
        raise BusinessError(40106, "advertiser_id: the access token is not for this advertiser")


def trending_list(received: Received, creator: SandboxCreator) -> Reply:
    """Answer the most popular hashtags of a country, a category and a range, the first one first."""
    asked = read_query(_Trending, received)
    check_advertiser(asked.advertiser_id, creator)
    if asked.category_name not in ("ALL", *CATEGORIES):
        raise BusinessError(40002, f"category_name: {asked.category_name} is not one of the categories")
    found = [row.data for row in _hashtags(asked)]
    if asked.category_name != "ALL":
        found = [one for one in found if one["category_name"] == asked.category_name]
    told = {
        "country_code": asked.country_code,
        "category_name": asked.category_name,
        "date_range": asked.date_range,
    }
    return business_reply({"filter_info": told, "list": [_shown(one) for one in found[:MOST_HASHTAGS]]})


def hashtag_detail(received: Received, creator: SandboxCreator) -> Reply:
    """Answer one popular hashtag; one that is not popular is not known."""
    asked = read_query(_Detail, received)
    check_advertiser(asked.advertiser_id, creator)
    found = [row.data for row in _hashtags(asked) if row.data["hashtag_id"] == asked.hashtag_id]
    return business_reply(_shown(found[0]) if found else {})


def trending_videos(received: Received, creator: SandboxCreator) -> Reply:
    """Answer the top videos of up to ten popular hashtags."""
    asked = read_query(_Videos, received)
    check_advertiser(asked.advertiser_id, creator)
    if not 1 <= len(asked.hashtag_ids) <= MOST_IDS:
        raise BusinessError(40007, f"hashtag_ids: 1 to {MOST_IDS}")
    found = [row.data for row in _hashtags(asked) if row.data["hashtag_id"] in asked.hashtag_ids]
    shown = [
        {
            "hashtag_id": one["hashtag_id"],
            "hashtag_name": one["hashtag_name"],
            "top_video_list": one["top_video_list"][:MOST_VIDEOS],
        }
        for one in found
    ]
    return business_reply({"list": shown})


def _hashtags(asked: _Asked) -> list[SandboxRecord]:
    rows = SandboxRecord.objects.filter(
        kind=Kind.HASHTAG,
        owner=asked.country_code,
        key__startswith=f"{asked.date_range}:",
        at__lte=world_now(),
    )
    return sorted(rows, key=lambda row: int(row.data["rank_position"]))


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name in LISTED}


def _operation(name: str, path: str, act: Act) -> Operation:
    where = f"/open_api/v1.3/discovery/{path}"
    return Operation(name, "GET", where, frozenset({"discovery.read"}), act, CALLS_A_MINUTE, BUSINESS)


OPERATIONS = (
    _operation("trending_list", "trending_list/", trending_list),
    _operation("hashtag_detail", "detail/", hashtag_detail),
    _operation("trending_videos", "video_list/", trending_videos),
)
