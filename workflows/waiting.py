"""Why a run or a step of it is not over, in one sentence: decisions only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from approvals.kinds import who_decides
from workflows.models import WorkflowStep
from workflows.nodes import loop_key, loop_label
from workflows.transitions import RUN, STEP

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Situation:
    """What the steps of a run wait in.

    `labels` are what people call nodes, by key; `waits_for` names the nodes each node depends on, and
    `loops` what begins the loop a node is in.
    """

    run_status: str
    steps: Sequence[WorkflowStep]
    is_cancelled: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    waits_for: Mapping[str, Collection[str]] = field(default_factory=dict)
    loops: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        run_status: str,
        steps: Sequence[WorkflowStep],
        definition: Mapping[str, Any],
        *,
        is_cancelled: bool,
    ) -> "Situation":
        """Read the names and dependencies off a definition as it is stored."""
        nodes = definition.get("nodes", [])
        loops = {node["key"]: node["for_each"] for node in nodes if node.get("for_each")}
        paths = {loop_key(path): path for path in loops.values()}
        return cls(
            run_status=run_status,
            steps=steps,
            is_cancelled=is_cancelled,
            labels={
                **{key: loop_label(path) for key, path in paths.items()},
                **{node["key"]: node["label"] for node in nodes},
            },
            waits_for={
                **{key: _before_loop(nodes, path) for key, path in paths.items()},
                **{node["key"]: node.get("depends_on", []) for node in nodes},
            },
            loops={key: loop_key(path) for key, path in loops.items()},
        )

    def label(self, key: str) -> str:
        """Return what people call the node, in quotes."""
        return repr(self.labels.get(key, key))


def _before_loop(nodes: Sequence[Mapping[str, Any]], path: str) -> list[str]:
    """Return the keys of what the loop over `path` waits for, as `Workflow.expanders` has them."""
    members = [node for node in nodes if node.get("for_each") == path]
    inside = {node["key"] for node in members}
    outside = [key for node in members for key in node.get("depends_on", []) if key not in inside]
    return [path.partition(".")[0], *outside]


def why_waiting(situation: Situation, *, now: datetime) -> str | None:
    """Return what the run waits for, with whom, since when and what comes next; None when it is over."""
    if situation.run_status in RUN.terminal:
        return None
    if situation.run_status == "paused":
        return "Paused by a person; it goes on when someone resumes it."
    first = _most_telling(situation.steps, now)
    if first is None:
        return "Waiting for the steps to be counted."
    if situation.is_cancelled:
        return _one(f"cancelled, and over when this is: {_clause(first, now, it=situation.label(first.key))}")
    if first.status == "waiting" and _is_asked(first):
        more = sum(map(_is_asked, situation.steps)) - 1
        return _one(f"{_asks(first, now)}{f' (and {more} more)' if more else ''}; then the run goes on")
    if first.status == "ready" and first.not_before <= now:
        since = _at(first.not_before, now)
        return f"Waiting for a worker to take {situation.label(first.key)} since {since}."
    return _one(_clause(first, now, it=situation.label(first.key)))


def why_step_waits(step: WorkflowStep, situation: Situation, *, now: datetime) -> str | None:
    """Return what the step waits for, with whom, since when and what comes next; None when it has ended."""
    if step.status in STEP.terminal:
        return None
    if step.status == "pending":
        return _one(f"it waits for {_upstreams(step, situation)} to end{_held_up(situation)}")
    if situation.is_cancelled:
        return _one(f"the run is cancelled; this is followed to its end: {_clause(step, now)}")
    if step.status == "ready" and situation.run_status == "paused":
        return "The run is paused: this begins when someone resumes it."
    return _one(f"{_clause(step, now)}{_held_up(situation)}")


def _most_telling(steps: Sequence[WorkflowStep], now: datetime) -> WorkflowStep | None:
    """Return the step that says best why the run is not over: one at work, due, tried again, asked, timed, waiting."""
    running = [step for step in steps if step.status == "running"]
    if running:
        return min(running, key=lambda step: step.position)
    ready = [step for step in steps if step.status == "ready"]
    if ready:
        return min(ready, key=lambda step: step.not_before)
    waiting = [step for step in steps if step.status == "waiting"]
    asked = [step for step in waiting if _is_asked(step)]
    if asked:
        return min(asked, key=_asked_at)
    timed = [step for step in waiting if step.wake_at is not None]
    if timed:
        return min(timed, key=lambda step: step.wake_at or now)
    return waiting[0] if waiting else None


def _clause(step: WorkflowStep, now: datetime, *, it: str = "it") -> str:
    """Return what a step that can go on, is at work or waits is about, without the end; `it` is what it is called."""
    if step.status == "running":
        return _at_work(step, now, it)
    if step.status == "ready":
        return _to_be_taken(step, now, it)
    if _is_asked(step):
        return f"{_asks(step, now)}; then {it} goes on"
    if step.wake_at is not None:
        return f"{it} goes on at {_at(step.wake_at, now)}{_because(step)}"
    return f"{it} waits since {_at(step.started_at or now, now)}{_because(step) or ' for somebody to take it up'}"


def _at_work(step: WorkflowStep, now: datetime, it: str) -> str:
    """Return who works; a lease that ran out says that its worker is gone."""
    if step.lease_until is not None and step.lease_until < now:
        return f"{it} was taken by a worker that is gone; another takes it over at once"
    return f"a worker is on {it} since {_at(step.started_at or now, now)}"


def _to_be_taken(step: WorkflowStep, now: datetime, it: str) -> str:
    if step.not_before > now:
        again = "is tried again" if step.error.strip() else "begins"
        return f"{it} {again} at {_at(step.not_before, now)}{_because(step)}"
    return f"{it} waits for a worker since {_at(step.not_before, now)}"


def _is_asked(step: WorkflowStep) -> bool:
    """Return whether a person still has to decide on what the step asked."""
    return step.status == "waiting" and step.approval is not None and step.approval.is_undecided


def _asked_at(step: WorkflowStep) -> datetime:
    assert step.approval is not None
    return step.approval.created_at


def _asks(step: WorkflowStep, now: datetime) -> str:
    assert step.approval is not None
    title = _plain(step.approval.title)
    return f"waiting for {who_decides(step.approval.kind)} since {_at(_asked_at(step), now)}: {title}"


def _because(step: WorkflowStep) -> str:
    """Return what the step says itself, behind a colon; it names what stopped it, whom it waits for, or the trouble."""
    return f": {_plain(step.error)}" if step.error.strip() else ""


def _upstreams(step: WorkflowStep, situation: Situation) -> str:
    """Return the names of what the step waits for and that has not ended."""
    keys = situation.waits_for.get(step.key, ())
    # A node of a loop that has not begun has no steps yet: what begins the loop stands for it.
    here = {one.key for one in situation.steps}
    begun = {key if key in here else situation.loops.get(key, key) for key in keys}
    names = [
        situation.label(one.key)
        for one in situation.steps
        if one.key in begun
        and one.status not in STEP.terminal
        and (not step.item or one.item in {0, step.item})
    ]
    found = list(dict.fromkeys(names))
    if not found:
        return "the steps before it"
    more = len(found) - MOST_NAMED
    return " and ".join([", ".join(found[:MOST_NAMED]), *([f"{more} more"] if more > 0 else [])])


def _held_up(situation: Situation) -> str:
    """Return what else holds up everything in the run."""
    return "; the run is paused until someone resumes it" if situation.run_status == "paused" else ""


def _plain(text: str) -> str:
    """Return text on one line, without the end of its sentence."""
    return " ".join(text.split()).rstrip(".")


def _one(sentence: str) -> str:
    """Return it as a sentence: with a capital, and one full stop."""
    return f"{sentence[0].upper()}{sentence[1:]}."


def _at(moment: datetime, now: datetime) -> str:
    """Return the time of a moment, with its day unless that is today."""
    day = "" if moment.date() == now.date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment:%H:%M:%S} UTC"
