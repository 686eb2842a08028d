"""Definitions, runs and steps in any status, each with what the database demands of that status."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from django_q.models import OrmQ

from tests.factories.accounts import AccountFactory
from tests.factories.figures import NOON
from tiktok_ops.accounts.models import TikTokAccount
from workflows.catalogue import store_definition
from workflows.models import StepDependency, WorkflowDefinition, WorkflowRun, WorkflowStep
from workflows.nodes import AgentNode, AnyNode, ReportNode, Workflow
from workflows.outcomes import Claim
from workflows.services import start_run
from workflows.transitions import RUN, STEP

HOUR = timedelta(hours=1)


def workflow_of(*nodes: AnyNode, slug: str = "made") -> Workflow:
    """Return a workflow of these nodes."""
    return Workflow(slug=slug, label="Made", purpose="For a test.", nodes=nodes)


def agent_node(key: str, *depends_on: str, agent: str = "account_health", **changes: Any) -> AgentNode:
    """Return a node that asks an agent."""
    return AgentNode(key=key, label=key.title(), agent=agent, depends_on=depends_on, **changes)


def report_node(key: str, *depends_on: str, report: str = "profile_audit", **changes: Any) -> ReportNode:
    """Return a node that writes a report."""
    return ReportNode(key=key, label=key.title(), report=report, depends_on=depends_on, **changes)


class WorkflowDefinitionFactory(factory.django.DjangoModelFactory[WorkflowDefinition]):
    """Version 1 of a workflow of one node that asks for the account's health."""

    class Meta:
        model = WorkflowDefinition

    slug = factory.Sequence(lambda n: f"made_{n}")
    version = 1
    definition = factory.LazyAttribute(
        lambda made: workflow_of(agent_node("only"), slug=made.slug).model_dump(mode="json")
    )
    digest = factory.LazyAttribute(lambda made: Workflow.model_validate(made.definition).digest)


class WorkflowRunFactory(factory.django.DjangoModelFactory[WorkflowRun]):
    """A run of a made workflow on an account of its own; over when its status says so."""

    class Meta:
        model = WorkflowRun

    account = factory.SubFactory(AccountFactory)
    workspace = factory.SelfAttribute("account.workspace")
    definition = factory.SubFactory(WorkflowDefinitionFactory)
    as_of = NOON
    finished_at = factory.LazyAttribute(lambda run: timezone.now() if run.status in RUN.terminal else None)
    status = "queued"


class WorkflowStepFactory(factory.django.DjangoModelFactory[WorkflowStep]):
    """A step that is ready, or in another status with what belongs to it."""

    class Meta:
        model = WorkflowStep

    run = factory.SubFactory(WorkflowRunFactory)
    key = factory.Sequence(lambda n: f"step_{n}")
    position = factory.Sequence(lambda n: n)
    kind = "agent"
    status = "ready"
    not_before = factory.LazyFunction(lambda: timezone.now() - HOUR)
    claims = factory.LazyAttribute(lambda step: int(step.status == "running"))
    lease_until = factory.LazyAttribute(lambda step: companions(step.status)["lease_until"])
    output = factory.LazyAttribute(lambda step: companions(step.status)["output"])
    error = factory.LazyAttribute(lambda step: companions(step.status)["error"])
    finished_at = factory.LazyAttribute(lambda step: companions(step.status)["finished_at"])


def companions(status: str) -> dict[str, Any]:
    """Return the values other columns of a step must have while it has this status."""
    return {
        "lease_until": timezone.now() + HOUR if status == "running" else None,
        "output": {} if status == "succeeded" else None,
        "error": "It could not be done." if status == "failed" else "",
        "finished_at": timezone.now() if status in STEP.terminal else None,
    }


def expire_lease(step: WorkflowStep) -> None:
    """Let the step's lease have run out a moment ago, as if time had passed."""
    WorkflowStep.objects.filter(id=step.id).update(lease_until=timezone.now() - timedelta(seconds=1))


def make_due(step: WorkflowStep) -> None:
    """Let the time until the step's next try have passed."""
    WorkflowStep.objects.filter(id=step.id).update(not_before=timezone.now() - timedelta(seconds=1))


def claim_of(step: WorkflowStep) -> Claim:
    """Return the claim the step is under now."""
    step.refresh_from_db()
    return Claim(step.id, step.claims)


def add_steps(
    run: WorkflowRun, graph: Mapping[str, Sequence[str]], **changes: Any
) -> dict[str, WorkflowStep]:
    """Add a step for each key and the dependencies named; those without one are ready.

    `changes` go to every step.
    """
    steps = {
        key: WorkflowStepFactory.create(
            run=run,
            key=key,
            position=position,
            open_dependencies=len(upstreams),
            **{"status": "pending" if upstreams else "ready", **changes},
        )
        for position, (key, upstreams) in enumerate(graph.items())
    }
    for key, upstreams in graph.items():
        for upstream in upstreams:
            StepDependency.objects.create(upstream=steps[upstream], downstream=steps[key])
    return steps


def run_of(
    workflow: Workflow, account: TikTokAccount | None = None, given: dict[str, Any] | None = None
) -> WorkflowRun:
    """Store the workflow and start a run of it, as the catalogue and the service do."""
    store_definition(workflow, by="test")
    account = account or AccountFactory.create()
    return start_run(workflow.slug, account_id=account.id, by="test", given=given)


def statuses(run: WorkflowRun) -> dict[str, str]:
    """Return each step's status by its key, in order."""
    return dict(run.steps.values_list("key", "status"))


def events(run: WorkflowRun) -> list[str]:
    """Return what happened in the run, in order: the kind, and the step's key where it is about one."""
    rows = run.events.order_by("seq").values_list("kind", "data")
    return [f"{kind} {data['key']}" if "key" in data else kind for kind, data in rows]


def doorbells() -> list[tuple[str, tuple[str, ...]]]:
    """Return the doorbells in the queue, oldest first: what is to be called, and with which ids."""
    tasks = [queued.task for queued in OrmQ.objects.order_by("id")]
    return [(task["func"], task["args"]) for task in tasks]


def rung_clusters() -> list[str]:
    """Return the clusters that were rung, oldest first."""
    return list(OrmQ.objects.order_by("id").values_list("key", flat=True))
