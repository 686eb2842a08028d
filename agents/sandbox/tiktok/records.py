"""What the sandbox TikTok's world is made of, and the only way to write it.

A world is planted with `plant`, from the builders below, and `put_profile`; the families' endpoints serve
and change it. Every row's `data` has the wire's shape, so that serving it is choosing fields. Planting a
row again replaces it. The builders of shops, creators and ads are in `trade_records`.

| kind | owner | key | `data` |
|---|---|---|---|
| `profile` | username | `profile` | what `business/get` says beside the counts: audiences |
| `account_day` | username | the date | one of `metrics[]` of `business/get` |
| `video` | username | item id | a video of `business/video/list`, with `curve`, its counts over time |
| `comment` | username | comment id | a comment of `business/comment/list`; replies name their parent |
| `hashtag` | country | range:id | one of `list[]` of `discovery/trending_list`, with its `category_name` |
| `product` | username | product id | a product of the shop, its stock at `skus[].inventory[]` |
| `order` | username | order id | an order of `orders/search` |
| `creator` | region | open id | a creator of the marketplace, as one asked for by name |
| `outreach_quota` | username | `quota` | `data.data` of the outreach quota |
| `conversation` | username | its id | a thread with a creator |
| `message` | username | its id | one message of a thread |
| `advertiser` | username | `advertiser` | what `advertiser/info` says otherwise than usual: `currency`, `timezone` |
| `campaign`, `adgroup`, `ad` | username | its id | as the ads API lists it |
| `report_row` | username | level:id:day | `metrics` of a report's row, decimal strings |
| `request` | username | operation:id | what an idempotent request made |
| `clock` | – | `now` | – (`at` is what the world takes for now) |

Nothing is served before its `at` by the world's clock: the database's, or a fixed one (`fix_clock`).
Ids are strings of digits unless TikTok's own are not; money is a decimal string.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from agents.sandbox.tiktok.ids import fresh_id, number_of, unique_identifier_of
from agents.sandbox_models import SandboxCreator, SandboxRecord
from tiktok_ops.clock import database_now

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROWS_AT_ONCE = 1000


class Kind(StrEnum):
    """What a row is."""

    PROFILE = "profile"
    ACCOUNT_DAY = "account_day"
    VIDEO = "video"
    COMMENT = "comment"
    HASHTAG = "hashtag"
    PRODUCT = "product"
    ORDER = "order"
    CREATOR = "creator"
    QUOTA = "outreach_quota"
    CONVERSATION = "conversation"
    MESSAGE = "message"
    ADVERTISER = "advertiser"
    CAMPAIGN = "campaign"
    ADGROUP = "adgroup"
    AD = "ad"
    REPORT_ROW = "report_row"
    REQUEST = "request"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a video had collected by a moment, in all: never less than at an earlier one."""

    at: datetime
    views: int
    likes: int = 0
    comments: int = 0
    shares: int = 0
    favorites: int = 0


def plant(records: Iterable[SandboxRecord]) -> int:
    """Write the rows, replacing those of the same kind, owner and key; return how many there were."""
    by_name = {(row.kind, row.owner, row.key): row for row in records}
    SandboxRecord.objects.bulk_create(
        by_name.values(),
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["kind", "owner", "key"],
        update_fields=["data", "at"],
    )
    return len(by_name)


def record(kind: Kind, owner: str, key: str, data: Mapping[str, Any], *, at: datetime) -> SandboxRecord:
    """Return an unwritten row; the builders below know the shape of each kind."""
    return SandboxRecord(kind=kind, owner=owner, key=key, data=dict(data), at=at)


def seconds_of(at: datetime) -> int:
    """Return a moment in whole seconds since 1970, as most of TikTok tells time."""
    return (at - EPOCH) // timedelta(seconds=1)


def world_now() -> datetime:
    """Return what the world takes for now: the fixed clock, else the database's."""
    fixed = SandboxRecord.objects.filter(kind=Kind.CLOCK).values_list("at", flat=True).first()
    return fixed or database_now()


def fix_clock(at: datetime | None) -> None:
    """Let the world stand still at a moment (aware), so that its figures are the same each time; None lets it go on."""
    SandboxRecord.objects.filter(kind=Kind.CLOCK).delete()
    if at is not None:
        plant([record(Kind.CLOCK, "", "now", {}, at=at)])


def put_profile(
    username: str,
    *,
    at: datetime,
    display_name: str = "",
    bio_description: str = "",
    follower_count: int = 0,
    following_count: int = 0,
    likes_count: int = 0,
    audience: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    is_verified: bool = False,
) -> SandboxCreator:
    """Make an account, or change it, and what `business/get` says of its audience.

    `audience` has the wire's `audience_ages`, `audience_genders`, `audience_countries` and
    `audience_cities`: lists such as `[{"country": "DE", "percentage": 0.61}]`.
    """
    creator, _ = SandboxCreator.objects.update_or_create(
        username=username,
        defaults={
            "display_name": display_name,
            "bio_description": bio_description,
            "follower_count": follower_count,
            "following_count": following_count,
            "likes_count": likes_count,
        },
    )
    data = {"is_business_account": True, "is_verified": is_verified, **(audience or {})}
    plant([record(Kind.PROFILE, username, "profile", data, at=at)])
    return creator


