"""Taking away messages that are over; the keeper does it, a page a round."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from workflows.webhooks.models import OVER, WebhookMessage

PAGE = 500


def old_messages() -> QuerySet[WebhookMessage]:
    """Return the messages that need nobody and ended more than `WEBHOOK_KEEP_DAYS` ago, by the database's clock.

    One that failed here stays: nobody but an engineer can say that it was looked at.
    """
    kept_for = timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    return WebhookMessage.objects.filter(status__in=OVER, finished_at__lt=Now() - kept_for)


def delete_old_messages() -> int:
    """Delete up to a page of old messages, those that ended first; return how many."""
    with transaction.atomic():
        old = old_messages().order_by("finished_at").select_for_update(skip_locked=True)
        page = list(old.values_list("id", flat=True)[:PAGE])
        deleted, _ = WebhookMessage.objects.filter(id__in=page).delete()
    return deleted
