"""The audit trail: append-only rows, written in the transaction of the change they tell of."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func
from django.db.models.functions import Now

from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id


class CurrentTransaction(Func):
    """The id of the transaction that writes the row (PostgreSQL's `pg_current_xact_id`)."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class AuditEvent(models.Model):
    """Who did what to what; triggers refuse UPDATE, DELETE and TRUNCATE.

    `actor` and `subject` are text, so that the record outlives the rows it speaks of.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    workspace_id = models.UUIDField(null=True, db_index=True)
    actor = models.CharField(max_length=160)
    verb = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    xid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    objects: ClassVar[ScopedQuerySet["AuditEvent"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace_id"

    class Meta:
        ordering = ["-id"]
        indexes = [BrinIndex(fields=["at"], name="audit_at")]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"
