"""The creator marketplace, read: creators, what a shop may still write to them, and what was written.

Needs a seller's token; `cipher` names the shop. Not offered in every region.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter

from agents.providers.tiktok.connection import CALL_TIMEOUT_SECONDS, Endpoint, read_shape
from agents.providers.tiktok.numbered_wires import ShopWire
from agents.providers.tiktok.read.paging import Page, read_all

CREATORS = Endpoint("creator_search", "POST", "/affiliate_seller/202608/marketplace_creators/search")
PERFORMANCE = Endpoint(
    "creator_performance", "GET", "/affiliate_seller/202608/marketplace_creators/{creator_user_id}"
)
QUOTA = Endpoint("outreach_quota", "GET", "/affiliate_seller/202607/creator_outreach/quota")
RECORDS = Endpoint("outreach_records", "POST", "/affiliate_seller/202608/creator_outreach/records/query")
MESSAGES = Endpoint("message_list", "GET", "/affiliate_seller/202412/conversation/{conversation_id}/messages")
ENDPOINTS = (CREATORS, PERFORMANCE, QUOTA, RECORDS, MESSAGES)
SEARCH_PAGE_SIZE = 20
RECORDS_PAGE_SIZE = 50
MESSAGES_PAGE_SIZE = 50
FROM_SHOP = "SHOP"
WHOLE = 10_000
"""A rate on this wire is text, in ten-thousandths: "250" is 2.5 %. Seen in recorded answers, not documented."""

Id = Annotated[str, BeforeValidator(str)]


def _amount(given: object) -> Decimal | None:
    value = given.get("amount") if isinstance(given, dict) else given
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _count(value: object) -> object:
    """Return a count, which is text at the quota's top."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _rate(value: object) -> float | None:
    """Return a rate of this wire as a share of 1; None for what is no rate."""
    text = str(value).strip()
    return int(text) / WHOLE if text.isascii() and text.isdigit() else None


def _text_of(content: object) -> str:
    """Return the text in a message's `content`, which is JSON in a string."""
    try:
        found = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        return str(content)
    return str(found.get("content", "")) if isinstance(found, dict) else str(content)


def _role(sender: object) -> str:
    return str(sender.get("role", "")) if isinstance(sender, dict) else ""


@dataclass(frozen=True, slots=True)
class CreatorProfile:
    """How a creator stands to the shop."""

    is_blocked: Annotated[bool, Field(validation_alias="is_creator_blocked")] = False
    has_invited_90d: bool = False
    level: Annotated[int | None, Field(validation_alias="creator_level")] = None


@dataclass(frozen=True, slots=True)
class MarketplaceCreator:
    """A creator the shop may ask; `gmv` is what their videos and lives sold lately."""

    open_id: Annotated[Id, Field(validation_alias="creator_open_id")]
    username: str = ""
    nickname: str = ""
    region: Annotated[str, Field(validation_alias="selection_region")] = ""
    follower_count: int | None = None
    average_video_views: Annotated[int | None, Field(validation_alias="avg_ec_video_view_count")] = None
    category_ids: tuple[str, ...] = ()
    gmv: Annotated[Decimal | None, BeforeValidator(_amount)] = None
    profile: Annotated[CreatorProfile, Field(validation_alias="creator_profile")] = field(
        default_factory=CreatorProfile
    )


@dataclass(frozen=True, slots=True)
class CreatorPerformance:
    """How a creator's shoppable videos do: the reactions by views, a share of 1; None where TikTok tells none."""

    engagement_rate: Annotated[
        float | None, BeforeValidator(_rate), Field(validation_alias="ec_video_engagement_rate")
    ] = None


@dataclass(frozen=True, slots=True)
class OutreachQuota:
    """How many new creators the shop may write to in its week, and how many it has."""

    total: Annotated[int, BeforeValidator(_count), Field(validation_alias="quota_sum")] = 0
    used: Annotated[int, BeforeValidator(_count), Field(validation_alias="quota_use")] = 0
    is_unlimited: Annotated[bool, Field(validation_alias="unlimited")] = False
    most_followers: Annotated[
        int | None, BeforeValidator(_count), Field(validation_alias="reached_max_follower_cnt")
    ] = None

    @property
    def left(self) -> int | None:
        """Return how many are left; None where there is no limit."""
        return None if self.is_unlimited else max(self.total - self.used, 0)


