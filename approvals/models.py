"""What a person is asked to say yes to, and what they said. Both are bytes, not intentions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from approvals.transitions import REQUEST
from tiktok_ops.accounts.models import TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id


class ApprovalRequest(models.Model):
    """One question to a person: may exactly these bytes leave?

    `payload` is canonical JSON and frozen (a trigger refuses any change). The run and the step that ask
    are above this app: ids, not foreign keys. `facts` is what the person should know; it is shown, not
    sealed.
    """

    class Risk(models.TextChoices):
        """How much harm a wrong yes could do."""

        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="approval_requests")
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="approval_requests")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=20, default="open")
    payload = models.BinaryField()
    payload_sha256 = models.CharField(max_length=64)
    facts = models.JSONField(default=dict)
    risk = models.CharField(max_length=8, choices=Risk, default=Risk.MEDIUM)
    amount_usd = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    run_id = models.UUIDField(db_index=True)
    step_id = models.UUIDField(db_index=True)
    version = models.PositiveIntegerField(default=1)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="superseded_by"
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["ApprovalRequest"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        verbose_name = _("approval")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(REQUEST.statuses)), name="approval_status_known"
            ),
            models.CheckConstraint(
                condition=Q(risk__in=["low", "medium", "high"]), name="approval_risk_known"
            ),
            models.CheckConstraint(
                condition=Q(amount_usd__isnull=True) | Q(amount_usd__gte=0),
                name="approval_amount_not_negative",
            ),
            models.UniqueConstraint(fields=["step_id", "version"], name="approval_version_once"),
            # One question at a time: what is asked anew supersedes what was asked before.
            models.UniqueConstraint(
                fields=["step_id"],
                condition=Q(status__in=["open", "on_hold", "approved"]),
                name="approval_step_asks_once",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="approval_open", condition=Q(status="open"))
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_undecided(self) -> bool:
        """Whether somebody still has to decide."""
        return self.status in {"open", "on_hold"}


class Decision(models.Model):
    """What a person said of exactly these bytes; append-only.

    `seal` is an HMAC with a key the database does not hold: whoever can write here still cannot make one.
    """

    class Verb(models.TextChoices):
        """What was said."""

        APPROVE = "approve", _("Approve")
        REJECT = "reject", _("Reject")

    class Channel(models.TextChoices):
        """How it was said."""

        ADMIN = "admin", _("Admin")
        API = "api", _("API")
        COMMAND = "command", _("Command line")
        BULK = "bulk", _("Several at once")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="decisions")
    verb = models.CharField(max_length=16, choices=Verb)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="decisions")
    channel = models.CharField(max_length=16, choices=Channel)
    comment = models.TextField(blank=True)
    payload = models.BinaryField()
    payload_sha256 = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)
    seal_key_id = models.CharField(max_length=16)
    decided_at = models.DateTimeField()

    objects: ClassVar[ScopedQuerySet["Decision"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "request__workspace"
    brand_path: ClassVar[str] = "request__account__brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=["approve", "reject"]), name="decision_verb_known"),
            models.UniqueConstraint(fields=["request", "decided_by"], name="decision_person_once"),
            # What an effect points at: this decision, of this request, on these bytes, with this verb.
            models.UniqueConstraint(
                fields=["id", "request", "payload_sha256", "verb"], name="decision_sealed_bytes"
            ),
            models.CheckConstraint(
                condition=~Q(verb="reject") | ~Q(comment=""), name="decision_rejection_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} by {self.decided_by_id}"
