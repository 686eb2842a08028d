"""Days as TikTok Studio prints them: a month's name in five languages, and no year."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from tiktok_ops.content.imports.words import folded

_ENGLISH = "january february march april may june july august september october november december"
_SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
_GERMAN = "januar februar marz april mai juni juli august september oktober november dezember"
_PORTUGUESE = "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro"
_VIETNAMESE = "mot|gieng hai ba tu|bon nam sau bay tam chin muoi muoimot muoihai|chap"
_SHORT_ENGLISH = "jan feb mar apr may jun jul aug sep|sept oct nov dec"
_SHORT_SPANISH = "ene feb mar abr may jun jul ago sep|sept|set oct nov dic"
_SHORT_GERMAN = "jan|jann feb mrz|maerz apr mai jun jul aug sep okt nov dez"
_SHORT_PORTUGUESE = "jan fev mar abr mai jun jul ago set out nov dez"


def _months(*languages: str) -> dict[str, int]:
    """Return the number of each name; a month's spellings are parted by bars."""
    return {
        name: number
        for language in languages
        for number, names in enumerate(language.split(), start=1)
        for name in names.split("|")
    }


_NAMES = _months(
    _ENGLISH, _SPANISH, _GERMAN, _PORTUGUESE,
    _SHORT_ENGLISH, _SHORT_SPANISH, _SHORT_GERMAN, _SHORT_PORTUGUESE,
)  # fmt: skip
_VIETNAMESE_NAMES = _months(_VIETNAMESE) | {str(number): number for number in range(1, 13)}

_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|º|ª|o|\.)?"
_MONTH = r"(?P<month>[a-z]+)\.?"
_YEAR = r"(?:,?\s*(?:de\s+|nam\s+)?(?P<year>[0-9]{4}))?"
_SHAPES = (
    re.compile(rf"{_MONTH}\s+{_DAY}{_YEAR}"),
    re.compile(rf"{_DAY}\s*(?:de\s+|of\s+)?{_MONTH}{_YEAR}"),
)
_VIETNAMESE_SHAPE = re.compile(
    rf"(?:ngay\s+)?(?P<day>[0-9]{{1,2}})\s+thang\s+(?P<month>[a-z]+(?:\s(?:mot|hai))?|[0-9]{{1,2}}){_YEAR}"
)
_ISO = re.compile(r"(?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})(?:[ t]00:00(?::00)?)?")

FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_GAP_YEARS = 8
"""How far apart two 29 Februaries may be (1896 and 1904, 2096 and 2104)."""


@dataclass(frozen=True, slots=True)
class PrintedDay:
    """A day as it was printed; `year` is None where none was."""

    month: int
    day: int
    year: int | None = None

    def on(self, year: int) -> date | None:
        """Return the day in a year, or None for a 29 February that year does not have."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            return None


def read_day(text: str) -> PrintedDay | None:
    """Return the day a text names, in English, Spanish, German, Portuguese or Vietnamese; None for no day.

    "February 28", "28 August", "8 de marzo", "3. März", "18 tháng Sáu", "18 tháng 6", each with or without
    a year behind it, and 2025-02-28.
    """
    written = folded(text)
    if match := _ISO.fullmatch(written):
        return _checked(int(match["month"]), int(match["day"]), match["year"])
    if match := _VIETNAMESE_SHAPE.fullmatch(written):
        return _checked(
            _VIETNAMESE_NAMES.get(match["month"].replace(" ", "")), int(match["day"]), match["year"]
        )
    for shape in _SHAPES:
        if match := shape.fullmatch(written):
            return _checked(_NAMES.get(match["month"]), int(match["day"]), match["year"])
    return None


def _checked(month: int | None, day: int, year: str | None) -> PrintedDay | None:
    if month is None or not 1 <= month <= 12 or not 1 <= day <= _DAYS_IN_MONTH[month - 1]:
        return None
    if year is not None and not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return None
    printed = PrintedDay(month, day, int(year) if year else None)
    if printed.year is not None and printed.on(printed.year) is None:
        return None
    return printed


def dates_from(printed: Sequence[PrintedDay], *, start: date) -> list[date]:
    """Return the dates of days in the order of time, of which the first is `start` or later."""
    return list(_walk(printed, start, step=1))


def dates_until(printed: Sequence[PrintedDay], *, end: date) -> list[date]:
    """Return the dates of days in the order of time, of which the last is `end` or earlier."""
    return list(_walk(list(reversed(printed)), end, step=-1))[::-1]


def _walk(printed: Sequence[PrintedDay], bound: date, *, step: int) -> Iterator[date]:
    """Yield for each day the nearest date in the direction of `step`, not before the one yielded last."""
    for day in printed:
        bound = _nearest(day, bound, step)
        yield bound


def _nearest(day: PrintedDay, bound: date, step: int) -> date:
    if day.year is not None:
        return date(day.year, day.month, day.day)
    years = (bound.year + step * number for number in range(LONGEST_GAP_YEARS + 1))
    found = (day.on(year) for year in years)
    return next(one for one in found if one is not None and (one - bound).days * step >= 0)


def is_descending(printed: Sequence[PrintedDay]) -> bool:
    """Return whether days run from the newest to the oldest, by most of the steps between two of them."""
    steps = [_step(first, second) for first, second in pairwise(printed)]
    return sum(step < 0 for step in steps) > sum(step > 0 for step in steps)


def _step(first: PrintedDay, second: PrintedDay) -> int:
    """Return the days from one to the other the short way round a leap year."""
    one, other = (date(2000, day.month, day.day) for day in (first, second))
    days = (other - one) % timedelta(days=366)
    return days.days if days.days <= 183 else days.days - 366
