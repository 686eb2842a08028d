"""Definitions that act or render: each thing that is refused, in its sentence; and ours, which pass."""

from typing import Any

import pytest

from tests.factories.agents import made_agent, use_agents
from tests.factories.approvals import gate_node
from tests.factories.workflows import agent_node, report_node, workflow_of
from workflows.definitions.own_post import workflow as own_post
from workflows.definitions.post_draft import workflow as post_draft
from workflows.effects.registry import EFFECTS, EffectKind, by_name
from workflows.executors import EXECUTORS
from workflows.nodes import ACTION_OUTPUT, RENDER_OUTPUT, ActionNode, AnyNode, RenderNode
from workflows.validation import DefinitionRefused, check_workflow, problems

RENDERED = {"lines": "brief.lines", "seconds": "brief.seconds"}


@pytest.fixture
def made_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one agent, a made one."""
    use_agents(monkeypatch, made_agent("made"))


def action(key: str = "post", *depends_on: str, **changes: Any) -> ActionNode:
    """Return a node that posts what was approved at the gate, behind which it comes."""
    values = {"effect": "post_video", "gate": "gate", "depends_on": depends_on or ("gate",)}
    return ActionNode(key=key, label="Post", **(values | changes))


def render(**changes: Any) -> RenderNode:
    """Return a node that makes a video of what the brief says."""
    return RenderNode(key="video", label="Video", **({"inputs": RENDERED} | changes))


REFUSED: dict[str, tuple[list[AnyNode], str]] = {
    "unknown effect": (
        [gate_node(), action(effect="post_poem")],
        "the node 'post' asks for the effect 'post_poem'; there are create_campaign, "
        "post_photo, post_video, reply_comment, send_message, set_price, set_stock, take_off_sale, "
        "update_listing.",
    ),
    "no gate at all": (
        [agent_node("made", agent="made"), action("post", "made", gate="made")],
        "the node 'post' acts outwardly, so it must depend on the gate it names; 'made' is not one before it.",
    ),
    "gate that is no node": (
        [gate_node(), action(gate="door")],
        "the node 'post' acts outwardly, so it must depend on the gate it names; 'door' is not one before it.",
    ),
    "a yes for two acts": (
        [gate_node(), action("again"), action("post")],
        "'again' and 'post' both send what 'gate' approved; a yes is for one act.",
    ),
    "gate it does not depend on": (
        [gate_node(), gate_node("other"), action("post", "other")],
        "the node 'post' acts outwardly, so it must depend on the gate it names; 'gate' is not one before it.",
    ),
    "payload of its own": (
        [gate_node(), action(inputs={"caption": "gate.output.payload"})],
        "the node 'post' gives 'caption', which the effect 'post_video' does not take.",
    ),
    "output an action has not": (
        [
            gate_node(),
            action(),
            agent_node("after", "post", agent="made", inputs={"text": "post.output.caption"}),
        ],
        "the node 'after' reads 'text' from 'post.output.caption', which 'post' does not put out.",
    ),
    "rendering without lines": (
        [render(inputs={"seconds": "brief.seconds"})],
        "the node 'video' has to be given lines and seconds.",
    ),
    "rendering with more than it takes": (
        [render(inputs=RENDERED | {"music": "brief.music"})],
        "the node 'video' gives 'music', which a rendering does not take.",
    ),
    "output a rendering has not": (
        [render(), agent_node("after", "video", agent="made", inputs={"text": "video.output.path"})],
        "the node 'after' reads 'text' from 'video.output.path', which 'video' does not put out.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.usefixtures("made_agents")
def test_check_definition_that_acts_or_renders_wrongly_is_refused_naming_the_node(name: str) -> None:
    nodes, sentence = REFUSED[name]

    with pytest.raises(DefinitionRefused) as refusal:
        check_workflow(workflow_of(*nodes))

    assert str(refusal.value) == f"The workflow 'made' is refused: {sentence}"


def test_check_action_behind_a_gate_for_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    poem = EffectKind(
        name="post_poem", label="Post a poem", approval="poem", performed_by="operator.not_", done="posted"
    )
    monkeypatch.setattr("workflows.validation.EFFECTS", by_name([*EFFECTS.values(), poem]))

    assert list(problems(workflow_of(gate_node(), action(effect="post_poem")))) == [
        "the node 'post' sends what a gate for 'poem' approved; 'gate' asks for 'post_video'."
    ]


@pytest.mark.usefixtures("made_agents")
def test_check_definition_that_reads_all_an_action_or_a_rendering_puts_out_passes() -> None:
    readers = [
        agent_node(f"reads_{node}_{name}", node, agent="made", inputs={"text": f"{node}.output.{name}"})
        for node, names in (("post", ACTION_OUTPUT), ("video", RENDER_OUTPUT))
        for name in names
    ]
    nodes: list[AnyNode] = [gate_node(), action(), render(), *readers]

    assert list(problems(workflow_of(*nodes))) == []
    assert list(problems(workflow_of(*nodes, report_node("report", *(node.key for node in nodes))))) == []


@pytest.mark.parametrize("workflow", [own_post, post_draft], ids=lambda workflow: str(workflow.slug))
def test_check_workflows_of_ours_that_post_passes(workflow: Any) -> None:
    assert list(problems(workflow)) == []
    gates = {node.key for node in workflow.nodes if node.kind == "gate"}
    assert {node.gate for node in workflow.nodes if node.kind == "action"} == gates


def test_every_kind_of_node_has_somebody_who_does_it() -> None:
    kinds = {node.model_fields["kind"].default for node in AnyNode.__origin__.__args__}  # type: ignore[attr-defined]

    assert set(EXECUTORS) == kinds | {"expand"}
