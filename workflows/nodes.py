"""What a workflow is made of: frozen nodes, written in Python or read from JSON alike."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StringConstraints

from agents.contract import Typed
from tiktok_ops.canonical import canonical_json
from tiktok_ops.queue import Cluster
from workflows.conditions import Condition, paths_of
from workflows.graphs import reached
from workflows.retrying import RetryPolicy

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]

MOST_NODES = 200
MOST_ITEMS = 200
OnReject = Annotated[str, StringConstraints(pattern=r"^(skip_branch|fail_run|redraft:[a-z][a-z0-9_]{0,79})$")]
LONG_STEP_SECONDS = 120
"""A node that may take longer is for the long cluster, where it holds up no others."""


class Node(Typed):
    """What every node has.

    `inputs` maps a field to a dotted path (`workflows.paths`). Without `when`, or where it holds, the node
    runs; else it is skipped. `for_each` leads to a list of at most `most_items`: the node is done once for
    each item, and nodes with the same `for_each` follow each other item by item.
    """

    runs_when: ClassVar = "all_succeeded"
    key: Key
    label: str = Field(min_length=1, max_length=120)
    depends_on: tuple[Key, ...] = ()
    inputs: dict[str, str] = {}
    when: Condition | None = None
    for_each: str | None = Field(None, max_length=200)
    most_items: int = Field(50, ge=1, le=MOST_ITEMS)
    retry: RetryPolicy = RetryPolicy()
    timeout_seconds: float = Field(120, gt=0, le=280)

    @property
    def cluster(self) -> Cluster:
        """The cluster whose workers do this."""
        return Cluster.LONG if self.timeout_seconds > LONG_STEP_SECONDS else Cluster.SHORT


class AgentNode(Node):
    """Ask an agent; `options` are constants of its input.

    Where it `may_wait`, its model is asked in a batch, which costs half and may take up to a day.
    """

    kind: Literal["agent"] = "agent"
    agent: str
    options: dict[str, Any] = {}
    may_wait: bool = False


class ReportNode(Node):
    """Write the run's Markdown report once every step before it has ended, however it ended."""

    runs_when: ClassVar = "all_settled"
    kind: Literal["report"] = "report"
    report: str


GATE_OUTPUT = ("request", "decision", "payload", "payload_sha256")
"""What an approved gate puts out: the ids of request and decision, and the payload with its digest."""


class GateNode(Node):
    """Ask a person, and wait without holding a worker; what they approve is the node's output.

    `approval` is the kind of approval, `inputs` and `options` make its payload. `facts` are shown beside
    it and not sealed. `on_reject` says what a no means: the steps behind it are skipped, the run fails, or
    everything from the node named in `redraft:KEY` up to here is done again, with what the person said, at
    most `most_redrafts` times. Where it `spreads_posts`, each item has a slot of its own (`workflows.slots`).
    """

    kind: Literal["gate"] = "gate"
    approval: str
    options: dict[str, Any] = {}
    facts: dict[str, str] = {}
    on_reject: OnReject = "skip_branch"
    most_redrafts: int = Field(2, ge=1, le=5)
    spreads_posts: bool = False

    @property
    def redrafts_from(self) -> str | None:
        """The node that drafts again after a no, if one does."""
        return self.on_reject.removeprefix("redraft:") if self.on_reject.startswith("redraft:") else None


REVIEW_INPUT = ("findings", "blocked", "items")
REVIEW_OUTPUT = ("passed", "sent_back", "findings", "blocked", "reviewer", "items")
"""What a review puts out: whether nothing grave is left, how often the draft was sent back, and what is left; `items`
are those it was given, each with its own `findings`, `compliance_score` and `blocked`."""


class ReviewNode(Node):
    """Have what one agent drafts looked at by another before a person sees it: the two are a circle.

    Its inputs lead to what the reviewer found, and to the `items` that were drafted where they are several. Where
    something is grave, everything from the node `redraft` up to here is done again, with what was found, at most
    `most_redrafts` times; what is left then goes on, with its findings. `circle` names the team (`agents.circles`).
    """

    kind: Literal["review"] = "review"
    redraft: Key
    circle: str = Field("", max_length=40)
    most_redrafts: int = Field(2, ge=1, le=2)


ACTION_OUTPUT = ("effect", "status", "publish_id", "post_id", "url")
"""What an action puts out: its effect, how that ended, and where what went out is to be found."""


class ActionNode(Node):
    """Act outwardly, once: send what was approved at the gate named `gate`, and nothing else.

    It takes no inputs: its payload is the approved one.
    """

    kind: Literal["action"] = "action"
    effect: str
    gate: Key


RENDER_INPUT = ("lines", "seconds")
RENDER_OUTPUT = ("asset", "asset_sha256", "media_type", "probe")
"""What a rendering puts out: the asset's id and digest, its type, and what was measured of it."""


