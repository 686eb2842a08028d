"""The sandbox's comments on an account's own videos: listing, answering, hiding."""

from typing import Any, Literal

from django.db.models import QuerySet
from pydantic import BaseModel, ConfigDict, Field, Json

from agents.sandbox.tiktok.business import CALLS_A_MINUTE, Query, check_business_id
from agents.sandbox.tiktok.ids import fresh_id
from agents.sandbox.tiktok.operations import BUSINESS, Act, Operation
from agents.sandbox.tiktok.records import Kind, comment, plant, world_now
from agents.sandbox.tiktok.videos import public_videos
from agents.sandbox.tiktok.wire import (
    BusinessError,
    Received,
    Reply,
    business_reply,
    read_business_body,
    read_query,
)
from agents.sandbox_models import SandboxCreator, SandboxRecord

LONGEST_COMMENT = 1200
REPLIES_INCLUDED = 3


class _Listed(Query):
    """The query of `comment/list`."""

    video_id: str
    comment_ids: Json[list[str]] = []
    include_replies: bool = False
    status: Literal["PUBLIC", "ALL"] = "ALL"
    sort_field: Literal["likes", "replies", "create_time"] = "create_time"
    sort_order: Literal["asc", "desc", "smart"] = "smart"
    cursor: int = Field(default=0, ge=0, lt=10**9)
    max_count: int = Field(default=20, ge=1, le=30)


class _Replies(_Listed):
    """The query of `comment/reply/list`."""

    comment_id: str


class _Body(BaseModel):
    """Base of what is read from a body: nothing is converted, nothing unknown let through."""

    model_config = ConfigDict(extra="forbid", strict=True)

    business_id: str
    video_id: str


class _NewComment(_Body):
    """The body of `comment/create`."""

    text: str = Field(min_length=1)


class _NewReply(_NewComment):
    """The body of `comment/reply/create`."""

    comment_id: str


class _Hide(_Body):
    """The body of `comment/hide`."""

    comment_id: str
    action: Literal["HIDE", "UNHIDE"]


