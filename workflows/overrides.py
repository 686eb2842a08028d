"""What a person changes of a workflow's nodes for one run: options, and what an agent is told to do.

The definition a run pins stays as it is. The changes are kept with the run, laid over a node when its step
runs, and shown on the run's page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiktok_ops.errors import Refused
from workflows.nodes import AgentNode, AnyNode, ExpandNode, GateNode, Workflow
from workflows.validation import check_option, check_workflow

LONGEST_PROMPT = 8_000
"""Characters of an instruction; the agents' own have a few hundred."""


class ChangeRefused(Refused):
    """This cannot be changed of a run."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different: fields of the input, options by node, and agents' instructions by node."""

    given: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)

    def over(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return a run's `overrides` with these laid over them: `{node: {"options": {…}, "prompt": …}}`."""
        laid = {key: dict(change) for key, change in overrides.items()}
        for key, options in self.options.items():
            before = laid.setdefault(key, {})
            before["options"] = {**before.get("options", {}), **options}
        for key, prompt in self.prompts.items():
            laid.setdefault(key, {})["prompt"] = prompt.strip()
        return laid


def laid_over(node: AnyNode | ExpandNode, options: Mapping[str, Any]) -> AnyNode | ExpandNode:
    """Return the node with these options over its own; itself where there are none."""
    if not options or not isinstance(node, AgentNode | GateNode):
        return node
    return node.model_copy(update={"options": {**node.options, **options}})


def changed(workflow: Workflow, overrides: Mapping[str, Any]) -> Workflow:
    """Return the workflow as a run with these `overrides` reads it.

    Where it could not run, raises `ChangeRefused`, `InputRefused` or `DefinitionRefused`, each one sentence
    naming the node.
    """
    for key, change in overrides.items():
        _check(workflow, key, change)
    nodes = tuple(laid_over(node, overrides.get(node.key, {}).get("options", {})) for node in workflow.nodes)
    made = workflow.model_copy(update={"nodes": nodes})
    check_workflow(made)
    for key, change in overrides.items():
        node = made.node(key)
        if isinstance(node, AgentNode | GateNode):
            for name, value in change.get("options", {}).items():
                check_option(node, name, value)
    return made


def _check(workflow: Workflow, key: str, change: Mapping[str, Any]) -> None:
    """Raise `ChangeRefused` unless there is such a node, and it has what is changed of it."""
    nodes = {node.key: node for node in workflow.nodes}
    if key not in nodes:
        raise ChangeRefused(f"There is no node {key!r} to change: there are {', '.join(nodes)}.")
    node = nodes[key]
    if change.get("options") and not isinstance(node, AgentNode | GateNode):
        raise ChangeRefused(f"The node {key!r} has no options: change its input instead.")
    for name in change.get("options", {}):
        if name in node.inputs:
            raise ChangeRefused(
                f"The node {key!r} reads {name!r} from {node.inputs[name]!r}, so an option is not read: "
                "change the input, or replay from the step that puts it out."
            )
    if "prompt" not in change:
        return
    if not isinstance(node, AgentNode):
        raise ChangeRefused(f"The node {key!r} asks no agent, so it has no prompt: change one that does.")
    if not 0 < len(change["prompt"]) <= LONGEST_PROMPT:
        raise ChangeRefused(
            f"The prompt of {key!r} has {len(change['prompt'])} characters: write 1 to {LONGEST_PROMPT}."
        )
