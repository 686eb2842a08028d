"""What django-q2 calls: doorbells only. An id comes in, nothing goes out; safe to lose, repeat or delay."""

import time
from collections.abc import Iterator
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.queue import Doorbell, ring, take_next, this_cluster
from workflows.doorbells import DOORBELL, PutOff
from workflows.engine import advance_run, clock_down
from workflows.processes import is_stopping

log = structlog.get_logger(__name__)

SPARE_SECONDS = 10
STAY_SECONDS = 0.25
"""How long a worker goes on with doorbells it takes itself; those django-q2 holds for it wait meanwhile."""

_passed_on: set[str] = set()


def advance(run_id: str) -> None:
    """Run what this worker's cluster has due in the run, and for a moment what else it is rung for."""
    for doorbell in _heard(Doorbell(DOORBELL, (run_id,))):
        answer = _advance if doorbell.task == DOORBELL else import_string(doorbell.task)
        try:
            answer(*doorbell.ids)
        except Exception:
            # The lease brings the step back; a doorbell that raises would only be logged by the queue.
            log.exception("doorbell failed", task=doorbell.task, ids=doorbell.ids)


def _heard(first: Doorbell) -> Iterator[Doorbell]:
    """Yield the doorbell and, for a moment, those that wait.

    One taken here goes by none of django-q2's processes, which would cost as much as a step.
    """
    until = time.monotonic() + STAY_SECONDS
    yield first
    while time.monotonic() < until and not is_stopping() and (doorbell := take_next()):
        yield doorbell


def _advance(run_id: str) -> None:
    """Run what is due in the run; once the worker is to stop, let another one hear of it."""
    left = clock_down(settings.DOORBELL_TIMEOUT_SECONDS - SPARE_SECONDS)
    if is_stopping():
        _pass_on(run_id)
        return
    pass_by(CrashPoint.BEFORE_CLAIM, UUID(run_id))
    advance_run(
        UUID(run_id),
        seconds_left=lambda: 0.0 if is_stopping() else left(),
        cluster=this_cluster(),
        put_off=PutOff(UUID(run_id)),
    )


def _pass_on(run_id: str) -> None:
    """Ring for the run again, once a process: a worker that is alone would else ring itself in circles."""
    if run_id not in _passed_on:
        _passed_on.add(run_id)
        ring(DOORBELL, UUID(run_id), cluster=this_cluster())
