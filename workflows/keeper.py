"""The keeper: rings what is due, parks what takes its worker down. One leads, any number may stand by."""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from agents.budgets.reserving import abandoned_reservations, settle_abandoned
from agents.sandbox.studio.callbacks import callbacks_due
from agents.sandbox.tiktok.notices import notices_due
from agents.sandbox.tiktok.pulling import pulls_due
from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.fitting import ring_waiting_fittings, waiting_fittings
from tiktok_ops.content.imports.uploads import ring_waiting_imports, waiting_imports
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.queue import ring
from tiktok_ops.rest.housekeeping import tidy
from tiktok_ops.signals import Stop
from workflows.absences import Absence
from workflows.alarms import EFFECT_LOST
from workflows.batched_steps import abandoned_and_due, ring_for_abandoned
from workflows.budget_approvals import open_questions, wake_where_there_is_room
from workflows.chores import Chore, due_of
from workflows.doorbells import DOORBELL
from workflows.effects.ledger import STRANDED, raise_if_lost, strand
from workflows.effects.models import Effect
from workflows.effects.next_look import UNKNOWN_LONG
from workflows.models import WorkflowStep
from workflows.outcomes import Alarm, Claim, Failed, LeaseLost
from workflows.presence import Place, Post
from workflows.protocol import MAX_CLAIMS, finish, wake
from workflows.schedules.firing import fire_due, waiting_schedules
from workflows.stop_switch import unstopped, wake_unstopped
from workflows.transitions import STEP
from workflows.webhooks.housekeeping import delete_old_messages, old_messages
from workflows.webhooks.processing import ring_waiting_messages, waiting_messages
from workflows.webhooks.sandbox import (
    deliver_sandbox_callbacks,
    deliver_sandbox_webhooks,
    pull_for_sandbox,
)

log = structlog.get_logger(__name__)

PAGE = 500
RING_AGAIN_SECONDS = 15.0
TIDY_SECONDS = 60.0


class Keeper:
    """A keeper of this process; `tick` does a round if it leads."""

    def __init__(self) -> None:
        self._post = Post(Place.KEEPER)
        self._no_worker = Absence(Place.WORKER)
        self._tidied_at = float("-inf")

    def run(self, stop: Stop) -> None:
        """Do rounds until `stop`; a database that is away is waited for."""
        try:
            while not stop.wait(settings.KEEPER_SECONDS):
                self.tick()
        finally:
            self.leave()

    def leave(self) -> None:
        """Let another keeper lead."""
        self._post.leave()

    def tick(self) -> None:
        """Do one round, if this keeper leads."""
        try:
            if self._post.hold() and sweep(self._post.is_still_held):
                self._no_worker.look()
                self._tidy()
        except DatabaseError as error:
            log.warning("keeper lost the database", error=str(error).strip())
            connection.close()

    def _tidy(self) -> None:
        """Tidy up, now and then."""
        now = time.monotonic()
        if now - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now
            tidy()


def ring_due(*, limit: int) -> int:
    """Ring for up to `limit` due steps whose doorbell was lost or is yet to be rung; return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM workflow_due(%s, %s, %s)", [limit, RING_AGAIN_SECONDS, MAX_CLAIMS])
        due = cursor.fetchall()
        for run_id, cluster in due:
            ring(DOORBELL, run_id, cluster=cluster)
            pass_by(CrashPoint.IN_RINGING, run_id)
    return len(due)


def wake_waiting() -> int:
    """Let the waiting steps whose time has come be taken up again; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM workflow_waking(%s)", [PAGE])
        steps = [step_id for (step_id,) in cursor.fetchall()]
    woken = 0
    for step_id in steps:
        with transaction.atomic():
            woken += wake(step_id)
            pass_by(CrashPoint.IN_WAKING, step_id)
    return woken


def stranded_effects() -> QuerySet[Effect]:
    """Return the effects whose step ended without them."""
    return Effect.objects.filter(status__in=sorted(STRANDED), step__status__in=sorted(STEP.terminal))


