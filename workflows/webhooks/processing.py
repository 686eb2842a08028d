"""Processing a stored message: claimed, guarded, written; harmless twice, and tried again where it came too early."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from tiktok_ops.queue import ring
from workflows.transitions import WEBHOOK
from workflows.webhooks.handled import Handled
from workflows.webhooks.inbox import DOORBELL
from workflows.webhooks.models import WebhookMessage
from workflows.webhooks.sources import SOURCES

log = structlog.get_logger(__name__)

MOST_TRIES = 8
FIRST_PAUSE_SECONDS = 2.0
GROWTH = 3.0
LONGEST_PAUSE_SECONDS = 600.0
RING_AGAIN = timedelta(minutes=1)
PAGE = 500


def pause_seconds(tries: int) -> float:
    """Return how long a message rests after its `tries`-th try: 2 s, 6 s, 18 s … 10 minutes; 24 minutes in all."""
    return min(FIRST_PAUSE_SECONDS * GROWTH ** (tries - 1), LONGEST_PAUSE_SECONDS)


def process_message(message_id: UUID) -> str | None:
    """Do what follows from a message, and return the status it has now; None where nothing is due.

    A try is counted before it begins, so that a message that takes its worker down is not tried for ever.
    """
    tries = _claim(message_id)
    if tries is None:
        return None
    try:
        with transaction.atomic():
            return _process(message_id, tries)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("webhook errored", message=str(message_id))
        wrong = Handled("received", f"Something went wrong here ({type(error).__name__}).")
        with transaction.atomic():
            return _write(message_id, tries, wrong, given_up="failed")


def _claim(message_id: UUID) -> int | None:
    """Count a try that begins now, and return which it is; None where the message is over or rests."""
    with transaction.atomic():
        due = WebhookMessage.objects.select_for_update().filter(
            id=message_id, status="received", not_before__lte=Now()
        )
        tries = due.values_list("tries", flat=True).first()
        if tries is None:
            return None
        pause = timedelta(seconds=pause_seconds(tries + 1))
        WebhookMessage.objects.filter(id=message_id).update(tries=F("tries") + 1, not_before=Now() + pause)
    return tries + 1


def _process(message_id: UUID, tries: int) -> str | None:
    message = WebhookMessage.objects.select_for_update().get(id=message_id)
    if not _is_ours(message, tries):
        return None
    return _write(message_id, tries, SOURCES[message.source].handle(message), given_up="ignored")


def _write(message_id: UUID, tries: int, handled: Handled, *, given_up: str) -> str | None:
    """Write what a try came to, if it is still the newest; after the last one the message is `given_up`."""
    message = WebhookMessage.objects.select_for_update().get(id=message_id)
    if not _is_ours(message, tries):
        return None
    message.status, message.note = handled.status, handled.note
    if message.status == "received" and tries >= MOST_TRIES:
        message.status = given_up
        message.note = f"{handled.note} That was so {tries} times; it is not tried again."
    if message.status != "received":
        WEBHOOK.check("received", message.status)
    finished_at = None if message.status == "received" else Now()
    WebhookMessage.objects.filter(id=message_id).update(
        status=message.status, note=message.note, finished_at=finished_at
    )
    return message.status


def _is_ours(message: WebhookMessage, tries: int) -> bool:
    """Return whether nobody ended the message or began another try since ours began."""
    return message.status == "received" and message.tries == tries


def waiting_messages() -> QuerySet[WebhookMessage]:
    """Return the messages whose doorbell was lost, and those whose next try is due."""
    lost = Q(rung_at__lt=Now() - RING_AGAIN)
    again = Q(tries__gt=0, rung_at__lt=F("not_before"))
    return WebhookMessage.objects.filter(again | lost, status="received", not_before__lte=Now())


def ring_waiting_messages() -> int:
    """Ring again for messages nobody processed, and for those whose next try is due; return how many.

    For the keeper to call in every round: each is rung for once a minute at most. The clock is the database's.
    """
    with transaction.atomic():
        waiting = waiting_messages().select_for_update(skip_locked=True)
        due = list(waiting.order_by("not_before").values_list("id", flat=True)[:PAGE])
        WebhookMessage.objects.filter(id__in=due).update(rung_at=Now())
        for message_id in due:
            ring(DOORBELL, message_id)
    return len(due)
