"""Whether what a node reads is there once it is its turn: decisions only, each refusal one sentence."""

from collections.abc import Iterator
from typing import Any

from workflows.nodes import ActionNode, AnyNode, ExpandNode, GateNode, Node, ReportNode, Workflow
from workflows.ports import put_out_by
from workflows.reports.registry import OF_DECISIONS
from workflows.shapes import Shape, list_of, members_at, shapes_at


def wrong_path(workflow: Workflow, node: Node, name: str, path: str) -> Iterator[str]:
    """Yield a sentence when the path leads to nothing that is declared, however deep it goes."""
    root, _, rest = path.partition(".")
    reads = f"the node {node.key!r} reads {name!r} from {path!r}"
    if root == "brief":
        if not rest.isidentifier():
            yield f"{reads}; write it as brief.FIELD."
    elif root == "redraft":
        if rest != "feedback":
            yield f"{reads}; of a redraft there is redraft.feedback."
    elif root == "item":
        yield from _wrong_item(workflow, node, reads, rest)
    elif root not in node.depends_on:
        yield f"{reads}, but does not depend on {root!r}."
    else:
        part, *parts = rest.split(".")
        if part != "output" or not parts or not shapes_at(_seen_by(node, workflow.node(root)), parts):
            yield f"{reads}, which {root!r} does not put out."


def wrong_loop(workflow: Workflow, loop: ExpandNode) -> Iterator[str]:
    """Yield a sentence when the loop is over what is there and no list."""
    path = loop.inputs["items"]
    if not any(wrong_path(workflow, loop, "items", path)) and not _items(workflow, path):
        yield f"the node {loop.members[0]!r} is done for each of {path!r}, which is no list."


def wrong_report(workflow: Workflow, node: Node) -> Iterator[str]:
    """Yield a sentence for each decision or act that a report tells of and may be written before."""
    if not isinstance(node, ReportNode) or node.report not in OF_DECISIONS:
        return
    before = _before(workflow, node)
    for other in workflow.nodes:
        if isinstance(other, GateNode | ActionNode) and other.key not in before:
            what = "is decided at" if isinstance(other, GateNode) else "becomes of"
            yield (
                f"the report {node.key!r} tells what {what} {other.key!r}, but may be written before: "
                f"let it depend on {other.key!r}."
            )


def _wrong_item(workflow: Workflow, node: Node, reads: str, rest: str) -> Iterator[str]:
    """Yield a sentence when the node has no item, or none of its items has what it reads of them."""
    if node.for_each is None:
        yield f"{reads}, but is done once: give it for_each."
        return
    items = _items(workflow, node.for_each)
    parts = rest.split(".") if rest else []
    # Of a list that is not there, its loop says so.
    if items and not any(shapes_at(item, parts) for item in items):
        yield f"{reads}, which no item of {node.for_each!r} has."


def _items(workflow: Workflow, path: str) -> list[Shape]:
    """Return what an item of the list at the path may be; nothing where there is no such list."""
    root, *parts = path.split(".")
    if root == "brief":
        return [Any]
    return members_at(put_out_by(workflow.node(root)), parts[1:])


def _seen_by(reader: Node, node: AnyNode | ExpandNode) -> Shape:
    """Return what the reader sees of the node's output: of a loop it is not in, a list."""
    shape = put_out_by(node)
    return list_of(shape) if node.for_each and node.for_each != reader.for_each else shape


def _before(workflow: Workflow, node: Node) -> set[str]:
    """Return the keys of all nodes that end before the node begins."""
    found: set[str] = set()
    ahead = list(node.depends_on)
    while ahead:
        key = ahead.pop()
        if key not in found:
            found.add(key)
            ahead.extend(workflow.node(key).depends_on)
    return found
