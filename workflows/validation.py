"""Whether a definition can run: decisions only, each refusal one sentence naming the node."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from agents.contract import Nothing
from agents.providers.studio.jobs import Order
from agents.registry import AGENTS
from agents.sync.parts import PARTS
from approvals.kinds import kind_of, known_kinds
from tiktok_ops.errors import Refused
from workflows.callbacks import CALLBACKS
from workflows.clips import Assembly
from workflows.conditions import paths_of
from workflows.effects.registry import EFFECTS
from workflows.nodes import (
    ActionNode,
    AgentNode,
    AssembleNode,
    ExpandNode,
    GateNode,
    Node,
    StudioJobNode,
    SyncNode,
    WaitNode,
    Workflow,
)
from workflows.ports import needed_by, taken_by
from workflows.readings import wrong_loop, wrong_path, wrong_report
from workflows.reports.registry import REPORTS
from workflows.rounds import wrong_redraft, wrong_review
from workflows.shots import Briefed
from workflows.waiting_nodes import MomentRefused, moment_to_wait_for


class DefinitionRefused(Refused):
    """This workflow definition cannot run."""


class InputRefused(Refused):
    """The run's input does not fit the workflow."""


def parse_workflow(definition: Any) -> Workflow:
    """Read a definition from JSON and check it.

    Raises `DefinitionRefused` with one sentence naming the field or the node.
    """
    try:
        workflow = Workflow.model_validate(definition)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise DefinitionRefused(f"The definition is refused at {where}: {first['msg']}.") from None
    check_workflow(workflow)
    return workflow


def check_workflow(workflow: Workflow) -> None:
    """Raise `DefinitionRefused` with the first problem of the definition, if it has one."""
    for problem in problems(workflow):
        raise DefinitionRefused(f"The workflow {workflow.slug!r} is refused: {problem}")


def problems(workflow: Workflow) -> Iterator[str]:
    """Yield one sentence for each thing that keeps the definition from running.

    Where the graph or the names in it are wrong, what follows from them is not looked at.
    """
    unsound = [
        *_wrong_graph(workflow),
        *(problem for node in workflow.nodes for problem in _unknown_work(node)),
    ]
    yield from unsound
    if not unsound:
        for node in (*workflow.nodes, *workflow.expanders):
            yield from _wrong_inputs(workflow, node)
            yield from _wrong_gate(workflow, node)
            yield from wrong_redraft(workflow, node)
            yield from wrong_review(workflow, node)
            yield from wrong_report(workflow, node)


def is_drawable(workflow: Workflow) -> bool:
    """Return whether its nodes are a graph with an order, whatever else is wrong with them."""
    return not any(_wrong_graph(workflow))


def _wrong_graph(workflow: Workflow) -> Iterator[str]:
    if not workflow.nodes:
        yield "it has no nodes."
    yield from _duplicate_keys(workflow)
    yield from _unknown_dependencies(workflow)
    if cycle := find_cycle({node.key: node.depends_on for node in workflow.nodes}):
        yield f"its nodes wait for each other in a circle: {' → '.join(cycle)}."
    yield from _wrong_loops(workflow)


def _duplicate_keys(workflow: Workflow) -> Iterator[str]:
    seen: set[str] = set()
    for node in workflow.nodes:
        if node.key in seen:
            yield f"the key {node.key!r} is used by two nodes."
        seen.add(node.key)


def _unknown_dependencies(workflow: Workflow) -> Iterator[str]:
    keys = {node.key for node in workflow.nodes}
    for node in workflow.nodes:
        for key in node.depends_on:
            if key not in keys:
                yield f"the node {node.key!r} depends on {key!r}, which is not a node."
        if len(set(node.depends_on)) < len(node.depends_on):
            yield f"the node {node.key!r} names a dependency twice."


def _wrong_loops(workflow: Workflow) -> Iterator[str]:
    """Yield a sentence for each loop that could not begin."""
    keys = {node.key for node in workflow.nodes}
    for loop in workflow.expanders:
        root = loop.inputs["items"].partition(".")[0]
        if loop.key in keys:
            yield f"the key {loop.key!r} begins the loop over {loop.inputs['items']!r}; name the node otherwise."
        if root != "brief" and root not in keys:
            yield f"the node {loop.members[0]!r} is done for each of {loop.inputs['items']!r}, but {root!r} is no node."
        if workflow.loop_of(root):
            yield f"the node {loop.members[0]!r} loops over what the looped node {root!r} puts out; loops do not nest."
    if workflow.expanders and not find_cycle({node.key: node.depends_on for node in workflow.nodes}):
        begun = {
            node.key: workflow.first_dependencies(node) for node in (*workflow.nodes, *workflow.expanders)
        }
        outside = {key: on for key, on in begun.items() if workflow.loop_of(key) is None}
        if cycle := find_cycle(outside):
            yield f"a loop waits for what waits for it: {' → '.join(cycle)}."