@dataclass(frozen=True, slots=True)
class Connected:
    """A creator the shop has a connection with, and which."""

    creator_open_id: str
    has_sent_message: Annotated[bool, Field(validation_alias="has_sent_im_message")] = False
    has_sent_invitation: bool = False
    is_paired: bool = False


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message of a thread: text by strangers where it is not from the shop."""

    id: Annotated[Id, Field(validation_alias=AliasChoices("id", "message_id"))]
    created_at: Annotated[datetime, Field(validation_alias="create_time")]
    text: Annotated[str, BeforeValidator(_text_of), Field(validation_alias="content")] = ""
    type: str = "TEXT"
    sender: Annotated[str, BeforeValidator(_role)] = ""

    @property
    def is_own(self) -> bool:
        """Return whether the shop wrote it."""
        return self.sender == FROM_SHOP


@dataclass(frozen=True, slots=True)
class _Creators:
    """What the marketplace's search answers."""

    creators: tuple[MarketplaceCreator, ...] = ()
    search_key: str = ""
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class _Performance:
    """What is answered about one creator."""

    creator: CreatorPerformance = field(default_factory=CreatorPerformance)


@dataclass(frozen=True, slots=True)
class _Quota:
    """What the quota answers, one level too deep."""

    data: OutreachQuota = field(default_factory=OutreachQuota)


@dataclass(frozen=True, slots=True)
class _Records:
    """What the outreach records answer."""

    connect_list: tuple[Connected, ...] = ()


@dataclass(frozen=True, slots=True)
class _Messages:
    """One page of a thread."""

    messages: tuple[ThreadMessage, ...] = ()
    next_page_token: str = ""


_CREATORS = TypeAdapter(_Creators)
_PERFORMANCE = TypeAdapter(_Performance)
_QUOTA = TypeAdapter(_Quota)
_RECORDS = TypeAdapter(_Records)
_MESSAGES = TypeAdapter(_Messages)


class AffiliateReader:
    """Reads the marketplace. Every method raises errors that are safe to try again."""

    def __init__(self, wire: ShopWire) -> None:
        self._wire = wire

    def creators(self, *, token: str, cipher: str, keyword: str = "") -> Iterator[MarketplaceCreator]:
        """Yield the creators found, each once (10,000 calls a day)."""
        search_key = ""

        def read(page_token: str | None) -> Page[MarketplaceCreator, str]:
            nonlocal search_key
            query = {"page_size": SEARCH_PAGE_SIZE, "page_token": page_token}
            body: dict[str, Any] = {"keyword": keyword}
            if search_key:
                body["search_key"] = search_key
            answer = self._wire.call(CREATORS, token=token, cipher=cipher, query=query, body=body)
            page = read_shape(_CREATORS, answer)
            search_key = page.search_key
            return Page(page.creators, page.next_page_token or None)

        return read_all(read, key=lambda creator: creator.open_id)

    def performance(self, *, token: str, cipher: str, creator_open_id: str) -> CreatorPerformance:
        """Return how one creator of the marketplace does; the search tells it of none."""
        parts = {"creator_user_id": creator_open_id}
        return read_shape(
            _PERFORMANCE, self._wire.call(PERFORMANCE, token=token, cipher=cipher, parts=parts)
        ).creator

    def quota(self, *, token: str, cipher: str) -> OutreachQuota:
        """Return how many new creators the shop may still write to."""
        return read_shape(_QUOTA, self._wire.call(QUOTA, token=token, cipher=cipher)).data

    def connections(self, *, token: str, cipher: str) -> Iterator[Connected]:
        """Yield the creators the shop has written to, invited or is paired with, each once."""

        def read(page: int | None) -> Page[Connected, int]:
            here = page or 1
            body = {"page_index": here, "page_size": RECORDS_PAGE_SIZE}
            answer = self._wire.call(RECORDS, token=token, cipher=cipher, body=body)
            found = read_shape(_RECORDS, answer).connect_list
            return Page(found, here + 1 if len(found) == RECORDS_PAGE_SIZE else None)

        return read_all(read, key=lambda one: one.creator_open_id)

    def messages(
        self,
        *,
        token: str,
        cipher: str,
        conversation_id: str,
        timeout_seconds: float = CALL_TIMEOUT_SECONDS,
        most_pages: int = 10,
    ) -> Iterator[ThreadMessage]:
        """Yield the messages of a thread, newest first, each once, of at most `most_pages` pages."""

        def read(page_token: str | None) -> Page[ThreadMessage, str]:
            answer = self._wire.call(
                MESSAGES,
                token=token,
                cipher=cipher,
                parts={"conversation_id": conversation_id},
                query={"page_size": MESSAGES_PAGE_SIZE, "page_token": page_token},
                timeout_seconds=timeout_seconds,
            )
            page = read_shape(_MESSAGES, answer)
            return Page(page.messages, page.next_page_token or None)

        return read_all(read, key=lambda message: message.id, most_pages=most_pages)
