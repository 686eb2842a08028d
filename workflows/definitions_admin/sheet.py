"""What the page of a definition shows: its graph, and each node in words. Decisions only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from agents.circles import CIRCLES
from agents.registry import AGENTS
from approvals.kinds import kind_of
from tiktok_ops.errors import Refused
from workflows.conditions import in_words
from workflows.drawing import BACK_DEPTH, Box, Drawing, Line, draw, lines_back
from workflows.effects.registry import EFFECTS
from workflows.nodes import (
    ActionNode,
    AgentNode,
    AnyNode,
    GateNode,
    ReportNode,
    ReviewNode,
    Workflow,
)
from workflows.ports import providers_of
from workflows.slots import APART, POSTS_A_DAY
from workflows.validation import DefinitionRefused, check_workflow

KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "agent": "asks an agent",
        "gate": "asks a person",
        "action": "acts outwardly",
        "preflight": "checks what has to be so",
        "render": "makes a video",
        "assemble": "joins clips to a video",
        "review": "has a draft reviewed by another agent",
        "studio_job": "asks the studio for a clip",
        "studio_clip": "fetches the studio's clip",
        "sync": "takes in what TikTok says",
        "wait": "waits for a time or a call back",
        "report": "writes a report",
    }
)

_SHORT_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "preflight": "checks first",
        "assemble": "joins clips",
        "review": "reviews the draft",
        "studio_job": "asks the studio",
        "studio_clip": "fetches the clip",
        "sync": "syncs",
        "wait": "waits",
    }
)
"""What a box has room for."""

_ON_REJECT: Mapping[str, str] = MappingProxyType(
    {"skip_branch": "what is behind it is skipped", "fail_run": "the run fails"}
)


@dataclass(frozen=True, slots=True)
class NodeCard:
    """A node in words: what it does, what decides whether it does, and its limits, read by who looks closer.

    Nodes are called by their labels; `inputs` and `shown_facts` say where each value comes from.
    """

    key: str
    label: str
    kind: str
    does: str
    facts: dict[str, str]
    limits: dict[str, str]
    inputs: dict[str, str]
    options: dict[str, Any]
    shown_facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class GraphBox:
    """A box of the graph with what marks it: the words of its node's kind, whether it is in a loop, has a condition."""

    box: Box
    words: str
    in_loop: bool
    has_condition: bool
    may_wait: bool = False

    @property
    def said(self) -> str:
        """What a reader that shows no pictures says of it."""
        marks = [", once for each item"] * self.in_loop + [
            ", only if its condition holds"
        ] * self.has_condition
        marks += [", in a batch that may take a day"] * self.may_wait
        return f"{self.box.label}: {self.words}{''.join(marks)}"


@dataclass(frozen=True, slots=True)
class Graph:
    """The picture of a definition; `back` are the ways to a draft that is made again. `height` has room for them."""

    boxes: tuple[GraphBox, ...]
    drawing: Drawing
    back: tuple[Line, ...]
    height: int

    @property
    def has_loop(self) -> bool:
        """Whether anything is done once for each item of a list."""
        return any(box.in_loop for box in self.boxes)

    @property
    def has_condition(self) -> bool:
        """Whether anything is done only under a condition."""
        return any(box.has_condition for box in self.boxes)


def graph_of(workflow: Workflow) -> Graph:
    """Return the picture of a workflow without a cycle."""
    nodes = {node.key: node for node in workflow.nodes}
    drawing = draw(
        [(node.key, node.label, node.depends_on) for node in workflow.nodes],
        {node.key: node.kind for node in workflow.nodes},
    )
    again = [(node.key, start) for node in workflow.nodes if (start := _drafts_again(node)) in nodes]
    boxes = tuple(
        GraphBox(
            box=box,
            words=_SHORT_WORDS.get(box.status, KIND_WORDS[box.status]),
            in_loop=bool(nodes[box.key].for_each),
            has_condition=nodes[box.key].when is not None,
            may_wait=getattr(nodes[box.key], "may_wait", False),
        )
        for box in drawing.boxes
    )
    height = drawing.height + BACK_DEPTH * len(again)
    return Graph(boxes=boxes, drawing=drawing, back=lines_back(drawing, again), height=height)


def _drafts_again(node: AnyNode) -> str:
    """Return the key of the node that drafts again after this one's no, empty where none does."""
    if isinstance(node, ReviewNode):
        return node.redraft
    return (node.redrafts_from or "") if isinstance(node, GateNode) else ""


