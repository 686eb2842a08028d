"""What providers tell us: bodies, signatures made here anew, messages in any status, and doorbells answered."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from tests.factories.effects import REFERENCE
from tests.factories.figures import NOON
from workflows.webhooks.models import WebhookMessage
from workflows.webhooks.processing import process_message
from workflows.webhooks.tasks import process

SECRET = "a secret only TikTok and we know".replace(" ", "-")
STUDIO_SECRET = "what-the-studio-signs-with"
CLIENT_KEY = "aw_made"
HEADERS = {"tiktok": "TikTok-Signature", "studio": "Studio-Signature"}


def use_secrets(**secrets: tuple[str, ...]) -> None:
    """Let settings have these secrets; for tests whose `settings` fixture puts things back."""
    settings.WEBHOOK_SECRETS = {"tiktok": (SECRET,), "studio": (STUDIO_SECRET,), **secrets}
    settings.TIKTOK_CLIENT_KEY = CLIENT_KEY


def digest_of(body: bytes, *, at: int | str, secret: str = SECRET) -> str:
    """Return the signature of a body in hex."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def signature(body: bytes, *, at: int | str | None = None, secret: str = SECRET) -> str:
    """Return the header of a body that is signed now, or at another time in Unix seconds."""
    seconds = int(time.time()) if at is None else at
    return f"t={seconds},s={digest_of(body, at=seconds, secret=secret)}"


def send(body: bytes, header: str | None = None, *, source: str = "tiktok") -> int:
    """Post a body to a source's address, signed well unless another header is given; return the status."""
    secret = SECRET if source == "tiktok" else STUDIO_SECRET
    headers = {HEADERS[source]: signature(body, secret=secret) if header is None else header}
    answer = Client(raise_request_exception=False).post(
        f"/hooks/{source}/", data=body, content_type="application/json", headers=headers
    )
    return answer.status_code


def tiktok_body(
    event: str = "post.publish.complete",
    *,
    publish_id: str = REFERENCE,
    user_openid: str = "-000made",
    client_key: str = CLIENT_KEY,
    **more: Any,
) -> bytes:
    """Return a webhook of TikTok, its content a string as documented."""
    content = json.dumps({"publish_id": publish_id, "publish_type": "DIRECT_PUBLISH"})
    told = {"client_key": client_key, "event": event, "create_time": 1_795_167_000}
    return json.dumps({**told, "user_openid": user_openid, "content": content, **more}).encode()


def studio_body(event: str = "job.succeeded", **told: Any) -> bytes:
    """Return a callback of the studio."""
    return json.dumps(
        {"event": event, "job_id": "job_1", "reference": str(uuid4()), "created_at": 1_795_167_000} | told
    ).encode()


def message_of(
    body: bytes | None = None, *, source: str = "tiktok", status: str = "received", **changes: Any
) -> WebhookMessage:
    """Return a stored message, in any status with what belongs to it."""
    body = tiktok_body(made=str(uuid4())) if body is None else body
    values: dict[str, Any] = {
        "note": "" if status == "received" else "So it was.",
        "finished_at": None if status == "received" else timezone.now(),
        "signed_at": NOON,
    }
    return WebhookMessage.objects.create(
        source=source,
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        status=status,
        **(values | changes),
    )


def handled(message: WebhookMessage) -> WebhookMessage:
    """Process the message now, as if its time had come, and return it as it is then."""
    WebhookMessage.objects.filter(id=message.id).update(not_before=Now() - timedelta(seconds=1))
    process_message(message.id)
    message.refresh_from_db()
    return message


def answer_doorbells() -> int:
    """Answer the doorbells of messages, as a worker does, and return how many there were."""
    rung = 0
    for queued in OrmQ.objects.order_by("id"):
        if queued.task["func"] == "workflows.webhooks.tasks.process":
            queued.delete()
            process(*queued.task["args"])
            rung += 1
    return rung