def comment_list(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the comments under one of the account's videos, without the replies to them."""
    asked = read_query(_Listed, received)
    return _page(asked, creator, parent="")


def comment_reply_list(received: Received, creator: SandboxCreator) -> Reply:
    """Answer a page of the replies to one comment."""
    asked = read_query(_Replies, received)
    return _page(asked, creator, parent=_comment(creator, asked.video_id, asked.comment_id).key)


def comment_create(received: Received, creator: SandboxCreator) -> Reply:
    """Comment on one of the account's own videos."""
    asked = read_business_body(_NewComment, received)
    _check_own(asked.business_id, asked.video_id, creator)
    return _write(asked.video_id, asked.text, creator, parent="")


def comment_reply_create(received: Received, creator: SandboxCreator) -> Reply:
    """Reply to a comment under one of the account's own videos."""
    asked = read_business_body(_NewReply, received)
    _check_own(asked.business_id, asked.video_id, creator)
    parent = _comment(creator, asked.video_id, asked.comment_id)
    # Replies to a reply hang on the same comment, as in the app.
    return _write(asked.video_id, asked.text, creator, parent=parent.data["parent_comment_id"] or parent.key)


def comment_hide(received: Received, creator: SandboxCreator) -> Reply:
    """Hide a comment from everybody but its author, or show it again."""
    asked = read_business_body(_Hide, received)
    _check_own(asked.business_id, asked.video_id, creator)
    row = _comment(creator, asked.video_id, asked.comment_id)
    row.data["status"] = "HIDDEN" if asked.action == "HIDE" else "PUBLIC"
    row.save(update_fields=["data"])
    return business_reply({})


def _check_own(business_id: str, video_id: str, creator: SandboxCreator) -> None:
    check_business_id(business_id, creator)
    if not public_videos(creator, ids=[video_id]):
        raise BusinessError(40053, "video_id: not a video of this account")


def _comment(creator: SandboxCreator, video_id: str, comment_id: str) -> SandboxRecord:
    row = _under(creator, video_id).filter(key=comment_id).first()
    if row is None:
        raise BusinessError(40002, "comment_id: no comment under this video")
    return row


def _under(creator: SandboxCreator, video_id: str) -> QuerySet[SandboxRecord]:
    return SandboxRecord.objects.filter(
        kind=Kind.COMMENT, owner=creator.username, data__video_id=video_id, at__lte=world_now()
    )


def _page(asked: _Listed, creator: SandboxCreator, *, parent: str) -> Reply:
    _check_own(asked.business_id, asked.video_id, creator)
    if len(asked.comment_ids) > 30:
        raise BusinessError(40007, "comment_ids: at most 30")
    rows = _under(creator, asked.video_id).filter(data__parent_comment_id=parent)
    if asked.comment_ids:
        rows = rows.filter(key__in=asked.comment_ids)
    if asked.status == "PUBLIC":
        rows = rows.filter(data__status="PUBLIC")
    ordered = _ordered(rows, asked)
    page = list(ordered[asked.cursor : asked.cursor + asked.max_count + 1])
    shown = page[: asked.max_count]
    replies = _replies_of(creator, asked, [row.key for row in shown])
    data = {
        "comments": [_shown(row, replies.get(row.key, []), asked) for row in shown],
        "cursor": asked.cursor + len(shown),
        "has_more": len(page) > len(shown),
    }
    return business_reply(data)


def _ordered(rows: QuerySet[SandboxRecord], asked: _Listed) -> QuerySet[SandboxRecord]:
    """Return the rows in order; `smart` is TikTok's own, here the newest first."""
    sign = "" if asked.sort_order == "asc" else "-"
    if asked.sort_order != "smart" and asked.sort_field == "likes":
        return rows.order_by(f"{sign}data__likes", "-key")
    return rows.order_by(f"{sign}at", f"{sign}key")


def _replies_of(
    creator: SandboxCreator, asked: _Listed, parents: list[str]
) -> dict[str, list[dict[str, Any]]]:
    rows = _under(creator, asked.video_id).filter(data__parent_comment_id__in=parents).order_by("at", "key")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.data["parent_comment_id"], []).append(row.data)
    return found


def _shown(row: SandboxRecord, replies: list[dict[str, Any]], asked: _Listed) -> dict[str, Any]:
    shown = {**row.data, "replies": len(replies)}
    if not shown["parent_comment_id"]:
        del shown["parent_comment_id"]
    if asked.include_replies:
        shown["reply_list"] = replies[:REPLIES_INCLUDED]
    return shown


def _write(video_id: str, text: str, creator: SandboxCreator, *, parent: str) -> Reply:
    if len(text) > LONGEST_COMMENT:
        raise BusinessError(40002, f"text: at most {LONGEST_COMMENT} characters")
    now = world_now()
    row = comment(
        creator.username,
        video_id=video_id,
        text=text,
        at=now,
        author=creator.username,
        comment_id=fresh_id(now),
        parent_comment_id=parent,
        is_owner=True,
        display_name=creator.display_name,
    )
    plant([row])
    return business_reply({**row.data, "replies": 0})


def _operation(name: str, method: str, path: str, scopes: set[str], act: Act) -> Operation:
    where = f"/open_api/v1.3/business/comment/{path}"
    return Operation(name, method, where, frozenset(scopes), act, CALLS_A_MINUTE, BUSINESS)


_READ = {"comment.list", "comment.list.manage"}
_MANAGE = {"comment.list.manage"}
OPERATIONS = (
    _operation("comment_list", "GET", "list/", _READ, comment_list),
    _operation("comment_reply_list", "GET", "reply/list/", _READ, comment_reply_list),
    _operation("comment_create", "POST", "create/", _MANAGE, comment_create),
    _operation("comment_reply_create", "POST", "reply/create/", _MANAGE, comment_reply_create),
    _operation("comment_hide", "POST", "hide/", _MANAGE, comment_hide),
)