def find_cycle(edges: dict[str, tuple[str, ...]]) -> list[str]:
    """Return one cycle of `edges` (node → what it waits for), closed (`a, b, a`), or an empty list."""
    settled: set[str] = set()

    def walk(key: str, path: list[str]) -> list[str]:
        if key in path:
            return [*path[path.index(key) :], key]
        if key in settled or key not in edges:
            return []
        for upstream in edges[key]:
            if cycle := walk(upstream, [*path, key]):
                return cycle
        settled.add(key)
        return []

    for key in edges:
        if cycle := walk(key, []):
            return cycle
    return []


def _unknown_work(node: Node) -> Iterator[str]:
    """Yield a sentence when the node asks for an agent, a report or an approval that does not exist."""
    agent, report = getattr(node, "agent", None), getattr(node, "report", None)
    if agent is not None and agent not in AGENTS:
        yield f"the node {node.key!r} asks for the agent {agent!r}; there are {', '.join(sorted(AGENTS))}."
    elif isinstance(node, AgentNode) and node.may_wait and AGENTS[node.agent].Words is Nothing:
        yield f"the node {node.key!r} may wait for a batch, but {node.agent!r} asks no model: leave out `may_wait`."
    if report is not None and report not in REPORTS:
        yield f"the node {node.key!r} asks for the report {report!r}; there are {', '.join(sorted(REPORTS))}."
    if isinstance(node, GateNode) and node.approval not in known_kinds():
        kinds = ", ".join(known_kinds()) or "none"
        yield f"the node {node.key!r} asks for the approval {node.approval!r}; there are {kinds}."
    if isinstance(node, SyncNode) and node.part not in PARTS:
        yield f"the node {node.key!r} syncs {node.part!r}; there are {', '.join(PARTS)}."
    if isinstance(node, ActionNode) and node.effect not in EFFECTS:
        yield f"the node {node.key!r} asks for the effect {node.effect!r}; there are {', '.join(sorted(EFFECTS))}."
    if isinstance(node, WaitNode) and node.callback is not None and node.callback not in CALLBACKS:
        yield f"the node {node.key!r} waits for {node.callback!r} to call back; there are {', '.join(CALLBACKS)}."


def _wrong_gate(workflow: Workflow, node: Node) -> Iterator[str]:
    """Yield a sentence when the node acts without a gate before it whose payload it sends."""
    if not isinstance(node, ActionNode):
        return
    wanted = EFFECTS[node.effect].approval
    gate = workflow.node(node.gate) if node.gate in node.depends_on else None
    if not isinstance(gate, GateNode):
        yield (
            f"the node {node.key!r} acts outwardly, so it must depend on the gate it names; "
            f"{node.gate!r} is not one before it."
        )
    elif gate.approval != wanted:
        yield (
            f"the node {node.key!r} sends what a gate for {wanted!r} approved; {gate.key!r} asks for "
            f"{gate.approval!r}."
        )
    for other in workflow.nodes:
        if isinstance(other, ActionNode) and other.gate == node.gate and other.key < node.key:
            yield f"{other.key!r} and {node.key!r} both send what {node.gate!r} approved; a yes is for one act."


def _wrong_inputs(workflow: Workflow, node: Node) -> Iterator[str]:
    """Yield a sentence for each input that names no field of the agent or no output of an upstream node."""
    taker, taken = taken_by(node)
    for name in [*node.inputs, *getattr(node, "options", {})]:
        if taker and name not in taken:
            yield f"the node {node.key!r} gives {name!r}, which {taker} does not take."
    needed = needed_by(node)
    if needed - set(node.inputs):
        yield f"the node {node.key!r} has to be given {' and '.join(sorted(needed))}."
    if isinstance(node, WaitNode):
        yield from _wrong_wait(workflow, node)
    if isinstance(node, GateNode):
        yield from _wrong_spread(node)
    for name, path in [*node.inputs.items(), *getattr(node, "facts", {}).items()]:
        yield from wrong_path(workflow, node, name, path)
    for path in paths_of(node.when) if node.when else ():
        yield from wrong_path(workflow, node, "when", path)
    if isinstance(node, ExpandNode):
        yield from wrong_loop(workflow, node)


def _wrong_spread(node: GateNode) -> Iterator[str]:
    """Yield a sentence when the gate gives slots to what is no post, or to what there is only one of."""
    if node.spreads_posts and (node.for_each is None or "publish_at" not in taken_by(node)[1]):
        yield f"the node {node.key!r} spreads posts, so it has to ask for one for each item of a loop."


