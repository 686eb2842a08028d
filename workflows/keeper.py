"""The keeper: rings what is due, parks what takes its worker down. One leads, any number may stand by."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from tiktok_ops.alerts.models import Alert
from tiktok_ops.content.imports.uploads import ring_waiting_imports
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.queue import ring
from tiktok_ops.rest.housekeeping import tidy
from tiktok_ops.signals import Stop
from workflows.absences import Absence
from workflows.alarms import EFFECT_LOST
from workflows.effects.ledger import STRANDED, raise_if_lost, strand
from workflows.effects.models import Effect
from workflows.outcomes import Alarm, Claim, Failed, LeaseLost
from workflows.presence import Place, Post
from workflows.protocol import DOORBELL, MAX_CLAIMS, finish, wake
from workflows.schedules.firing import fire_due
from workflows.stop_switch import wake_unstopped
from workflows.transitions import STEP
from workflows.webhooks.processing import ring_waiting_messages
from workflows.webhooks.sandbox import deliver_sandbox_callbacks

log = structlog.get_logger(__name__)

PAGE = 500
RING_AGAIN_SECONDS = 15.0
LOST_AFTER = timedelta(minutes=15)
"""How long an effect may be unknown before a person is told: TikTok is asked meanwhile."""


class Keeper:
    """A keeper of this process; `tick` does a round if it leads."""

    def __init__(self) -> None:
        self._post = Post(Place.KEEPER)
        self._no_worker = Absence(Place.WORKER)

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
            if self._post.hold():
                sweep()
                self._no_worker.look()
        except DatabaseError as error:
            log.warning("keeper lost the database", error=str(error).strip())
            connection.close()


def sweep() -> None:
    """Start and ring what is due, wake what waited long enough, park what is exhausted; ring for the rest, tidy up."""
    while fire_due(limit=PAGE) == PAGE:
        pass
    while ring_due(limit=PAGE) == PAGE:
        pass
    wake_waiting()
    park_exhausted()
    look_after_effects()
    ring_waiting_imports()
    ring_waiting_messages()
    deliver_sandbox_callbacks()
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


def look_after_effects() -> None:
    """Say what is known of effects whose step ended without them; wake steps whose effect went on without them."""
    ended = Effect.objects.filter(status__in=sorted(STRANDED), step__status__in=sorted(STEP.terminal))
    for effect in ended[:PAGE]:
        if strand(effect):
            log.error("effect stranded", effect=str(effect.id))
    raise_for_lost_effects()
    wake_unstopped()


def raise_for_lost_effects() -> int:
    """Raise an alert for each effect that was unknown for long, once for each time it became so; return how many."""
    told = Alert.objects.filter(
        kind=EFFECT_LOST, subject_id=OuterRef("id"), last_seen_at__gte=OuterRef("status_since")
    )
    long_ago = Now() - LOST_AFTER
    lost = Effect.objects.filter(~Exists(told), status="unknown", status_since__lt=long_ago)
    raised = 0
    for effect in lost[:PAGE]:
        raised += raise_if_lost(effect)
    return raised


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
