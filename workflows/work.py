"""A claimed step with all it needs to be done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflows.models import WorkflowStep
from workflows.nodes import AnyNode, ExpandNode, Workflow
from workflows.outcomes import Claim

Before = tuple[str, int, str, Any]
"""A step that another one depends on: its key, item, status and output."""


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed step.

    `before` are the steps this one depends on, by item, then round. `given` and `facts` are what the node's
    paths led to, `outputs` what those steps put out, by key.
    `prompt` is the instruction a person gave the agent for this run, empty where the agent's own holds.
    `hold(seconds)` keeps the lease for a call that long, or raises `LeaseLost`.
    """

    claim: Claim
    step: WorkflowStep
    workflow: Workflow
    node: AnyNode | ExpandNode
    hold: Callable[[float], None]
    before: Sequence[Before] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