def _wrong_wait(workflow: Workflow, node: WaitNode) -> Iterator[str]:
    """Yield a sentence when the node waits for nothing, for several things, or for what nobody calls back about."""
    if [node.seconds is not None, "until" in node.inputs, node.callback is not None].count(True) != 1:
        yield (
            f"the node {node.key!r} waits `seconds`, or until its input 'until' says, or for a `callback`; "
            "give one of them."
        )
    if node.callback is None:
        return
    wanted = CALLBACKS[node.callback]
    root = node.inputs.get(wanted.inputs[0], "").partition(".")[0]
    if root in node.depends_on and workflow.node(root).kind != wanted.asked_by:
        yield (
            f"the node {node.key!r} waits for {node.callback!r} to call back about what {root!r} asked for, "
            f"which is no node of the kind {wanted.asked_by!r}."
        )
    elif root not in node.depends_on:
        yield f"the node {node.key!r} waits for {node.callback!r}: give it {wanted.inputs[0]!r} from a node before it."


def check_input(workflow: Workflow, given: dict[str, Any]) -> None:
    """Raise `InputRefused` unless every field of the run's input is known and every agent would take it."""
    fields = workflow.brief_fields
    for name, value in given.items():
        if name not in fields:
            takes = ", ".join(sorted(fields)) or "no input"
            raise InputRefused(
                f"The input has {name!r} ({value!r}), which {workflow.slug!r} does not take; it takes {takes}."
            )
    for node in workflow.nodes:
        if isinstance(node, AgentNode):
            _check_agent_input(node, given)
        if isinstance(node, GateNode):
            _check_fields(node, kind_of(node.approval).Payload, given)
        if isinstance(node, StudioJobNode):
            _check_fields(node, Briefed if "brief" in node.inputs else Order, given)
        if isinstance(node, AssembleNode):
            _check_fields(node, Assembly, given)
        if isinstance(node, WaitNode):
            _check_moment(node, given)
    for loop in workflow.expanders:
        _check_items(loop, given)


def _check_items(loop: ExpandNode, given: dict[str, Any]) -> None:
    """Raise `InputRefused` when the brief gives a loop something else than a list that is short enough."""
    root, _, field = loop.inputs["items"].partition(".")
    items = given.get(field, []) if root == "brief" else []
    if not isinstance(items, list) or len(items) > loop.most_items:
        raise InputRefused(
            f"The input {field!r} has to be a list of at most {loop.most_items} items: it is {str(items)[:100]!r}."
        )


def _check_fields(node: Node, takes: type[BaseModel], given: dict[str, Any]) -> None:
    """Raise `InputRefused` when the brief lacks what `takes` needs of it, or gives what that would refuse."""
    for name, path in node.inputs.items():
        root, _, field = path.partition(".")
        if root != "brief":
            continue
        wanted = takes.model_fields[name]
        if field not in given:
            if wanted.is_required():
                raise InputRefused(_lacks(field, node))
            continue
        if amiss := _amiss(wanted, given[field]):
            raise InputRefused(f"The input {field!r} is {given[field]!r}, which does not do: {amiss}.")


def _lacks(field: str, node: Node) -> str:
    return f"The input lacks {field!r}, which {node.label!r} needs: give it one."


def _check_moment(node: WaitNode, given: dict[str, Any]) -> None:
    """Raise `InputRefused` when the brief does not say until when to wait, or says what is no moment."""
    root, _, field = node.inputs.get("until", "").partition(".")
    if root != "brief":
        return
    if field not in given:
        raise InputRefused(_lacks(field, node))
    try:
        moment_to_wait_for(node, begun=datetime.now(UTC), given={"until": given[field]})
    except MomentRefused as no_moment:
        raise InputRefused(f"The input {field!r} does not do: {no_moment}") from None


def check_option(node: AgentNode | GateNode, name: str, value: Any) -> None:
    """Raise `InputRefused` unless the node's agent or approval takes this value; that it takes `name` is known."""
    takes = AGENTS[node.agent].Input if isinstance(node, AgentNode) else kind_of(node.approval).Payload
    if amiss := _amiss(takes.model_fields[name], value):
        raise InputRefused(f"The option {name!r} of {node.key!r} is {value!r}, which does not do: {amiss}.")


def _amiss(field: FieldInfo, value: Any) -> str | None:
    """Return what is wrong with a value for a field of a model, if anything is."""
    # A type made of a field's own annotation and rules; mypy has no name for it.
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return None


def _check_agent_input(node: AgentNode, given: dict[str, Any]) -> None:
    """Raise `InputRefused` when the agent would refuse what the brief gives it; names the brief's field."""
    fields = {name: path.removeprefix("brief.") for name, path in node.inputs.items()}
    from_brief = {name: given[field] for name, field in fields.items() if field in given}
    try:
        AGENTS[node.agent].Input.model_validate({**node.options, **from_brief})
    except ValidationError as error:
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            if problem["type"] == "missing" and node.inputs.get(name, "").startswith("brief."):
                raise InputRefused(_lacks(fields[name], node)) from None
            if name in from_brief:
                raise InputRefused(
                    f"The input {fields[name]!r} is {from_brief[name]!r}, which does not do: {problem['msg']}."
                ) from None
