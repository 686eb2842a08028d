"""What a decision means for the run that asked: the gate's step goes on, is skipped, or fails."""

import json
from typing import Any

from approvals.models import ApprovalRequest, Decision
from tiktok_ops.errors import Overtaken
from workflows.effects.reasking import held_by, resume_effect
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import GateNode
from workflows.protocol import resume
from workflows.steps import add_round, newest_steps
from workflows.validation import parse_workflow


class RunMovedOn(Overtaken):
    """The run no longer waits for this: it was cancelled or has ended."""


def resume_gate(request: ApprovalRequest, decision: Decision) -> None:
    """Let the step that asked go on, in the decision's transaction; or the effect it was asked again for.

    Raises `RunMovedOn` when it does not wait any more; the decision is then rolled back with it.
    """
    step = WorkflowStep.objects.select_related("run__definition").get(id=request.step_id)
    node = parse_workflow(step.run.definition.definition).node(step.key)
    if not isinstance(node, GateNode):
        raise TypeError(node)
    outcome = outcome_of(node, request, decision)
    effect = held_by(request)
    if effect is None and decision.verb == Decision.Verb.REJECT:
        draft_again(step, node, feedback=decision.comment)
    went_on = resume_effect(effect, decision, outcome) if effect else resume(step.id, outcome)
    if not went_on:
        raise RunMovedOn


def draft_again(step: WorkflowStep, node: GateNode, *, feedback: str) -> None:
    """Have everything from the node that drafts up to this gate done again, if the gate says so and may."""
    if node.redrafts_from is None or step.round >= node.most_redrafts or step.status != "waiting":
        return
    run = WorkflowRun.objects.select_for_update().get(id=step.run_id)
    again = parse_workflow(step.run.definition.definition).between(node.redrafts_from, node.key)
    add_round(
        [row for row in newest_steps(run) if row.key in again and row.item == step.item], feedback=feedback
    )


def outcome_of(node: GateNode, request: ApprovalRequest, decision: Decision) -> dict[str, Any]:
    """Return what the decision makes of the step, as `workflow_resume` reads it."""
    if decision.verb == Decision.Verb.APPROVE:
        output = {
            "request": str(request.id),
            "decision": str(decision.id),
            "payload": json.loads(bytes(request.payload)),
            "payload_sha256": request.payload_sha256,
        }
        return {"status": "succeeded", "output": output}
    status = "failed" if node.on_reject == "fail_run" else "skipped"
    return {"status": status, "error": f"Rejected by {decision.decided_by}: {decision.comment}"}
