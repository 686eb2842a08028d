"""Batches: one workflow on many items, a run each."""

from dataclasses import dataclass
from typing import ClassVar, Self

from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.models import ApiKey, Brand, TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Part:
    """So many runs of a batch, and what is said of them."""

    name: str
    runs: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: its runs, those that are over by how they ended, and those that wait or are paused."""

    runs: int
    succeeded: int
    failed: int
    cancelled: int
    waiting: int
    paused: int

    @property
    def over(self) -> int:
        """How many runs are over."""
        return self.succeeded + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        """How many of a hundred runs are over, rounded down: 100 is all of them."""
        return 100 * self.over // max(self.runs, 1)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in this batch."""
        return self.over == self.runs

    @property
    def parts(self) -> list[Part]:
        """All its runs, told apart for a picture; what there is none of is left out."""
        named = ("succeeded", "failed", "cancelled", "waiting", "paused")
        told = [Part(name, getattr(self, name)) for name in named]
        told.append(Part("under way", self.runs - sum(part.runs for part in told)))
        return [part for part in told if part.runs]

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.over} of {self.runs} over{failed}"


class BatchQuerySet(ScopedQuerySet["Batch"]):
    """Batches, with how far they are."""

    def with_progress(self) -> Self:
        """Count the runs of each by their status, in the same query."""
        counts = {
            f"runs_{status}": Count("runs", filter=Q(runs__status=status))
            for status in ("succeeded", "failed", "cancelled", "waiting", "paused")
        }
        return self.annotate(runs_all=Count("runs"), **counts)


class Batch(models.Model):
    """Runs of one workflow that were started together, in one workspace.

    `brand` is the accounts' own where all have the same; `mode` is live as soon as one account is.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="batches")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, related_name="batches")
    name = models.CharField(max_length=LONGEST_NAME)
    workflow = models.SlugField(max_length=80)
    mode = models.CharField(max_length=16, choices=TikTokAccount.Mode)
    is_dry_run = models.BooleanField(default=False)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[BatchQuerySet] = BatchQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "brand"

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="batch_has_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def progress(self) -> Progress:
        """How far it is; of a row from `with_progress` without another query."""
        row = self if hasattr(self, "runs_all") else Batch.objects.with_progress().get(id=self.id)
        names = ("succeeded", "failed", "cancelled", "waiting", "paused")
        counts = {name: getattr(row, f"runs_{name}") for name in names}
        return Progress(runs=row.runs_all, **counts)  # type: ignore[attr-defined]
