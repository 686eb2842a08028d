"""Whether what is drafted can be drafted again: by a person's no at a gate, or by another agent's review."""

from collections.abc import Iterator

from agents.circles import CIRCLES
from workflows.nodes import AgentNode, GateNode, Node, ReviewNode, Workflow


def wrong_redraft(workflow: Workflow, node: Node) -> Iterator[str]:
    """Yield a sentence when a gate lets something draft again that does not lead to it."""
    if isinstance(node, GateNode) and node.redrafts_from is not None:
        yield from _wrong_way_back(workflow, node, node.redrafts_from, f"the gate {node.key!r} lets")


def wrong_review(workflow: Workflow, node: Node) -> Iterator[str]:
    """Yield a sentence when a review sends back what does not lead to it, or an author would review itself."""
    if not isinstance(node, ReviewNode):
        return
    wrong = list(_wrong_way_back(workflow, node, node.redraft, f"the review {node.key!r} has"))
    yield from wrong
    author = None if wrong else workflow.node(node.redraft)
    for name, path in node.inputs.items():
        root = path.partition(".")[0]
        if name == "items":
            if root != node.redraft:
                yield f"the review {node.key!r} takes 'items' from {path!r}, which {node.redraft!r} does not draft."
            continue
        reviewer = workflow.node(root) if root in node.depends_on else None
        if not isinstance(reviewer, AgentNode):
            yield f"the review {node.key!r} takes {name!r} from {path!r}, which is no agent before it."
            continue
        if isinstance(author, AgentNode) and reviewer.agent == author.agent:
            yield f"the review {node.key!r} has {author.agent!r} review itself: let another agent look at its draft."
        if isinstance(author, AgentNode) and node.circle and name == "findings":
            yield from _wrong_circle(node, drafts=author.agent, reviews=reviewer.agent)


def _wrong_circle(node: ReviewNode, *, drafts: str, reviews: str) -> Iterator[str]:
    """Yield a sentence when the circle is unknown, has other agents in it, or goes round less often."""
    circle = CIRCLES.get(node.circle)
    if circle is None:
        yield f"the review {node.key!r} is of the circle {node.circle!r}; there are {', '.join(CIRCLES)}."
    elif (drafts, reviews) != (circle.drafts, circle.reviews):
        yield (
            f"the review {node.key!r} has {reviews!r} review {drafts!r}; in the circle {circle.name!r} "
            f"{circle.reviews!r} reviews {circle.drafts!r}."
        )
    elif node.most_redrafts > circle.rounds:
        yield (
            f"the review {node.key!r} sends a draft back {node.most_redrafts} times; the circle {circle.name!r} "
            f"does so {circle.rounds} times at most."
        )


def _wrong_way_back(workflow: Workflow, node: Node, start: str, who: str) -> Iterator[str]:
    if node.key not in workflow.between(start, node.key) or start == node.key:
        yield f"{who} {start!r} draft again, which is no node before it."
    elif workflow.node(start).for_each != node.for_each:
        yield f"{who} {start!r} draft again, which is not in the same loop."