class RenderNode(Node):
    """Make a video of `lines`, `seconds` long, measure it, and keep it as an asset of the account's brand."""

    kind: Literal["render"] = "render"


ASSEMBLE_INPUT = ("clips",)


class AssembleNode(Node):
    """Join `clips`, in order, to one video TikTok takes, and keep it; it puts out what a rendering does.

    `clips` are 1 to 20 ids of assets (or objects of `asset` and `asset_sha256`): `clip.output.asset` of a looped
    node is such a list. A clip need not fit: it is made fit. Encoding takes long, and so may this.
    """

    kind: Literal["assemble"] = "assemble"
    timeout_seconds: float = Field(280, gt=0, le=280)


SYNC_OUTPUT = ("part", "said")
"""What a sync puts out: which part it was, and in figures what came of it."""


class SyncNode(Node):
    """Take in one part of what TikTok says of the account: `profile`, `posts`, `comments` … (`agents.sync.parts`).

    Where it `is_optional`, an account that is not synced goes on with the data it has. Data that was synced
    less than `enough_minutes` ago is taken as it is; 0 means that it is always asked for.
    """

    kind: Literal["sync"] = "sync"
    part: str = Field(max_length=40)
    is_optional: bool = False
    enough_minutes: int = Field(0, ge=0, le=24 * 60)


PREFLIGHT_INPUT = ("currency",)
PREFLIGHT_OUTPUT = ("brand", "data_as_of", "currency")
"""What a preflight puts out: the brand's name, from when the data is, and where it `spends` in which currency."""


class PreflightNode(Node):
    """Let the run go on only on an own account with a brand, whose data is at most `most_days` old.

    Where it `spends`, TikTok has to say in which currency, and the input `currency`, if it is given, has to be that.
    """

    kind: Literal["preflight"] = "preflight"
    most_days: int = Field(14, ge=1, le=365)
    spends: bool = False


STUDIO_JOB_INPUT = ("prompt", "seconds")
STUDIO_BRIEF_INPUT = ("brief",)
STUDIO_JOB_OUTPUT = ("job", "jobs")
"""What a submission puts out: the studio's id of the job, and those of all of a brief."""


class StudioJobNode(Node):
    """Have the studio make a video of `prompt`, or a clip for each shot of a `brief`, once for this step."""

    kind: Literal["studio_job"] = "studio_job"


STUDIO_CLIP_INPUT = ("job",)
STUDIO_CLIP_OUTPUT = (*RENDER_OUTPUT, "clips")
"""What a fetching puts out: what a rendering does, of the first clip, and the ids of the assets of all."""


class StudioClipNode(Node):
    """Fetch what the studio made for `job`, one or a list of them, make it fit for TikTok and keep it as an asset."""

    kind: Literal["studio_clip"] = "studio_clip"


WAIT_OUTPUT = ("waited_until",)


class WaitNode(Node):
    """Wait without holding a worker: `seconds` from its first turn, until the moment its input says, or for a callback.

    `callback` names who calls back (`workflows.callbacks`). The callback only makes the node look sooner: how
    it is, is asked. Where nothing has come of it `patience_seconds` after the first turn, the node fails.
    """

    kind: Literal["wait"] = "wait"
    seconds: float | None = Field(None, gt=0, le=366 * 24 * 3600)
    callback: str | None = Field(None, max_length=40)
    patience_seconds: float = Field(3600, gt=0, le=7 * 24 * 3600)


class ExpandNode(Node):
    """Begin a loop: the steps for each item of a list are made when this ends. Made from `for_each`, not written."""

    kind: Literal["expand"] = "expand"
    members: tuple[Key, ...] = ()


AnyNode = Annotated[
    AgentNode
    | ReportNode
    | GateNode
    | ActionNode
    | PreflightNode
    | RenderNode
    | AssembleNode
    | ReviewNode
    | StudioJobNode
    | StudioClipNode
    | SyncNode
    | WaitNode,
    Field(discriminator="kind"),
]


@dataclass(frozen=True, slots=True)
class Opening:
    """A step every run begins with: its node, its place, and the keys of what it waits for."""

    node: AnyNode | ExpandNode
    position: int
    waits_for: tuple[Key, ...]


