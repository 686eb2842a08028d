"""The worker of a host: starts this host's django-q clusters, judges each by its progress, starts it again.

django-q can wedge with every process alive and every heartbeat on time (an idle process that is killed
takes the queue's lock with it), so liveness says nothing; only work that moves does.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import astuple, dataclass, field, fields

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from tiktok_ops.content.fitting import CLUSTER as FITTING_CLUSTER
from tiktok_ops.content.imports.uploads import CLUSTER as IMPORTS_CLUSTER
from tiktok_ops.env import BASE_DIR
from tiktok_ops.prepared import fetch
from tiktok_ops.signals import Stop
from workflows.absences import Absence
from workflows.alarms import raise_for_wedged_cluster
from workflows.keeper import Keeper
from workflows.outcomes import Claim, LeaseLost, TryAgain
from workflows.presence import Place, Post
from workflows.processes import DIE_WITH_PARENT, STOP_FD, is_gone, this_host
from workflows.protocol import finish

log = structlog.get_logger(__name__)

CLUSTER_NAME = "Q_CLUSTER_NAME"  # django-q's own variable
TICK_SECONDS = 0.5
STOP_SECONDS = 20.0
DYING_SECONDS = 1.0
IDLE_TICKS = 3
QUIET_SECONDS = 60.0
SETTLED_SECONDS = 10.0


@dataclass(slots=True)
class Cluster:
    """One django-q cluster, `short` or `long`, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    stopping: Stop = field(default_factory=Stop)
    is_asked_to_stop: bool = False

    def start(self) -> None:
        """Start the cluster; its processes end with this one, however this one ends."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            # Without the checks, which load every page: `manage.py worker` made those that matter here.
            [sys.executable, str(BASE_DIR / "manage.py"), "qcluster", "--skip-checks"],
            cwd=BASE_DIR,
            env={
                **os.environ,
                DIE_WITH_PARENT: str(os.getpid()),
                STOP_FD: str(self.stopping.read_end),
                CLUSTER_NAME: self.name,
            },
            pass_fds=[self.stopping.read_end],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether the cluster's main process lives."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Ask the cluster to take nothing more and end with what it runs; return at once.

        Its processes see the flag before their next step; django-q ends them once they are idle. It is asked once:
        a second signal while it answers the first finds it holding the lock of its own flag, and it waits for ever.
        """
        if self.process is None or self.is_asked_to_stop:
            return
        self.is_asked_to_stop = True
        self.stopping.set()
        # To the main process only: a signal to the whole group makes django-q hang.
        with suppress(ProcessLookupError):
            self.process.terminate()

    def stop(self, *, seconds: float) -> None:
        """Let running steps finish for up to `seconds`, then end whatever is left of the group."""
        if self.process is None:
            return
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(seconds, 0.0))
        self.kill()

    def kill(self) -> None:
        """End every process of the group at once."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass(slots=True)
class Watch:
    """Whether work that is due has moved: decisions on counts, by this process's monotonic clock.

    A lease is no progress: it may be long, and while it lasts the others of its cluster may hang. Progress is that a
    step is taken up or ended; where all of the cluster's `workers` are at work, nobody else can take any, and whoever
    of them hangs is seen once its lease runs out. Ending the cluster costs the step that is at work its turn, which
    is begun again; left alone, everything due would wait as long as that takes.

    Each restart that moved nothing makes it twice as patient, up to 16 times: a cluster that takes longer
    to come up than `stall_seconds`, on a busy machine, would else be ended each time before it could work. What was
    taken up anew after a restart is not moved by that: the second change since then is the first that tells.
    """

    stall_seconds: float
    workers: int = 1
    moved_at: float = field(default_factory=time.monotonic)
    restarts: int = 0
    has_worked: bool = False
    mark: int = 0
    moves: int = 0

    def is_stalled(self, load: "Load", *, now: float) -> bool:
        """Return whether nothing moved for `stall_seconds` although somebody could have moved it."""
        self.has_worked = self.has_worked or load.held > 0
        has_moved, self.mark = load.mark != self.mark, load.mark
        self.moves += has_moved and load.held > 0
        is_idle = not load.due and not load.overdue
        if has_moved or is_idle or load.held >= self.workers:
            self.moved_at = now
            self.restarts = 0 if is_idle or self.moves > 1 else self.restarts
        patience = self.stall_seconds * (1 << min(self.restarts, 4))
        return now - self.moved_at >= patience

    def restarted(self, *, now: float) -> None:
        """Begin to wait anew; what it held is given back, which is no progress."""
        self.moved_at, self.restarts, self.has_worked, self.mark, self.moves = (
            now,
            self.restarts + 1,
            False,
            0,
            0,
        )


@dataclass(slots=True)
class Pause:
    """How long to wait before the next start: longer each time, as long as starts follow close on each other.

    A cluster that had worked begins anew.
    """

    seconds: float = 0.0
    last: float = float("-inf")

    def next_seconds(self, *, now: float) -> float:
        """Return the wait: nothing after a quiet minute, then half a second, doubled up to 30 seconds."""
        if now - self.last > QUIET_SECONDS:
            self.seconds = 0.0
        waited, self.seconds, self.last = self.seconds, min(max(2 * self.seconds, 0.5), 30.0), now
        return waited


@dataclass(slots=True)
class Group:
    """A cluster with all by which it is judged."""

    cluster: Cluster
    watch: Watch
    pause: Pause = field(default_factory=Pause)

    @classmethod
    def of(cls, name: str) -> "Group":
        """Return the group of the cluster called `name`, not started yet."""
        return cls(Cluster(name), Watch(settings.STALL_SECONDS, settings.CLUSTERS[name]))

    def mind(self, load: "Load", stop: Stop) -> None:
        """Start the cluster again when it died, or stands still although it has `load`."""
        is_stalled = self.watch.is_stalled(load, now=time.monotonic())
        if self.cluster.is_alive and not is_stalled:
            return
        reason = "no progress" if is_stalled else "its main process died"
        log.error("cluster restarted", cluster=self.cluster.name, reason=reason)
        self.cluster.kill()
        release_leases_of_the_gone()
        # One that dies before it did anything, or lived for long enough to, is not started again in a tight circle.
        if self.watch.has_worked or time.monotonic() - self.cluster.started_at > SETTLED_SECONDS:
            self.pause = Pause()
        stop.wait(self.pause.next_seconds(now=time.monotonic()))
        self.watch.restarted(now=time.monotonic())
        self.cluster.start()
        if is_stalled:
            raise_for_wedged_cluster(self.cluster.name, stall_seconds=self.watch.stall_seconds)


@dataclass(frozen=True, slots=True)
class Load:
    """What there is to do, and what this host is doing; of one cluster, or of all.

    `due`: steps someone should take; `held`: steps processes of this host hold under a live lease; `overdue`: steps
    they hold under a lease that ran out; `open`: all of these and what goes on within a minute. `mark` is another
    once other steps are held, or the same in another turn.
    """

    due: int
    held: int
    overdue: int
    open: int
    mark: int = field(default=0, compare=False)


class Supervisor:
    """Runs this host's clusters until told to stop, or until there is nothing left to do."""

    def __init__(self, stop: Stop, *, until_idle: bool = False) -> None:
        self._stop = stop
        self._groups = [Group.of(name) for name, workers in settings.CLUSTERS.items() if workers]
        self._post = Post(Place.WORKER)
        self._no_keeper = Absence(Place.KEEPER)
        # Without a keeper of its own, a worker that is to finish everything could wait for ever.
        self._keeper = Keeper() if until_idle else None
        self._idle_ticks_left = IDLE_TICKS

    def run(self) -> None:
        """Start the clusters and watch over them."""
        for group in self._groups:
            group.cluster.start()
        try:
            while not self._stop.wait(TICK_SECONDS):
                self._tick()
        finally:
            self._stop_clusters()
            self._return_steps()
            if self._keeper is not None:
                self._keeper.leave()
            self._post.leave()

    def _stop_clusters(self) -> None:
        """Let all clusters finish at the same time, for `STOP_SECONDS` together."""
        end = time.monotonic() + STOP_SECONDS
        for group in self._groups:
            group.cluster.ask_to_stop()
        for group in self._groups:
            group.cluster.stop(seconds=end - time.monotonic())

    def _return_steps(self) -> None:
        """Give back what the stopped cluster held; a process that was killed takes a moment to be gone."""
        end = time.monotonic() + DYING_SECONDS
        with suppress(DatabaseError):
            while return_steps_of_the_stopped() or time.monotonic() < end:
                if not current_load().held:
                    return
                time.sleep(TICK_SECONDS / 10)

    def _tick(self) -> None:
        """Look once; a database that is away is waited for."""
        try:
            self._post.hold()
            self._mind_clusters()
            self._no_keeper.look()
            if self._keeper is not None:
                self._keeper.tick()
                self._stop_when_idle()
        except DatabaseError as error:
            log.warning("worker lost the database", error=str(error).strip())
            connection.close()

    def _mind_clusters(self) -> None:
        """Give back what dead processes held; mind each cluster."""
        release_leases_of_the_gone()
        loads = current_loads()
        for group in self._groups:
            group.mind(loads.get(group.cluster.name, NO_LOAD), self._stop)

    def _stop_when_idle(self) -> None:
        """Stop once nothing has been open for a few looks in a row."""
        self._idle_ticks_left = IDLE_TICKS if current_load().open else self._idle_ticks_left - 1
        if self._idle_ticks_left <= 0:
            self._stop.set()


