"""What people do to runs under way: cancel, pause, resume, and try a failed step again.

Everything is cooperative: a worker in the middle of a step ends it, and nothing new begins. What has left
cannot be called back by this, so a run whose post is with TikTok is over once TikTok has said what became
of it. Lock order: requests, run, steps, effects.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from approvals.models import ApprovalRequest
from approvals.services import withdraw
from tiktok_ops.accounts.models import User
from tiktok_ops.audit.services import record
from tiktok_ops.errors import Overtaken, Refused
from workflows.alarms import resolve_for_step, resolve_for_undone_effects
from workflows.effects.ledger import ON_ITS_WAY, call_off
from workflows.models import StepDependency, WorkflowRun, WorkflowStep
from workflows.nodes import ActionNode, Workflow
from workflows.protocol import go_on
from workflows.steps import add_round, newest_steps
from workflows.transitions import STEP

CANCELLED = "The run was cancelled."


class RunOver(Overtaken):
    """This run is over: there is nothing left to do with it."""


class StepRefused(Refused):
    """This step cannot be tried again."""


def cancel_run(*, run_id: UUID, by: User | str, reason: str = "") -> WorkflowRun:
    """Let nothing more begin in the run; steps at work end, and what is on its way to TikTok is followed.

    Open approvals are withdrawn. Raises `RunOver`.
    """
    with transaction.atomic():
        # No key: a worker that holds the run writes down an effect of a request, and its foreign key, which is
        # looked at as it commits, would else wait for us while we wait for the run.
        asked = ApprovalRequest.objects.select_for_update(no_key=True).filter(
            run_id=run_id, status__in=["open", "on_hold", "approved"]
        )
        requests = list(asked)
        run = _lock(run_id)
        _check_under_way(run)
        WorkflowRun.objects.filter(id=run.id).update(
            cancel_requested_at=Now(), status="running" if run.status == "paused" else run.status
        )
        for request in requests:
            withdraw(request, by=by, why=CANCELLED)
        steps = run.steps.select_for_update(of=("self",)).filter(status__in=["pending", "ready", "waiting"])
        for step in steps.exclude(effect__status__in=ON_ITS_WAY):
            call_off(step, by=by, why=CANCELLED)
        _say(run, "cancel_requested", by=by, reason=reason)
        go_on(run.id)
    run.refresh_from_db()
    return run


def pause_run(*, run_id: UUID, by: User | str, reason: str = "") -> WorkflowRun:
    """Let nothing more begin in the run until it is resumed. Raises `RunOver`, also for one that is paused."""
    with transaction.atomic():
        run = _lock(run_id)
        _check_under_way(run)
        if run.status == "paused":
            raise RunOver("This run is paused already.")
        WorkflowRun.objects.filter(id=run.id).update(status="paused")
        _say(run, "paused", by=by, reason=reason)
    run.refresh_from_db()
    return run


def resume_run(*, run_id: UUID, by: User | str, reason: str = "") -> WorkflowRun:
    """Let a paused run go on, and ring for what is due. Raises `RunOver` for one that is not paused."""
    with transaction.atomic():
        run = _lock(run_id)
        if run.status != "paused":
            raise RunOver(f"This run is {run.status}, not paused: there is nothing to resume.")
        WorkflowRun.objects.filter(id=run.id).update(status="running" if run.started_at else "queued")
        _say(run, "resumed", by=by, reason=reason)
        go_on(run.id)
    run.refresh_from_db()
    return run


def retry_step(*, step_id: UUID, by: User | str, reason: str = "") -> WorkflowRun:
    """Do a failed step again, and everything behind it; what had succeeded before it is kept.

    An outward act is asked for again at its gate, for a yes is for one act. Raises `StepRefused` unless the
    step failed in its newest round, and `RunOver` for a run that succeeded or was cancelled.
    """
    with transaction.atomic():
        step = WorkflowStep.objects.filter(id=step_id).first()
        if step is None:
            raise StepRefused(f"There is no step {str(step_id)!r}.")
        run = _lock(step.run_id)
        if run.status in {"succeeded", "cancelled"} or run.cancel_requested_at:
            raise RunOver(f"This run is {run.status}: start a new one.")
        newest = {row.id: row for row in newest_steps(run)}
        step = newest.get(step_id)
        if step is None or step.status != "failed":
            raise StepRefused("Only a step that failed can be tried again, in its newest round.")
        again = _and_all_behind(_first_of(step, run, newest.values()), newest)
        add_round(again)
        if run.status == "failed":
            WorkflowRun.objects.filter(id=run.id).update(status="running", finished_at=None)
        for again_step in again:
            resolve_for_step(run, again_step.key, by=by)
        resolve_for_undone_effects(again, by=by)
        _say(run, "retried", by=by, reason=reason, key=step.key)
        go_on(run.id)
    run.refresh_from_db()
    return run


def _first_of(step: WorkflowStep, run: WorkflowRun, newest: Collection[WorkflowStep]) -> WorkflowStep:
    """Return where to begin again: an outward act begins at its gate."""
    node = Workflow.model_validate(run.definition.definition).node(step.key)
    if not isinstance(node, ActionNode):
        return step
    return next(row for row in newest if row.key == node.gate and row.item == step.item)


def _and_all_behind(first: WorkflowStep, newest: dict[UUID, WorkflowStep]) -> list[WorkflowStep]:
    """Return the step and every step behind it that has ended."""
    found, ahead = {first.id: first}, [first.id]
    while ahead:
        behind = StepDependency.objects.filter(upstream=ahead.pop()).values_list("downstream", flat=True)
        for step_id in behind:
            row = newest.get(step_id)
            if row is not None and row.status in STEP.terminal and step_id not in found:
                found[step_id] = row
                ahead.append(step_id)
    return list(found.values())


def _lock(run_id: UUID) -> WorkflowRun:
    """Return the run, locked; raises `RunOver` where there is none."""
    run = WorkflowRun.objects.select_for_update(of=("self",)).select_related("definition").filter(id=run_id)
    found = run.first()
    if found is None:
        raise RunOver(f"There is no run {str(run_id)!r}.")
    return found


def _check_under_way(run: WorkflowRun) -> None:
    if run.is_over:
        raise RunOver(f"This run is over: it {run.status}.")
    if run.cancel_requested_at:
        raise RunOver("This run is being cancelled: it ends once TikTok has said what became of its post.")


def _say(run: WorkflowRun, what: str, *, by: User | str, reason: str, **data: str) -> None:
    """Write down what was done, for the run's readers and for the audit trail."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_event(%s, %s, jsonb_build_object('by', %s::text, 'reason', %s::text))",
            [run.id, f"run.{what}", str(by), reason],
        )
    record(
        f"run.{what}",
        by=by,
        subject=f"run {run.id}",
        workspace_id=run.workspace_id,
        data={"reason": reason, **data},
    )
