"""Caps on what models may cost, the ledger under each, and what is held for calls under way.

Real and simulated money are two ledgers: every row here says which it is of, and composite keys in the database
(migration `budget_rules`) keep a reservation of one from ever touching a period of the other.
"""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.budgets.transitions import RESERVATION
from tiktok_ops.accounts.models import Brand, TikTokAccount, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id

_USD = {"max_digits": 14, "decimal_places": 6}


class Budget(models.Model):
    """A cap in USD on what calls to models may cost, for a workspace, a brand or one run.

    It holds for each calendar month (UTC), or for each run. Where there is no budget there is no cap. One that
    is not in force any more caps nothing and is kept with its ledger. A run's budget names the run, which is
    above this app: an id, not a foreign key; its brand is that of the run's account, for who may see it.
    """

    class Scope(models.TextChoices):
        """Whose calls it caps."""

        WORKSPACE = "workspace", _("Workspace")
        BRAND = "brand", _("Brand")
        RUN = "run", _("One run")

    class Per(models.TextChoices):
        """For how long what was spent counts."""

        MONTH = "month", _("A month")
        RUN = "run", _("A run")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="budgets")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="budgets")
    run_id = models.UUIDField(null=True, blank=True)
    scope = models.CharField(max_length=16, choices=Scope)
    per = models.CharField(max_length=8, choices=Per, default=Per.MONTH)
    is_simulated = models.BooleanField(default=False)
    cap_usd = models.DecimalField(**_USD)  # type: ignore[arg-type]
    is_in_force = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["Budget"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="workspace", brand__isnull=True, run_id__isnull=True)
                | Q(scope="brand", brand__isnull=False, run_id__isnull=True)
                | Q(scope="run", run_id__isnull=False, per="run"),
                name="budget_is_of_its_scope",
            ),
            models.CheckConstraint(condition=Q(per__in=["month", "run"]), name="budget_per_known"),
            models.CheckConstraint(condition=Q(cap_usd__gte=0), name="budget_cap_not_negative"),
            models.UniqueConstraint(
                fields=["workspace", "per", "is_simulated"],
                condition=Q(scope="workspace"),
                name="budget_of_workspace_once",
            ),
            models.UniqueConstraint(
                fields=["brand", "per", "is_simulated"],
                condition=Q(scope="brand"),
                name="budget_of_brand_once",
            ),
            models.UniqueConstraint(
                fields=["run_id", "is_simulated"], condition=Q(scope="run"), name="budget_of_run_once"
            ),
        ]

    def __str__(self) -> str:
        whose = {
            self.Scope.WORKSPACE: "the workspace",
            self.Scope.BRAND: f"the brand {self.brand}",
            self.Scope.RUN: "this run",
        }[self.Scope(self.scope)]
        if self.scope == self.Scope.RUN:
            how_long = ""
        else:
            how_long = " for each month" if self.per == self.Per.MONTH else " for each run"
        return f"the {'simulated ' if self.is_simulated else ''}budget of {whose}{how_long}"


class BudgetPeriod(models.Model):
    """What became of one budget in one month, or in one run: the ledger that is never over its cap.

    `reserved_usd` is held for calls under way, `spent_usd` what calls cost. Calls that cost more than was held for
    them are paid all the same: `overrun_usd` is by how much, and only that may be over the cap.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="periods")
    month = models.DateField(null=True)
    run_id = models.UUIDField(null=True)
    is_simulated = models.BooleanField()
    cap_usd = models.DecimalField(**_USD)  # type: ignore[arg-type]
    reserved_usd = models.DecimalField(**_USD, default=Decimal(0))  # type: ignore[arg-type]
    spent_usd = models.DecimalField(**_USD, default=Decimal(0))  # type: ignore[arg-type]
    overrun_usd = models.DecimalField(**_USD, default=Decimal(0))  # type: ignore[arg-type]

    objects: ClassVar[ScopedQuerySet["BudgetPeriod"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "budget__workspace"
    brand_path: ClassVar[str] = "budget__brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(month__isnull=False, run_id__isnull=True)
                | Q(month__isnull=True, run_id__isnull=False),
                name="budget_period_is_a_month_or_a_run",
            ),
            models.UniqueConstraint(
                fields=["budget", "month", "run_id"], name="budget_period_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(reserved_usd__gte=0, spent_usd__gte=0, overrun_usd__gte=0),
                name="budget_period_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(cap_usd__gte=F("reserved_usd") + F("spent_usd") - F("overrun_usd")),
                name="budget_period_within_its_cap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget}{f', {self.month:%B %Y}' if self.month else ''}"

    @property
    def left_usd(self) -> Decimal:
        """What may still be held for calls; never below 0."""
        return max(self.cap_usd - self.reserved_usd - self.spent_usd, Decimal(0))


class Reservation(models.Model):
    """What one call may cost at most, held in every budget it counts for until it is known what it did cost.

    It is written before the call and settled in the transaction that writes the call's trace row, so that a
    reservation still held has no trace row. One whose call is over by `deadline_at` belonged to a process that is
    gone: it is assumed to have cost all of it, for the vendor may have been paid. The process may come back: what it
    says then counts. The agent run is not written yet when this is: ids, not foreign keys.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="reservations")
    run_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True)
    agent_run_id = models.UUIDField()
    model = models.CharField(max_length=80)
    is_simulated = models.BooleanField()
    status = models.CharField(max_length=16, default="held")
    amount_usd = models.DecimalField(**_USD)  # type: ignore[arg-type]
    cost_usd = models.DecimalField(**_USD, null=True)  # type: ignore[arg-type]
    periods = models.ManyToManyField(BudgetPeriod, through="Hold", related_name="reservations")
    reserved_at = models.DateTimeField(db_default=Now())
    deadline_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["Reservation"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "account__workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(RESERVATION.statuses)), name="reservation_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="held", cost_usd__isnull=True, settled_at__isnull=True)
                | (~Q(status="held") & Q(cost_usd__gte=0, settled_at__isnull=False)),
                name="reservation_costs_once_settled",
            ),
            models.CheckConstraint(condition=Q(amount_usd__gt=0), name="reservation_holds_something"),
        ]
        indexes = [models.Index(fields=["deadline_at"], name="reservation_held", condition=Q(status="held"))]

    def __str__(self) -> str:
        return f"${self.amount_usd} {self.status} for {self.model}"


class Hold(models.Model):
    """That a reservation counts in a period; `position` is the order in which its periods are locked."""

    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="holds")
    period = models.ForeignKey(BudgetPeriod, on_delete=models.PROTECT, related_name="holds")
    position = models.PositiveSmallIntegerField()
    is_simulated = models.BooleanField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["reservation", "period"], name="hold_once"),
        ]

    def __str__(self) -> str:
        return f"{self.reservation} of {self.period}"
