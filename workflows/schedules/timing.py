"""When a schedule is due: decisions only, no database. Walls show the time in the account's zone.

Where the clocks are put forward over a time, it is due at the first moment after the gap; where they show a time
twice, it is due once, at the first of the two.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from workflows.schedules.cron import Cron, TimingRefused
from workflows.schedules.cron_words import cron_in_words
from workflows.schedules.events import EVENTS

LONGEST_EXPRESSION = 120
LONGEST_INTERVAL = timedelta(days=366)
EARLIEST_YEAR, LATEST_YEAR = 2000, 2999  # beyond, calendars and time zones come to their ends
SECOND = timedelta(seconds=1)

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_INTERVAL = re.compile(r"(?P<number>[0-9]{1,6}) ?(?P<unit>minute|hour|day)s?")
_WALL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}")


class Kind(StrEnum):
    """How a schedule says when."""

    CRON = "cron"
    INTERVAL = "interval"
    ONCE = "once"
    EVENT = "event"


KIND_LABELS = MappingProxyType(
    {
        Kind.CRON: "At times of the calendar",
        Kind.INTERVAL: "Again and again",
        Kind.ONCE: "Once",
        Kind.EVENT: "When something happened",
    }
)


class Timing(ABC):
    """When something is due. `text` is the expression as it is kept."""

    text: str

    @abstractmethod
    def next_after(self, after: datetime, *, zone_name: str, last: datetime | None = None) -> datetime | None:
        """Return the first due moment later than `after`, in UTC; None when there is none to be known.

        `last` is the due moment before, from which an interval counts; without it, from `after`.
        """

    @abstractmethod
    def in_words(self, zone_name: str) -> str:
        """Return when, as a person would say it."""


@dataclass(frozen=True, slots=True)
class OnCalendar(Timing):
    """At the minutes a cron expression names, by the clock on the wall."""

    text: str
    cron: Cron

    def next_after(self, after: datetime, *, zone_name: str, last: datetime | None = None) -> datetime | None:
        """Return the first moment a clock shows one of the minutes."""
        wall = after.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None, fold=0)
        # Within an hour that is shown twice some of the minutes to come were there before.
        while (found := self.cron.next_wall(wall)) is not None:
            if (moment := first_moment(found, zone_name)) > after:
                return moment
            wall = found
        return None

    def in_words(self, zone_name: str) -> str:
        """Return the expression in words, with whose clock counts."""
        return f"{cron_in_words(self.cron)}, by the clock in {zone_name}"


@dataclass(frozen=True, slots=True)
class Every(Timing):
    """Again and again after the same time has passed, whatever clocks show."""

    text: str
    interval: timedelta

    def next_after(self, after: datetime, *, zone_name: str, last: datetime | None = None) -> datetime | None:
        """Return the first of the moments counted from `last` that is later than `after`."""
        start = (last or after).astimezone(UTC)
        passed = max((after - start) // self.interval, 0)
        return start + (passed + 1) * self.interval

    def in_words(self, zone_name: str) -> str:
        """Return the interval."""
        return f"Every {self.text.removeprefix('1 ')}"


@dataclass(frozen=True, slots=True)
class Once(Timing):
    """One time, by the clock on the wall."""

    text: str
    wall: datetime

    def next_after(self, after: datetime, *, zone_name: str, last: datetime | None = None) -> datetime | None:
        """Return the moment, or None when it is past."""
        moment = first_moment(self.wall, zone_name)
        return moment if moment > after else None

    def in_words(self, zone_name: str) -> str:
        """Return the time, with whose clock counts."""
        return f"Once, on {self.wall.day} {self.wall:%b %Y at %H:%M}, by the clock in {zone_name}"


@dataclass(frozen=True, slots=True)
class OnEvent(Timing):
    """Each time something happens on the account."""

    text: str

    def next_after(self, after: datetime, *, zone_name: str, last: datetime | None = None) -> datetime | None:
        """Return None: nobody knows when it will happen."""
        return None

    def in_words(self, zone_name: str) -> str:
        """Return what it waits for."""
        return EVENTS[self.text]


def parse_timing(kind: str, expression: str) -> Timing:
    """Read what a schedule of this kind says of its time. Raises `TimingRefused` with one sentence."""
    if kind not in list(Kind):
        raise TimingRefused(f"There is no kind of schedule {kind!r}; there are {', '.join(Kind)}.")
    written = " ".join(expression.split())
    if len(written) > LONGEST_EXPRESSION:
        raise TimingRefused(
            f"The expression has {len(written)} characters: write at most {LONGEST_EXPRESSION}."
        )
    return _READERS[Kind(kind)](written)


def next_times(timing: Timing, *, zone_name: str, after: datetime, count: int) -> list[datetime]:
    """Return up to `count` due moments later than `after`, in UTC, in order."""
    times: list[datetime] = []
    moment = timing.next_after(after, zone_name=zone_name)
    while moment is not None and len(times) < count:
        times.append(moment)
        moment = timing.next_after(moment, zone_name=zone_name, last=moment)
    return times


def first_moment(wall: datetime, zone_name: str) -> datetime:
    """Return, in UTC, the first moment a clock in the zone shows `wall`, or where it skips it, the first after the gap.

    `wall` has no zone of its own. Source: PEP 495; within a gap `fold=1` is before it and `fold=0` behind it.
    """
    zone = ZoneInfo(zone_name)
    first, other = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return first
    return _change_of_offset(other, first, zone)


def _change_of_offset(before: datetime, behind: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second, in UTC, with the offset of `behind`; `before` has another one."""
    offset = behind.astimezone(zone).utcoffset()
    while behind - before > SECOND:
        middle = before + (behind - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            behind = middle
        else:
            before = middle
    return behind


def _calendar(written: str) -> OnCalendar:
    cron = Cron.parse(written)
    return OnCalendar(cron.text, cron)


def _interval(written: str) -> Every:
    found = _INTERVAL.fullmatch(written)
    number = int(found["number"]) if found else 0
    interval = number * _UNITS[found["unit"]] if found else timedelta()
    if not found or not timedelta() < interval <= LONGEST_INTERVAL:
        raise TimingRefused(
            f"The interval {written!r} does not do: write a number of minutes, hours or days up to "
            f"{LONGEST_INTERVAL.days} days, such as '6 hours'."
        )
    return Every(f"{number} {found['unit']}{'' if number == 1 else 's'}", interval)


def _once(written: str) -> Once:
    try:
        wall = datetime.fromisoformat(written) if _WALL.fullmatch(written) else None
    except ValueError:
        wall = None
    if wall is None or not EARLIEST_YEAR <= wall.year <= LATEST_YEAR:
        raise TimingRefused(
            f"The time {written!r} does not do: write it as a clock in the account's zone shows it, such as "
            "'2026-11-20 18:00'."
        )
    return Once(f"{wall:%Y-%m-%d %H:%M}", wall)


def _event(written: str) -> OnEvent:
    if written not in EVENTS:
        raise TimingRefused(f"There is no event {written!r}; there are {', '.join(EVENTS)}.")
    return OnEvent(written)


_READERS: Mapping[Kind, Callable[[str], Timing]] = MappingProxyType(
    {Kind.CRON: _calendar, Kind.INTERVAL: _interval, Kind.ONCE: _once, Kind.EVENT: _event}
)
