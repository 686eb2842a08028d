"""A run as one value: what the command line, the API and the pages say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from agents.totals import Totals, totals_of_run
from approvals.deciders import words_of_deciders
from tiktok_ops.accounts.scope import ScopedQuerySet
from tiktok_ops.content.models import Artifact
from workflows.estimates import Estimate
from workflows.models import RunEvent, WorkflowRun, WorkflowStep
from workflows.waiting import Situation, Stopped, why_step_waits, why_waiting

_STEP = ("id", "run_id", "key", "item", "round", "status", "position", "finished_at")
_APPROVAL = ("id", "account_id", "workspace_id", "kind", "status", "risk", "amount_usd", "requested_by_id")
_READ = (*_STEP, "approval_id", *(f"approval__{name}" for name in _APPROVAL))


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A run, its steps in order, what it cost, and why it and each open step (by id) is not over.

    `last_event` is the number of its newest event when the run was read, 0 before the first.
    """

    run: WorkflowRun
    steps: list[WorkflowStep]
    totals: Totals
    last_event: int
    waiting_on: str | None
    step_waits: dict[UUID, str]
    report: str

    @property
    def seconds(self) -> float:
        """How long the run took from its start, or has taken so far."""
        end: datetime = self.run.finished_at or timezone.now()
        return round(max((end - self.run.created_at).total_seconds(), 0), 3)

    @property
    def cost_usd(self) -> Decimal:
        """What it cost; simulated in the sandbox, and then no real money is in it."""
        return self.totals.simulated_usd if self.is_simulated else self.totals.cost_usd

    @property
    def estimate(self) -> str | None:
        """What it was thought to cost when it started, and how what it cost compares; None where nothing was known."""
        estimate = Estimate.read(self.run.estimate)
        if estimate is None:
            return None
        compared = estimate.compared_with(self.cost_usd) if self.run.is_over else "under way"
        return f"Estimated at the start: {estimate.words}; {compared}"

    @property
    def is_simulated(self) -> bool:
        """Whether no call went to the outside."""
        return self.totals.is_simulated

    def as_json(self) -> dict[str, Any]:
        """Return what `run_workflow --json` prints."""
        return {
            "run": {
                "id": str(self.run.id),
                "workflow": self.run.definition.slug,
                "status": self.run.status,
                "waiting_on": self.waiting_on,
                "seconds": self.seconds,
                "cost_usd": str(self.cost_usd),
                "simulated": self.is_simulated,
                "tokens": self.totals.tokens,
                "calls": self.totals.calls,
                "warnings": self.run.warnings,
                "dry_run": self.run.is_dry_run,
                "replay_of": str(self.run.replay_of_id) if self.run.replay_of_id else None,
            },
            "steps": [
                {
                    "key": step.key,
                    "status": step.status,
                    "claims": step.claims,
                    "output": step.output,
                    "error": step.error or None,
                    "waiting_on": self.step_waits.get(step.id),
                    "taken_sha256": step.taken_sha256 or None,
                }
                for step in self.steps
            ],
            "approvals": [str(step.approval_id) for step in self.steps if step.approval_id],
            "report": self.report,
        }


def overview_of(run: WorkflowRun) -> RunOverview:
    """Read all there is to say of a run."""
    run = with_last_event(WorkflowRun.objects.select_related("definition", "account")).get(id=run.id)
    steps = list(run.steps.select_related("agent_run", "approval"))
    report = Artifact.objects.filter(run_id=run.id, kind=Artifact.Kind.REPORT).order_by("-round").first()
    now, situation = timezone.now(), situation_of(run, steps)
    waits = {step.id: why_step_waits(step, situation, now=now) for step in steps}
    return RunOverview(
        run=run,
        last_event=last_event_of(run),
        steps=steps,
        totals=totals_of_run(run.id),
        waiting_on=why_waiting(situation, now=now),
        step_waits={step_id: why for step_id, why in waits.items() if why is not None},
        report=report.text if report else "",
    )


def with_last_event(runs: ScopedQuerySet[WorkflowRun]) -> ScopedQuerySet[WorkflowRun]:
    """Return the runs, each read with the number of its newest event (`last_event_of`).

    What is read of a run after it may be newer, never older, so that whoever follows from that number misses nothing.
    """
    newest = RunEvent.objects.filter(run=OuterRef("pk")).order_by("-seq").values("seq")[:1]
    annotated: Any = runs.annotate(last_event=Coalesce(Subquery(newest), 0))
    read: ScopedQuerySet[WorkflowRun] = annotated  # the type of what is annotated is of the checker's making
    return read


def last_event_of(run: WorkflowRun) -> int:
    """Return the number of the newest event of a run that was read with it, 0 before the first."""
    number: int = vars(run)["last_event"]
    return number


def situation_of(run: WorkflowRun, steps: Sequence[WorkflowStep]) -> Situation:
    """Return what the steps of a run, all of which are given with their approvals, wait in.

    Who may decide is looked up where somebody is asked, and who paused or cancelled it where it is.
    """
    return Situation.of(
        run.status,
        steps,
        run.definition.definition,
        since=run.started_at or run.created_at,
        is_cancelled=run.cancel_requested_at is not None,
        stopped=_stopped(run),
        deciders=words_of_deciders(
            step.approval for step in steps if step.approval is not None and step.approval.is_undecided
        ),
    )


def _stopped(run: WorkflowRun) -> Stopped | None:
    """Return who paused the run, or cancelled it, as its newest event of that says; None where it is neither."""
    if run.is_over or (run.status != "paused" and run.cancel_requested_at is None):
        return None
    kind = "run.paused" if run.status == "paused" else "run.cancel_requested"
    event = run.events.filter(kind=kind).order_by("-seq").first()
    if event is None:
        return None
    return Stopped(by=event.data.get("by", "a person"), at=event.at)


def read_situation(run_id: UUID) -> Situation:
    """Return what the steps of a run wait in, reading no more of them than that takes."""
    run = WorkflowRun.objects.select_related("definition").get(id=run_id)
    return situation_of(run, list(run.steps.select_related("approval").only(*_READ)))
