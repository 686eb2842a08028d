"""What the sandbox TikTok takes and says: requests, replies, refusals, bodies and tokens.

Source: TikTok's API documentation as of 2026-11-20. Where it names no rule, the sandbox is the
strict one, so that what passes here passes there.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

SANDBOX_BASE_URL = "https://open.tiktok.sandbox.invalid"
SANDBOX_UPLOAD_HOST = "open-upload.tiktok.sandbox.invalid"
SANDBOX_BUSINESS_BASE_URL = "https://business-api.tiktok.sandbox.invalid/open_api/v1.3"
SANDBOX_SHOP_HOST = "open-api.tiktokshop.sandbox.invalid"
SANDBOX_SHOP_BASE_URL = f"https://{SANDBOX_SHOP_HOST}"
LONGEST_CAPTION_UNITS = 2200
TOKEN_MESSAGE = "The access token is invalid or not found in the request."  # noqa: S105
_TOKEN = re.compile(r"act\.sandbox~([A-Za-z0-9_.]{2,24})~(\d{1,9})")

STATUS_OF_CODE = {
    "invalid_param": 400,
    "invalid_params": 400,
    "scope_permission_missed": 400,
    "access_token_invalid": 401,
    "scope_not_authorized": 401,
    "spam_risk_too_many_posts": 403,
    "spam_risk_user_banned_from_posting": 403,
    "reached_active_user_cap": 403,
    "unaudited_client_can_only_post_to_private_accounts": 403,
    "url_ownership_unverified": 403,
    "privacy_level_option_mismatch": 403,
    "invalid_publish_id": 400,
    "token_not_authorized_for_specified_publish_id": 400,
    "publish_not_cancellable": 400,
    "rate_limit_exceeded": 429,
    "internal_error": 500,
}


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names are lower-case."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes
    parts: Mapping[str, str] = field(default_factory=dict)
    """What stands for each `{name}` in the path of the operation."""
    upload_origin: str = f"https://{SANDBOX_UPLOAD_HOST}"
    """Where upload addresses point to."""


class Envelope(StrEnum):
    """How an answer is wrapped; the value is what a good one says."""

    OPEN = "ok"
    BUSINESS = "OK"
    SHOP = "Success"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: an envelope with `data`, or for an upload a bare status.

    `outcome` is what the ledger says TikTok did: `ok`, or the code it refused with.
    """

    status: int
    outcome: str
    data: Mapping[str, Any] | None = None
    message: str = ""
    publish_id: str = ""
    envelope: Envelope = Envelope.OPEN

    def content(self, log_id: str) -> bytes:
        """Return the body; empty for a bare status."""
        if self.data is None:
            return b""
        body: dict[str, Any]
        if self.envelope is Envelope.OPEN:
            error = {"code": self.outcome, "message": self.message, "log_id": log_id}
            body = {"data": self.data, "error": error}
        else:
            code = 0 if self.outcome == "ok" else int(self.outcome)
            said = self.message or self.envelope.value
            body = {"code": code, "message": said, "request_id": log_id, "data": self.data}
        return json.dumps(body, ensure_ascii=False).encode()


class Refusal(Exception):
    """TikTok refuses this request."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.message or reply.outcome)
        self.reply = reply


class WireError(Refusal):
    """The Open API refuses this with a code, on the HTTP status documented for it unless told."""

    def __init__(self, code: str, message: str = "", *, status: int | None = None) -> None:
        super().__init__(Reply(status or STATUS_OF_CODE[code], code, {}, message or code))


class UploadError(Refusal):
    """An upload address refuses this request with a bare status."""

    def __init__(self, status: int, publish_id: str = "") -> None:
        super().__init__(Reply(status, str(status), publish_id=publish_id))


class BusinessError(Refusal):
    """The Business API refuses this with a code, on HTTP 200."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(Reply(200, str(code), {}, message, envelope=Envelope.BUSINESS))


class ShopError(Refusal):
    """The Shop API refuses this with a code, on HTTP 200 unless told."""

    def __init__(self, code: int, message: str, *, status: int = 200) -> None:
        super().__init__(Reply(status, str(code), {}, message, envelope=Envelope.SHOP))


def business_reply(data: Mapping[str, Any], *, code: str = "ok") -> Reply:
    """Return the Business API's good answer; `20001` says that a part of it failed."""
    return Reply(200, code, data, envelope=Envelope.BUSINESS)


def shop_reply(data: Mapping[str, Any]) -> Reply:
    """Return the Shop API's good answer; what failed of it is in `data.errors`."""
    return Reply(200, "ok", data, envelope=Envelope.SHOP)


