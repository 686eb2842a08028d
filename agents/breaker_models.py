"""The circuit breakers: a row for each provider's operation that ever failed, shared by all processes."""

from django.db import models
from django.db.models import Q

from agents.transitions import BREAKER
from tiktok_ops.ids import new_id


class Breaker(models.Model):
    """Whether one operation of one provider is asked at all; `agents.providers.breakers` says when.

    `failures` are those in a row while closed, `successes` those of probes while half-open, `reopenings`
    how often probes failed since it last was closed. `probes` counts the probes, and its number fences
    off a prober that comes back late; nobody else probes until `probe_until`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    alias = models.CharField(max_length=40)
    operation = models.CharField(max_length=40)
    status = models.CharField(max_length=16, default="closed")
    failures = models.PositiveIntegerField(default=0)
    successes = models.PositiveIntegerField(default=0)
    reopenings = models.PositiveIntegerField(default=0)
    probes = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["alias", "operation"]
        constraints = [
            models.UniqueConstraint(fields=["alias", "operation"], name="breaker_once"),
            models.CheckConstraint(
                condition=Q(status__in=list(BREAKER.statuses)), name="breaker_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="closed", opened_at=None, retry_at=None, reopenings=0)
                | (~Q(status="closed") & Q(opened_at__isnull=False, retry_at__isnull=False)),
                name="breaker_retries_unless_closed",
            ),
            models.CheckConstraint(
                condition=Q(status="half_open") | Q(probe_until=None, successes=0),
                name="breaker_probes_half_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alias} {self.operation}"
