"""Which artifact went from which step to which: what one agent made and another took up."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tiktok_ops.content.models import Artifact
from workflows.models import StepDependency, WorkflowRun
from workflows.nodes import Node, Workflow


@dataclass(frozen=True, slots=True)
class Handoff:
    """One artifact and the steps between which it went, by their labels; `round` is the giver's, from 0."""

    artifact: Artifact
    giver: str
    taker: str
    item: int
    round: int


def handoffs_of(run: WorkflowRun, workflow: Workflow) -> list[Handoff]:
    """Return the run's handoffs in the order of its steps: an artifact of a step whose output another one read.

    Two queries. A step that did not run took nothing.
    """
    artifacts: dict[UUID, list[Artifact]] = {}
    for artifact in Artifact.objects.filter(run_id=run.id).order_by("kind"):
        artifacts.setdefault(artifact.step_id, []).append(artifact)
    edges = StepDependency.objects.filter(
        downstream__run=run, upstream__in=artifacts, downstream__claims__gt=0
    )
    ordered = edges.select_related("upstream", "downstream").order_by(
        "upstream__position", "upstream__item", "upstream__round", "downstream__position"
    )
    return [
        Handoff(
            artifact=artifact,
            giver=workflow.node(edge.upstream.key).label,
            taker=workflow.node(edge.downstream.key).label,
            item=edge.upstream.item,
            round=edge.upstream.round,
        )
        for edge in ordered
        if edge.upstream.key in _read_by(workflow.node(edge.downstream.key))
        for artifact in artifacts[edge.upstream_id]
    ]


def _read_by(node: Node) -> set[str]:
    """Return the keys of the nodes whose output the node reads."""
    facts: Mapping[str, str] = getattr(node, "facts", {})
    return {path.partition(".")[0] for path in (*node.inputs.values(), *facts.values())}
