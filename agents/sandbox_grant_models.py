"""What the sandbox TikTok knows of apps: what creators allowed ours, the tokens it gave out, what it has to tell us."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from agents.sandbox_models import SandboxCreator
from tiktok_ops.ids import new_id


class SandboxGrant(models.Model):
    """One time a creator said yes to an app; the code it began with is good once.

    All its tokens die with it, at `removed_at`: revoked by the app, or taken back by the creator.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    creator = models.ForeignKey(SandboxCreator, on_delete=models.CASCADE, related_name="grants")
    client_key = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=40), blank=True)
    redirect_uri = models.CharField(max_length=512)
    code_digest = models.CharField(max_length=64, unique=True)
    code_challenge = models.CharField(max_length=128, blank=True)
    code_expires_at = models.DateTimeField()
    code_used_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.creator} to {self.client_key}"


class SandboxToken(models.Model):
    """A pair of tokens, by their digests. A refresh token is good once: `rotated_at` says when it was used."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    grant = models.ForeignKey(SandboxGrant, on_delete=models.CASCADE, related_name="tokens")
    access_digest = models.CharField(max_length=64, unique=True)
    refresh_digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["issued_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at"), refresh_expires_at__gt=F("expires_at")),
                name="sandbox_token_lasts",
            )
        ]

    def __str__(self) -> str:
        return f"pair of {self.grant}"


class SandboxNotice(models.Model):
    """Something that happened at `at`, which the sandbox TikTok tells our app by webhook until somebody takes it.

    `next_at` is when it is sent next, and `tries` how often it was.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    creator = models.ForeignKey(SandboxCreator, on_delete=models.CASCADE, related_name="notices")
    event = models.CharField(max_length=80)
    content: models.JSONField[Any, Any] = models.JSONField()
    at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["next_at"], name="sandbox_notice_due", condition=Q(taken_at=None))]

    def __str__(self) -> str:
        return f"{self.event} of {self.creator}"
