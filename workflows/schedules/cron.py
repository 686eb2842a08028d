"""Cron expressions: five fields that say which minutes a clock on the wall shows. Zones are not their business.

Source: crontab(5). Where day of month and day of week are both restricted, either will do; a field that begins
with `*` restricts nothing in this sense.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Self

from tiktok_ops.errors import Refused

MINUTE = timedelta(minutes=1)
DAYS_SEARCHED = 41 * 366
"""No expression rests longer: 29 February on one day of the week comes every 28 years, every 40 around 2100."""

_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)
_SHAPE = "write minute, hour, day of month, month and day of week, such as '0 9 * * 1-5'"


class TimingRefused(Refused):
    """This says no time at which something could start."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the five: its name, the numbers it takes, and the names some of them have."""

    name: str
    lowest: int
    highest: int
    names: Mapping[str, int] = field(default_factory=dict)

    def number(self, written: str) -> int | None:
        """Return the number written, or None when the field does not take it."""
        number = self.names.get(written.lower())
        if number is None and written.isdecimal():
            number = int(written)
        return number if number is not None and self.lowest <= number <= self.highest else None


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    _Field("day of week", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The minutes an expression names. Weekdays count from Sunday, which is 0."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    takes_either_day: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expression. Raises `TimingRefused`, naming the field, also when its day never comes."""
        parts = text.split()
        if len(parts) != len(_FIELDS):
            raise TimingRefused(f"The cron expression {text!r} has {len(parts)} fields, not 5: {_SHAPE}.")
        minutes, hours, days, months, weekdays = (
            {number for part in written.split(",") for number in _numbers(text, part, one)}
            for written, one in zip(parts, _FIELDS, strict=True)
        )
        cron = cls(
            text=" ".join(parts),
            minutes=tuple(sorted(minutes)),
            hours=tuple(sorted(hours)),
            days=frozenset(days),
            months=frozenset(months),
            weekdays=frozenset(number % 7 for number in weekdays),
            takes_either_day=not (parts[2].startswith("*") or parts[4].startswith("*")),
        )
        if cron.next_wall(datetime(2000, 1, 1)) is None:  # noqa: DTZ001 - the time on a wall has no zone
            raise TimingRefused(f"The day of the cron expression {text!r} never comes: name one that does.")
        return cron

    def next_wall(self, after: datetime) -> datetime | None:
        """Return the first minute named that is later than `after`; both as a wall clock shows them, without zone.

        None when there is none, which `parse` rules out.
        """
        start = after.replace(second=0, microsecond=0) + MINUTE
        for number in range(DAYS_SEARCHED):
            day = start.date() + timedelta(days=number)
            if not self._names(day):
                continue
            for hour, minute in product(self.hours, self.minutes):
                wall = datetime.combine(day, time(hour, minute))
                if wall >= start:
                    return wall
        return None

    def _names(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.takes_either_day else by_day and by_weekday


def _numbers(text: str, part: str, one: _Field) -> range:
    """Return the numbers one part of a field names; raises `TimingRefused` when the field does not take it."""
    found = _PART.fullmatch(part)
    numbers = _span(found, one) if found else range(0)
    if not numbers:
        raise TimingRefused(
            f"The cron expression {text!r} is refused at {part!r}, its {one.name}: write a number from "
            f"{one.lowest} to {one.highest}, a range such as {one.lowest}-{one.highest}, * for all of them, "
            "or a range or * with a step such as */2."
        )
    return numbers


def _span(found: re.Match[str], one: _Field) -> range:
    """Return what `*`, `5`, `1-5`, `*/2` or `1-5/2` spans; nothing where a number does not fit."""
    first: int | None = one.lowest
    last: int | None = one.highest
    if found["first"]:
        first = one.number(found["first"])
        last = one.number(found["last"]) if found["last"] else first
    is_single = bool(found["first"] and not found["last"])
    step = int(found["step"] or 1)
    if first is None or last is None or step < 1 or (is_single and found["step"]):
        return range(0)
    return range(first, last + 1, step)
