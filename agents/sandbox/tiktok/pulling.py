"""Pulling photos: the sandbox TikTok fetches them from our addresses, as TikTok does, some time after it was asked.

Nothing is locked while it fetches. Addresses under `OWN_ADDRESS` are fetched without a network between, all others
over HTTP.
"""

import hashlib
import secrets
from datetime import timedelta

import httpx
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.sandbox.tiktok.faults import TikTokFaults
from agents.sandbox.tiktok.notices import tell_of_post
from agents.sandbox.tiktok.own_addresses import OWN_ADDRESS, fetch_own
from agents.sandbox.tiktok.rules import has_posted_enough
from agents.sandbox_models import SandboxPost
from tiktok_ops.clock import database_now

PULL_TIMEOUT_SECONDS = 10.0
LARGEST_PHOTO_BYTES = 20_000_000
PAGE = 50
_JPEG, _RIFF, _WEBP = b"\xff\xd8\xff", b"RIFF", b"WEBP"


def pulls_due() -> QuerySet[SandboxPost]:
    """Return the posts whose photos are to be pulled by now, by the database's clock."""
    return SandboxPost.objects.filter(
        pull_at__lte=Now(), completed_at=None, cancelled_at=None, fail_reason=""
    ).order_by("pull_at", "id")


def pull_due(faults: TikTokFaults) -> int:
    """Pull what is due; return how many posts came of it."""
    return sum(_pull(post, faults) for post in pulls_due()[:PAGE])


def _pull(post: SandboxPost, faults: TikTokFaults) -> bool:
    fetched = [_fetch(url) for url in post.photo_urls]
    photos = [photo for photo in fetched if photo is not None]
    reason = "photo_pull_failed" if len(photos) < len(fetched) else _problem_of(photos)
    with transaction.atomic():
        now = database_now()
        row = SandboxPost.objects.select_for_update().select_related("creator").get(id=post.id)
        if row.completed_at is not None or row.cancelled_at is not None or row.fail_reason:
            return False
        if reason:
            row.fail_reason = reason
            row.save(update_fields=["fail_reason"])
            return False
        is_too_many = has_posted_enough(row.creator, now)
        row.fail_reason = faults.fail_reason or ("spam_risk_too_many_posts" if is_too_many else "")
        row.video_size = row.uploaded_bytes = sum(map(len, photos))
        row.chunk_digests = [hashlib.sha256(photo).hexdigest() for photo in photos]
        row.completed_at = now
        row.published_at = now + timedelta(seconds=faults.publish_seconds)
        if row.post_info["privacy_level"] == "PUBLIC_TO_EVERYONE":
            row.public_at = row.published_at + timedelta(seconds=faults.moderation_seconds)
        row.post_id = 7575 * 10**15 + secrets.randbelow(10**15)
        row.save()
        tell_of_post(row)
    return True


def _problem_of(photos: list[bytes]) -> str:
    """Return the reason photos are not taken for: JPEG and WebP are, up to 20 MB each."""
    for photo in photos:
        is_webp = photo[:4] == _RIFF and photo[8:12] == _WEBP
        if not (photo.startswith(_JPEG) or is_webp):
            return "file_format_check_failed"
        if len(photo) > LARGEST_PHOTO_BYTES:
            return "picture_size_check_failed"
    return ""


def _fetch(url: str) -> bytes | None:
    """Return what an address holds; None where it cannot be had. No redirect is followed, as TikTok says."""
    if url.startswith(f"{OWN_ADDRESS}/"):
        return fetch_own(url.removeprefix(OWN_ADDRESS))
    try:
        answer = httpx.get(url, timeout=PULL_TIMEOUT_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return answer.content if answer.status_code == 200 else None
