"""The sandbox's Content Posting API: what a creator may do, begin a post, ask for it, call it back."""

import secrets
from datetime import datetime
from typing import Any

from agents.sandbox.tiktok.notices import tell_of_cancelled
from agents.sandbox.tiktok.operations import Act, Operation
from agents.sandbox.tiktok.rules import (
    CALLS_A_MINUTE,
    UPLOAD_LASTS,
    check_post_info,
    check_source_info,
    has_posted_enough,
)
from agents.sandbox.tiktok.videos import PICTURES
from agents.sandbox.tiktok.wire import (
    Nothing,
    PublishId,
    Received,
    Reply,
    VideoInit,
    WireError,
    digest_of,
    read_body,
)
from agents.sandbox_models import SandboxCreator, SandboxPost
from tiktok_ops.clock import database_now

UNDER_WAY = ("PROCESSING_UPLOAD", "PROCESSING_DOWNLOAD")
UNAUDITED = "unaudited_client_can_only_post_to_private_accounts"


def creator_info(received: Received, creator: SandboxCreator) -> Reply:
    """Answer what the creator may do now; that he may not post at all is said on HTTP 200."""
    read_body(Nothing, received, code="invalid_param")
    refusal = _refusal(creator, database_now())
    if refusal and refusal != UNAUDITED:
        raise WireError(refusal, status=200)
    data = {
        "creator_avatar_url": f"{PICTURES}/{creator.username}.webp",
        "creator_username": creator.username,
        "creator_nickname": creator.display_name or creator.username,
        "privacy_level_options": creator.privacy_level_options,
        "comment_disabled": creator.comment_disabled,
        "duet_disabled": creator.duet_disabled,
        "stitch_disabled": creator.stitch_disabled,
        "max_video_post_duration_sec": creator.max_duration_seconds,
    }
    return Reply(200, "ok", data)


def video_init(received: Received, creator: SandboxCreator) -> Reply:
    """Begin a post: a publish id, and where its bytes go for an hour."""
    now = database_now()
    asked = read_body(VideoInit, received, code="invalid_param")
    check_may_post(creator, now, privacy_level=asked.post_info.privacy_level)
    check_post_info(asked.post_info, creator)
    check_source_info(asked.source_info)
    upload_token = secrets.token_urlsafe(24)
    upload_id = fresh_upload_id()
    post = SandboxPost.objects.create(
        creator=creator,
        publish_id=f"v_pub_file~v2-1.{upload_id}",
        upload_id=upload_id,
        upload_token_digest=digest_of(upload_token),
        post_info=asked.post_info.model_dump(),
        video_size=asked.source_info.video_size,
        chunk_size=asked.source_info.chunk_size,
        total_chunk_count=asked.source_info.total_chunk_count,
        begun_at=now,
        upload_expires_at=now + UPLOAD_LASTS,
    )
    url = f"{received.upload_origin}/video/?upload_id={upload_id}&upload_token={upload_token}"
    data = {"publish_id": post.publish_id, "upload_url": url}
    return Reply(200, "ok", data, publish_id=post.publish_id)


def status_fetch(received: Received, creator: SandboxCreator) -> Reply:
    """Answer what became of a publish id."""
    post = _post(received, creator)
    return Reply(200, "ok", status_of(post, database_now()), publish_id=post.publish_id)


def cancel(received: Received, creator: SandboxCreator) -> Reply:
    """Call a post back, as long as it is not out and has not failed."""
    post = _post(received, creator)
    now = database_now()
    if status_of(post, now)["status"] not in UNDER_WAY:
        raise WireError("publish_not_cancellable")
    post.cancelled_at = now
    post.save(update_fields=["cancelled_at"])
    tell_of_cancelled(post, at=now)
    return Reply(200, "ok", {}, publish_id=post.publish_id)


def status_of(post: SandboxPost, now: datetime) -> dict[str, Any]:
    """Return what `status/fetch` says of a post at `now`.

    An upload nobody finished in time fails as `internal`, which asks for a new init; the documentation
    does not say what becomes of it.
    """
    is_pulled = bool(post.photo_urls)
    said: dict[str, Any] = {"downloaded_bytes" if is_pulled else "uploaded_bytes": post.uploaded_bytes}
    reason = _fail_reason(post, now)
    if reason:
        return said | {"status": "FAILED", "fail_reason": reason}
    if post.published_at is None or now < post.published_at:
        return said | {"status": UNDER_WAY[is_pulled]}
    is_public = post.public_at is not None and post.public_at <= now
    # The documentation's own spelling, and a bare number above 2^53.
    ids = {"publicaly_available_post_id": [post.post_id]} if is_public else {}
    return said | {"status": "PUBLISH_COMPLETE"} | ids


def _fail_reason(post: SandboxPost, now: datetime) -> str:
    if post.cancelled_at is not None:
        return "publish_cancelled"
    if post.published_at is None:
        return post.fail_reason or ("internal" if now >= post.upload_expires_at else "")
    return post.fail_reason if now >= post.published_at else ""


def _post(received: Received, creator: SandboxCreator) -> SandboxPost:
    """Return the post a body names; it has to be the creator's own."""
    publish_id = read_body(PublishId, received, code="invalid_param").publish_id
    post = SandboxPost.objects.filter(publish_id=publish_id).first()
    if post is None:
        raise WireError("invalid_publish_id")
    if post.creator_id != creator.id:
        raise WireError("token_not_authorized_for_specified_publish_id")
    return post


def check_may_post(creator: SandboxCreator, now: datetime, *, privacy_level: str) -> None:
    """Refuse a post of a creator who may not post now; an app not audited may for the creator alone."""
    refusal = _refusal(creator, now)
    if refusal and not (refusal == UNAUDITED and privacy_level == "SELF_ONLY"):
        raise WireError(refusal)


def _refusal(creator: SandboxCreator, now: datetime) -> str:
    """Return the code the creator may not post for at all, if any."""
    if creator.posting_refusal:
        return creator.posting_refusal
    return "spam_risk_too_many_posts" if has_posted_enough(creator, now) else ""


def fresh_upload_id() -> str:
    """Return a fresh id of 19 digits, above 2^53 as the real ones are."""
    return f"7574{secrets.randbelow(10**15):015}"


_PUBLISH = frozenset({"video.publish"})
_EITHER = frozenset({"video.publish", "video.upload"})


def _operation(name: str, path: str, scopes: frozenset[str], act: Act) -> Operation:
    return Operation(name, "POST", f"/v2/post/publish/{path}", scopes, act, CALLS_A_MINUTE[name])


OPERATIONS = (
    _operation("creator_info", "creator_info/query/", _PUBLISH, creator_info),
    _operation("init", "video/init/", _PUBLISH, video_init),
    _operation("status", "status/fetch/", _EITHER, status_fetch),
    _operation("cancel", "cancel/", _EITHER, cancel),
)
