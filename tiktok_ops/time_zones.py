"""Time zones by their IANA names, and what a clock on the wall there means."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError

from tiktok_ops.errors import Refused


class WallTimeMissing(Refused):
    """The clocks skip this time on that day."""


class WallTimeTwice(Refused):
    """The clocks show this time twice on that day: say which is meant."""


class Which(StrEnum):
    """Which of two is meant when the clocks are put back and show a time twice."""

    FIRST = "first"
    SECOND = "second"


def check_time_zone(name: str) -> None:
    """Raise `ValidationError` unless `name` is an IANA time zone such as `Europe/Berlin`."""
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is not a time zone: write one such as 'Europe/Berlin'.")


def moment_of(wall: datetime, zone_name: str, *, which: Which | None = None) -> datetime:
    """Return the moment at which a clock in the zone shows `wall`, with the offset it then has.

    `wall` has no zone of its own and lies in the years 2 to 9998. Raises `WallTimeMissing` where the
    clocks are put forward over it, and `WallTimeTwice` where they show it twice and `which` is None.
    Source: PEP 495, "fold" and the test for a gap by a round trip through UTC.
    """
    zone = ZoneInfo(zone_name)
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        raise WallTimeMissing(
            f"{_said(wall)} does not exist in {zone_name}, where the clocks are put forward then: "
            "choose another time."
        )
    if first.utcoffset() != second.utcoffset() and which is None:
        raise WallTimeTwice(
            f"{_said(wall)} comes twice in {zone_name}, where the clocks are put back: say whether the first "
            f"({_fixed(first).tzinfo}) or the second ({_fixed(second).tzinfo}) is meant."
        )
    return _fixed(second if which is Which.SECOND else first)


def _fixed(moment: datetime) -> datetime:
    """Return the moment with its offset fixed: Python compares two times of one zone by their clocks."""
    return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()), fold=0)


def end_of_day(day: date) -> datetime:
    """Return the midnight, in UTC, that ends the day."""
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)


def _said(wall: datetime) -> str:
    return f"{wall:%H:%M} on {wall.day} {wall:%b %Y}"
