"""The sandbox's `content/init`: photos, which TikTok pulls from verified addresses of ours."""

import secrets
from datetime import timedelta

from django.conf import settings

from agents.sandbox.tiktok.operations import Operation
from agents.sandbox.tiktok.own_addresses import OWN_ADDRESS
from agents.sandbox.tiktok.posting import check_may_post, fresh_upload_id
from agents.sandbox.tiktok.rules import UPLOAD_LASTS, check_settings
from agents.sandbox.tiktok.wire import (
    PhotoInit,
    Received,
    Reply,
    WireError,
    digest_of,
    read_body,
    utf16_units,
)
from agents.sandbox_models import SandboxCreator, SandboxPost
from tiktok_ops.clock import database_now

LONGEST_TITLE_UNITS = 90
LONGEST_DESCRIPTION_UNITS = 4000
CALLS_A_MINUTE = 6
_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


def photo_init(received: Received, creator: SandboxCreator) -> Reply:
    """Begin a photo post: a publish id; the photos are pulled later, and nothing but them can still stop it."""
    now = database_now()
    asked = read_body(PhotoInit, received, code="invalid_param")
    info, source = asked.post_info, asked.source_info
    check_may_post(creator, now, privacy_level=info.privacy_level)
    if utf16_units(info.title) > LONGEST_TITLE_UNITS:
        raise WireError("invalid_param", f"post_info.title: more than {LONGEST_TITLE_UNITS} UTF-16 units")
    if utf16_units(info.description) > LONGEST_DESCRIPTION_UNITS:
        raise WireError(
            "invalid_param", f"post_info.description: more than {LONGEST_DESCRIPTION_UNITS} UTF-16 units"
        )
    check_settings(info, creator)
    if source.photo_cover_index >= len(source.photo_images):
        raise WireError("invalid_param", "source_info.photo_cover_index: no such photo")
    if not all(map(_is_verified, source.photo_images)):
        raise WireError("url_ownership_unverified")
    post = SandboxPost.objects.create(
        creator=creator,
        publish_id=f"p_pub_url~v2-1.{(upload_id := fresh_upload_id())}",
        upload_id=upload_id,
        upload_token_digest=digest_of(secrets.token_urlsafe(24)),
        post_info=info.model_dump() | {"is_aigc": False, "photo_cover_index": source.photo_cover_index},
        photo_urls=source.photo_images,
        pull_at=now + timedelta(seconds=creator.pull_seconds),
        video_size=1,
        chunk_size=1,
        total_chunk_count=len(source.photo_images),
        begun_at=now,
        upload_expires_at=now + UPLOAD_LASTS,
    )
    return Reply(200, "ok", {"publish_id": post.publish_id}, publish_id=post.publish_id)


def _is_verified(url: str) -> bool:
    """Return whether an address is one whose domain our app verified: https, and ours."""
    ours = settings.PUBLIC_URL or OWN_ADDRESS
    is_secure = url.startswith("https://") or url.startswith(_LOOPBACK)
    return is_secure and url.startswith(f"{ours}/") and "?" not in url and "#" not in url


PATH = "/v2/post/publish/content/init/"
OPERATIONS = (
    Operation(
        "photo_init",
        "POST",
        PATH,
        frozenset({"video.publish"}),
        photo_init,
        CALLS_A_MINUTE,
    ),
)