def look_after_stranded() -> None:
    """Say what is known of effects whose step ended without them."""
    for effect in stranded_effects()[:PAGE]:
        if strand(effect):
            log.error("effect stranded", effect=str(effect.id))


def lost_effects() -> QuerySet[Effect]:
    """Return the effects that were unknown for long and that nobody was told of since they became so."""
    told = Alert.objects.filter(
        kind=EFFECT_LOST, subject_id=OuterRef("id"), last_seen_at__gte=OuterRef("status_since")
    )
    return Effect.objects.filter(~Exists(told), status="unknown", status_since__lt=Now() - UNKNOWN_LONG)


def raise_for_lost_effects() -> int:
    """Raise an alert for each effect that was unknown for long, once for each time it became so; return how many."""
    return sum(raise_if_lost(effect) for effect in lost_effects()[:PAGE])


def park_exhausted() -> int:
    """Fail the steps that were claimed as often in a row as may be without an end; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM workflow_exhausted(%s, %s)", [PAGE, MAX_CLAIMS])
        exhausted = [Claim(*row) for row in cursor.fetchall()]
    for claimed in exhausted:
        error = (
            f"Stopped after {MAX_CLAIMS} starts in a row: each time its worker died before the step ended."
        )
        pass_by(CrashPoint.IN_PARKING, claimed.step_id)
        try:
            finish(claimed, Failed(error=error, alarm=Alarm.PARKED), go_on=False)
        except LeaseLost:
            continue  # it ended after all, a moment ago
        log.error("step parked", step=str(claimed.step_id), claims=claimed.number)
    return len(exhausted)


def fire_all_due() -> None:
    """Start everything that is due by a schedule."""
    while fire_due(limit=PAGE) == PAGE:
        pass


def ring_or_park() -> None:
    """Ring for every step somebody should be at; fail those that take their worker down."""
    while ring_due(limit=PAGE) == PAGE:
        pass
    park_exhausted()


def steps_to_wake() -> QuerySet[WorkflowStep]:
    """Return the steps that waited long enough, those of paused runs included."""
    return WorkflowStep.objects.filter(status="waiting", wake_at__lte=Now())


def steps_to_take() -> QuerySet[WorkflowStep]:
    """Return the steps somebody should be at: due, or left by who had them."""
    due = Q(status="ready", not_before__lte=Now()) | Q(status="running", lease_until__lt=Now())
    return WorkflowStep.objects.filter(due)


CHORES = (
    Chore("schedules", waiting_schedules, fire_all_due),
    Chore("steps whose time has come", steps_to_wake, wake_waiting),
    Chore("steps nobody is at", steps_to_take, ring_or_park),
    Chore("stranded effects", stranded_effects, look_after_stranded),
    Chore("lost effects", lost_effects, raise_for_lost_effects),
    Chore("effects nothing stops any more", unstopped, wake_unstopped),
    Chore("reservations of calls long over", abandoned_reservations, settle_abandoned),
    Chore("budgets with room again", open_questions, wake_where_there_is_room),
    Chore("imports", waiting_imports, ring_waiting_imports),
    Chore("videos to be made fit", waiting_fittings, ring_waiting_fittings),
    Chore("webhooks", waiting_messages, ring_waiting_messages),
    Chore("old webhooks", old_messages, delete_old_messages),
    Chore("batches nobody waits for", abandoned_and_due, ring_for_abandoned),
    Chore("callbacks of the sandbox studio", callbacks_due, deliver_sandbox_callbacks),
    Chore("photos the sandbox TikTok pulls", pulls_due, pull_for_sandbox),
    Chore("webhooks of the sandbox TikTok", notices_due, deliver_sandbox_webhooks),
)
"""All the keeper does, in the order of a round. To add a chore: a line here."""


def sweep(leads: Callable[[], bool] = lambda: True) -> bool:
    """Do a round: every chore something waits for, as long as whoever does it still `leads`; return whether it did.

    Only where there is a chore is it asked. A leader that was frozen may find its term over; the one chore it was at
    is harmless, for each locks, looks again and writes.
    """
    for chore in due_of(CHORES):
        if not leads():
            return False
        chore.do()
    return True
