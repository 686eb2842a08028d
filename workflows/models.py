"""Runs and their steps. PostgreSQL rows are the queue: what is due, claimed, done is read off them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import AgentRun
from approvals.models import ApprovalRequest
from tiktok_ops.accounts.models import ApiKey, TikTokAccount, User, Workspace
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id
from tiktok_ops.queue import Cluster
from tiktok_ops.soundness import Sound
from workflows.batch_models import Batch as Batch
from workflows.effects.models import Effect as Effect
from workflows.effects.models import PullAddress as PullAddress
from workflows.schedules.models import Schedule as Schedule
from workflows.schedules.models import ScheduleFiring as ScheduleFiring
from workflows.stop_switch_models import StopSwitch as StopSwitch
from workflows.transitions import RUN
from workflows.webhooks.models import WebhookMessage as WebhookMessage
from workflows.webhooks.models import WebhookRefusal as WebhookRefusal


class WorkflowDefinition(models.Model):
    """One version of a workflow; a changed definition is a new version, a run keeps the one it began with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=80)
    version = models.PositiveIntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="workflow_version_once")]

    def __str__(self) -> str:
        return f"{self.slug} v{self.version}"


class WorkflowRun(models.Model):
    """One occurrence of a workflow on one account.

    `as_of` is what "now" is for every step: from when the account's data is, at the start or after the last sync in it.
    A replay names the run it replays; `overrides` are what a person changed of the nodes for this run
    (`workflows.overrides`). In a dry run nobody is asked and nothing is sent: effects and approvals of one
    are refused by the database. `estimate` is what it was thought to cost when it started (`workflows.estimates`);
    with `uses_fast_models` its agents ask the fast tier, because somebody chose so when a budget was used up.
    """

    class Mode(models.TextChoices):
        """Whether the run's outward acts reach TikTok or its sandbox."""

        SANDBOX = "sandbox", _("Sandbox")
        LIVE = "live", _("Live")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="runs")
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="runs", db_index=False)
    definition = models.ForeignKey(WorkflowDefinition, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=16, default="queued")
    mode = models.CharField(max_length=16, choices=Mode, default=Mode.SANDBOX)
    input = models.JSONField(default=dict)
    as_of = models.DateTimeField()
    warnings = models.JSONField(default=list)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="runs")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="runs")
    is_dry_run = models.BooleanField(default=False, db_default=False)
    replay_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replays")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="runs")
    overrides = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    uses_fast_models = models.BooleanField(default=False, db_default=False)
    estimate = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["WorkflowRun"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        verbose_name = _("run")
        ordering = ["-id"]
        indexes = [models.Index(fields=["account", "-id"], name="run_by_account")]
        constraints = [
            models.CheckConstraint(
                condition=Sound("id", "status", "finished_at", "replay_of", function="workflow_run_is_sound"),
                name="run_is_sound",
            ),
        ]

    def __str__(self) -> str:
        label = self.definition.definition.get("label", self.definition.slug)
        return f"{label} of {self.account}"

    @property
    def started_by(self) -> User | None:
        """The person who started it, also through a key; None where nobody did."""
        if self.requested_by or self.api_key is None:
            return self.requested_by
        return self.api_key.acts_for or self.api_key.created_by

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in this run."""
        return self.status in RUN.terminal


class WorkflowStep(models.Model):
    """One node of a run at work.

    `claims` counts how often a worker took it and fences off the ones before; `tries` counts what the
    retry policy counts. A lease is held exactly while the step is running. A waiting step with `wake_at`
    is taken up again then. `item` numbers the steps of a loop from 1, and `item_value` is what each is for;
    `round` counts how often it is done again, and `feedback` is what a person said of the round before.
    Only workers of its `cluster` take a step. A step of a replay that was taken over instead of done names
    the step that did it, with the SHA-256 (hex) of its output as canonical JSON.
    """

    class RunsWhen(models.TextChoices):
        """What the steps before must have come to."""

        ALL_SUCCEEDED = "all_succeeded", _("All before succeeded")
        ALL_SETTLED = "all_settled", _("All before ended, however")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=80)
    item = models.IntegerField(default=0)
    round = models.IntegerField(default=0)
    item_value = models.JSONField(null=True)
    feedback = models.TextField(blank=True, default="")
    position = models.IntegerField()
    kind = models.CharField(max_length=16)
    cluster = models.CharField(max_length=16, default=Cluster.SHORT, db_default=Cluster.SHORT)
    status = models.CharField(max_length=16, default="pending")
    runs_when = models.CharField(max_length=16, choices=RunsWhen, default=RunsWhen.ALL_SUCCEEDED)
    open_dependencies = models.IntegerField(default=0)
    broken_dependencies = models.IntegerField(default=0)
    claims = models.IntegerField(default=0)
    tries = models.IntegerField(default=0)
    claimed_by = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(db_default=Now())
    wake_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True)
    output = models.JSONField(null=True)
    error = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    agent_run = models.ForeignKey(
        AgentRun, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    approval = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    taken_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="taken_by", db_index=False
    )
    taken_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["WorkflowStep"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "run__workspace"
    brand_path: ClassVar[str] = "run__account__brand"

    class Meta:
        verbose_name = _("step")
        ordering = ["position", "item", "round"]
        constraints = [
            models.UniqueConstraint(fields=["run", "key", "item", "round"], name="step_once"),
            models.CheckConstraint(
                condition=Sound(
                    *("status", "cluster", "output", "error", "lease_until", "wake_at"),
                    *("taken_from", "taken_sha256", "item", "round", "position"),
                    *("open_dependencies", "broken_dependencies", "claims", "tries"),
                    function="workflow_step_is_sound",
                ),
                name="step_is_sound",
            ),
        ]
        indexes = [
            models.Index(
                fields=["run", "position", "item", "round"],
                name="step_open",
                condition=Q(status__in=["pending", "ready", "running", "waiting"]),
            ),
            models.Index(fields=["not_before"], name="step_due", condition=Q(status="ready")),
            models.Index(fields=["lease_until"], name="step_leased", condition=Q(status="running")),
            models.Index(fields=["wake_at"], name="step_wakes", condition=Q(status="waiting")),
            # Most steps have none of these: what every change of a step would write holds the few that have.
            *(
                models.Index(fields=[name], name=f"step_{name}", condition=Q(**{f"{name}__isnull": False}))
                for name in ("agent_run", "approval", "taken_from")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.status}"


class StepDependency(models.Model):
    """`downstream` starts after `upstream` has ended."""

    upstream = models.ForeignKey(
        WorkflowStep, on_delete=models.CASCADE, related_name="leads_to", db_index=False
    )
    downstream = models.ForeignKey(WorkflowStep, on_delete=models.CASCADE, related_name="depends_on")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upstream", "downstream"], name="step_dependency_once"),
            models.CheckConstraint(
                condition=~Q(upstream=models.F("downstream")), name="step_depends_on_others"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.upstream_id} → {self.downstream_id}"


class RunEvent(models.Model):
    """What happened in a run, in order and without a gap; append-only, in the transaction of the change."""

    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["run", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="run_event_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
