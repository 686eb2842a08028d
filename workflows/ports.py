"""What each kind of node takes, cannot do without, and puts out. To add a kind: a line in each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from agents.registry import AGENTS
from approvals.kinds import kind_of, known_kinds
from workflows.callbacks import CALLBACKS
from workflows.nodes import (
    ACTION_OUTPUT,
    ASSEMBLE_INPUT,
    GATE_OUTPUT,
    PREFLIGHT_INPUT,
    PREFLIGHT_OUTPUT,
    RENDER_INPUT,
    RENDER_OUTPUT,
    REVIEW_INPUT,
    REVIEW_OUTPUT,
    STUDIO_BRIEF_INPUT,
    STUDIO_CLIP_INPUT,
    STUDIO_CLIP_OUTPUT,
    STUDIO_JOB_INPUT,
    STUDIO_JOB_OUTPUT,
    SYNC_OUTPUT,
    WAIT_OUTPUT,
    ActionNode,
    AgentNode,
    AssembleNode,
    GateNode,
    Node,
    PreflightNode,
    RenderNode,
    ReviewNode,
    StudioClipNode,
    StudioJobNode,
    SyncNode,
    WaitNode,
)
from workflows.shapes import Shape

PROVIDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "action": ("tiktok",),
        "render": ("transcoder",),
        "assemble": ("transcoder",),
        "studio_job": ("studio",),
        "studio_clip": ("studio", "transcoder"),
        "sync": ("tiktok",),
    }
)
"""The providers a kind of node asks, by their aliases; an agent's and a callback's are their own."""


def providers_of(node: Node) -> tuple[str, ...]:
    """Return the aliases of the providers the node asks; what is not known any more asks none."""
    if isinstance(node, AgentNode):
        return AGENTS[node.agent].providers if node.agent in AGENTS else ()
    if isinstance(node, WaitNode):
        return (node.callback,) if node.callback else ()
    return PROVIDERS.get(getattr(node, "kind", ""), ())


def needed_by(node: Node) -> set[str]:
    """Return the inputs the node cannot do without."""
    if isinstance(node, StudioJobNode):
        return {"brief"} if "brief" in node.inputs else {"prompt"}
    if isinstance(node, ReviewNode):
        return {"findings", "blocked"}
    if isinstance(node, RenderNode | AssembleNode | StudioClipNode):
        return taken_by(node)[1]
    return set(CALLBACKS[node.callback].inputs) if isinstance(node, WaitNode) and node.callback else set()


def taken_by(node: Node) -> tuple[str, set[str]]:
    """Return who takes the node's inputs, and which fields; nobody where anything goes or nobody is known."""
    if isinstance(node, AgentNode) and node.agent in AGENTS:
        return f"the agent {node.agent!r}", set(AGENTS[node.agent].Input.model_fields)
    if isinstance(node, GateNode) and node.approval in known_kinds():
        return f"the approval {node.approval!r}", set(kind_of(node.approval).Payload.model_fields)
    if isinstance(node, ActionNode):
        return f"the effect {node.effect!r}", set()
    if isinstance(node, RenderNode):
        return "a rendering", set(RENDER_INPUT)
    if isinstance(node, AssembleNode):
        return "a joining of clips", set(ASSEMBLE_INPUT)
    if isinstance(node, ReviewNode):
        return "a review", set(REVIEW_INPUT)
    if isinstance(node, StudioJobNode):
        is_briefed = "brief" in node.inputs
        return "a studio's job", set(STUDIO_BRIEF_INPUT if is_briefed else STUDIO_JOB_INPUT)
    if isinstance(node, StudioClipNode):
        return "a studio's clip", set(STUDIO_CLIP_INPUT)
    if isinstance(node, PreflightNode):
        return "a preflight", set(PREFLIGHT_INPUT)
    if isinstance(node, SyncNode):
        return "a sync", set()
    if isinstance(node, WaitNode):
        return "a wait", set(CALLBACKS[node.callback].inputs) if node.callback else {"until"}
    return "", set()


def put_out_by(node: Node) -> Shape:
    """Return the shape of the node's output that others may read (`workflows.shapes`)."""
    if isinstance(node, AgentNode) and node.agent in AGENTS:
        return AGENTS[node.agent].Output
    if isinstance(node, GateNode) and node.approval in known_kinds():
        return {**dict.fromkeys(GATE_OUTPUT, str), "payload": kind_of(node.approval).Payload}
    return _FIXED.get(type(node), {})


_RENDERED: Shape = {**dict.fromkeys(RENDER_OUTPUT, str), "probe": Any}
_FIXED: dict[type[Node], Shape] = {
    ActionNode: dict.fromkeys(ACTION_OUTPUT, str),
    RenderNode: _RENDERED,
    AssembleNode: _RENDERED,
    PreflightNode: dict.fromkeys(PREFLIGHT_OUTPUT, str),
    ReviewNode: {**dict.fromkeys(REVIEW_OUTPUT, str), "findings": list[Any], "items": list[Any]},
    StudioJobNode: {**dict.fromkeys(STUDIO_JOB_OUTPUT, str), "jobs": list[str]},
    StudioClipNode: {**_RENDERED, **dict.fromkeys(STUDIO_CLIP_OUTPUT[len(RENDER_OUTPUT) :], list[str])},
    SyncNode: {**dict.fromkeys(SYNC_OUTPUT, str), "said": Any},
    WaitNode: dict.fromkeys(WAIT_OUTPUT, str),
}
