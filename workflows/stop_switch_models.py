"""Stop switches: what may not begin to leave, since when, and who said so."""

from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.models import ApiKey, Brand, TikTokAccount, Workspace
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id

Value = UUID | str | F | None
"""What a switch is compared with: a value, or the column of an outer query that has it."""


class StopSwitchQuerySet(ScopedQuerySet["StopSwitch"]):
    """Switches, by whether they are on, by what they stop, and by who is concerned."""

    def engaged(self) -> Self:
        """Return those that are on."""
        return self.filter(released_at=None)

    def stopping(self, *, workspace: Value, brand: Value, account: Value, workflow: Value) -> Self:
        """Return those that stop this; ids and a slug, or `OuterRef`s to them."""
        stops = Q(scope="everything") | Q(scope="workspace", workspace=workspace) | Q(account=account)
        stops |= Q(Q(workspace=None) | Q(workspace=workspace), workflow=workflow)
        if brand is not None:
            stops |= Q(brand=brand)
        return self.filter(stops)

    def reached_by_key(self, key: ApiKey) -> Self:
        """Return those that stop anything the key reaches."""
        found = self.filter(_of_all() | Q(workspace=key.workspace_id))
        if key.brand_id is not None:
            found = found.filter(_of_no_part() | Q(brand=key.brand_id) | Q(account__brand=key.brand_id))
        return found.filter(Q(account=None) | Q(account__mode="sandbox")) if key.is_sandbox_only else found

    def _reached_by(self, memberships: models.QuerySet[Any], capability: Capability) -> Q:
        """Return the condition for switches that stop anything the memberships reach."""
        whole = memberships.filter(reach="workspace").values("workspace")
        parts = memberships.filter(reach="brands")
        brands = parts.values("brands")
        reached = Q(workspace__in=whole) | Q(brand__in=brands) | Q(account__brand__in=brands)
        if capability is Capability.READ:
            reached |= _of_all() | (_of_no_part() & Q(workspace__in=parts.values("workspace")))
        return reached


def _of_all() -> Q:
    """Return the condition for switches that reach every workspace."""
    return Q(workspace=None)


def _of_no_part() -> Q:
    """Return the condition for switches that are not of one brand or account."""
    return Q(brand=None, account=None)


class StopSwitch(models.Model):
    """A switch that is on until it is released: no outward act begins on what it stops.

    What it stops is named by `scope`: everything, a workspace, a brand, an account, or a workflow (in
    one workspace, or in all). Who engaged and released it is text, as in the audit trail.
    """

    class Scope(models.TextChoices):
        """What is stopped."""

        EVERYTHING = "everything", _("Everything")
        WORKSPACE = "workspace", _("A workspace")
        BRAND = "brand", _("A brand")
        ACCOUNT = "account", _("An account")
        WORKFLOW = "workflow", _("A workflow")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scope = models.CharField(max_length=16, choices=Scope)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, related_name="stops")
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, null=True, related_name="stops")
    account = models.ForeignKey(TikTokAccount, on_delete=models.CASCADE, null=True, related_name="stops")
    workflow = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=300)
    engaged_at = models.DateTimeField(db_default=Now())
    engaged_by = models.CharField(max_length=160)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=160, blank=True)

    objects: ClassVar[StopSwitchQuerySet] = StopSwitchQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"

    class Meta:
        verbose_name = _("stop switch")
        verbose_name_plural = _("stop switches")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="everything", workspace=None, brand=None, account=None, workflow="")
                | Q(scope="workspace", workspace__isnull=False, brand=None, account=None, workflow="")
                | Q(
                    scope="brand",
                    workspace__isnull=False,
                    brand__isnull=False,
                    account=None,
                    workflow="",
                )
                | Q(
                    scope="account",
                    workspace__isnull=False,
                    brand=None,
                    account__isnull=False,
                    workflow="",
                )
                | (Q(scope="workflow", brand=None, account=None) & ~Q(workflow="")),
                name="stop_switch_names_what_it_stops",
            ),
            models.CheckConstraint(
                condition=Q(released_at=None, released_by="")
                | (Q(released_at__isnull=False) & ~Q(released_by="")),
                name="stop_switch_released_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="stop_switch_has_reason"),
            models.UniqueConstraint(
                fields=["scope", "workspace", "brand", "account", "workflow"],
                condition=Q(released_at=None),
                nulls_distinct=False,
                name="stop_switch_once",
            ),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_engaged(self) -> bool:
        """Whether it still stops anything."""
        return self.released_at is None

    @property
    def what(self) -> str:
        """What it stops, to begin a sentence with."""
        if self.account is not None:
            return f"The account {self.account}"
        if self.brand is not None:
            return f"The brand {self.brand}"
        where = f" in {self.workspace}" if self.workspace is not None else ""
        if self.workflow:
            return f"The workflow {self.workflow}{where}"
        return f"The workspace {self.workspace}" if where else "Everything"
