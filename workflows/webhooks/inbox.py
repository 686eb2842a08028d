"""Taking a message in: verified first, then stored once, its doorbell rung in the same transaction."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection, transaction

from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.ids import new_id
from tiktok_ops.queue import ring
from workflows.webhooks.models import WebhookMessage
from workflows.webhooks.signatures import Age, age_of, signed_at
from workflows.webhooks.sources import Source

DOORBELL = "workflows.webhooks.tasks.process"
MOST_BODY_BYTES = 64 * 1024


class Reception(StrEnum):
    """What became of what arrived."""

    STORED = "stored"
    COPY = "copy"
    REFUSED = "refused"


def receive(*, source: Source, header: str | None, raw: bytes) -> Reception:
    """Store what a source sent, once; returns after the commit, unless the caller is in a transaction.

    `header` is the signature as it arrived, `raw` the body, byte for byte. What the source did not sign, or
    not in time, is refused: it is counted and nothing of it is kept. A copy changes nothing.
    """
    signed = signed_at(header, raw, secrets=source.secrets)
    age = Age.OUT_OF_TIME if signed is None else _age(source, signed)
    if signed is None or age is Age.OUT_OF_TIME:
        _count_refusal(source)
        return Reception.REFUSED
    digest = hashlib.sha256(raw)
    subject = UUID(bytes=digest.digest()[:16])  # what is sent again has another id, and the same bytes
    with transaction.atomic():
        message, is_new = WebhookMessage.objects.get_or_create(
            source=source.name,
            body_sha256=digest.hexdigest(),
            defaults={
                "body": raw,
                "signed_at": datetime.fromtimestamp(signed, UTC),
                "is_late": age is Age.LATE,
            },
        )
        if is_new:
            ring(DOORBELL, message.id)
        pass_by(CrashPoint.BEFORE_WEBHOOK_COMMITS, subject)
    pass_by(CrashPoint.AFTER_WEBHOOK, subject)
    return Reception.STORED if is_new else Reception.COPY


def _age(source: Source, signed: int) -> Age:
    """Return how old a message is by the database's clock, in whole seconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint")
        [now] = cursor.fetchone()
    return age_of(signed, now=now, late_seconds=source.repeats_seconds)


def _count_refusal(source: Source) -> None:
    """Count somebody turned away: one row for a source and a day, however many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO workflows_webhookrefusal AS known (id, source, day, count)
                VALUES (%s, %s, (clock_timestamp() AT TIME ZONE 'UTC')::date, 1)
                ON CONFLICT (source, day) DO UPDATE SET count = known.count + 1, last_at = clock_timestamp()
            """,
            [new_id(), source.name],
        )
