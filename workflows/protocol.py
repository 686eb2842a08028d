"""Claim, renew and finish: the three calls by which a worker moves steps. The SQL is in `workflows/sql`."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from agents.warnings import Warnings, raise_warnings
from approvals.services import Asking, open_request
from tiktok_ops.content.dealings import Dealings, keep_dealings
from tiktok_ops.content.models import Artifact, Asset
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.prepared import fetch, insertion
from tiktok_ops.queue import IS_SOMEBODY_WAITING, this_cluster
from workflows.alarms import raise_for_step
from workflows.doorbells import PutOff, ring_clusters
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import Workflow
from workflows.outcomes import (
    ArtifactDraft,
    AsksPerson,
    Claim,
    Expanded,
    Failed,
    Finished,
    LeaseLost,
    Outcome,
    SentBack,
    Skipped,
    Succeeded,
    Waits,
)
from workflows.processes import this_process
from workflows.steps import add_items, add_round, newest_steps

LEASE_LOST = "TK001"
MAX_CLAIMS = 3
_FINISH = f"SELECT * FROM workflow_finish(%s, %s, %s::jsonb, %s, %s, %s, {IS_SOMEBODY_WAITING})"  # noqa: S608


def claim(run_id: UUID, *, cluster: str | None = None) -> Claim | None:
    """Take one due step of the run for this process, or return None when there is none.

    With `cluster`, only a step of that cluster.
    """
    row = _call(
        "SELECT step_id, claim, work FROM workflow_claim(%s, %s, %s, %s, %s)",
        [run_id, this_process(), settings.LEASE_SECONDS, MAX_CLAIMS, cluster],
    )
    return _claim_of(*row) if row else None


def work_of(claimed: Claim) -> Mapping[str, Any]:
    """Return what `workflow_work` says of the claimed step; it is asked where it did not come with the claim."""
    if claimed.work is not None:
        return claimed.work
    row = _call("SELECT workflow_work(%s)", [claimed.step_id])
    work: dict[str, Any] = json.loads(row[0]) if row else {}
    return work


def _claim_of(step_id: UUID, number: int, work: str) -> Claim:
    return Claim(step_id, number, json.loads(work))


def renew(claimed: Claim, *, seconds: float) -> None:
    """Hold the lease for at least `seconds` from now.

    Raises `LeaseLost` when it is no longer this worker's; the worker must then stop at once.
    """
    row = _call("SELECT workflow_renew(%s, %s, %s)", [claimed.step_id, claimed.number, seconds])
    if row != (True,):
        raise LeaseLost


def finish(
    claimed: Claim, outcome: Outcome, *, go_on: bool, leads_on: bool = True, put_off: PutOff | None = None
) -> Finished:
    """Record the outcome with all that follows from it, and ring for what became due, in one transaction.

    With `go_on`, one successor is claimed for this process in the same transaction. Without `leads_on` there
    is at most that one, so nobody to ring for, and with `put_off` whoever is rung for may be so a moment later:
    one statement is all of it then; a doorbell follows the commit, and the keeper rings for one that a crash
    took in between.
    Raises `LeaseLost`, having written nothing, when claim and state no longer match.
    """
    is_nested = connection.in_atomic_block
    put_off = None if is_nested else put_off  # what waits for the caller's commit is rung for with it
    is_alone = isinstance(outcome, Succeeded) and not (
        outcome.artifacts or outcome.warnings or outcome.dealings
    )
    is_whole = go_on and is_alone and (put_off is not None or not leads_on)
    with nullcontext() if is_whole and not is_nested else transaction.atomic():
        finished, clusters = _write(claimed, outcome, go_on=go_on)
        if put_off is None or finished.next_claim is None:
            _ring_for(claimed.step_id, put_off.left(clusters) if put_off else clusters)
        pass_by(CrashPoint.IN_FINISH, claimed.step_id)
    if put_off is not None and finished.next_claim is not None:
        _ring_for(claimed.step_id, put_off.went_on(clusters))
    return finished


def _write(claimed: Claim, outcome: Outcome, *, go_on: bool) -> tuple[Finished, list[str]]:
    """Write the outcome with all that belongs to it; return what is left to do and the clusters to ring."""
    if isinstance(outcome, AsksPerson) and _is_cancelled(claimed.step_id):
        outcome = Skipped("The run was cancelled before this was asked.")
    approval_id = _ask(claimed.step_id, outcome) if isinstance(outcome, AsksPerson) else None
    if isinstance(outcome, Expanded):
        _expand(claimed.step_id, outcome)
    if isinstance(outcome, SentBack):
        _send_back(claimed.step_id, outcome)
    rows = outcome.rows if isinstance(outcome, Succeeded) else ()
    finished, clusters = _finish(claimed, _as_json(outcome, approval_id), go_on=go_on, rows=rows)
    if isinstance(outcome, Succeeded) and outcome.artifacts:
        _store_artifacts(claimed.step_id, outcome.artifacts)
    if isinstance(outcome, Succeeded) and outcome.warnings:
        _warn(claimed.step_id, outcome.warnings)
    if isinstance(outcome, Succeeded) and outcome.dealings:
        _keep(claimed.step_id, outcome.dealings)
    if isinstance(outcome, Failed) and outcome.alarm:
        raise_for_step(claimed.step_id, outcome.alarm, error=outcome.error)
    return finished, clusters


def _is_cancelled(step_id: UUID) -> bool:
    """Return whether the step's run was cancelled; its row is locked, so that it stays so."""
    run_id = WorkflowStep.objects.values_list("run_id", flat=True).get(id=step_id)
    return WorkflowRun.objects.select_for_update().get(id=run_id).cancel_requested_at is not None


