"""The connection of an account to TikTok; what opens TikTok is not here but in the vault."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from agents.transitions import CONNECTION
from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id


class TikTokConnection(models.Model):
    """One account's connection, in one mode: the sandbox's access opens nothing of TikTok's.

    `secret_version` is the version of the vault's secret that holds the pair of tokens in use. The access
    token is good until `expires_at` and renewed from `renew_at` on; the refresh token is good until
    `refresh_expires_at`. Whoever renews has it to themselves until `renewing_until`. `why` says why it has to
    be connected again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="connections")
    mode = models.CharField(max_length=16, choices=TikTokAccount.Mode)
    status = models.CharField(max_length=16, default="connected")
    status_since = models.DateTimeField(db_default=Now())
    open_id = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    secret_version = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    renew_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField()
    renewing_until = models.DateTimeField(null=True)
    why = models.TextField(blank=True)
    connected_at = models.DateTimeField(db_default=Now())
    connected_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[ScopedQuerySet["TikTokConnection"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "account__workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["open_id"], name="connection_by_open_id")]
        constraints = [
            models.UniqueConstraint(fields=["account", "mode"], name="connection_once"),
            models.CheckConstraint(
                condition=Q(status__in=list(CONNECTION.statuses)), name="connection_status_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=["sandbox", "live"]), name="connection_mode_known"),
            models.CheckConstraint(
                condition=~Q(open_id="") & Q(secret_version__gte=1), name="connection_is_of_somebody"
            ),
            models.CheckConstraint(
                condition=Q(renew_at__lte=F("expires_at")), name="connection_renews_in_time"
            ),
            models.CheckConstraint(
                condition=(~Q(status="connected") & ~Q(why="")) | Q(status="connected", why=""),
                name="connection_end_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.status}"
