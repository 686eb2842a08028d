"""Runs, their steps and their events as objects of the API, and what it takes to start one."""

from decimal import Decimal
from typing import Any, TypedDict, cast

from django.utils import timezone
from rest_framework import serializers

from agents.totals import totals_of_run
from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import TikTokAccount
from tiktok_ops.audit.services import actor_name
from tiktok_ops.rest.serializers import BodySerializer, Money, ResourceSerializer, Tokens, money_usd
from workflows.estimates import Estimate
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.overview import last_event_of, situation_of
from workflows.waiting import why_step_waits, why_waiting


class Spend(TypedDict):
    """What the calls of a run came to."""

    calls: int
    tokens: Tokens
    cost: Money
    simulated_cost: Money


class Estimated(TypedDict):
    """What a run was thought to cost, by so many runs before it."""

    low: Money
    expected: Money
    high: Money
    runs: int
    simulated: bool


class StepSerializer(ResourceSerializer[WorkflowStep]):
    """A step; `error` is the sentence for people, the traceback is for engineers and not here.

    `waiting_on` says why it has not ended; it is read off the `situation` of the context.
    """

    waiting_on = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    simulated_cost = serializers.SerializerMethodField()

    class Meta:
        model = WorkflowStep
        fields = (
            "id",
            "sandbox",
            "key",
            "item",
            "round",
            "position",
            "kind",
            "status",
            "claims",
            "tries",
            "output",
            "error",
            "waiting_on",
            "agent_run_id",
            "taken_from_id",
            "taken_sha256",
            "cost",
            "simulated_cost",
            "not_before",
            "started_at",
            "finished_at",
        )

    def get_sandbox(self, row: WorkflowStep) -> bool:
        """Return whether the step's run is of the sandbox."""
        return super().get_sandbox(row.run)

    def get_waiting_on(self, step: WorkflowStep) -> str | None:
        """Return what it waits for, since when and what comes next; null once it has ended."""
        return why_step_waits(step, self.context["situation"], now=timezone.now())

    def get_cost(self, step: WorkflowStep) -> Money:
        """Return what the agent's calls cost for real."""
        return money_usd(_agent_cost(step, is_simulated=False))

    def get_simulated_cost(self, step: WorkflowStep) -> Money:
        """Return what the agent's calls would have cost; never added to real money."""
        return money_usd(_agent_cost(step, is_simulated=True))


class RunAccountSerializer(ResourceSerializer[TikTokAccount]):
    """The account a run is on, in short."""

    class Meta:
        model = TikTokAccount
        fields = ("id", "sandbox", "handle")


class RunSerializer(ResourceSerializer[WorkflowRun]):
    """A run."""

    account = RunAccountSerializer()
    workflow = serializers.CharField(source="definition.slug")
    workflow_version = serializers.IntegerField(source="definition.version")
    dry_run = serializers.BooleanField(source="is_dry_run")
    requested_by = serializers.SerializerMethodField()

    class Meta:
        model = WorkflowRun
        fields: tuple[str, ...] = (
            "id",
            "sandbox",
            "workspace_id",
            "account",
            "workflow",
            "workflow_version",
            "status",
            "dry_run",
            "replay_of_id",
            "batch_id",
            "overrides",
            "input",
            "as_of",
            "warnings",
            "requested_by",
            "created_at",
            "started_at",
            "finished_at",
        )

    def get_requested_by(self, run: WorkflowRun) -> str | None:
        """Return who started it as the audit trail names actors; None for a process."""
        if run.api_key is not None:
            return key_actor(run.api_key)
        return actor_name(run.requested_by) if run.requested_by is not None else None


class RunDetailSerializer(RunSerializer):
    """A run with its steps, and what its whole trace came to."""

    last_event = serializers.SerializerMethodField()
    waiting_on = serializers.SerializerMethodField()
    steps = StepSerializer(many=True)
    estimate = serializers.SerializerMethodField()
    spend = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "last_event", "waiting_on", "estimate", "spend", "steps")

    def to_representation(self, run: WorkflowRun) -> Any:
        """Return the run; why each of its steps waits depends on all of them."""
        context = cast(dict[str, Any], self._context)
        context["situation"] = situation_of(run, list(run.steps.all()))
        return super().to_representation(run)

    def get_last_event(self, run: WorkflowRun) -> int:
        """Return the number of the newest event, 0 before the first: with each the ETag is another."""
        return last_event_of(run)

    def get_waiting_on(self, run: WorkflowRun) -> str | None:
        """Return what it waits for, since when and what comes next; null once it is over."""
        return why_waiting(self.context["situation"], now=timezone.now())

    def get_estimate(self, run: WorkflowRun) -> Estimated | None:
        """Return what it was thought to cost when it started; null where too little was known."""
        estimate = Estimate.read(run.estimate)
        if estimate is None:
            return None
        return {
            "low": money_usd(estimate.low_usd),
            "expected": money_usd(estimate.expected_usd),
            "high": money_usd(estimate.high_usd),
            "runs": estimate.runs,
            "simulated": estimate.is_simulated,
        }

    def get_spend(self, run: WorkflowRun) -> Spend:
        """Return calls, tokens by the class they are priced in, and money, real and simulated apart."""
        totals = totals_of_run(run.id)
        return {
            "calls": totals.calls,
            "tokens": cast(Tokens, totals.tokens),
            "cost": money_usd(totals.cost_usd),
            "simulated_cost": money_usd(totals.simulated_usd),
        }


class EventSerializer(ResourceSerializer[RunEvent]):
    """What happened in a run; its id is the run's with the event's number."""

    id = serializers.SerializerMethodField()

    class Meta:
        model = RunEvent
        fields = ("id", "sandbox", "run_id", "seq", "at", "kind", "data")

    def get_id(self, row: RunEvent) -> str:
        """Return an id that says nothing of how much happened elsewhere."""
        return f"{row.run_id}.{row.seq}"

    def get_sandbox(self, row: Any) -> bool:
        """Return whether the event's run is of the sandbox."""
        return super().get_sandbox(row.run)


class StartRunSerializer(BodySerializer):
    """What to start: a workflow, on which account, with what."""

    noun = "a run"

    workflow = serializers.CharField(max_length=80, help_text="The workflow's slug.")
    account = serializers.CharField(max_length=40, help_text="The account's id, or its handle.")
    input = serializers.DictField(required=False, help_text="The workflow's input fields, by name.")
    dry_run = serializers.BooleanField(required=False, help_text="Ask nobody and send nothing.")
    cap_usd = serializers.DecimalField(
        required=False,
        max_digits=13,
        decimal_places=6,
        help_text="What its calls to models may cost at most, in USD; of the sandbox, what they would.",
    )


def _agent_cost(step: WorkflowStep, *, is_simulated: bool) -> Decimal:
    agent_run = step.agent_run
    return agent_run.cost_usd if agent_run and agent_run.is_simulated == is_simulated else Decimal(0)