def _ask(step_id: UUID, outcome: AsksPerson) -> UUID:
    """Open the approval the step waits for, and return its id."""
    step = WorkflowStep.objects.select_related(
        "run__account", "run__requested_by", "run__api_key__acts_for", "run__api_key__created_by"
    ).get(id=step_id)
    rounds_before = step.run.steps.filter(key=step.key, item=step.item, round__lt=step.round)
    before = rounds_before.select_related("approval").order_by("-round").first()
    asking = Asking(
        run_id=step.run_id,
        step_id=step.id,
        requested_by=step.run.started_by,
        after=before.approval if before else None,
    )
    request = open_request(
        kind=outcome.kind,
        account=step.run.account,
        payload=outcome.payload,
        facts=outcome.facts,
        asking=asking,
        screening=outcome.screening,
    )
    return request.id


def _expand(step_id: UUID, outcome: Expanded) -> None:
    """Add the steps of a loop, before its beginning ends."""
    step = WorkflowStep.objects.select_related("run__definition").get(id=step_id)
    WorkflowRun.objects.select_for_update().get(id=step.run_id)
    add_items(step, Workflow.model_validate(step.run.definition.definition), outcome.items)


def _send_back(step_id: UUID, outcome: SentBack) -> None:
    """Have everything from the node that drafts up to the step done again; a cancelled run drafts nothing more."""
    step = WorkflowStep.objects.select_related("run__definition").get(id=step_id)
    run = WorkflowRun.objects.select_for_update().get(id=step.run_id)
    if run.cancel_requested_at is not None:
        return
    again = Workflow.model_validate(step.run.definition.definition).between(outcome.redraft, step.key)
    rows = [row for row in newest_steps(run) if row.key in again and row.item == step.item]
    add_round(rows, feedback=outcome.feedback)


def _finish(
    claimed: Claim, outcome: dict[str, Any], *, go_on: bool, rows: Sequence[Model] = ()
) -> tuple[Finished, list[str]]:
    """Call `workflow_finish`, translating its refusal; return what is left to do and the clusters to ring.

    `rows` are inserted by the same statement.
    """
    parts, values = insertion(rows)
    arguments = [
        *values,
        claimed.step_id,
        claimed.number,
        json.dumps(outcome),
        this_process(),
        settings.LEASE_SECONDS if go_on else None,
        MAX_CLAIMS,
        this_cluster(),
    ]
    try:
        row = _call(f"WITH {parts} {_FINISH}" if parts else _FINISH, arguments)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) == LEASE_LOST:
            raise LeaseLost from None
        raise
    if row is None:  # the function always returns one row
        raise RuntimeError("workflow_finish returned nothing.")
    step_id, number, work, clusters = row
    next_claim = _claim_of(step_id, number, work) if step_id else None
    return Finished(next_claim=next_claim, due=len(clusters)), clusters


def resume(step_id: UUID, outcome: dict[str, Any]) -> bool:
    """Give a waiting step its outcome and ring for what became due, in the caller's transaction.

    `outcome` is what `workflow_resume` reads. Returns whether the step did wait.
    """
    return _rings(step_id, "SELECT workflow_resume(%s, %s::jsonb)", [step_id, json.dumps(outcome)])


