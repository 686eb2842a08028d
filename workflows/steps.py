"""The rows of a run: the steps it begins with, those of a loop's items, and those of another round.

Everything here runs in the caller's transaction. Once a run has begun, the caller holds its lock.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import F

from tiktok_ops.ids import new_id
from tiktok_ops.prepared import Also, insert
from workflows.models import StepDependency, WorkflowRun, WorkflowStep
from workflows.nodes import AnyNode, ExpandNode, Workflow
from workflows.transitions import STEP


def first_steps(run: WorkflowRun, workflow: Workflow) -> Also:
    """Return what writes the rows a run begins with, beside its own: its workflow's openings, and what waits for what.

    Those that are ready count as rung for: the caller does so.

    A step behind a loop waits for its beginning; what else it waits for is known once the items are.
    """
    ids = [new_id() for _ in workflow.openings]
    return Also("workflow_begin(%s, %s, %s::jsonb)", (run.id, ids, workflow.opening))


def add_items(expander: WorkflowStep, workflow: Workflow, items: Sequence[Any]) -> None:
    """Add the steps of a loop, a row of its members for each item, and let what comes behind wait for them."""
    loop = workflow.node(expander.key)
    if not isinstance(loop, ExpandNode):
        raise TypeError(loop)
    members = [(place, node) for place, node in enumerate(workflow.nodes) if node.key in loop.members]
    outside = _steps_by_key(expander.run, exclude=loop.members)
    added: list[dict[str, WorkflowStep]] = []
    for number, item in enumerate(items, start=1):
        row = {
            node.key: _step(
                expander.run,
                node,
                position=place,
                open_dependencies=len(set(node.depends_on) & set(loop.members)),
                item=number,
                item_value=item,
            )
            for place, node in members
        }
        insert([*row.values()])
        _join(
            (upstream, row[node.key])
            for _, node in members
            for key in node.depends_on
            for upstream in ([row[key]] if key in row else outside.get(key, []))
        )
        added.append(row)
    _wait_behind(expander, workflow, loop, added)
    _tell(expander.run, "run.expanded", {"key": expander.key, "items": len(items)})


def _wait_behind(
    expander: WorkflowStep, workflow: Workflow, loop: ExpandNode, added: Sequence[dict[str, WorkflowStep]]
) -> None:
    """Let the steps that wait for the loop wait for its items, where they depend on them."""
    behind = WorkflowStep.objects.filter(depends_on__upstream=expander, status="pending").distinct()
    for step in behind:
        wanted = [key for key in workflow.node(step.key).depends_on if key in loop.members]
        rows = [row[key] for row in added for key in wanted]
        _join((row, step) for row in rows)
        WorkflowStep.objects.filter(id=step.id).update(open_dependencies=F("open_dependencies") + len(rows))


def add_round(steps: Collection[WorkflowStep], *, feedback: str = "") -> list[WorkflowStep]:
    """Do these steps of one run again, as the next round; return the new rows, in order.

    A new row depends on the new rows of those again, and on the old rows of what is not done again. What
    comes behind and has not begun waits for the new rows instead of the old. `feedback` is what a person
    said of the round before.
    """
    old = {step.id: step for step in sorted(steps, key=lambda step: step.position)}
    edges = StepDependency.objects.select_related("upstream", "downstream")
    before = list(edges.filter(downstream__in=old))
    new: dict[Any, WorkflowStep] = {}
    for step in old.values():
        waits = [edge for edge in before if edge.downstream_id == step.id]
        still_open = [
            edge for edge in waits if edge.upstream_id in old or edge.upstream.status not in STEP.terminal
        ]
        new[step.id] = _again(step, open_dependencies=len(still_open), feedback=feedback)
    WorkflowStep.objects.bulk_create(new.values())
    _join((new.get(edge.upstream_id, edge.upstream), new[edge.downstream_id]) for edge in before)
    behind = edges.filter(upstream__in=old, downstream__status="pending").exclude(downstream__in=old)
    for edge in behind:
        _wait_instead(edge, new[edge.upstream_id])
    return list(new.values())


def _wait_instead(edge: StepDependency, new: WorkflowStep) -> None:
    """Let a step that has not begun wait for the new row rather than for the old one."""
    was_counted = edge.upstream.status in STEP.terminal
    was_broken = was_counted and edge.upstream.status != "succeeded"
    StepDependency.objects.filter(id=edge.id).update(upstream=new)
    WorkflowStep.objects.filter(id=edge.downstream_id).update(
        open_dependencies=F("open_dependencies") + int(was_counted),
        broken_dependencies=F("broken_dependencies") - int(was_broken),
    )


def newest_steps(run: WorkflowRun) -> list[WorkflowStep]:
    """Return the run's steps, of each only its newest round, in order."""
    newest = {(step.key, step.item): step for step in run.steps.order_by("round")}
    return sorted(newest.values(), key=lambda step: (step.position, step.item))


def _steps_by_key(run: WorkflowRun, *, exclude: Collection[str]) -> dict[str, list[WorkflowStep]]:
    """Return the newest rows of each node outside of a loop."""
    found: dict[str, list[WorkflowStep]] = {}
    for step in newest_steps(run):
        if step.key not in exclude:
            found.setdefault(step.key, []).append(step)
    return found


def _step(
    run: WorkflowRun, node: AnyNode | ExpandNode, *, position: int, open_dependencies: int, **values: Any
) -> WorkflowStep:
    """Return a new row, ready where nothing is waited for."""
    return WorkflowStep(
        run=run,
        key=node.key,
        position=position,
        kind=node.kind,
        cluster=node.cluster,
        status="pending" if open_dependencies else "ready",
        runs_when=node.runs_when,
        open_dependencies=open_dependencies,
        **values,
    )


def _again(step: WorkflowStep, *, open_dependencies: int, feedback: str) -> WorkflowStep:
    """Return the next round of a step."""
    return WorkflowStep(
        run_id=step.run_id,
        key=step.key,
        item=step.item,
        item_value=step.item_value,
        round=step.round + 1,
        position=step.position,
        kind=step.kind,
        cluster=step.cluster,
        status="pending" if open_dependencies else "ready",
        runs_when=step.runs_when,
        open_dependencies=open_dependencies,
        feedback=feedback,
    )


def _join(pairs: Iterable[tuple[WorkflowStep, WorkflowStep]]) -> None:
    StepDependency.objects.bulk_create(
        StepDependency(upstream=upstream, downstream=downstream) for upstream, downstream in pairs
    )


def _tell(run: WorkflowRun, kind: str, data: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT workflow_event(%s, %s, %s::jsonb)", [run.id, kind, json.dumps(data)])