def account_day(username: str, day: date, **metrics: int) -> SandboxRecord:
    """Return an account's figures of one day, to be served from the next one on (TikTok's are a day late).

    `metrics` are `video_views`, `unique_video_views`, `profile_views`, `likes`, `comments`, `shares`,
    `bio_link_clicks`, `daily_total_followers`, `daily_new_followers`, `daily_lost_followers`,
    `followers_count` …
    """
    served_from = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    data = {"date": day.isoformat(), **metrics}
    return record(Kind.ACCOUNT_DAY, username, day.isoformat(), data, at=served_from)


def video(
    username: str,
    *,
    caption: str,
    at: datetime,
    curve: Sequence[Counted],
    item_id: str = "",
    duration_seconds: float = 20.0,
    average_seconds_watched: float = 8.0,
    full_watched_rate: float = 0.2,
    reach_share: float = 0.85,
    is_aigc: bool = False,
    is_ad: bool = False,
    **insights: Any,
) -> SandboxRecord:
    """Return a public video with its counts over time, the first point at or after `at`.

    Between two points of `curve` counts grow evenly, after the last one they stay. `reach` is
    `reach_share` of the views. `insights` are further fields of the wire, such as `new_followers` or
    `impression_sources`.
    """
    item_id = item_id or fresh_id(at)
    data = {
        "item_id": item_id,
        "media_type": "VIDEO",
        "is_ad": is_ad,
        "is_aigc": is_aigc,
        "caption": caption,
        "create_time": str(seconds_of(at)),
        "video_duration": duration_seconds,
        "average_time_watched": average_seconds_watched,
        "full_video_watched_rate": full_watched_rate,
        "reach_share": reach_share,
        "curve": [asdict(point) | {"at": point.at.isoformat()} for point in curve],
        **insights,
    }
    return record(Kind.VIDEO, username, item_id, data, at=at)


def comment(
    username: str,
    *,
    video_id: str,
    text: str,
    at: datetime,
    author: str,
    comment_id: str = "",
    parent_comment_id: str = "",
    likes: int = 0,
    is_owner: bool = False,
    is_hidden: bool = False,
    display_name: str = "",
) -> SandboxRecord:
    """Return a comment under a video of `username`, by `author` (a username); a reply names its parent."""
    comment_id = comment_id or fresh_id(at)
    data = {
        "comment_id": comment_id,
        "video_id": video_id,
        "parent_comment_id": parent_comment_id,
        "unique_identifier": unique_identifier_of(author),
        "create_time": str(seconds_of(at)),
        "text": text,
        "likes": likes,
        "owner": is_owner,
        "liked": False,
        "pinned": False,
        "status": "HIDDEN" if is_hidden else "PUBLIC",
        "username": author,
        "display_name": display_name or author,
    }
    return record(Kind.COMMENT, username, comment_id, data, at=at)


def hashtag(
    country_code: str,
    name: str,
    *,
    at: datetime,
    rank: int,
    views: int,
    posts: int,
    category: str = "",
    date_range: str = "7DAY",
    rank_change: str = "0",
    lifetime: tuple[int, int] | None = None,
    history: Sequence[tuple[date, int]] = (),
    top_video_ids: Sequence[str] = (),
    top_countries: Sequence[str] = (),
) -> SandboxRecord:
    """Return a trending hashtag of a country (`DE`) and a range (`1DAY`, `7DAY`, `30DAY`, `120DAY`).

    `rank` 1 is the first; `history` holds (day, rank); `rank_change` is a number or `NEW`; `category` a word of
    TikTok's (`FOOD_AND_BEVERAGE`); `lifetime` all views and posts there ever were, by default the range's.
    """
    hashtag_id = number_of(f"hashtag {name}", 8)
    data = {
        "hashtag_id": hashtag_id,
        "hashtag_name": name,
        "category_name": category,
        "date_range": date_range,
        "rank_position": str(rank),
        "rank_change": rank_change,
        "views": views,
        "posts": posts,
        "views_global_lifetime": lifetime[0] if lifetime else views,
        "posts_global_lifetime": lifetime[1] if lifetime else posts,
        "top_country_list": list(top_countries or (country_code,)),
        "hashtag_status": "ONLINE",
        "trending_history": [{"date": day.isoformat(), "rank_position": place} for day, place in history],
        "top_video_list": [_embedded(one) for one in top_video_ids],
    }
    return record(Kind.HASHTAG, country_code, f"{date_range}:{hashtag_id}", data, at=at)


def _embedded(video_id: str) -> dict[str, str]:
    return {"video_id": video_id, "embed_url": f"https://www.tiktok.com/player/v1/{video_id}"}
