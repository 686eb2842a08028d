"""What a workflow is made of: frozen nodes, written in Python or read from JSON alike."""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from agents.contract import Typed
from tiktok_ops.canonical import canonical_json

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,79}$")]

MOST_NODES = 200


class RetryPolicy(Typed):
    """How often a step is tried and how long it waits between tries.

    The wait before try n+1 is random between half and all of `base_seconds · 2^(n-1)`, at most
    `max_seconds` (exponential backoff with jitter), or what the provider asked for, within that bound.
    """

    max_tries: int = Field(3, ge=1, le=20)
    base_seconds: float = Field(2, gt=0, le=600)
    max_seconds: float = Field(300, gt=0, le=3600)


class Node(Typed):
    """What every node has. `inputs` maps a field to a dotted path: `brief.x` or `node.output.y`."""

    key: Key
    label: str = Field(min_length=1, max_length=120)
    depends_on: tuple[Key, ...] = ()
    inputs: dict[str, str] = {}
    retry: RetryPolicy = RetryPolicy()
    timeout_seconds: float = Field(120, gt=0, le=280)


class AgentNode(Node):
    """Ask an agent; `options` are constants of its input."""

    kind: Literal["agent"] = "agent"
    agent: str
    options: dict[str, Any] = {}


class ReportNode(Node):
    """Write the run's Markdown report once every step before it has ended, however it ended."""

    kind: Literal["report"] = "report"
    report: str


GATE_OUTPUT = ("request", "decision", "payload", "payload_sha256")
"""What an approved gate puts out: the ids of request and decision, and the payload with its digest."""


class GateNode(Node):
    """Ask a person, and wait without holding a worker; what they approve is the node's output.

    `approval` is the kind of approval, `inputs` and `options` make its payload. `facts` are shown beside
    it and not sealed. `on_reject` says what a no means: the steps behind it are skipped, or the run fails.
    """

    kind: Literal["gate"] = "gate"
    approval: str
    options: dict[str, Any] = {}
    facts: dict[str, str] = {}
    on_reject: Literal["skip_branch", "fail_run"] = "skip_branch"


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


AnyNode = Annotated[AgentNode | ReportNode | GateNode | ActionNode | RenderNode, Field(discriminator="kind")]


class Workflow(Typed):
    """A named graph of nodes; what depends on what is all there is to its order."""

    slug: Slug
    label: str = Field(min_length=1, max_length=120)
    purpose: str
    nodes: tuple[AnyNode, ...] = Field(max_length=MOST_NODES)

    def node(self, key: str) -> AnyNode:
        """Return the node with this key; raises `KeyError` when there is none."""
        return {node.key: node for node in self.nodes}[key]

    @property
    def brief_fields(self) -> dict[str, list[tuple[str, str]]]:
        """Return what the run's input may hold: field → the (node key, node's input) it feeds."""
        fields: dict[str, list[tuple[str, str]]] = {}
        for node in self.nodes:
            for name, path in node.inputs.items():
                root, _, rest = path.partition(".")
                if root == "brief":
                    fields.setdefault(rest, []).append((node.key, name))
        return fields

    @property
    def digest(self) -> str:
        """SHA-256 of the definition's canonical JSON, in hex."""
        return hashlib.sha256(canonical_json(self.model_dump(mode="json"))).hexdigest()
