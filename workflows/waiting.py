"""Why a run or a step of it is not over, in one sentence: decisions only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from approvals.kinds import who_decides
from workflows.models import WorkflowStep
from workflows.nodes import loop_key, loop_label
from workflows.transitions import RUN, STEP

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is not over: what it waits for and with whom, since when, for what reason, and what comes next."""

    what: str
    since: datetime
    then: str
    reason: str = ""

    def words(self, now: datetime) -> str:
        """Return it as one sentence, without its end."""
        because = f": {_plain(self.reason)}" if self.reason.strip() else ""
        return f"{self.what} since {_at(self.since, now)}{because}; {self.then}"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Who paused or cancelled a run, and since when it is."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """What the steps of a run wait in.

    `since` is from when on the run is. `labels` are what people call nodes, by key; `waits_for` names the nodes each
    node depends on, and `loops` what begins the loop a node is in. `stopped` says who paused the run, or cancelled it,
    and `deciders` who may decide on each approval by its id, in words.
    """

    run_status: str
    steps: Sequence[WorkflowStep]
    since: datetime
    is_cancelled: bool = False
    stopped: Stopped | None = None
    deciders: Mapping[UUID, str] = field(default_factory=dict)
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
        since: datetime,
        is_cancelled: bool,
        stopped: Stopped | None = None,
        deciders: Mapping[UUID, str] | None = None,
    ) -> "Situation":
        """Read the names and dependencies off a definition as it is stored."""
        nodes = definition.get("nodes", [])
        loops = {node["key"]: node["for_each"] for node in nodes if node.get("for_each")}
        paths = {loop_key(path): path for path in loops.values()}
        return cls(
            run_status=run_status,
            steps=steps,
            since=since,
            is_cancelled=is_cancelled,
            stopped=stopped,
            deciders=deciders or {},
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

    def stop(self, done: str) -> str:
        """Return that the run is paused or cancelled (`done`), by whom and since when as far as that is known."""
        return f"{done} by {self.stopped.by if self.stopped else 'a person'}"

    def stopped_at(self) -> datetime:
        """Return since when the run is paused or cancelled; where nobody wrote it down, since it is."""
        return self.stopped.at if self.stopped else self.since


def _before_loop(nodes: Sequence[Mapping[str, Any]], path: str) -> list[str]:
    """Return the keys of what the loop over `path` waits for, as `Workflow.expanders` has them."""
    members = [node for node in nodes if node.get("for_each") == path]
    inside = {node["key"] for node in members}
    outside = [key for node in members for key in node.get("depends_on", []) if key not in inside]
    return [path.partition(".")[0], *outside]


def why_waiting(situation: Situation, *, now: datetime) -> str | None:
    """Return what the run waits for, with whom, since when and what comes next; None when it is over."""
    why = why_run(situation, now=now)
    return None if why is None else _one(why.words(now))


def why_step_waits(step: WorkflowStep, situation: Situation, *, now: datetime) -> str | None:
    """Return what the step waits for, with whom, since when and what comes next; None when it has ended."""
    why = why_step(step, situation, now=now)
    return None if why is None else _one(why.words(now))


def why_run(situation: Situation, *, now: datetime) -> Why | None:
    """Return why the run is not over, part by part; None when it is."""
    if situation.run_status in RUN.terminal:
        return None
    if situation.run_status == "paused":
        return Why(situation.stop("paused"), situation.stopped_at(), "it goes on when someone resumes it")
    first = _most_telling(situation.steps, now)
    if first is None:
        return _to_be_counted(situation)
    it = situation.label(first.key)
    why = _why(first, situation, now=now, it=it)
    if situation.is_cancelled:
        return Why(
            situation.stop("cancelled"), situation.stopped_at(), f"over when this is: {why.words(now)}"
        )
    if first.status == "waiting" and _is_asked(first):
        more = sum(map(_is_asked, situation.steps)) - 1
        return replace(why, reason=f"{_plain(why.reason)}{f' (and {more} more)' if more else ''}")
    return why


def why_step(step: WorkflowStep, situation: Situation, *, now: datetime) -> Why | None:
    """Return why the step has not ended, part by part; None when it has."""
    if step.status in STEP.terminal:
        return None
    is_paused = situation.run_status == "paused"
    if step.status == "ready" and is_paused and not situation.is_cancelled:
        return Why(
            f"the run is {situation.stop('paused')}",
            situation.stopped_at(),
            "this begins when someone resumes it",
        )
    why = _why(step, situation, now=now, it="it")
    if situation.is_cancelled and step.status != "pending":
        followed = f"this is followed to its end: {why.words(now)}"
        return Why(f"the run is {situation.stop('cancelled')}", situation.stopped_at(), followed)
    if is_paused:
        return replace(why, then=f"{why.then}, once someone resumes the run, {situation.stop('paused')}")
    return why


def _to_be_counted(situation: Situation) -> Why:
    """Return why a run with nothing open is not over: a moment's wait, or the keeper comes to it."""
    ends = [step.finished_at for step in situation.steps if step.finished_at is not None]
    since = max(ends, default=situation.since)
    return Why("waiting for its steps to be counted", since, "then it is over")


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
    pending = [step for step in steps if step.status == "pending"]
    return min([*waiting, *pending], key=lambda step: step.status == "pending", default=None)