def sandbox_token(username: str, serial: int = 1) -> str:
    """Return an access token of a sandbox creator; another `serial` is another token of the same one."""
    return f"act.sandbox~{username}~{serial}"


def username_of(token: str) -> str:
    """Return whose token this is; empty where the sandbox never gave it."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else ""


def open_id_of(username: str) -> str:
    """Return the id under which the sandbox knows a creator for our app."""
    return f"-000{digest_of(username)[:28]}"


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in hex; empty for an empty one."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def utf16_units(text: str) -> int:
    """Return the length TikTok counts captions in."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Body(BaseModel):
    """Base of what is read from a body: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(_Body):
    """The empty body of `creator_info/query`."""


class PublishId(_Body):
    """The body of `status/fetch` and `cancel`."""

    publish_id: str = Field(min_length=1, max_length=64)


class Page(_Body):
    """The body of `video/list`."""

    cursor: int | None = None
    max_count: int = Field(default=10, ge=1, le=20)


class _VideoIds(_Body):
    """What `video/query` filters by."""

    video_ids: list[str] = Field(min_length=1, max_length=20)


class VideoFilters(_Body):
    """The body of `video/query`."""

    filters: _VideoIds


class PostInfo(_Body):
    """What a post is to be beside its video."""

    privacy_level: Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]
    title: str = ""
    disable_comment: bool = False
    disable_duet: bool = False
    disable_stitch: bool = False
    video_cover_timestamp_ms: int = Field(default=0, ge=0, lt=2**31)
    brand_content_toggle: bool
    brand_organic_toggle: bool = False
    is_aigc: bool = False


class SourceInfo(_Body):
    """Where the video comes from."""

    source: Literal["FILE_UPLOAD", "PULL_FROM_URL"]
    video_size: int = Field(default=0, ge=0)
    chunk_size: int = Field(default=0, ge=0)
    total_chunk_count: int = Field(default=0, ge=0)
    video_url: str = ""


class VideoInit(_Body):
    """The body of `video/init`."""

    post_info: PostInfo
    source_info: SourceInfo


class PhotoInfo(_Body):
    """What a photo post is to be beside its photos; of photos nothing says that they were made with AI."""

    privacy_level: Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]
    title: str = ""
    description: str = ""
    disable_comment: bool = False
    auto_add_music: bool = False
    brand_content_toggle: bool
    brand_organic_toggle: bool = False


class PhotoSource(_Body):
    """Where the photos are pulled from."""

    source: Literal["PULL_FROM_URL"]
    photo_images: list[str] = Field(min_length=1, max_length=35)
    photo_cover_index: int = Field(ge=0)


class PhotoInit(_Body):
    """The body of `content/init`; drafts in the app's inbox are not taken here."""

    media_type: Literal["PHOTO"]
    post_mode: Literal["DIRECT_POST"]
    post_info: PhotoInfo
    source_info: PhotoSource


BodyKind = TypeVar("BodyKind", bound=BaseModel)


def read_body(kind: type[BodyKind], received: Received, *, code: str) -> BodyKind:
    """Return the body as `kind`; refuses with `code` where it is none, naming the field."""
    return _read_body(kind, received, lambda said: WireError(code, said))


def read_business_body(kind: type[BodyKind], received: Received) -> BodyKind:
    """Return a body of the Business API; refuses what is wrong with 40002, naming the field."""
    return _read_body(kind, received, lambda said: BusinessError(40002, said))


def read_shop_body(kind: type[BodyKind], received: Received) -> BodyKind:
    """Return a body of the Shop API; refuses what is wrong with 36009004, naming the field."""
    return _read_body(kind, received, lambda said: ShopError(36009004, said))


def read_query(
    kind: type[BodyKind], received: Received, *, refuse: Callable[[str], Refusal] | None = None
) -> BodyKind:
    """Return the query as `kind`, whose lists and objects are JSON; refuses with 40002 unless told."""
    refuse = refuse or (lambda said: BusinessError(40002, said))
    if any("\0" in value for value in received.query.values()):
        raise refuse("a NUL character is not allowed")
    try:
        return kind.model_validate(dict(received.query))
    except ValidationError as error:
        raise refuse(_first(error)) from error


def _read_body(kind: type[BodyKind], received: Received, refuse: Callable[[str], Refusal]) -> BodyKind:
    if not received.headers.get("content-type", "").startswith("application/json"):
        raise refuse("Content-Type must be application/json; charset=UTF-8")
    if b"\\u0000" in received.content:
        raise refuse("a NUL character is not allowed")
    try:
        return kind.model_validate_json(received.content)
    except ValidationError as error:
        raise refuse(_first(error)) from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
