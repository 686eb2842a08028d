"""The sandbox's upload address: bytes in order, chunk by chunk; the last one makes the post."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.notices import tell_of_post
from agents.sandbox.tiktok.rules import has_posted_enough, next_chunk
from agents.sandbox.tiktok.wire import Received, Reply, UploadError, digest_of
from agents.sandbox_models import SandboxCreator, SandboxPost
from tiktok_ops.clock import database_now

UPLOAD_PATH = "/video/"
VIDEO_TYPES = {"video/mp4", "video/quicktime", "video/webm"}
_UPLOAD_ID = re.compile(r"[0-9]{19}")
_CONTENT_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


def username_of_upload(received: Received) -> str:
    """Return whose post an upload address is of; empty for one that was never given out."""
    post = _found(received)
    return post.creator.username if post else ""


def receive_chunk(received: Received, creator: SandboxCreator | None, faults: TikTokFaults) -> Reply:
    """Take one chunk: 206 for a part, 201 for the last, else refused by the documented status."""
    now = database_now()
    post = _found(received)
    if creator is None or post is None or post.cancelled_at is not None or received.method != "PUT":
        raise UploadError(404, post.publish_id if post else "")
    if now >= post.upload_expires_at:
        raise UploadError(403, post.publish_id)
    first, last, total = _range(received, post)
    expected_first, expected_last = next_chunk(post)
    if first != expected_first:
        raise UploadError(416, post.publish_id)
    if (last, total) != (expected_last, post.video_size) or len(received.content) != last - first + 1:
        raise UploadError(400, post.publish_id)
    return _append(post, received.content, creator, faults, now)


def _found(received: Received) -> SandboxPost | None:
    """Return the post an upload address is of."""
    upload_id = received.query.get("upload_id", "")
    if received.path != UPLOAD_PATH or not _UPLOAD_ID.fullmatch(upload_id):
        return None
    digest = digest_of(received.query.get("upload_token", ""))
    return SandboxPost.objects.filter(upload_id=upload_id, upload_token_digest=digest).first()


def _range(received: Received, post: SandboxPost) -> tuple[int, int, int]:
    """Return first, last and total of the `Content-Range`; refuses other headers that are wrong."""
    found = _CONTENT_RANGE.fullmatch(received.headers.get("content-range", ""))
    is_sized = received.headers.get("content-length") == str(len(received.content))
    is_video = received.headers.get("content-type") in VIDEO_TYPES
    # A bearer token has no business here: the address carries its own.
    if found is None or not is_sized or not is_video or "authorization" in received.headers:
        raise UploadError(400, post.publish_id)
    first, last, total = map(int, found.groups())
    return first, last, total


def _append(
    post: SandboxPost, content: bytes, creator: SandboxCreator, faults: TikTokFaults, now: datetime
) -> Reply:
    post.uploaded_bytes += len(content)
    post.chunk_digests.append(hashlib.sha256(content).hexdigest())
    is_complete = post.uploaded_bytes == post.video_size
    if is_complete:
        _complete(post, creator, faults, now)
    post.save()
    status = 201 if is_complete else 206
    return Reply(status, str(status), publish_id=post.publish_id)


def _complete(post: SandboxPost, creator: SandboxCreator, faults: TikTokFaults, now: datetime) -> None:
    """Make the post, and decide when it comes out or what it will fail with."""
    is_too_many = has_posted_enough(creator, now)
    post.fail_reason = faults.fail_reason or ("spam_risk_too_many_posts" if is_too_many else "")
    post.completed_at = now
    post.published_at = now + timedelta(seconds=faults.publish_seconds)
    if post.post_info["privacy_level"] == "PUBLIC_TO_EVERYONE":
        post.public_at = post.published_at + timedelta(seconds=faults.moderation_seconds)
    post.post_id = 7575 * 10**15 + secrets.randbelow(10**15)  # above 2^53, as the real ones are
    tell_of_post(post)
