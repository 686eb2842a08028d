"""Schedules, and what came of each of their due times."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tiktok_ops.accounts.models import TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id
from workflows.schedules.timing import KIND_LABELS, LONGEST_EXPRESSION, Kind, Timing, parse_timing

LONGEST_NAME = 80


class Schedule(models.Model):
    """Starts a workflow on an account when it is due: in wall time of the account's zone, or after an event.

    `next_due_at` was reckoned for `time_zone`; without one it is not due. `kept_by` is the person in whose
    name it starts runs: whoever made it, or changed it last; nobody for one of the command line. What is
    removed stays on record.
    """

    class CatchUp(models.TextChoices):
        """What becomes of due times nobody was there for."""

        ONCE = "once", _("Missed times run once, not all")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="schedules")
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="schedules")
    name = models.CharField(max_length=LONGEST_NAME)
    workflow = models.SlugField(max_length=80)
    kind = models.CharField(max_length=16, choices=[(kind.value, KIND_LABELS[kind]) for kind in Kind])
    expression = models.CharField(max_length=LONGEST_EXPRESSION)
    input = models.JSONField(default=dict)
    catch_up = models.CharField(max_length=16, choices=CatchUp, default=CatchUp.ONCE)
    is_active = models.BooleanField(default=True)
    next_due_at = models.DateTimeField(null=True)
    time_zone = models.CharField(max_length=64)
    last_firing = models.OneToOneField(
        "workflows.ScheduleFiring", on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    kept_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["Schedule"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_due_at"], name="schedule_due", condition=Q(is_active=True))]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in Kind]), name="schedule_kind_known"
            ),
            models.CheckConstraint(condition=Q(catch_up="once"), name="schedule_catch_up_known"),
            models.CheckConstraint(
                condition=Q(next_due_at__isnull=True) | Q(is_active=True), name="schedule_due_while_active"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["cron", "interval"], is_active=True) | Q(next_due_at__isnull=False),
                name="schedule_active_is_due",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(is_active=False), name="schedule_removed_is_inactive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def timing(self) -> Timing:
        """When it is due."""
        return parse_timing(self.kind, self.expression)

    @property
    def state(self) -> str:
        """What to expect of it: `active`, `failing`, `paused`, `done` or `removed`."""
        if self.removed_at is not None:
            return "removed"
        if not self.is_active:
            return "paused"
        if self.last_firing is not None and self.last_firing.refusal:
            return "failing"
        return "done" if self.kind == Kind.ONCE and self.next_due_at is None else "active"


class ScheduleFiring(models.Model):
    """A due time of a schedule, met once: with the run it started, or the sentence that says why it did not.

    Append-only, in the transaction that starts the run.
    """

    class Cause(models.TextChoices):
        """Why it was due."""

        TIME = "time", _("Its time had come")
        EVENT = "event", _("It happened")
        PERSON = "person", _("A person fired it")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, related_name="firings")
    due_at = models.DateTimeField()
    cause = models.CharField(max_length=16, choices=Cause)
    run = models.OneToOneField(
        "workflows.WorkflowRun", on_delete=models.PROTECT, null=True, related_name="firing"
    )
    refusal = models.TextField(blank=True)
    fired_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-fired_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="schedule_due_time_once"),
            models.CheckConstraint(
                condition=Q(cause__in=["time", "event", "person"]), name="schedule_firing_cause_known"
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False, refusal="") | (Q(run__isnull=True) & ~Q(refusal="")),
                name="schedule_firing_came_to_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["schedule", "-fired_at"], name="firing_by_schedule")]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M} UTC"
