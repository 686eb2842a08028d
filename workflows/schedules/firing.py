"""Starting what is due: each due time once, whoever looks and however many; one that fails stops no other."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from tiktok_ops.accounts.models import TikTokAccount, User
from tiktok_ops.accounts.roles import Capability
from tiktok_ops.audit.services import record
from tiktok_ops.clock import database_now
from tiktok_ops.crash_points import CrashPoint, pass_by
from tiktok_ops.errors import Refused
from workflows.catalogue import find_workflow
from workflows.models import WorkflowRun
from workflows.schedules.events import EVENTS
from workflows.schedules.models import Schedule, ScheduleFiring
from workflows.schedules.refusals import ScheduleRefused, check_no_circle
from workflows.schedules.rows import free_schedule, locked_schedule, reckon
from workflows.schedules.timing import Kind
from workflows.services import start_run

log = structlog.get_logger(__name__)

Cause = ScheduleFiring.Cause
DATABASE_AWAY = (OperationalError, InterfaceError)
_DUE = Q(next_due_at__lte=Now())
_MOVED = Q(~Q(time_zone=F("account__time_zone")), kind__in=[Kind.CRON, Kind.ONCE], next_due_at__gt=Now())
"""The account's clock was moved to another zone since the next time was found."""

FAULT = "It could not be started because of a fault of ours: the log of the keeper says more."


def fire_due(*, limit: int) -> int:
    """Start up to `limit` schedules that are due, each in a transaction of its own; return how many were met.

    For keepers to call in every round, on any number of hosts at once: a schedule another one is at is passed
    over. Of the times that were missed one is met, the first. What is refused is noted and met, too.
    """
    active = Schedule.objects.filter(is_active=True)
    for schedule_id in list(active.filter(_MOVED).values_list("id", flat=True)[:limit]):
        _apart_from_others(_follow_clock, schedule_id)
    due = active.filter(_DUE).order_by("next_due_at")
    return sum(
        _apart_from_others(_fire_if_due, schedule_id)
        for schedule_id in list(due.values_list("id", flat=True)[:limit])
    )


def waiting_schedules() -> QuerySet[Schedule]:
    """Return the schedules `fire_due` has something to do for."""
    return Schedule.objects.filter(_DUE | _MOVED, is_active=True)


def fire_event(name: str, *, account_id: UUID) -> int:
    """Let what waits for this event on this account be due now; return how many schedules that are.

    Belongs into the transaction of what happened; the keeper starts the runs after it. What happens again
    before that does so once for both. Raises `ValueError` for an event there is not.
    """
    if name not in EVENTS:
        raise ValueError(f"There is no event {name!r}: add it to workflows.schedules.events.")
    waiting = Schedule.objects.filter(is_active=True, kind=Kind.EVENT, expression=name, account_id=account_id)
    # Also those that are due already: one that is being started just now must hear of it once more.
    return waiting.update(next_due_at=Now())


def fire_now(*, schedule_id: UUID, by: User | str) -> ScheduleFiring:
    """Start the schedule's run at once, paused or not; when it is due next stays as it is.

    Raises `ScheduleUnknown`, `ScheduleRefused` for one that was removed, and what `start_run` raises; then
    nothing is written.
    """
    with transaction.atomic():
        schedule = locked_schedule(schedule_id)
        if schedule.removed_at is not None:
            raise ScheduleRefused(f"The schedule {schedule.name!r} was removed: make a new one.")
        run = start_run(schedule.workflow, account_id=schedule.account_id, by=by, given=schedule.input)
        return _note(schedule, due_at=database_now(), cause=Cause.PERSON, run=run, by=by)


def _apart_from_others(act: Callable[[UUID], bool], schedule_id: UUID) -> bool:
    """Do something to a schedule in its own transaction; a bug of ours is logged and stops no other schedule."""
    try:
        with transaction.atomic():
            return act(schedule_id)
    except DATABASE_AWAY:
        raise
    except Exception:
        log.exception("schedule not fired", schedule=str(schedule_id))
        return False


def _follow_clock(schedule_id: UUID) -> bool:
    """Reckon anew what is due by the clock of a zone the account has left; return whether there was anything."""
    schedule = free_schedule(schedule_id)
    if schedule is None or schedule.next_due_at is None:
        return False
    reckon(schedule, after=database_now())
    schedule.save(update_fields=["time_zone", "next_due_at"])
    return True


def _fire_if_due(schedule_id: UUID) -> bool:
    schedule = free_schedule(schedule_id)
    now = database_now()
    if schedule is None or schedule.next_due_at is None or schedule.next_due_at > now:
        return False
    due_at = schedule.next_due_at
    # The unique constraint has the last word; asked before, so that what was met is gone past.
    if not schedule.firings.filter(due_at=due_at).exists():
        _fire(schedule, due_at)
    reckon(schedule, after=now, last=due_at)
    schedule.save(update_fields=["time_zone", "next_due_at"])
    pass_by(CrashPoint.BEFORE_FIRING_COMMITS, schedule_id)
    return True


def _fire(schedule: Schedule, due_at: datetime) -> None:
    """Start the run and note it, or note what keeps it from starting."""
    cause = Cause.EVENT if schedule.kind == Kind.EVENT else Cause.TIME
    by = f"schedule {schedule.id}"
    try:
        with transaction.atomic():
            run = _start(schedule, by=by)
    except Refused as refused:
        _note(schedule, due_at=due_at, cause=cause, refusal=str(refused), by=by)
    except DATABASE_AWAY:
        raise
    except Exception:
        log.exception("schedule failed", schedule=str(schedule.id))
        _note(schedule, due_at=due_at, cause=cause, refusal=FAULT, by=by)
    else:
        _note(schedule, due_at=due_at, cause=cause, run=run, by=by)


def _start(schedule: Schedule, *, by: str) -> WorkflowRun:
    """Start the run in the name of whoever keeps the schedule, if they still may."""
    person = schedule.kept_by
    if person is not None and not _may_run(person, schedule.account_id):
        raise ScheduleRefused(
            f"{person} may not start runs on {schedule.account} any more: let somebody who may take the "
            "schedule over by changing it."
        )
    check_no_circle(find_workflow(schedule.workflow), expression=schedule.expression)
    return start_run(
        schedule.workflow,
        account_id=schedule.account_id,
        by=by,
        given=schedule.input,
        in_name_of=person,
    )


def _may_run(person: User, account_id: UUID) -> bool:
    theirs = TikTokAccount.objects.visible_to(person, Capability.RUN)
    return theirs.filter(id=account_id).exists()


def _note(
    schedule: Schedule,
    *,
    due_at: datetime,
    cause: ScheduleFiring.Cause,
    by: User | str,
    run: WorkflowRun | None = None,
    refusal: str = "",
) -> ScheduleFiring:
    """Write the firing, on record, and let the schedule lead to it."""
    firing = ScheduleFiring.objects.create(
        schedule=schedule, due_at=due_at, cause=cause, run=run, refusal=refusal
    )
    Schedule.objects.filter(id=schedule.id).update(last_firing=firing)
    record(
        "schedule.refused" if run is None else "schedule.fired",
        by=by,
        subject=f"schedule {schedule.id}",
        workspace_id=schedule.workspace_id,
        data={
            "due_at": due_at.isoformat(),
            "cause": cause.value,
            **({"refusal": refusal} if run is None else {"run": str(run.id)}),
        },
    )
    return firing
