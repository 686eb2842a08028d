"""Secrets and their versions: names and times in the open, values under the envelope's seal alone."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.models import Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id


class Secret(models.Model):
    """A secret of a workspace, by its name; what it holds is in its versions.

    `last_read_at` and `last_read_by` say who asked for it last, to the minute; the audit trail has every read.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="secrets")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())
    last_read_at = models.DateTimeField(null=True)
    last_read_by = models.CharField(max_length=160, blank=True)

    objects: ClassVar[ScopedQuerySet["Secret"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="secret_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="secret_has_name"),
            models.CheckConstraint(
                condition=Q(last_read_at=None, last_read_by="")
                | (Q(last_read_at__isnull=False) & ~Q(last_read_by="")),
                name="secret_read_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SecretVersion(models.Model):
    """One value a secret had, sealed for this workspace, name and number: in another row it does not open.

    A version is written once. Its ciphertext may be wrapped under another key, and taken away for good.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    secret = models.ForeignKey(Secret, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    ciphertext = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=160)
    destroyed_at = models.DateTimeField(null=True)
    destroyed_by = models.CharField(max_length=160, blank=True)

    objects: ClassVar[ScopedQuerySet["SecretVersion"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "secret__workspace"

    class Meta:
        verbose_name = _("version of a secret")
        verbose_name_plural = _("versions of secrets")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["secret", "number"], name="secret_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="secret_version_from_one"),
            models.CheckConstraint(
                condition=Q(ciphertext__isnull=False, destroyed_at=None, destroyed_by="")
                | (Q(ciphertext=None, destroyed_at__isnull=False) & ~Q(destroyed_by="")),
                name="secret_version_is_there_or_destroyed",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
