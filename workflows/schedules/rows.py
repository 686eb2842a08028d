"""Schedules as rows: locked, by the database's clock, and reckoned to their next due time."""

from datetime import datetime
from uuid import UUID

from tiktok_ops.accounts.scope import ScopedQuerySet
from workflows.schedules.models import Schedule
from workflows.schedules.refusals import ScheduleUnknown


def locked_schedule(schedule_id: UUID) -> Schedule:
    """Return the schedule, locked, with its account; waits for others. Raises `ScheduleUnknown`."""
    schedule = _with_account().select_for_update(of=("self",)).filter(id=schedule_id).first()
    if schedule is None:
        raise ScheduleUnknown(f"There is no schedule with the id {str(schedule_id)!r}.")
    return schedule


def free_schedule(schedule_id: UUID) -> Schedule | None:
    """Return the schedule, locked, with its account; None when another transaction is at it."""
    return (
        _with_account()
        .select_for_update(of=("self",), skip_locked=True)
        .filter(id=schedule_id, is_active=True)
        .first()
    )


def _with_account() -> ScopedQuerySet[Schedule]:
    return Schedule.objects.select_related("account", "kept_by")


def reckon(schedule: Schedule, *, after: datetime, last: datetime | None = None) -> None:
    """Set when the schedule is due next, by the clock of its account; to be saved by the caller."""
    schedule.time_zone = schedule.account.time_zone
    schedule.next_due_at = schedule.timing.next_after(after, zone_name=schedule.time_zone, last=last)
