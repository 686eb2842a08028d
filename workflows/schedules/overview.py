"""A schedule as people and programs read it."""

from datetime import datetime
from typing import Any

from workflows.schedules.cron import TimingRefused
from workflows.schedules.models import Schedule
from workflows.schedules.timing import next_times

TIMES_SHOWN = 5


def when_in_words(schedule: Schedule) -> str:
    """Return when it is due, in words; the refusal where that cannot be read any more."""
    try:
        return schedule.timing.in_words(schedule.time_zone)
    except TimingRefused as refused:
        return str(refused)


def coming_times(schedule: Schedule, *, count: int = TIMES_SHOWN) -> list[datetime]:
    """Return the next times it is due, in UTC and in order, as far as they are known."""
    first = schedule.next_due_at
    if first is None:
        return []
    try:
        later = next_times(schedule.timing, zone_name=schedule.time_zone, after=first, count=count - 1)
    except TimingRefused:
        later = []
    return [first, *later]


def schedule_as_json(schedule: Schedule) -> dict[str, Any]:
    """Return what `manage.py schedule --json` prints of it."""
    last = schedule.last_firing
    return {
        "id": str(schedule.id),
        "name": schedule.name,
        "account": schedule.account.handle,
        "workflow": schedule.workflow,
        "kind": schedule.kind,
        "expression": schedule.expression,
        "when": when_in_words(schedule),
        "time_zone": schedule.time_zone,
        "input": schedule.input,
        "state": schedule.state,
        "coming": [time.isoformat() for time in coming_times(schedule)],
        "last_firing": None
        if last is None
        else {
            "due_at": last.due_at.isoformat(),
            "fired_at": last.fired_at.isoformat(),
            "run": str(last.run_id) if last.run_id else None,
            "refusal": last.refusal or None,
        },
    }
