"""What django-q2 calls: doorbells only. An id comes in, nothing goes out; safe to lose, repeat or delay."""

from uuid import UUID

import structlog
from django.conf import settings

from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.queue import ring, this_cluster
from workflows.engine import advance_run, clock_down
from workflows.processes import is_stopping
from workflows.protocol import DOORBELL

log = structlog.get_logger(__name__)

SPARE_SECONDS = 10

_passed_on: set[str] = set()


def advance(run_id: str) -> None:
    """Run what this worker's cluster has due in the run; once the worker is to stop, let another one hear of it."""
    left = clock_down(settings.DOORBELL_TIMEOUT_SECONDS - SPARE_SECONDS)
    try:
        if is_stopping():
            _pass_on(run_id)
            return
        pass_by(CrashPoint.BEFORE_CLAIM, UUID(run_id))
        advance_run(
            UUID(run_id),
            seconds_left=lambda: 0.0 if is_stopping() else left(),
            cluster=this_cluster(),
        )
    except Exception:
        # The lease brings the step back; a doorbell that raises would only be logged by the queue.
        log.exception("doorbell failed", run=run_id)


def _pass_on(run_id: str) -> None:
    """Ring for the run again, once a process: a worker that is alone would else ring itself in circles."""
    if run_id not in _passed_on:
        _passed_on.add(run_id)
        ring(DOORBELL, UUID(run_id), cluster=this_cluster())
