"""Replaying a run from a step: a new run of the same version, in which what came before is taken over.

What is taken over is neither done nor paid again: its output is the very one, by its SHA-256, and it names
the step that made it. Outward acts are never taken for done: one that is done again begins at its gate.
"""

import hashlib
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from agents.budgets.services import cap_of_run
from tiktok_ops.accounts.keys import key_actor
from tiktok_ops.accounts.models import ApiKey, User
from tiktok_ops.audit.services import record
from tiktok_ops.canonical import canonical_json
from tiktok_ops.content.models import Artifact
from tiktok_ops.prepared import insert
from workflows.models import StepDependency, WorkflowRun, WorkflowStep
from workflows.overrides import Changes, changed
from workflows.protocol import go_on, settle
from workflows.replay_plan import Edge, Plan, ReplayRefused, check_changes_are_read, name_of, plan_replay
from workflows.services import capping, first_event, new_run
from workflows.steps import newest_steps
from workflows.validation import check_input, parse_workflow

NO_CHANGES = Changes()


def replay_run(
    *,
    run_id: UUID,
    from_steps: Collection[str],
    by: User | ApiKey | str,
    changes: Changes = NO_CHANGES,
    reason: str = "",
) -> WorkflowRun:
    """Start a run that takes over what came before the named steps and does the rest again.

    A step is named by its key, one of a loop's items as `key#2`. The replay of a dry run is one, too.
    Raises `ReplayRefused`, `ChangeRefused`, `DefinitionRefused` or `InputRefused`, each one sentence, having
    written nothing.
    """
    with transaction.atomic():
        old = _lock(run_id)
        workflow = parse_workflow(old.definition.definition)
        rows = newest_steps(old)
        plan = plan_replay(workflow, rows, _edges(old, rows), names=from_steps)
        given = {**old.input, **changes.given}
        overrides = changes.over(old.overrides)
        check_input(changed(workflow, overrides), given)
        check_changes_are_read(workflow, plan, old, given, changes)
        run = new_run(
            old.account,
            old.definition,
            workflow,
            by=by,
            given=given,
            as_of=old.as_of,
            is_dry_run=old.is_dry_run,
            replay_of=old,
            overrides=overrides,
        )
        insert([run, first_event(run), *capping(run, cap_of_run(old.id), by=by)])
        _begin(run, plan)
        _record(run, plan, by=by, from_steps=from_steps, changes=changes, reason=reason)
    run.refresh_from_db()
    return run


def output_sha256(step: WorkflowStep) -> str:
    """Return the SHA-256 (hex) of a step's output as canonical JSON."""
    return hashlib.sha256(canonical_json(step.output)).hexdigest()


def _lock(run_id: UUID) -> WorkflowRun:
    """Return the run, locked, so that none of its steps moves meanwhile. Raises `ReplayRefused`."""
    runs = WorkflowRun.objects.select_for_update(of=("self",)).select_related("definition", "account")
    run = runs.filter(id=run_id).first()
    if run is None:
        raise ReplayRefused(f"There is no run {str(run_id)!r}.")
    if run.mode != run.account.mode:
        raise ReplayRefused(
            f"{run.account} was switched from {run.mode!r} to {run.account.mode!r} after this run: start a new one."
        )
    return run


def _edges(run: WorkflowRun, rows: Collection[WorkflowStep]) -> list[Edge]:
    """Return what waited for what, of each step its newest round."""
    newest = {(row.key, row.item): row for row in rows}
    found = StepDependency.objects.filter(downstream__in=rows).select_related("upstream", "downstream")
    pairs = {
        (newest[one.upstream.key, one.upstream.item], newest[one.downstream.key, one.downstream.item])
        for one in found
    }
    return list(pairs)


def _begin(run: WorkflowRun, plan: Plan) -> None:
    """Write the replay's rows, let what can begin begin, and ring for it."""
    waits: dict[UUID, int] = {}
    for _, after in plan.edges:
        waits[after.id] = waits.get(after.id, 0) + 1
    new = {row.id: _taken(run, row) for row in plan.taken}
    new |= {row.id: _anew(run, row, waits.get(row.id, 0)) for row in plan.again}
    WorkflowStep.objects.bulk_create(new.values())
    StepDependency.objects.bulk_create(
        StepDependency(upstream=new[before.id], downstream=new[after.id]) for before, after in plan.edges
    )
    _take_artifacts(run, plan, new)
    for row in plan.taken:
        settle(run.id, new[row.id].id)
    go_on(run.id)


def _copied(run: WorkflowRun, row: WorkflowStep, **values: Any) -> WorkflowStep:
    """Return a row of the replay for the same step; rounds are counted anew, what was said of a draft stays."""
    return WorkflowStep(
        run=run,
        key=row.key,
        item=row.item,
        item_value=row.item_value,
        feedback=row.feedback,
        position=row.position,
        kind=row.kind,
        cluster=row.cluster,
        runs_when=row.runs_when,
        **values,
    )


def _taken(run: WorkflowRun, row: WorkflowStep) -> WorkflowStep:
    """Return a row that was done elsewhere; of what was taken over before, it names who did it first."""
    return _copied(
        run,
        row,
        status=row.status,
        output=row.output,
        error=row.error,
        finished_at=Now(),
        taken_from_id=row.taken_from_id or row.id,
        taken_sha256=output_sha256(row),
    )


def _anew(run: WorkflowRun, row: WorkflowStep, waits: int) -> WorkflowStep:
    return _copied(run, row, status="pending" if waits else "ready", open_dependencies=waits)


def _take_artifacts(run: WorkflowRun, plan: Plan, new: dict[UUID, WorkflowStep]) -> None:
    """Let the replay have what the steps that were taken over had made."""
    made = Artifact.objects.filter(step_id__in=[row.id for row in plan.taken])
    Artifact.objects.bulk_create(
        Artifact(
            account_id=run.account_id,
            kind=one.kind,
            run_id=run.id,
            step_id=new[one.step_id].id,
            media_type=one.media_type,
            text=one.text,
            asset_id=one.asset_id,
            sha256=one.sha256,
        )
        for one in made
    )


def _record(
    run: WorkflowRun,
    plan: Plan,
    *,
    by: User | ApiKey | str,
    from_steps: Collection[str],
    changes: Changes,
    reason: str,
) -> None:
    """Write down what was replayed, from where, and what is different."""
    record(
        "run.replayed",
        by=key_actor(by) if isinstance(by, ApiKey) else by,
        subject=f"run {run.id}",
        workspace_id=run.workspace_id,
        data={
            "replay_of": str(run.replay_of_id),
            "from": sorted(from_steps),
            "taken_over": [name_of(row) for row in plan.taken],
            "input": dict(changes.given),
            "options": {key: dict(options) for key, options in changes.options.items()},
            "prompts": sorted(changes.prompts),
            "reason": reason,
        },
    )
