"""Days without a year: how five languages print them, and which year each is of."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_ops.content.imports.calendars import (
    PrintedDay,
    dates_from,
    dates_until,
    is_descending,
    read_day,
)


@pytest.mark.parametrize(
    ("text", "month", "day"),
    [
        ("February 28", 2, 28),
        ("28 August", 8, 28),
        ("Feb 3", 2, 3),
        ("Sept. 30", 9, 30),
        ("May 1st", 5, 1),
        ("8 de marzo", 3, 8),
        ("1º de enero", 1, 1),
        ("3. März", 3, 3),
        ("12 dez.", 12, 12),
        ("28 de fevereiro", 2, 28),
        ("7 de março", 3, 7),
        ("18 tháng Sáu", 6, 18),
        ("18 tháng 6", 6, 18),
        ("9 Tháng Mười Hai", 12, 9),
        ("1 tháng Giêng", 1, 1),
        ("  FEBRUARY   28 ", 2, 28),
        ("February 29", 2, 29),
        ("tháng Sáu 18", None, None),
    ],
)
def test_read_day_in_any_language_gives_month_and_day(text: str, month: int | None, day: int | None) -> None:
    printed = read_day(text)
    assert (printed and (printed.month, printed.day, printed.year)) == (month and (month, day, None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-02-28", (2025, 2, 28)),
        ("2025/2/8", (2025, 2, 8)),
        ("2025-02-28 00:00:00", (2025, 2, 28)),
        ("February 28, 2025", (2025, 2, 28)),
        ("8 de marzo de 2025", (2025, 3, 8)),
        ("18 tháng 6 năm 2025", (2025, 6, 18)),
    ],
)
def test_read_day_with_a_year_keeps_it(text: str, expected: tuple[int, int, int]) -> None:
    printed = read_day(text)
    assert printed is not None
    assert (printed.year, printed.month, printed.day) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "undefined",
        "Smarch 3",
        "February 30",
        "April 31",
        "0 May",
        "2025-02-29",
        "2025-13-01",
        "9999-12-31",
        "0001-01-01",
        "12",
        "٣ May",
    ],
)
def test_read_day_of_what_is_none_gives_nothing(text: str) -> None:
    assert read_day(text) is None


def _printed(*days: date) -> list[PrintedDay]:
    return [PrintedDay(day.month, day.day) for day in days]


def test_date_days_back_across_new_year_gives_two_years() -> None:
    printed = _printed(date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1))
    assert dates_until(printed, end=date(2026, 1, 3)) == [
        date(2025, 12, 30),
        date(2025, 12, 31),
        date(2026, 1, 1),
    ]


def test_date_days_back_from_just_before_the_last_of_them_takes_the_year_before() -> None:
    assert dates_until([PrintedDay(6, 2)], end=date(2026, 6, 1)) == [date(2025, 6, 2)]


def test_date_29_february_takes_the_last_leap_year() -> None:
    printed = [PrintedDay(2, 28), PrintedDay(2, 29), PrintedDay(3, 1)]
    assert dates_until(printed, end=date(2026, 1, 1)) == [
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2025, 3, 1),
    ]
    assert dates_from(printed, start=date(2023, 3, 1)) == [
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    ]
    assert dates_until([PrintedDay(2, 29)], end=date(1903, 1, 1)) == [date(1896, 2, 29)]


def test_date_days_with_years_takes_those() -> None:
    printed = [PrintedDay(12, 31, 2020), PrintedDay(1, 1)]
    assert dates_from(printed, start=date(2025, 1, 1)) == [date(2020, 12, 31), date(2021, 1, 1)]


@given(
    start=st.dates(date(1905, 1, 1), date(2090, 1, 1)),
    count=st.integers(1, 366),
    slack=st.integers(0, 1),
)
def test_date_any_window_of_a_year_comes_back_whole_from_either_end(
    start: date, count: int, slack: int
) -> None:
    days = [start + timedelta(days=number) for number in range(count)]
    printed = _printed(*days)
    assert dates_from(printed, start=start) == days
    assert dates_until(printed, end=days[-1] + timedelta(days=slack)) == days
    assert is_descending(printed[::-1]) is (count > 1)
    assert not is_descending(printed)


def test_tell_direction_of_one_day_repeated_is_forward() -> None:
    assert not is_descending([PrintedDay(5, 1)] * 24)
