"""The doorbells of runs: who hears that a run has something due, and who need not, for a worker is there already."""

import threading
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection

from tiktok_ops.prepared import fetch
from tiktok_ops.queue import ring, this_cluster

log = structlog.get_logger(__name__)

DOORBELL = "workflows.tasks.advance"
PUT_OFF_SECONDS = 0.01
_DUE = """
    SELECT count(*) FROM workflows_workflowstep
    WHERE run_id = %s AND cluster = %s AND status IN ('pending', 'ready', 'running', 'waiting')
        AND status || '' = 'ready' AND not_before <= clock_timestamp() -- see workflows/sql/events.sql
"""


def ring_clusters(run_id: UUID, clusters: Iterable[str]) -> None:
    """Ring for the run once for each of the clusters."""
    for cluster in clusters:
        ring(DOORBELL, run_id, cluster=cluster)


class PutOff:
    """The doorbells of one run that its worker keeps back, for steps it may come to itself in a moment.

    Waking another process costs more than a step that only computes. So what became due beside the step a
    worker went on with is rung for `PUT_OFF_SECONDS` later, and only what is still due then: by a timer, for the
    step may take minutes. Should the process die in between, the keeper rings.
    """

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._timer: threading.Timer | None = None

    def went_on(self, clusters: Sequence[str]) -> list[str]:
        """Put off the doorbells of this worker's cluster, for it goes on with the run; return the others."""
        own = this_cluster()
        others = [cluster for cluster in clusters if cluster != own]
        if len(others) < len(clusters) and self._timer is None:
            self._timer = threading.Timer(PUT_OFF_SECONDS, self._ring)
            self._timer.daemon = True
            self._timer.start()
        return others

    def left(self, clusters: Sequence[str]) -> list[str]:
        """Return the doorbells to ring now that this worker leaves the run: `clusters`, and what was put off."""
        if not self._is_called_off():
            return list(clusters)
        own = this_cluster()
        return [*(cluster for cluster in clusters if cluster != own), *[own] * self._due()]

    def _is_called_off(self) -> bool:
        """Stop the timer, if there is one, and return whether there was."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _due(self) -> int:
        """Return how many steps this worker's cluster has due in the run."""
        [(number,)] = fetch(_DUE, [self._run_id, this_cluster()])
        return int(number)

    def _ring(self) -> None:
        """Ring for what is still due; a thread of its own, with a connection of its own."""
        self._timer = None
        try:
            ring_clusters(self._run_id, [this_cluster()] * self._due())
        except (DatabaseError, InterfaceError) as error:
            log.warning("put off for the keeper", run=str(self._run_id), error=str(error).strip())
        finally:
            connection.close()
