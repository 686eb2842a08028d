"""Alerts: what a person should look at, once for each thing, until somebody has dealt with it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.models import TikTokAccount, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.alerts.transitions import ALERT, LIVE
from tiktok_ops.ids import new_id


class Alert(models.Model):
    """Something that is wrong, in a sentence, with what to do about it; at most one live row for each `key`.

    `key` names the kind and what exactly it is about. `times` counts how often it was seen since it was
    opened. `subject_type` and `subject_id` lead to the row it is about, where there is one. Without a
    workspace it is about the installation, and for superusers. Who acknowledged and resolved it is text,
    as in the audit trail; the machine resolves what is gone by itself.
    """

    class Severity(models.TextChoices):
        """How soon a person should look."""

        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=16, choices=Severity)
    status = models.CharField(max_length=16, default="open")
    sentence = models.TextField()
    what_to_do = models.TextField()
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.UUIDField(null=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="alerts")
    account = models.ForeignKey(TikTokAccount, on_delete=models.CASCADE, null=True, related_name="alerts")
    times = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=160, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=160, blank=True)
    note = models.CharField(max_length=300, blank=True)

    objects: ClassVar[ScopedQuerySet["Alert"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(status__in=LIVE), name="alert_once_while_live"
            ),
            models.CheckConstraint(condition=Q(status__in=list(ALERT.statuses)), name="alert_status_known"),
            models.CheckConstraint(
                condition=Q(severity__in=["info", "warning", "critical"]), name="alert_severity_known"
            ),
            models.CheckConstraint(condition=~Q(sentence="") & ~Q(what_to_do=""), name="alert_says_what"),
            models.CheckConstraint(
                condition=Q(subject_type="", subject_id=None)
                | (~Q(subject_type="") & Q(subject_id__isnull=False)),
                name="alert_subject_whole",
            ),
            models.CheckConstraint(
                condition=Q(account=None) | Q(workspace__isnull=False), name="alert_account_in_workspace"
            ),
            models.CheckConstraint(condition=Q(times__gte=1), name="alert_was_seen"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=(~Q(status="open") | Q(acknowledged_at=None))
                & (~Q(status="acknowledged") | Q(acknowledged_at__isnull=False)),
                name="alert_acknowledged_once_seen",
            ),
            models.CheckConstraint(
                condition=(~Q(status="resolved") & Q(resolved_at=None, resolved_by=""))
                | (Q(status="resolved", resolved_at__isnull=False) & ~Q(resolved_by="")),
                name="alert_resolved_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_id"], name="alert_by_subject"),
            models.Index(fields=["workspace"], name="alert_live", condition=Q(status__in=LIVE)),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def is_live(self) -> bool:
        """Whether nobody has resolved it yet."""
        return self.status in LIVE