NO_LOAD = Load(due=0, held=0, overdue=0, open=0)


def current_load() -> Load:
    """Count what is due and what this host holds, in all clusters, by the database's clock."""
    found = current_loads().values()
    return Load(*(sum(getattr(load, field.name) for load in found) for field in fields(Load)))


LOADS = """
    -- Each part goes by its own partial index, and each step found by the key of its run, however many steps wait.
    SELECT step.cluster, sum(step.due), sum(step.held), sum(step.overdue), count(*), sum(step.mark)::bigint
    FROM (
        SELECT run_id, cluster, (not_before <= statement_timestamp())::integer AS due, 0 AS held, 0 AS overdue,
                0 AS mark
            FROM workflows_workflowstep WHERE status = 'ready'
        UNION ALL SELECT run_id, cluster, 0, (is_mine AND lease_until >= statement_timestamp())::integer,
                (is_mine AND lease_until < statement_timestamp())::integer,
                CASE WHEN is_mine THEN hashtext(id::text || claims) ELSE 0 END
            FROM workflows_workflowstep, LATERAL starts_with(claimed_by, %s) AS is_mine WHERE status = 'running'
        UNION ALL SELECT run_id, cluster, 0, 0, 0, 0
            FROM workflows_workflowstep
            WHERE status = 'waiting' AND wake_at < statement_timestamp() + interval '1 minute'
    ) AS step
    WHERE (SELECT status FROM workflows_workflowrun WHERE id = step.run_id) IN ('queued', 'running', 'waiting')
    GROUP BY step.cluster
    -- An import is work too; it holds no lease, but no doorbell outlives its time-out.
    UNION ALL SELECT %s, 0, count(*), 0, 0, sum(hashtext(id::text))::bigint FROM content_contentimport
        WHERE status = 'running' AND rung_at > statement_timestamp() - make_interval(secs => %s)
            OR status = 'checking' AND rung_at > statement_timestamp()
        HAVING count(*) > 0
    -- And so is a copy that is being made, where it was taken up and nobody has said yet what came of it.
    UNION ALL SELECT %s, 0, count(*), 0, 0, sum(hashtext(id::text || (probe #>> '{fitting,tries}')))::bigint
        FROM content_asset
        WHERE probe ? 'fitting' AND NOT ((probe -> 'fitting') ? 'made')
            AND coalesce(probe #>> '{fitting,problem}', '') = '' AND (probe #>> '{fitting,tries}')::integer > 0
            AND (probe #>> '{fitting,rung_at}')::timestamptz > statement_timestamp() - make_interval(secs => %s)
        HAVING count(*) > 0
"""


