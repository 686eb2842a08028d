"""A replay beside the run it replays: of each step what it put out, what that cost and how long it took."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agents.models import AgentRun
from approvals.differences import FieldChange, field_changes
from approvals.packet import in_words
from tiktok_ops.cells import shortened
from tiktok_ops.errors import Refused
from workflows.models import WorkflowRun, WorkflowStep
from workflows.replay import output_sha256
from workflows.replay_plan import name_of
from workflows.steps import newest_steps

Key = tuple[str, int]
MOST_CHANGES = 20
LONGEST_CHANGE = 400
VERDICTS = ("taken over", "the same", "different", "only before", "only after")
"""What may become of a step's output."""

UNCHANGED = frozenset({"taken over", "the same"})


class NothingToCompare(Refused):
    """This run is no replay: there is nothing to compare it with."""


@dataclass(frozen=True, slots=True)
class Side:
    """A step on one side; `sha256` is of its output, `cost_usd` that of its agents, also a simulated one."""

    status: str
    output: Any
    sha256: str
    cost_usd: Decimal
    seconds: float | None
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A step in both runs; a side is None where the run has none."""

    name: str
    label: str
    before: Side | None
    after: Side | None

    @property
    def verdict(self) -> str:
        """What became of the output: one of `VERDICTS`."""
        if self.before is None or self.after is None:
            return "only after" if self.before is None else "only before"
        if self.after.is_taken:
            return "taken over"
        return "the same" if self.before.sha256 == self.after.sha256 else "different"

    @property
    def changes(self) -> list[FieldChange]:
        """The single values of the output that differ, in words; at most `MOST_CHANGES`."""
        if self.verdict != "different" or self.before is None or self.after is None:
            return []
        before, after = (dict(_leaves(side.output)) for side in (self.before, self.after))
        return field_changes(before, after)[:MOST_CHANGES]


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each single value of an output with its name in words, such as `("window: posts", "13")`.

    What stands in a list is called by its own name, if it has one, else by its number.
    """
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        parts = ((_own_name(one) or number, one) for number, one in enumerate(value, start=1))
    else:
        yield name or "output", shortened(_value_in_words(value), chars=LONGEST_CHANGE)
    for key, part in parts:
        spoken = str(key).replace("_", " ")
        yield from _leaves(part, f"{name}: {spoken}" if name else spoken)


def _own_name(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) else ""


def _value_in_words(value: Any) -> str:
    """Return a value as people read it, numbers with their thousands set apart."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return in_words(value)


def compare(run: WorkflowRun) -> list[Pair]:
    """Return the steps of a replay beside those of the run it replays, each in its newest round, in order.

    Raises `NothingToCompare`.
    """
    old = run.replay_of
    if old is None:
        raise NothingToCompare
    nodes: list[Mapping[str, Any]] = run.definition.definition.get("nodes", [])
    labels = {node["key"]: node["label"] for node in nodes}
    before, after = _sides(old), _sides(run)
    rows = {(row.key, row.item): row for row in [*newest_steps(old), *newest_steps(run)]}
    ordered = sorted(rows.values(), key=lambda row: (row.position, row.item))
    return [
        Pair(
            name=name_of(row),
            label=labels.get(row.key, row.key),
            before=before.get((row.key, row.item)),
            after=after.get((row.key, row.item)),
        )
        for row in ordered
    ]


def _sides(run: WorkflowRun) -> dict[Key, Side]:
    costs: dict[Any, Decimal] = {}
    for asked in AgentRun.objects.filter(run_id=run.id).only("step_id", "cost_usd"):
        costs[asked.step_id] = costs.get(asked.step_id, Decimal(0)) + asked.cost_usd
    return {(row.key, row.item): _side(row, costs.get(row.id, Decimal(0))) for row in newest_steps(run)}


def _side(row: WorkflowStep, cost_usd: Decimal) -> Side:
    seconds = None
    if row.started_at and row.finished_at:
        seconds = round((row.finished_at - row.started_at).total_seconds(), 3)
    return Side(
        status=row.status,
        output=row.output,
        sha256=output_sha256(row) if row.output is not None else "",
        cost_usd=cost_usd,
        seconds=seconds,
        is_taken=row.taken_from_id is not None,
    )
