"""Which steps of a run a replay takes over, and which it does again: decisions only, no database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tiktok_ops.errors import Refused
from workflows.models import WorkflowRun, WorkflowStep
from workflows.nodes import ActionNode, ExpandNode, Workflow
from workflows.overrides import Changes

KEPT = frozenset({"succeeded", "skipped"})
"""What a step came to that can be taken over."""

Edge = tuple[WorkflowStep, WorkflowStep]


class ReplayRefused(Refused):
    """This run cannot be replayed so."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The newest rows of a run, those to take over and those to do again, and what waits for what among them.

    The steps of a loop that begins again are in neither: they are made once it has begun.
    """

    taken: list[WorkflowStep]
    again: list[WorkflowStep]
    edges: list[Edge]


def name_of(step: WorkflowStep) -> str:
    """Return how a step is named to people: `draft`, or `draft#2` for the second item of a loop."""
    return f"{step.key}#{step.item}" if step.item else step.key


def plan_replay(
    workflow: Workflow, rows: Sequence[WorkflowStep], edges: Sequence[Edge], *, names: Collection[str]
) -> Plan:
    """Return the plan of a replay from the steps of these names; a loop's step without `#` is of every item.

    `rows` are of each step the newest round, `edges` (upstream, downstream) among them. What is behind the
    steps, and what did not end well beside them, is done again; an outward act begins at its gate.
    Raises `ReplayRefused`.
    """
    chosen = _chosen(rows, names)
    graph = _Graph(workflow, rows, edges)
    ahead = graph.closed(chosen)
    _check_upstream(graph, chosen, ahead)
    again = graph.closed([*chosen, *(row for row in rows if row.status not in KEPT)])
    begun = {row.key for row in rows if row.id in again and row.kind == "expand"}
    dropped = {row.id for row in rows if _loop_key(workflow, row) in begun}
    kept = [edge for edge in edges if not {edge[0].id, edge[1].id} & dropped]
    return Plan(
        taken=[row for row in rows if row.id not in again | dropped],
        again=[row for row in rows if row.id in again - dropped],
        edges=kept,
    )


def check_changes_are_read(
    workflow: Workflow, plan: Plan, run: WorkflowRun, given: Mapping[str, Any], changes: Changes
) -> None:
    """Raise `ReplayRefused` where a step that would be taken over has read what is to be different."""
    taken = sorted({(row.position, row.key) for row in plan.taken})
    fields = [name for name in given if name not in run.input or run.input[name] != given[name]]
    for name in fields:
        readers = _readers(workflow, name)
        if found := [key for _, key in taken if key in readers]:
            raise ReplayRefused(
                f"The input {name!r} was read by {found[0]!r}, which would be taken over: replay from {found[0]!r}."
            )
    for key in [*changes.options, *changes.prompts]:
        if key in {name for _, name in taken}:
            raise ReplayRefused(
                f"The node {key!r} would be taken over as it was, so nothing of it can change: replay from {key!r}."
            )


def _readers(workflow: Workflow, field: str) -> set[str]:
    """Return the keys of the nodes that read a field of the input, as input, condition or fact."""
    readers = {key for key, _ in workflow.brief_fields.get(field, [])}
    for node in workflow.nodes:
        if f"brief.{field}" in getattr(node, "facts", {}).values():
            readers.add(node.key)
    return readers


def _chosen(rows: Sequence[WorkflowStep], names: Collection[str]) -> list[WorkflowStep]:
    if not names:
        raise ReplayRefused("Say from which step to replay.")
    for name in names:
        if not any(name in {row.key, name_of(row)} for row in rows):
            known = ", ".join(dict.fromkeys(name_of(row) for row in rows))
            raise ReplayRefused(f"The run has no step {name!r}: there are {known}.")
    return [row for row in rows if {row.key, name_of(row)} & set(names)]


def _check_upstream(graph: "_Graph", chosen: Sequence[WorkflowStep], ahead: set[UUID]) -> None:
    """Raise `ReplayRefused` unless all before the chosen steps can be taken over, and lets them begin."""
    for step in chosen:
        for row in graph.before(step):
            if row.id not in ahead and row.status not in KEPT:
                raise ReplayRefused(
                    f"The step {name_of(row)!r} before {name_of(step)!r} is {row.status}, so there is nothing to "
                    f"take over: replay from {name_of(row)!r}."
                )
        for row in graph.upstream.get(step.id, []):
            if row.id not in ahead and row.status == "skipped" and step.runs_when == "all_succeeded":
                raise ReplayRefused(
                    f"The step {name_of(row)!r} was skipped, so {name_of(step)!r} would be, too: replay from "
                    f"{name_of(row)!r}."
                )


def _loop_key(workflow: Workflow, row: WorkflowStep) -> str | None:
    loop = workflow.loop_of(row.key)
    return loop.key if loop else None


class _Graph:
    """The rows of a run and the ways between them."""

    def __init__(self, workflow: Workflow, rows: Sequence[WorkflowStep], edges: Iterable[Edge]) -> None:
        self._rows = rows
        self._workflow = workflow
        self.upstream: dict[UUID, list[WorkflowStep]] = {}
        self._behind: dict[UUID, list[WorkflowStep]] = {}
        for before, after in edges:
            self.upstream.setdefault(after.id, []).append(before)
            self._behind.setdefault(before.id, []).append(after)

    def before(self, step: WorkflowStep) -> list[WorkflowStep]:
        """Return everything the step waited for, near and far; of a loop's step, what begins it, too."""
        found = _reached([step], self.upstream)
        keys = {_loop_key(self._workflow, row) for row in found.values()}
        begins = [row for row in self._rows if row.key in keys]
        return [row for id, row in _reached([step, *begins], self.upstream).items() if id != step.id]

    def closed(self, steps: Iterable[WorkflowStep]) -> set[UUID]:
        """Return the steps with all behind them, the gates of acts, and the steps of loops that begin again."""
        found = _reached(steps, self._behind)
        while more := [row for row in self._drawn_in(found) if row.id not in found]:
            found |= _reached(more, self._behind)
        return set(found)

    def _drawn_in(self, found: Mapping[UUID, WorkflowStep]) -> list[WorkflowStep]:
        """Return the gates of the acts among these, and the steps of the loops they begin."""
        drawn: list[WorkflowStep] = []
        for row in found.values():
            node = self._workflow.node(row.key)
            if isinstance(node, ActionNode):
                drawn += [one for one in self._rows if one.key == node.gate and one.item == row.item]
            if isinstance(node, ExpandNode):
                drawn += [one for one in self._rows if one.key in node.members]
        return drawn


def _reached(
    steps: Iterable[WorkflowStep], ways: Mapping[UUID, Sequence[WorkflowStep]]
) -> dict[UUID, WorkflowStep]:
    """Return the steps that can be reached from these, themselves included."""
    found = {step.id: step for step in steps}
    ahead = list(found.values())
    while ahead:
        for row in ways.get(ahead.pop().id, ()):
            if row.id not in found:
                found[row.id] = row
                ahead.append(row)
    return found
