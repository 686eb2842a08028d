"""What providers told us, as it arrived, and how often somebody was turned away."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.ids import new_id
from workflows.transitions import WEBHOOK

OVER = ("ignored", "not_understood", "processed")
"""What needs nobody any more; a message that failed waits for somebody to look at it."""


class WebhookMessage(models.Model):
    """One message of a provider, its signature right; a copy of it is the same row.

    `signed_at` is what the signature says. `is_late` marks one that was signed longer ago than messages take:
    it may be a repetition, so it changes nothing and at most makes us look. `tries` counts how often
    processing began, and it begins again from `not_before` on; `note` says what came of it. A message is of
    no workspace until it is read, so only superusers see it.
    """

    class Status(models.TextChoices):
        """How far it is."""

        RECEIVED = "received", _("Received")
        PROCESSED = "processed", _("Processed")
        IGNORED = "ignored", _("Nothing to do")
        NOT_UNDERSTOOD = "not_understood", _("Not understood")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.CharField(max_length=40)
    body = models.BinaryField()
    body_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.RECEIVED)
    note = models.TextField(blank=True)
    tries = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(db_default=Now())
    rung_at = models.DateTimeField(db_default=Now())
    received_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("webhook")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["not_before"], name="webhook_due", condition=Q(status="received")),
            models.Index(fields=["finished_at"], name="webhook_over", condition=Q(status__in=OVER)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "body_sha256"], name="webhook_once"),
            models.CheckConstraint(
                condition=Q(status__in=list(WEBHOOK.statuses)), name="webhook_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="received", finished_at__isnull=True)
                | (~Q(status="received") & Q(finished_at__isnull=False)),
                name="webhook_finished_when_over",
            ),
            models.CheckConstraint(
                condition=Q(status="received") | ~Q(note=""), name="webhook_end_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.body_sha256[:12]}"


class WebhookRefusal(models.Model):
    """How many messages of a source were turned away on a day (UTC); nothing of them is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.CharField(max_length=40)
    day = models.DateField()
    count = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("refused webhook")
        ordering = ["-day", "source"]
        constraints = [
            models.UniqueConstraint(fields=["source", "day"], name="webhook_refusal_once_a_day"),
            models.CheckConstraint(condition=Q(count__gt=0), name="webhook_refusal_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.source} on {self.day}"
