"""What agents did: their runs, the trace of every call, and the prices of models."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.batch_models import BatchedQuestion as BatchedQuestion
from agents.breaker_models import Breaker as Breaker
from agents.budgets.models import Budget as Budget
from agents.budgets.models import BudgetPeriod as BudgetPeriod
from agents.budgets.models import Hold as Hold
from agents.budgets.models import Reservation as Reservation
from agents.connections.models import TikTokConnection as TikTokConnection
from agents.guardrails.models import GuardrailFinding as GuardrailFinding
from agents.guardrails.models import GuardrailPolicy as GuardrailPolicy
from agents.memory.models import MemoryItem as MemoryItem
from agents.sandbox_grant_models import SandboxGrant as SandboxGrant
from agents.sandbox_grant_models import SandboxNotice as SandboxNotice
from agents.sandbox_grant_models import SandboxToken as SandboxToken
from agents.sandbox_models import SandboxBatch as SandboxBatch
from agents.sandbox_models import SandboxCreator as SandboxCreator
from agents.sandbox_models import SandboxPost as SandboxPost
from agents.sandbox_models import SandboxQuestion as SandboxQuestion
from agents.sandbox_models import SandboxRequest as SandboxRequest
from agents.sandbox_models import SandboxStudioJob as SandboxStudioJob
from agents.transitions import AGENT_RUN
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.ids import new_id


class Tokens(models.Model):
    """Base of rows that count tokens by the classes they are priced in, and what they cost."""

    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cache_read_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_5m_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_1h_tokens = models.PositiveBigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))

    class Meta:
        abstract = True


class AgentRun(Tokens):
    """One agent asked once: its input, its facts, its output and what it cost.

    The workflow run and step are above this app: ids, not foreign keys. Tokens and cost are the sums
    of its trace rows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(TikTokAccount, on_delete=models.PROTECT, related_name="agent_runs")
    agent = models.CharField(max_length=80)
    status = models.CharField(max_length=16, default="running")
    run_id = models.UUIDField(null=True, db_index=True)
    step_id = models.UUIDField(null=True)
    claim = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField()
    input = models.JSONField(default=dict)
    facts = models.JSONField(null=True)
    output = models.JSONField(null=True)
    is_simulated = models.BooleanField(default=True)
    latency_ms = models.PositiveIntegerField(null=True)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[ScopedQuerySet["AgentRun"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "account__workspace"
    brand_path: ClassVar[str] = "account__brand"

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=list(AGENT_RUN.statuses)), name="agent_run_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="succeeded") | Q(output__isnull=False),
                name="agent_run_success_has_output",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.status}"


class AgentStep(Tokens):
    """One call an agent run made: to the model, a provider or a guardrail. Append-only."""

    class Kind(models.TextChoices):
        """What was called."""

        COMPUTE = "compute", _("Computed")  # of runs before ADR 0014: the agent run has what was computed
        CLAUDE = "claude", _("Claude")
        PROVIDER = "provider", _("Provider")
        GUARDRAIL = "guardrail", _("Guardrail")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent_run = models.ForeignKey(AgentRun, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=120)
    request = models.JSONField(default=dict)
    response = models.JSONField(null=True)
    model = models.CharField(max_length=80, blank=True)
    is_simulated = models.BooleanField(default=True)
    latency_ms = models.PositiveIntegerField(default=0)
    provider_request_id = models.CharField(max_length=120, blank=True)
    prompt_digest = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ScopedQuerySet["AgentStep"]] = ScopedQuerySet.as_manager()  # type: ignore[assignment]
    workspace_path: ClassVar[str] = "agent_run__account__workspace"
    brand_path: ClassVar[str] = "agent_run__account__brand"

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["compute", "claude", "provider", "guardrail"]),
                name="agent_step_kind_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class ModelPrice(models.Model):
    """What a model costs from a day on, in USD per million tokens.

    `up_to_input_tokens` is the top of a prompt-size tier; the row without one holds for all above.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    model = models.CharField(max_length=80)
    effective_from = models.DateField()
    up_to_input_tokens = models.PositiveBigIntegerField(null=True, blank=True)
    input_usd = models.DecimalField(max_digits=12, decimal_places=6)
    output_usd = models.DecimalField(max_digits=12, decimal_places=6)
    cache_read_usd = models.DecimalField(max_digits=12, decimal_places=6)
    cache_write_5m_usd = models.DecimalField(max_digits=12, decimal_places=6)
    cache_write_1h_usd = models.DecimalField(max_digits=12, decimal_places=6)
    batch_factor = models.DecimalField(max_digits=6, decimal_places=4, default=Decimal("0.5"))

    class Meta:
        ordering = ["model", "-effective_from", "up_to_input_tokens"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "effective_from", "up_to_input_tokens"],
                name="model_price_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(input_usd__gt=0, output_usd__gt=0), name="model_price_is_never_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} from {self.effective_from}"
