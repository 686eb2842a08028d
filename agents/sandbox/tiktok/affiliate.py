"""The sandbox's creator marketplace: searching creators, what a shop may still write, threads and messages."""

import json
from typing import Any, Literal

from django.db.models import QuerySet
from pydantic import Field

from agents.sandbox.tiktok.ids import fresh_id, shop_id_of
from agents.sandbox.tiktok.operations import SHOP, Act, Operation
from agents.sandbox.tiktok.records import Kind, plant, world_now
from agents.sandbox.tiktok.shop import Paged, ShopBody, Signed, shop_query
from agents.sandbox.tiktok.trade_records import conversation, message, outreach_quota
from agents.sandbox.tiktok.wire import Received, Reply, ShopError, read_shop_body, shop_reply
from agents.sandbox_models import SandboxCreator, SandboxRecord

CALLS_A_MINUTE = 600
SEARCH_PAGES = (12, 20)
LONGEST_TEXT = 2000
MOST_UNANSWERED = 5
"""So many messages go to a creator who has not answered."""
USUAL_QUOTA = 1000
ONLY_OF_ONE = "ec_video_engagement_rate"
"""What is told of a creator who is asked about by name, and not in the search."""
BLOCKED = 45101010
NO_QUOTA = 45101011
TOO_MANY = 45101012
NO_CONVERSATION = 45101013
"""Codes of the sandbox's own: that these are refused is documented, with which numbers is not."""


class _Search(ShopBody):
    """The body of the search for creators."""

    keyword: str = ""
    search_key: str = ""


class _Records(ShopBody):
    """The body of the outreach records."""

    page_index: int = Field(ge=1)
    page_size: int = Field(ge=2, le=50)


class _Open(ShopBody):
    """The body that opens a thread."""

    creator_open_id: str
    only_need_conversation_id: bool = False


class _Send(ShopBody):
    """The body that sends a message."""

    msg_type: Literal["TEXT"]
    content: str


class _MessagesPage(Signed):
    """The query for one page of a thread."""

    page_size: int = Field(ge=1, le=50)
    page_token: str = ""


