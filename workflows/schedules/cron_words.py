"""A cron expression in plain words, as far as there are any."""

from collections.abc import Iterable

from workflows.schedules.cron import Cron

MOST_TIMES = 4
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_EVERY_HOUR = tuple(range(24))


def cron_in_words(cron: Cron) -> str:
    """Return the expression as a person would say it, such as "At 09:00, Monday to Friday"; else itself."""
    times, days = _times(cron), _days(cron)
    if not times or days is None:
        return f"By the cron expression {cron.text}"
    months = (
        "" if len(cron.months) == 12 else f"in {listed(_MONTHS[month - 1] for month in sorted(cron.months))}"
    )
    return ", ".join(filter(None, (times, days, months)))


def listed(words: Iterable[str]) -> str:
    """Return the words as a sentence lists them, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _times(cron: Cron) -> str:
    if len(cron.hours) * len(cron.minutes) <= MOST_TIMES:
        return f"At {listed(f'{hour:02}:{minute:02}' for hour in cron.hours for minute in cron.minutes)}"
    if cron.hours != _EVERY_HOUR:
        return ""
    if len(cron.minutes) == 1:
        return f"At minute {cron.minutes[0]} of every hour"
    step = cron.minutes[1] - cron.minutes[0]
    if cron.minutes != tuple(range(0, 60, step)) or 60 % step:
        return ""
    return "Every minute" if step == 1 else f"Every {step} minutes"


def _days(cron: Cron) -> str | None:
    """Return on which days, empty for every day; None where only the expression says it clearly."""
    is_any_day, is_any_weekday = len(cron.days) == 31, len(cron.weekdays) == 7
    if is_any_day and is_any_weekday:
        return ""
    if cron.takes_either_day or not (is_any_day or is_any_weekday):
        return None
    if is_any_weekday:
        return f"on day {listed(str(day) for day in sorted(cron.days))} of the month"
    if cron.weekdays == {1, 2, 3, 4, 5}:
        return "Monday to Friday"
    return f"on {listed(f'{_DAYS[day]}s' for day in sorted(cron.weekdays, key=lambda day: day or 7))}"
