"""What the sandbox TikTok takes and says: requests, replies, refusals, bodies and tokens.

Source: the Open API v2 documentation as of 2026-11-20. Where it names no rule, the sandbox is the
strict one, so that what passes here passes there.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

SANDBOX_BASE_URL = "https://open.tiktok.sandbox.invalid"
SANDBOX_UPLOAD_HOST = "open-upload.tiktok.sandbox.invalid"
LONGEST_CAPTION_UNITS = 2200
TOKEN_MESSAGE = "The access token is invalid or not found in the request."  # noqa: S105
_BEARER = re.compile(r"Bearer (\S+)")
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

    @property
    def token(self) -> str:
        """Return the bearer token, empty where there is none."""
        found = _BEARER.fullmatch(self.headers.get("authorization", ""))
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: an envelope with `data`, or for an upload a bare status.

    `outcome` is what the ledger says TikTok did.
    """

    status: int
    outcome: str
    data: Mapping[str, Any] | None = None
    message: str = ""
    publish_id: str = ""

    def content(self, log_id: str) -> bytes:
        """Return the body; empty for a bare status."""
        if self.data is None:
            return b""
        error = {"code": self.outcome, "message": self.message, "log_id": log_id}
        return json.dumps({"data": self.data, "error": error}, ensure_ascii=False).encode()


class WireError(Exception):
    """TikTok refuses this request with a code, on the HTTP status documented for it unless told."""

    def __init__(self, code: str, message: str = "", *, status: int | None = None) -> None:
        super().__init__(message or code)
        self.reply = Reply(status or STATUS_OF_CODE[code], code, {}, message or code)


class UploadError(Exception):
    """An upload address refuses this request with a bare status."""

    def __init__(self, status: int, publish_id: str = "") -> None:
        super().__init__(str(status))
        self.reply = Reply(status, str(status), publish_id=publish_id)


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


BodyKind = TypeVar("BodyKind", bound=BaseModel)


def read_body(kind: type[BodyKind], received: Received, *, code: str) -> BodyKind:
    """Return the body as `kind`; refuses with `code` where it is none, naming the field."""
    if not received.headers.get("content-type", "").startswith("application/json"):
        raise WireError(code, "Content-Type must be application/json; charset=UTF-8")
    if b"\\u0000" in received.content:
        raise WireError(code, "a NUL character is not allowed")
    try:
        return kind.model_validate_json(received.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise WireError(code, f"{where}: {first['msg']}") from error