def creator_search(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the marketplace's creators, those with most followers first."""
    page = shop_query(Paged, received, creator)
    asked = read_shop_body(_Search, received)
    if page.page_size not in SEARCH_PAGES:
        raise ShopError(36009004, "page_size: 12 or 20")
    rows = SandboxRecord.objects.filter(kind=Kind.CREATOR, at__lte=world_now())
    found = sorted((row.data for row in rows), key=lambda one: (-one["follower_count"], one["username"]))
    word = asked.keyword.casefold()
    found = [one for one in found if word in f"{one['username']} {one['nickname']}".casefold()]
    first = int(page.page_token) if page.page_token.isdigit() else 0
    shown = [_listed(one) for one in found[first : first + page.page_size]]
    following = str(first + len(shown)) if first + len(shown) < len(found) else ""
    told = {"creators": shown, "search_key": asked.search_key or "search-1", "next_page_token": following}
    return shop_reply(told)


def creator_performance(received: Received, creator: SandboxCreator) -> Reply:
    """Answer how one creator of the marketplace does."""
    shop_query(Signed, received, creator)
    return shop_reply({"creator": _marketplace(received.parts["creator_user_id"])})


def outreach_quota_get(received: Received, creator: SandboxCreator) -> Reply:
    """Answer how many new creators the shop may still write to this week."""
    shop_query(Signed, received, creator)
    return shop_reply({"data": {"shop_id": shop_id_of(creator.username), **_quota(creator).data}})


def outreach_records(received: Received, creator: SandboxCreator) -> Reply:
    """Answer with which creators the shop has a connection: written to, invited, paired."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Records, received)
    threads = _own(Kind.CONVERSATION, creator).order_by("-at", "key")
    first = (asked.page_index - 1) * asked.page_size
    told = [
        {
            "creator_open_id": row.data["creator_open_id"],
            "has_sent_im_message": _messages(creator, row.key).filter(data__sender__role="SHOP").exists(),
            "has_sent_invitation": False,
            "is_paired": False,
        }
        for row in threads[first : first + asked.page_size]
    ]
    return shop_reply({"connect_list": told})


def conversation_open(received: Received, creator: SandboxCreator) -> Reply:
    """Open the thread with a creator, or find it: there is one of each pair."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Open, received)
    other = _marketplace(asked.creator_open_id)
    row = conversation(creator.username, other["username"], at=world_now())
    known = _own(Kind.CONVERSATION, creator).filter(key=row.key).exists()
    if not known:
        plant([row])
    told: dict[str, Any] = {"conversation_id": row.key, "is_new": not known}
    if not asked.only_need_conversation_id:
        told |= {"username": other["username"], "unread_count": 0, "creator_im_id": asked.creator_open_id}
    return shop_reply(told)


def message_list(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of a thread, the newest message first."""
    page = shop_query(_MessagesPage, received, creator)
    row = _thread(received.parts["conversation_id"], creator)
    first = int(page.page_token) if page.page_token.isdigit() else 0
    rows = _messages(creator, row.key).order_by("-at", "-key")
    found = list(rows[first : first + page.page_size + 1])
    shown = found[: page.page_size]
    following = str(first + len(shown)) if len(found) > len(shown) else ""
    return shop_reply({"messages": [one.data for one in shown], "next_page_token": following})


def message_send(received: Received, creator: SandboxCreator) -> Reply:
    """Send a text to a creator; the first one to a new creator uses the week's quota."""
    shop_query(Signed, received, creator)
    asked = read_shop_body(_Send, received)
    thread = _thread(received.parts["conversation_id"], creator)
    _check_text(asked.content)
    other = _marketplace(thread.data["creator_open_id"])
    if other["creator_profile"]["is_creator_blocked"]:
        raise ShopError(BLOCKED, "The creator cannot be written to")
    _check_unanswered(thread.key, creator)
    if not _messages(creator, thread.key).exists():
        _use_quota(creator)
    now = world_now()
    row = message(
        creator.username,
        conversation_id=thread.key,
        content=asked.content,
        at=now,
        message_type=asked.msg_type,
        message_id=fresh_id(now),
    )
    plant([row])
    return shop_reply({"message_id": row.key})


def _check_text(content: str) -> None:
    """Refuse what is no JSON text, is empty, or is too long."""
    try:
        text = json.loads(content)["content"]
    except (ValueError, KeyError, TypeError) as error:
        raise ShopError(36009004, 'content: a JSON string such as {"content": "…"}') from error
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_TEXT:
        raise ShopError(36009004, f"content: 1 to {LONGEST_TEXT} characters")


def _check_unanswered(conversation_id: str, creator: SandboxCreator) -> None:
    newest = _messages(creator, conversation_id).order_by("-at", "-key")[:MOST_UNANSWERED]
    roles = [row.data["sender"]["role"] for row in newest]
    if len(roles) == MOST_UNANSWERED and set(roles) == {"SHOP"}:
        raise ShopError(TOO_MANY, f"At most {MOST_UNANSWERED} messages until the creator answers")


def _quota(creator: SandboxCreator) -> SandboxRecord:
    row = _own(Kind.QUOTA, creator).first()
    return row or outreach_quota(creator.username, at=world_now(), total=USUAL_QUOTA)


def _use_quota(creator: SandboxCreator) -> None:
    row = _quota(creator)
    used = int(row.data["quota_use"])
    if used >= int(row.data["quota_sum"]):
        raise ShopError(NO_QUOTA, "The outreach quota of this week is used up")
    row.data["quota_use"] = str(used + 1)
    plant([row])


def _listed(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != ONLY_OF_ONE}


def _marketplace(creator_open_id: str) -> dict[str, Any]:
    row = SandboxRecord.objects.filter(kind=Kind.CREATOR, key=creator_open_id, at__lte=world_now()).first()
    if row is None:
        raise ShopError(36009004, "creator_open_id: not a creator of the marketplace")
    return dict(row.data)


def _thread(conversation_id: str, creator: SandboxCreator) -> SandboxRecord:
    row = _own(Kind.CONVERSATION, creator).filter(key=conversation_id).first()
    if row is None:
        raise ShopError(NO_CONVERSATION, "There is no such conversation")
    return row


def _own(kind: Kind, creator: SandboxCreator) -> QuerySet[SandboxRecord]:
    return SandboxRecord.objects.filter(kind=kind, owner=creator.username, at__lte=world_now())


def _messages(creator: SandboxCreator, conversation_id: str) -> QuerySet[SandboxRecord]:
    return _own(Kind.MESSAGE, creator).filter(data__conversation_id=conversation_id)


def _operation(name: str, method: str, path: str, scope: str, act: Act) -> Operation:
    where = f"/affiliate_seller/{path}"
    return Operation(name, method, where, frozenset({scope}), act, CALLS_A_MINUTE, SHOP)


_MARKET, _WRITE = "seller.creator_marketplace.read", "seller.affiliate_messages.write"
_COLLABORATION = "seller.affiliate_collaboration.read"
OPERATIONS = (
    _operation("creator_search", "POST", "202608/marketplace_creators/search", _MARKET, creator_search),
    _operation(
        "creator_performance",
        "GET",
        "202608/marketplace_creators/{creator_user_id}",
        _MARKET,
        creator_performance,
    ),
    _operation("outreach_quota", "GET", "202607/creator_outreach/quota", _WRITE, outreach_quota_get),
    _operation(
        "outreach_records", "POST", "202608/creator_outreach/records/query", _COLLABORATION, outreach_records
    ),
    _operation("conversation_open", "POST", "202508/conversations", _WRITE, conversation_open),
    _operation("message_list", "GET", "202412/conversation/{conversation_id}/messages", _WRITE, message_list),
    _operation(
        "message_send", "POST", "202412/conversations/{conversation_id}/messages", _WRITE, message_send
    ),
)
