"""The sandbox TikTok's webhooks: written down when what they tell of is decided, sent when it has come to be.

Only where our app has an address for them, which is where both sides know a secret: `TIKTOK_CLIENT_KEY` and
`TIKTOK_WEBHOOK_SECRETS`. They are signed as TikTok signs, repeated until they are taken, and may come twice.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.sandbox.tiktok.wire import open_id_of
from agents.sandbox_grant_models import SandboxNotice
from agents.sandbox_models import SandboxCreator, SandboxPost
from tiktok_ops.clock import database_now

PAGE = 100
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 3600.0
Post = Callable[[str, bytes], int]
"""Takes a signature and a body to our webhook's address, and returns the HTTP status that was answered."""


def is_listened_to() -> bool:
    """Return whether our app takes webhooks: it has a key, and a secret to verify them with."""
    return bool(settings.TIKTOK_CLIENT_KEY and any(settings.WEBHOOK_SECRETS.get("tiktok", ())))


def tell(creator: SandboxCreator, event: str, content: Mapping[str, Any], *, at: datetime) -> None:
    """Have our app told of an event of this creator from `at` on; nothing where nobody listens."""
    if is_listened_to():
        SandboxNotice.objects.create(creator=creator, event=event, content=dict(content), at=at, next_at=at)


def tell_of_post(post: SandboxPost) -> None:
    """Have our app told what becomes of a post that is complete: when it comes out, and when everybody sees it."""
    if post.published_at is None:
        return
    said = {"publish_id": post.publish_id, "publish_type": "DIRECT_PUBLISH"}
    if post.fail_reason:
        failed = {**said, "reason": post.fail_reason}
        tell(post.creator, "post.publish.failed", failed, at=post.published_at)
        return
    tell(post.creator, "post.publish.complete", said, at=post.published_at)
    if post.public_at is not None:
        public = {**said, "post_id": str(post.post_id)}
        tell(post.creator, "post.publish.publicly_available", public, at=post.public_at)


def tell_of_cancelled(post: SandboxPost, *, at: datetime) -> None:
    """Take back what was to be told of a post that is called back, and tell that."""
    SandboxNotice.objects.filter(taken_at=None, content__publish_id=post.publish_id).delete()
    failed = {"publish_id": post.publish_id, "publish_type": "DIRECT_PUBLISH", "reason": "publish_cancelled"}
    tell(post.creator, "post.publish.failed", failed, at=at)


def notices_due() -> QuerySet[SandboxNotice]:
    """Return the notices whose time has come and that nobody took, by the database's clock."""
    return SandboxNotice.objects.filter(taken_at=None, next_at__lte=Now()).order_by("next_at", "id")


def deliver_due(*, client_key: str, secret: str, post: Post) -> int:
    """Send the notices that are due, each signed anew; return how many were taken.

    One that is not taken rests 2 s, 4 s, 8 s … an hour. Nothing is locked while it is sent.
    """
    taken = 0
    for notice in notices_due().select_related("creator")[:PAGE]:
        body = _body(notice, client_key)
        is_taken = post(_signature(body, secret), body) == 200
        taken += is_taken
        pause = min(FIRST_PAUSE_SECONDS * 2**notice.tries, LONGEST_PAUSE_SECONDS)
        now = database_now()
        SandboxNotice.objects.filter(id=notice.id).update(
            tries=notice.tries + 1,
            taken_at=now if is_taken else None,
            next_at=now + timedelta(seconds=pause),
        )
    return taken


def _body(notice: SandboxNotice, client_key: str) -> bytes:
    told = {
        "client_key": client_key,
        "event": notice.event,
        "create_time": int(notice.at.timestamp()),
        "user_openid": open_id_of(notice.creator.username),
        "content": json.dumps(notice.content, separators=(",", ":")),  # JSON in a string, as TikTok does
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _signature(body: bytes, secret: str) -> str:
    seconds = str(int(database_now().timestamp()))
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},s={signed.hexdigest()}"
