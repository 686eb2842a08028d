"""What tests of workers killed at named moments share: whose marks there are, and how a storm of deaths ended."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db.models import Q

from tests.processes import running, wait_until
from tiktok_ops.crash_points import FOLDER, CrashPoint, passes
from workflows.models import RunEvent, WorkflowRun, WorkflowStep

STEP_POINTS = [
    CrashPoint.BEFORE_CLAIM,
    CrashPoint.AFTER_CLAIM,
    CrashPoint.BEFORE_FINISH,
    CrashPoint.IN_FINISH,
    CrashPoint.AFTER_FINISH,
]
ENVIRONMENT = {
    "TIKTOK_FAULTS": '{"publish_seconds": 0, "moderation_seconds": 0}',
    "KEEPER_SECONDS": "0.2",
    "WORKERS": "4",
}


def subjects() -> list[UUID]:
    """Return of what a worker's crash points know the ids: the steps and runs of this database."""
    return [row.id for model in (WorkflowStep, WorkflowRun) for row in model.objects.only("id")]


def forget_marks() -> None:
    """Remove the marks of this database's steps and runs."""
    for subject in subjects():
        for mark in FOLDER.glob(f"*.{subject}.*"):
            mark.unlink()


def kills_at(point: CrashPoint) -> int:
    """Return for how many steps, or runs, of this database somebody died at the point."""
    return sum(any(passes(point, subject)) for subject in subjects())


def came_back_unsure() -> int:
    """Return how often a worker found an effect in `sending` that another had left there."""
    return RunEvent.objects.filter(kind="effect.unknown", data__from="sending").count()


def states_hit(runs: Iterable[WorkflowRun]) -> Counter[str]:
    """Return in which states workers died, by the events: of an effect its status, else the step they were at.

    A death shows where a step is taken that somebody still had. One between steps leaves no such trace.
    """
    hit: Counter[str] = Counter()
    for run in runs:
        at_work: set[tuple[Any, ...]] = set()
        effect = ""
        for kind, data in run.events.order_by("seq").values_list("kind", "data"):
            subject, _, status = kind.partition(".")
            name = (data.get("key"), data.get("item"), data.get("round"))
            if subject == "effect":
                effect = status
            elif kind == "step.running":
                if name in at_work:
                    hit[effect or str(data["key"])] += 1
                at_work.add(name)
            elif subject == "step":
                at_work.discard(name)
    return hit


def all_are(runs: list[WorkflowRun], *statuses: str) -> bool:
    """Return whether every run has one of the statuses by now."""
    ids = [run.id for run in runs]
    return not WorkflowRun.objects.filter(~Q(status__in=statuses), id__in=ids).exists()


@contextmanager
def dying_at(points: tuple[str, ...], **environment: str) -> Iterator[None]:
    """Have a worker whose processes die at these points (`point` or `point:n`), once for each step, and a keeper."""
    given = ENVIRONMENT | environment
    with (
        running("worker", environment=given | {"CRASH_AT": ",".join(points)}),
        running("keeper", environment=given),
    ):
        yield


def until_over(runs: list[WorkflowRun], *, seconds: float = 120) -> None:
    """Wait until every run is over."""
    wait_until(lambda: all_are(runs, "succeeded", "failed"), seconds=seconds, what="every run is over")