def _why(step: WorkflowStep, situation: Situation, *, now: datetime, it: str) -> Why:
    """Return why an open step has not ended, whatever its run does; `it` is what it is called."""
    if step.status == "pending":
        return Why(f"{it} waits for {_upstreams(step, situation)}", step.not_before, "then it begins")
    if step.status == "running":
        return _at_work(step, situation, now=now, it=it)
    if step.status == "ready":
        return _to_be_taken(step, situation, now=now, it=it)
    since = step.started_at or situation.since
    if _is_asked(step):
        return _asks(step, situation, it)
    if step.wake_at is not None:
        return Why(f"{it} waits", since, f"it goes on at {_at(step.wake_at, now)}", step.error)
    return Why(f"{it} waits for somebody to take it up", since, "then it goes on", step.error)


def _at_work(step: WorkflowStep, situation: Situation, *, now: datetime, it: str) -> Why:
    """Return who works; a lease that ran out says that its worker is gone."""
    if step.lease_until is not None and step.lease_until < now:
        gone = f"{it} was taken by a worker that is gone"
        return Why(gone, step.lease_until, "another takes it over at once")
    return Why(f"a worker is on {it}", step.started_at or situation.since, f"then {_after(step, situation)}")


def _to_be_taken(step: WorkflowStep, situation: Situation, *, now: datetime, it: str) -> Why:
    if step.not_before > now:
        again = "is tried again" if step.error.strip() else "begins"
        then = f"it {again} at {_at(step.not_before, now)}"
        return Why(f"{it} waits", step.started_at or situation.since, then, step.error)
    return Why(f"{it} waits for a worker", step.not_before, "then it begins")


def _is_asked(step: WorkflowStep) -> bool:
    """Return whether a person still has to decide on what the step asked."""
    return step.status == "waiting" and step.approval is not None and step.approval.is_undecided


def _asked_at(step: WorkflowStep) -> datetime:
    assert step.approval is not None
    return step.approval.created_at


def _asks(step: WorkflowStep, situation: Situation, it: str) -> Why:
    assert step.approval is not None
    whom = situation.deciders.get(step.approval.id, who_decides(step.approval.kind))
    return Why(f"waiting for {whom}", _asked_at(step), f"then {it} goes on", step.approval.title)


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
    return _named(names) or "the steps before it"


def _after(step: WorkflowStep, situation: Situation) -> str:
    """Return what comes once the step has ended: what waits for it begins, or nothing does any more."""
    waiting = {one.key for one in situation.steps if one.status == "pending"}
    names = [
        situation.label(key)
        for key, before in situation.waits_for.items()
        if step.key in before and key in waiting
    ]
    if not names:
        return "its part of the run is done"
    return f"{_named(names)} {'begin' if len(set(names)) > 1 else 'begins'}"


def _named(names: Sequence[str]) -> str:
    """Return some of the names, each once, and how many more there are."""
    found = list(dict.fromkeys(names))
    more = len(found) - MOST_NAMED
    return " and ".join([", ".join(found[:MOST_NAMED]) or "", *([f"{more} more"] if more > 0 else [])])


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