class Workflow(Typed):
    """A named graph of nodes; what depends on what is all there is to its order.

    What follows from the nodes is found out once: every step of every run asks for it.
    """

    slug: Slug
    label: str = Field(min_length=1, max_length=120)
    purpose: str
    nodes: tuple[AnyNode, ...] = Field(max_length=MOST_NODES)

    def node(self, key: str) -> AnyNode | ExpandNode:
        """Return the node with this key, also one that begins a loop; raises `KeyError` when there is none."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> dict[str, AnyNode | ExpandNode]:
        return {node.key: node for node in (*self.nodes, *self.expanders)}

    @cached_property
    def expanders(self) -> tuple[ExpandNode, ...]:
        """What begins each loop; it waits for everything its members wait for outside of it."""
        loops: dict[str, list[AnyNode]] = {}
        for node in self.nodes:
            if node.for_each:
                loops.setdefault(node.for_each, []).append(node)
        return tuple(_expander(path, members, self.nodes) for path, members in loops.items())

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other values; it finds out anew what follows from its nodes."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    @cached_property
    def openings(self) -> tuple[Opening, ...]:
        """The steps a run begins with: one for each node outside of loops and for what begins each loop."""
        begun: dict[str, Opening] = {}
        for position, node in enumerate(self.nodes):
            begins = self.loop_of(node.key) or node
            if begins.key not in begun:
                begun[begins.key] = Opening(begins, position, self.first_dependencies(begins))
        return tuple(begun.values())

    @cached_property
    def opening(self) -> str:
        """The openings as JSON, as `workflow_begin` (workflows/sql/begin.sql) writes them."""
        rows = [
            (node.key, one.position, node.kind, node.cluster, node.runs_when, len(one.waits_for))
            for one in self.openings
            for node in [one.node]
        ]
        place = {key: number for number, (key, *_) in enumerate(rows, start=1)}
        edges = [(place[up], place[one.node.key]) for one in self.openings for up in one.waits_for]
        return json.dumps({"steps": rows, "edges": edges})

    @cached_property
    def longest_seconds(self) -> dict[Cluster, float]:
        """How long a step may take at most, for each cluster that works on this."""
        longest: dict[Cluster, float] = {}
        for node in self.nodes:
            longest[node.cluster] = max(longest.get(node.cluster, 0.0), node.timeout_seconds)
        return longest

    def between(self, first: str, last: str) -> frozenset[str]:
        """Return the keys of all nodes on the ways from `first` to `last`, both included."""
        upstream = {node.key: node.depends_on for node in self.nodes}
        behind = reached(first, {key: [on for on in upstream if key in upstream[on]] for key in upstream})
        return frozenset(behind & reached(last, upstream))

    def loop_of(self, key: str) -> ExpandNode | None:
        """Return what begins the loop a node is in, if it is in one."""
        return next((loop for loop in self.expanders if key in loop.members), None)

    def leads_on(self, node: AnyNode | ExpandNode) -> bool:
        """Return whether more than one step, or one of another cluster, may become due when the node has ended."""
        followers = [other for other in (*self.nodes, *self.expanders) if node.key in other.depends_on]
        if len(followers) > 1 or isinstance(node, ExpandNode):
            return True
        return any(other.cluster != node.cluster or self.loop_of(other.key) for other in followers)

    def first_dependencies(self, node: AnyNode | ExpandNode) -> tuple[Key, ...]:
        """Return what a step waits for at the start of a run: of a loop, what begins it."""
        begun = (self.loop_of(key) for key in node.depends_on)
        names = (loop.key if loop else key for loop, key in zip(begun, node.depends_on, strict=True))
        return tuple(dict.fromkeys(names))

    @property
    def brief_fields(self) -> dict[str, list[tuple[str, str]]]:
        """Return what the run's input may hold: field → the (node key, node's input) it feeds.

        What a condition reads feeds the input called `when`.
        """
        fields: dict[str, list[tuple[str, str]]] = {}
        for node in (*self.nodes, *self.expanders):
            conditions = [("when", path) for path in paths_of(node.when)] if node.when else []
            for name, path in [*node.inputs.items(), *conditions]:
                root, _, rest = path.partition(".")
                if root == "brief":
                    fields.setdefault(rest, []).append((node.key, name))
        return fields

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the definition's canonical JSON, in hex."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json"))).hexdigest()


def loop_key(path: str) -> str:
    """Return the key of what begins the loop over `path`."""
    return f"each_{path.replace('.', '_')}"[:80]


def loop_label(path: str) -> str:
    """Return what people call the beginning of the loop over `path`."""
    return f"For each of {path}"[:120]


def _expander(path: str, members: list[AnyNode], nodes: tuple[AnyNode, ...]) -> ExpandNode:
    """Return what begins the loop over `path`; its key is made from the path."""
    inside = {member.key for member in members}
    root = path.partition(".")[0]
    sources = [root] if any(node.key == root for node in nodes) else []
    outside = [key for member in members for key in member.depends_on if key not in inside]
    return ExpandNode(
        key=loop_key(path),
        label=loop_label(path),
        depends_on=tuple(dict.fromkeys([*sources, *outside])),
        inputs={"items": path},
        members=tuple(member.key for member in members),
        most_items=min(member.most_items for member in members),
    )