def wake(step_id: UUID) -> bool:
    """Let a waiting step be taken up again, in the caller's transaction; return whether it did wait."""
    return _rings(step_id, "SELECT workflow_wake(%s)", [step_id])


def go_on(run_id: UUID) -> None:
    """End a run of which nothing is left, or say that it waits, and ring for what is due in it.

    In the caller's transaction, which has locked the run and moved steps of it from outside.
    """
    row = _call("SELECT workflow_go_on(%s)", [run_id])
    ring_clusters(run_id, row[0] if row else [])


def settle(run_id: UUID, step_id: UUID) -> None:
    """Count a step that has ended off those that wait for it, in the caller's transaction, which has locked the run."""
    fetch("SELECT workflow_count_off(%s, %s)", [run_id, step_id])


def _rings(step_id: UUID, sql: str, arguments: list[Any]) -> bool:
    """Move a step from outside and ring for what became due; return whether there was anything to do."""
    row = _call(sql, arguments)
    if row is None or row[0] is None:
        return False
    _ring_for(step_id, row[0])
    return True


def _ring_for(step_id: UUID, clusters: Iterable[str]) -> None:
    """Ring for the step's run once for each of the clusters."""
    if clusters:
        ring_clusters(WorkflowStep.objects.values_list("run_id", flat=True).get(id=step_id), clusters)


def _as_json(outcome: Outcome, approval_id: UUID | None) -> dict[str, Any]:
    """Return the outcome as `workflow_finish` reads it."""
    if isinstance(outcome, AsksPerson):
        return {"status": "waiting", "approval_id": str(approval_id)}
    if isinstance(outcome, Waits):
        return {
            "status": "waiting",
            "error": outcome.why,
            "delay_seconds": outcome.seconds,
            "approval_id": str(outcome.approval_id) if outcome.approval_id else None,
        }
    agent_run_id = str(outcome.agent_run_id) if outcome.agent_run_id else None
    if isinstance(outcome, Succeeded):
        return {"status": "succeeded", "output": dict(outcome.output), "agent_run_id": agent_run_id}
    if isinstance(outcome, Expanded):
        return {"status": "succeeded", "output": {"items": len(outcome.items)}}
    if isinstance(outcome, Skipped):
        return {"status": "skipped", "error": outcome.why}
    if isinstance(outcome, SentBack):
        return {"status": "skipped", "error": f"Sent back to be drafted again: {outcome.feedback}"}
    if isinstance(outcome, Failed):
        return {
            "status": "failed",
            "error": outcome.error,
            "traceback": outcome.traceback,
            "agent_run_id": agent_run_id,
        }
    return {
        "status": "ready",
        "error": outcome.error,
        "delay_seconds": outcome.delay_seconds,
        "counts_as_try": outcome.counts_as_try,
        "agent_run_id": agent_run_id,
    }


def _store_artifacts(step_id: UUID, drafts: tuple[ArtifactDraft, ...]) -> None:
    """Store what the step made, beside its result."""
    step = WorkflowStep.objects.select_related("run").get(id=step_id)
    for draft in drafts:
        asset = Asset.objects.get(id=draft.asset_id) if draft.asset_id else None
        Artifact.objects.create(
            account_id=step.run.account_id,
            kind=draft.kind,
            run_id=step.run_id,
            step_id=step.id,
            round=step.round,
            media_type=draft.media_type,
            text=draft.text,
            asset=asset,
            sha256=asset.sha256 if asset else hashlib.sha256(draft.text.encode()).hexdigest(),
        )


def _warn(step_id: UUID, warnings: Warnings) -> None:
    """Raise what an agent's answer warns of, and resolve what it shows to be over; a dry run warns nobody."""
    run = WorkflowRun.objects.select_related("account").get(steps=step_id)
    if not run.is_dry_run:
        raise_warnings(warnings, account=run.account)


def _keep(step_id: UUID, dealings: Dealings) -> None:
    """Keep what an agent's answer shows to be dealt with; a dry run changes nothing for the runs after it."""
    run = WorkflowRun.objects.get(steps=step_id)
    if not run.is_dry_run:
        keep_dealings(run.account_id, dealings)


def _call(sql: str, arguments: list[Any]) -> tuple[Any, ...] | None:
    """Run one statement and return its row, if it has one."""
    rows = fetch(sql, arguments)
    return rows[0] if rows else None
