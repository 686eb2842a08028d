"""The Discovery API: what trends in a country, with an advertiser's access that holds the permission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter

from agents.providers.errors import ProviderRejected
from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_shape
from agents.providers.tiktok.numbered_wires import BusinessWire

TRENDING = Endpoint("trending_list", "GET", "/discovery/trending_list/")
DETAIL = Endpoint("hashtag_detail", "GET", "/discovery/detail/")
TRENDING_VIDEOS = Endpoint("trending_videos", "GET", "/discovery/video_list/")
ENDPOINTS = (TRENDING, DETAIL, TRENDING_VIDEOS)
RANGES = ("1DAY", "7DAY", "30DAY", "120DAY")
MOST_HASHTAGS = 10
NEW = "NEW"

Text = Annotated[str, BeforeValidator(str)]


@dataclass(frozen=True, slots=True)
class RankOfDay:
    """The place a hashtag had on a day."""

    day: Annotated[date, Field(validation_alias="date")]
    rank: Annotated[int, Field(validation_alias="rank_position")]


@dataclass(frozen=True, slots=True)
class TrendingVideo:
    """A video that carries a trending hashtag."""

    id: Annotated[Text, Field(validation_alias="video_id")]
    embed_url: str = ""
    share_url: str = ""


@dataclass(frozen=True, slots=True)
class TrendingHashtag:
    """A popular hashtag of a country; views and posts are those of the range asked for.

    `rank_change` is a number as text, or `NEW`.
    """

    id: Annotated[Text, Field(validation_alias="hashtag_id")]
    name: Annotated[str, Field(validation_alias="hashtag_name")]
    rank: Annotated[int | None, Field(validation_alias="rank_position")] = None
    rank_change: Text = ""
    views: int = 0
    posts: int = 0
    views_lifetime: Annotated[int | None, Field(validation_alias="views_global_lifetime")] = None
    posts_lifetime: Annotated[int | None, Field(validation_alias="posts_global_lifetime")] = None
    top_countries: Annotated[tuple[str, ...], Field(validation_alias="top_country_list")] = ()
    history: Annotated[tuple[RankOfDay, ...], Field(validation_alias="trending_history")] = ()
    videos: Annotated[tuple[TrendingVideo, ...], Field(validation_alias="top_video_list")] = ()


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list of hashtags, as it is answered."""

    hashtags: Annotated[tuple[TrendingHashtag, ...], Field(validation_alias="list")] = ()


_LISTED = TypeAdapter(_Listed)
_HASHTAG = TypeAdapter(TrendingHashtag)


class DiscoveryReader:
    """Reads trends. Every method raises errors that are safe to try again."""

    def __init__(self, wire: BusinessWire) -> None:
        self._wire = wire

    def trending_hashtags(
        self,
        *,
        token: str,
        advertiser_id: str,
        country_code: str,
        category: str = "ALL",
        date_range: str = "7DAY",
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> tuple[TrendingHashtag, ...]:
        """Return the most popular hashtags of a country, at most 200, the first one first."""
        query = _query(advertiser_id, country_code, date_range) | {"category_name": category}
        answer = self._wire.call(TRENDING, token=token, query=query, timeout_seconds=timeout_seconds)
        return read_shape(_LISTED, answer).hashtags

    def hashtag(
        self,
        *,
        token: str,
        advertiser_id: str,
        hashtag_id: str,
        country_code: str,
        date_range: str = "7DAY",
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> TrendingHashtag | None:
        """Return one popular hashtag; None for one that is not popular there."""
        query = _query(advertiser_id, country_code, date_range) | {"hashtag_id": hashtag_id}
        answer = self._wire.call(DETAIL, token=token, query=query, timeout_seconds=timeout_seconds)
        return read_shape(_HASHTAG, answer) if answer.data else None

    def trending_videos(
        self,
        *,
        token: str,
        advertiser_id: str,
        hashtag_ids: Sequence[str],
        country_code: str,
        date_range: str = "7DAY",
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
    ) -> tuple[TrendingHashtag, ...]:
        """Return 1 to 10 popular hashtags with their top 20 videos; raises `ProviderRejected` for another number."""
        if not 1 <= len(hashtag_ids) <= MOST_HASHTAGS:
            raise ProviderRejected(
                f"{len(hashtag_ids)} hashtags were asked for; ask for 1 to {MOST_HASHTAGS} at once.",
                was_sent=False,
                may_have_acted=False,
            )
        query = _query(advertiser_id, country_code, date_range) | {"hashtag_ids": list(hashtag_ids)}
        answer = self._wire.call(TRENDING_VIDEOS, token=token, query=query, timeout_seconds=timeout_seconds)
        return read_shape(_LISTED, answer).hashtags


def _query(advertiser_id: str, country_code: str, date_range: str) -> dict[str, object]:
    return {
        "advertiser_id": advertiser_id,
        "discovery_type": "HASHTAG",
        "country_code": country_code,
        "date_range": date_range,
    }
