"""The ledger of outward acts: a row for each, written before it begins."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from approvals.models import ApprovalRequest, Decision
from tiktok_ops.accounts.models import TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id
from workflows.transitions import EFFECT, PULL_ADDRESS


class Effect(models.Model):
    """One outward act of one step: what was approved, how far its sending is, and what proves its end.

    What it sends are the bytes of `decision`; there is no second copy of them that could differ.
    `claims` counts how often sending began, `looks` how often TikTok was asked since it was last sent.
    `provider_ref` is TikTok's publish id, or its id of what was made or changed. `upload_secret` is where the
    bytes go, under the vault's seal, for as long as that is needed. `creator` is what TikTok allowed, or had of
    what the act touches, at `checked_at`. `confirmed_by` says whose word the confirmation is: TikTok's own, or
    that of the person (`settled_by`) who gave a link.

    Sending begins again only when something says that nothing of it is live: `cleared_by` says what. A person
    may say so once (`attempt_allowed_by`), and not the one whose decision it carries out.
    """

    class Delivery(models.TextChoices):
        """How it gets onto the account."""

        DIRECT = "direct", _("Posted by us")
        BY_HAND = "by_hand", _("Posted by a person")

    class Word(models.TextChoices):
        """Whose word a confirmation is."""

        PROVIDER = "provider", _("TikTok")
        PERSON = "person", _("A person")

    class Clearance(models.TextChoices):
        """What says that nothing of an effect that was begun is live, so that it may begin again."""

        NOTHING_LEFT = "nothing_left", _("No byte had left")
        PROVIDER = "provider", _("TikTok")
        PERSON = "person", _("A person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="effects")
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="effects")
    step = models.OneToOneField("workflows.WorkflowStep", on_delete=models.PROTECT, related_name="effect")
    kind = models.CharField(max_length=40)
    idempotency_key = models.CharField(max_length=120, unique=True)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="effects")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="effect")
    payload_sha256 = models.CharField(max_length=64)
    # Part of the foreign key to the decision, so that none but an approval can be pointed at.
    verb = models.CharField(max_length=16, default="approve", editable=False)
    delivery = models.CharField(max_length=16, choices=Delivery)
    mode = models.CharField(max_length=16, choices=TikTokAccount.Mode)
    status = models.CharField(max_length=16, default="prepared")
    status_since = models.DateTimeField(db_default=Now())
    claims = models.PositiveIntegerField(default=0)
    looks = models.PositiveIntegerField(default=0)
    creator = models.JSONField(null=True)
    checked_at = models.DateTimeField(null=True)
    provider_ref = models.CharField(max_length=64, blank=True)
    upload_secret = models.BinaryField(null=True)
    chunk_bytes = models.PositiveIntegerField(null=True)
    error = models.TextField(blank=True)
    post_id = models.CharField(max_length=32, blank=True)
    url = models.CharField(max_length=300, blank=True)
    confirmed_by = models.CharField(max_length=16, choices=Word, blank=True)
    settled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    evidence = models.JSONField(default=dict)
    cleared_by = models.CharField(max_length=16, choices=Clearance, blank=True)
    attempt_allowed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    attempt_allowed_at = models.DateTimeField(null=True)
    attempt_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["Effect"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["status_since"],
                name="effect_open",
                condition=~Q(status__in=sorted(EFFECT.terminal)),
            ),
            # What TikTok tells of a post names its publish id.
            models.Index(fields=["provider_ref"], name="effect_by_reference", condition=~Q(provider_ref="")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(EFFECT.statuses)), name="effect_status_known"),
            models.CheckConstraint(condition=Q(verb="approve"), name="effect_was_approved"),
            models.CheckConstraint(
                condition=Q(delivery="direct") | ~Q(status__in=["sending", "sent", "unknown"]),
                name="effect_by_hand_is_not_sent",
            ),
            models.CheckConstraint(
                condition=Q(delivery="by_hand") | ~Q(status="handed_over"), name="effect_handed_over_by_hand"
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | ~Q(provider_ref=""), name="effect_sent_has_reference"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["failed", "held"]) | ~Q(error=""), name="effect_failure_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(status="confirmed", confirmed_by__in=["provider", "person"])
                | (~Q(status="confirmed") & Q(confirmed_by="")),
                name="effect_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by="provider") | ~Q(provider_ref=""),
                name="effect_provider_names_reference",
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by="person") | (Q(settled_by__isnull=False) & ~Q(url="")),
                name="effect_person_gives_link",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(EFFECT.terminal), finished_at__isnull=False)
                | (~Q(status__in=sorted(EFFECT.terminal)) & Q(finished_at__isnull=True)),
                name="effect_finished_when_over",
            ),
            models.CheckConstraint(
                condition=Q(upload_secret__isnull=True) | Q(status__in=["sending", "sent", "unknown"]),
                name="effect_keeps_no_secret_longer",
            ),
            models.CheckConstraint(
                condition=Q(claims=0) | ~Q(status__in=["prepared", "held"]) | ~Q(cleared_by=""),
                name="effect_begins_again_on_a_word",
            ),
            models.CheckConstraint(
                condition=Q(cleared_by__in=["", "nothing_left", "provider"])
                | Q(cleared_by="person", attempt_allowed_by__isnull=False),
                name="effect_person_allows_attempt",
            ),
            models.CheckConstraint(
                condition=Q(
                    attempt_allowed_by__isnull=True, attempt_allowed_at__isnull=True, attempt_reason=""
                )
                | (
                    Q(attempt_allowed_by__isnull=False, attempt_allowed_at__isnull=False)
                    & ~Q(attempt_reason="")
                ),
                name="effect_attempt_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.request.title


class PullAddress(models.Model):
    """Where TikTok pulls the photos of one attempt from; only the digest of what makes it unguessable is kept.

    `active`: TikTok may fetch. Then either `fetched`, or `revoked`, under which nothing is given out; never both.
    `spent`: fetched, and it is known that nothing of it is live.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    effect = models.ForeignKey(Effect, on_delete=models.PROTECT, related_name="pull_addresses")
    attempt = models.PositiveIntegerField()
    token_digest = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=16, default="active")
    opened_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["effect", "attempt"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(PULL_ADDRESS.statuses)), name="pull_address_status_known"
            ),
            models.UniqueConstraint(
                fields=["effect"],
                condition=Q(status__in=["active", "fetched"]),
                name="pull_address_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt}"