def why_refused(workflow: Workflow) -> str:
    """Return why the workflow cannot be started now, empty where it can."""
    try:
        check_workflow(workflow)
    except DefinitionRefused as refused:
        return str(refused)
    return ""


def cards_of(workflow: Workflow) -> list[NodeCard]:
    """Return each node in words, in the order written."""
    labels = {node.key: node.label for node in workflow.nodes}
    return [
        NodeCard(
            key=node.key,
            label=node.label,
            kind=node.kind,
            does=_does(node),
            facts=_facts(node, labels),
            limits=_limits(node),
            inputs=_sources(node.inputs, labels),
            options=dict(getattr(node, "options", {})),
            shown_facts=_sources(getattr(node, "facts", {}), labels),
        )
        for node in workflow.nodes
    ]


def _does(node: AnyNode) -> str:
    """Return what the node does, in a sentence; what is gone since is called by its name."""
    if isinstance(node, AgentNode):
        agent = AGENTS.get(node.agent)
        name = node.agent.replace("_", " ")
        return f"Asks the agent “{name}”: {agent.purpose}" if agent else f"Asks the agent “{name}”."
    if isinstance(node, GateNode):
        return f"Asks a person: {_label(lambda: kind_of(node.approval).label, node.approval)}."
    if isinstance(node, ActionNode):
        return (
            f"{_label(lambda: EFFECTS[node.effect].label, node.effect)}: what was approved, and nothing else."
        )
    if isinstance(node, ReportNode):
        name = node.report.replace("_", " ")
        return f"Writes the report “{name}” once everything before it has ended, however it ended."
    return f"{KIND_WORDS[node.kind].capitalize()}."


def _label(read: Callable[[], str], name: str) -> str:
    try:
        return read()
    except (KeyError, Refused):
        return name


def _facts(node: AnyNode, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what decides whether and when the node runs; what does not apply is left out."""
    loop = path_in_words(node.for_each, labels) if node.for_each else ""
    told = {
        "Runs after": ", ".join(labels.get(key, key) for key in node.depends_on),
        "Only if": in_words(node.when, called=lambda path: path_in_words(path, labels)) if node.when else "",
        "Once for each item of": f"{loop}, at most {node.most_items}" if loop else "",
        "Sends what was approved at": labels.get(node.gate, node.gate)
        if isinstance(node, ActionNode)
        else "",
        "After a no": _on_reject(node, labels) if isinstance(node, GateNode) else "",
        "Circle": CIRCLES[node.circle].in_words
        if isinstance(node, ReviewNode) and node.circle in CIRCLES
        else "",
        "Slots": SLOTS if getattr(node, "spreads_posts", False) else "",
        "Waits": f"{seconds:g} s" if (seconds := getattr(node, "seconds", None)) else "",
        "May wait": "for a batch: half the price, up to a day" if getattr(node, "may_wait", False) else "",
    }
    return {name: value for name, value in told.items() if value}


def _limits(node: AnyNode) -> dict[str, str]:
    """Return how often and how long the node tries."""
    policy = node.retry
    asked = ", ".join(providers_of(node))
    return {
        **({"Asks": asked} if asked else {}),
        "Tried at most": f"{policy.max_tries} times, {policy.base_seconds:g} to {policy.max_seconds:g} s apart",
        "Time for one try": f"{node.timeout_seconds:g} s",
        "Done by": f"the {node.cluster} workers",
        "Name in the definition": node.key,
    }


def _sources(paths: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", " "): path_in_words(path, labels) for name, path in paths.items()}


def path_in_words(path: str, labels: Mapping[str, str]) -> str:
    """Return where a value comes from: `“ideas” of the input`, `“caption” of Draft`, `the item`."""
    root, _, rest = path.partition(".")
    field = rest.removeprefix("output").strip(".").replace("_", " ")
    if root == "item":
        return f"“{field}” of the item" if field else "the item"
    whose = "the input" if root == "brief" else labels.get(root, root)
    return f"“{field}” of {whose}" if field else f"all of {whose}"


SLOTS = f"each post {APART.total_seconds() / 60:g} minutes after the one before, at most {POSTS_A_DAY} a day"


def _on_reject(gate: GateNode, labels: Mapping[str, str]) -> str:
    if gate.redrafts_from is None:
        return _ON_REJECT[gate.on_reject]
    again = labels.get(gate.redrafts_from, gate.redrafts_from)
    return f"again from {again!r} on, with what was said, at most {gate.most_redrafts} times"