def current_loads() -> dict[str, Load]:
    """Count what is due and what this host holds for each cluster that has something, by the database's clock."""
    mine = f"{this_host()} "
    loads: dict[str, Load] = {}
    lasts = settings.DOORBELL_TIMEOUT_SECONDS
    found = fetch(LOADS, [mine, str(IMPORTS_CLUSTER), lasts, str(FITTING_CLUSTER), lasts])
    for cluster, *counts in found:
        before = loads.get(cluster, NO_LOAD)
        loads[cluster] = Load(*(old + new for old, new in zip(astuple(before), counts, strict=True)))
    return loads


def claims_of_the_gone() -> list[Claim]:
    """Return the claims under a live lease of processes of this host that no longer exist."""
    held = fetch(
        "SELECT id, claims, claimed_by FROM workflows_workflowstep "
        "WHERE status = 'running' AND lease_until > clock_timestamp() AND starts_with(claimed_by, %s)",
        [f"{this_host()} "],
    )
    return [Claim(step_id, claim) for step_id, claim, name in held if is_gone(name)]


def release_leases_of_the_gone() -> int:
    """End the leases of processes that died; return how many. Their starts count towards the limit."""
    gone = claims_of_the_gone()
    with connection.cursor() as cursor:
        for claimed in gone:
            cursor.execute("SELECT workflow_release(%s, %s)", [claimed.step_id, claimed.number])
    return len(gone)


def return_steps_of_the_stopped() -> int:
    """Give back the steps of processes that were stopped on purpose; return how many. That is no death."""
    stopped = TryAgain(error="The worker was stopped; another goes on.", delay_seconds=0, counts_as_try=False)
    gone = claims_of_the_gone()
    for claimed in gone:
        with suppress(LeaseLost):
            finish(claimed, stopped, go_on=False)
    return len(gone)
