"""What django-q2 calls: doorbells only. An id comes in, nothing goes out; safe to lose, repeat or delay."""

from uuid import UUID

import structlog
from django.conf import settings

from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.queue import this_cluster
from workflows.engine import advance_run, clock_down
from workflows.processes import is_stopping

log = structlog.get_logger(__name__)

SPARE_SECONDS = 10


def advance(run_id: str) -> None:
    """Run what this worker's cluster has due in the run; nothing more begins once the worker is to stop.

    A doorbell that is not answered then is rung again by the keeper, for another worker.
    """
    left = clock_down(settings.DOORBELL_TIMEOUT_SECONDS - SPARE_SECONDS)
    if is_stopping():
        return
    try:
        pass_by(CrashPoint.BEFORE_CLAIM, UUID(run_id))
        advance_run(
            UUID(run_id),
            seconds_left=lambda: 0.0 if is_stopping() else left(),
            cluster=this_cluster(),
        )
    except Exception:
        # The lease brings the step back; a doorbell that raises would only be logged by the queue.
        log.exception("doorbell failed", run=run_id)
