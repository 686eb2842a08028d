"""What a node reads is looked up in what the nodes before it declare, to its whole depth; with the real agents."""

from typing import Any

import pytest

from tests.factories.approvals import gate_node
from tests.factories.workflows import agent_node, report_node, workflow_of
from workflows.catalogue import WORKFLOWS
from workflows.nodes import ActionNode, AnyNode, GateNode, ReportNode, WaitNode
from workflows.validation import DefinitionRefused, check_workflow, problems

IDEAS = "ideas.output.ideas"
ideas = agent_node("ideas", agent="content_ideator")


def draft(*depends_on: str, **changes: Any) -> AnyNode:
    """Return a node that drafts from an idea."""
    return agent_node("draft", *(depends_on or ("ideas",)), agent="content_producer", **changes)


def rests(path: str, *depends_on: str, **changes: Any) -> WaitNode:
    """Return a node that waits until what the path leads to."""
    return WaitNode(key="rest", label="Rest", depends_on=depends_on, inputs={"until": path}, **changes)


def post(**changes: Any) -> ActionNode:
    return ActionNode(
        key="post", label="Post", effect="post_video", gate="gate", depends_on=("gate",), **changes
    )


REFUSED: dict[str, tuple[list[AnyNode], str]] = {
    "deep in an output": (
        [ideas, draft(inputs={"idea": "ideas.output.ideas.0.hok"})],
        "the node 'draft' reads 'idea' from 'ideas.output.ideas.0.hok', which 'ideas' does not put out.",
    ),
    "in each of a list": (
        [ideas, rests("ideas.output.ideas.hok", "ideas")],
        "the node 'rest' reads 'until' from 'ideas.output.ideas.hok', which 'ideas' does not put out.",
    ),
    "deeper than there is": (
        [ideas, rests("ideas.output.note.first", "ideas")],
        "the node 'rest' reads 'until' from 'ideas.output.note.first', which 'ideas' does not put out.",
    ),
    "in what was approved": (
        [gate_node(), rests("gate.output.payload.publish_on", "gate")],
        "the node 'rest' reads 'until' from 'gate.output.payload.publish_on', which 'gate' does not put out.",
    ),
    "of an item": (
        [ideas, draft(for_each=IDEAS, inputs={"idea": "item.hok"})],
        f"the node 'draft' reads 'idea' from 'item.hok', which no item of {IDEAS!r} has.",
    ),
    "in a condition": (
        [ideas, draft(when={"path": "ideas.output.typo", "op": "empty"})],
        "the node 'draft' reads 'when' from 'ideas.output.typo', which 'ideas' does not put out.",
    ),
    "of a loop from outside": (
        [
            ideas,
            draft(for_each=IDEAS, inputs={"idea": "item"}),
            rests("draft.output.0.caption.typo", "draft"),
        ],
        "the node 'rest' reads 'until' from 'draft.output.0.caption.typo', which 'draft' does not put out.",
    ),
    "a loop over no list": (
        [ideas, draft(for_each="ideas.output.note", inputs={"idea": "item.hook"})],
        "the node 'draft' is done for each of 'ideas.output.note', which is no list.",
    ),
    "a loop over nothing": (
        [ideas, draft(for_each="ideas.output.idaes", inputs={"idea": "item.hook"})],
        "the node 'each_ideas_output_idaes' reads 'items' from 'ideas.output.idaes', which 'ideas' does not put out.",
    ),
    "the report of a decision it does not wait for": (
        [ideas, gate_node(), report_node("report", "ideas", report="acts")],
        "the report 'report' tells what is decided at 'gate', but may be written before: let it depend on 'gate'.",
    ),
    "the report of an act it does not wait for": (
        [gate_node(), post(), report_node("report", "gate", report="acts")],
        "the report 'report' tells what becomes of 'post', but may be written before: let it depend on 'post'.",
    ),
}


@pytest.mark.parametrize(("nodes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_definition_that_reads_what_is_not_there_is_refused_in_one_sentence(
    nodes: list[AnyNode], sentence: str
) -> None:
    workflow = workflow_of(*nodes)
    assert list(problems(workflow)) == [sentence]
    with pytest.raises(DefinitionRefused):
        check_workflow(workflow)


@pytest.mark.parametrize(
    "nodes",
    [
        [ideas, draft(inputs={"idea": "ideas.output.ideas.0"})],
        [ideas, draft(for_each=IDEAS, inputs={"idea": "item"})],
        [ideas, rests("ideas.output.ideas.hook", "ideas")],
        [
            agent_node(
                "a", agent="content_producer", for_each="brief.ideas", inputs={"idea": "item.any.thing"}
            )
        ],
        [ideas, draft(for_each=IDEAS, inputs={"idea": "item"}), rests("draft.output.caption", "draft")],
        [ideas, draft(for_each=IDEAS, inputs={"idea": "item"}), rests("draft.output.0.caption", "draft")],
        [
            ideas,
            draft(for_each=IDEAS, inputs={"idea": "item"}),
            rests("draft.output.caption", "draft", for_each=IDEAS),
        ],
        [gate_node(), rests("gate.output.payload.publish_at", "gate")],
        # By way of the act that follows on it, and of the gate alone.
        [gate_node(), post(), report_node("report", "post", report="acts")],
        [gate_node(), report_node("report", "gate", report="acts")],
        # A report that says nothing of decisions need not wait for them.
        [ideas, gate_node(), report_node("report", "ideas", report="profile_audit")],
    ],
)
def test_definition_that_reads_what_is_there_passes(nodes: list[AnyNode]) -> None:
    assert list(problems(workflow_of(*nodes))) == []


def test_definitions_of_ours_pass_and_their_reports_of_decisions_come_after_them() -> None:
    telling = 0
    for workflow in WORKFLOWS.values():
        assert list(problems(workflow)) == []
        for node in workflow.nodes:
            if isinstance(node, ReportNode) and node.report == "acts":
                gate = next(one for one in workflow.nodes if isinstance(one, GateNode | ActionNode))
                early = node.model_copy(update={"depends_on": ()})
                others = tuple(early if one.key == node.key else one for one in workflow.nodes)
                told = list(problems(workflow.model_copy(update={"nodes": others})))
                assert any(repr(gate.key) in sentence for sentence in told), workflow.slug
                telling += 1
    assert telling >= 5
