"""Cron expressions: what they name, minute by minute, and what is refused."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forms import examples
from workflows.schedules.cron import Cron, TimingRefused
from workflows.schedules.cron_words import cron_in_words, listed

LIMITS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
DAY = timedelta(days=1)


def at(wall: str) -> datetime:
    """Return what a clock on the wall shows, without a zone."""
    return datetime.fromisoformat(wall)


@pytest.mark.parametrize(
    ("text", "after", "found"),
    [
        ("* * * * *", "2026-11-20T18:00", "2026-11-20T18:01"),
        ("* * * * *", "2026-11-20T18:00:59.999999", "2026-11-20T18:01"),
        ("0 9 * * *", "2026-11-20T08:59:30", "2026-11-20T09:00"),
        ("0 9 * * *", "2026-11-20T09:00", "2026-11-21T09:00"),
        ("0 9 * * 1-5", "2026-11-20T10:00", "2026-11-23T09:00"),  # a Friday, then Monday
        ("0 9 * * MON,wed", "2026-11-20T10:00", "2026-11-23T09:00"),
        ("0 9 * * 7", "2026-11-20T10:00", "2026-11-22T09:00"),
        ("0 9 * * 0", "2026-11-20T10:00", "2026-11-22T09:00"),
        ("*/20 8-10 * * *", "2026-11-20T08:41", "2026-11-20T09:00"),
        ("10-30/10 * * * *", "2026-11-20T08:21", "2026-11-20T08:30"),
        ("0 0 1 jan *", "2026-11-20T10:00", "2027-01-01T00:00"),
        ("0 0 31 * *", "2026-11-20T10:00", "2026-12-31T00:00"),
        ("0 0 29 2 *", "2026-11-20T10:00", "2028-02-29T00:00"),
        ("0 0 29 2 *", "2096-02-29T00:00", "2104-02-29T00:00"),
        ("0 0 13 * 5", "2026-11-20T10:00", "2026-11-27T00:00"),  # the 13th or a Friday
        ("0 0 */13 * 5", "2026-11-20T10:00", "2026-11-27T00:00"),  # the 1st, 14th or 27th if it is a Friday
        ("0 0 29 2 */7", "2026-11-20T10:00", "2032-02-29T00:00"),  # the next one that is a Sunday
        ("59 23 31 12 *", "2026-12-31T23:58:59", "2026-12-31T23:59"),
    ],
)
def test_find_next_minute_is_the_first_one_named_that_is_later(text: str, after: str, found: str) -> None:
    assert Cron.parse(text).next_wall(at(after)) == at(found)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has 0 fields, not 5: write minute, hour, day of month, month and day of week"),
        ("0 9 * *", "has 4 fields, not 5"),
        ("0 0 9 * * *", "has 6 fields, not 5"),
        ("@daily", "has 1 fields, not 5"),
        ("60 9 * * *", "is refused at '60', its minute: write a number from 0 to 59, a range such as 0-59"),
        ("0 24 * * *", "is refused at '24', its hour"),
        ("0 9 0 * *", "is refused at '0', its day of month"),
        ("0 9 * 13 *", "is refused at '13', its month"),
        ("0 9 * * 8", "is refused at '8', its day of week"),
        ("0 9 * * noday", "is refused at 'noday', its day of week"),
        ("0 9 * * mon.", "is refused at 'mon.', its day of week"),
        ("0 17-9 * * *", "is refused at '17-9', its hour"),
        ("0 9-25 * * *", "is refused at '9-25', its hour"),
        ("*/0 9 * * *", "is refused at '*/0', its minute"),
        ("5/10 9 * * *", "is refused at '5/10', its minute"),
        ("1,,2 9 * * *", "is refused at '', its minute"),
        ("-1 9 * * *", "is refused at '-1', its minute"),
        ("٣ 9 * * *", "is refused at '٣', its minute"),
        ("0 9 L * *", "is refused at 'L', its day of month"),
        ("0 9 30 2 *", "The day of the cron expression '0 9 30 2 *' never comes"),
    ],
)
def test_parse_what_is_no_expression_is_refused_at_its_place(text: str, sentence: str) -> None:
    with pytest.raises(TimingRefused) as refused:
        Cron.parse(text)
    assert sentence in str(refused.value)
    assert repr(text) in str(refused.value)


def test_find_next_minute_of_a_day_that_never_comes_finds_none() -> None:
    never = Cron("0 9 30 2 *", (0,), (9,), frozenset({30}), frozenset({2}), frozenset(range(7)), False)
    assert never.next_wall(at("2026-11-20T18:00")) is None


def test_parse_keeps_the_text_with_single_spaces() -> None:
    assert Cron.parse("  0  9 *\t* mon ").text == "0 9 * * mon"


@st.composite
def fields(draw: st.DrawFn) -> tuple[str, list[set[int]], bool]:
    """Return an expression with the numbers each field names, and whether either day will do."""
    texts, sets = [], []
    for lowest, highest in LIMITS:
        first = draw(st.integers(lowest, highest))
        last = draw(st.integers(first, highest))
        step = draw(st.integers(1, 5))
        whole = range(lowest, highest + 1)
        text, numbers = draw(
            st.sampled_from(
                [
                    ("*", set(whole)),
                    (f"*/{step}", set(whole[::step])),
                    (str(first), {first}),
                    (f"{first}-{last}", set(range(first, last + 1))),
                    (f"{first}-{last}/{step}", set(range(first, last + 1, step))),
                    (f"{first},{last}", {first, last}),
                ]
            )
        )
        texts.append(text)
        sets.append(numbers)
    return " ".join(texts), sets, not (texts[2][0] == "*" or texts[4][0] == "*")


@settings(max_examples=examples(60))
@given(fields(), st.datetimes(at("2025-01-01T00:00"), at("2032-01-01T00:00")))
def test_find_next_minute_of_any_expression_is_what_looking_at_each_day_finds(
    drawn: tuple[str, list[set[int]], bool], after: datetime
) -> None:
    text, (minutes, hours, days, months, weekdays), takes_either = drawn
    try:
        cron = Cron.parse(text)
    except TimingRefused as refused:
        assert "never comes" in str(refused)  # noqa: PT017 - which days never come is its own matter
        return

    def names(day: datetime) -> bool:
        by_day, by_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        return day.month in months and (by_day or by_weekday if takes_either else by_day and by_weekday)

    found = cron.next_wall(after)
    assert found is not None
    assert names(found)
    assert (found.hour in hours, found.minute in minutes, found.second, found > after) == (
        True,
        True,
        0,
        True,
    )
    if found.date() == after.date():
        between = [after.replace(second=0, microsecond=0) + timedelta(minutes=n) for n in range(1, 1440)]
        assert all(m.hour not in hours or m.minute not in minutes for m in between if m < found)
    else:
        assert (found.hour, found.minute) == (min(hours), min(minutes))
        left = after.replace(hour=max(hours), minute=max(minutes), second=0, microsecond=0)
        assert not names(after) or left <= after
        day = after + DAY
        while day.date() < found.date():
            assert not names(day)
            day += DAY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 9 * * *", "At 09:00"),
        ("0 9,17 * * 1-5", "At 09:00 and 17:00, Monday to Friday"),
        ("30 8 * * 0,6", "At 08:30, on Saturdays and Sundays"),
        ("0 9 1,15 * *", "At 09:00, on day 1 and 15 of the month"),
        ("0 9 1 1,4,7 *", "At 09:00, on day 1 of the month, in January, April and July"),
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("5 * * * *", "At minute 5 of every hour"),
        ("*/7 * * * *", "By the cron expression */7 * * * *"),  # 8 minutes past the hour's end, 4 between
        ("0,10,25 * * * *", "By the cron expression 0,10,25 * * * *"),
        ("*/15 9-17 * * *", "By the cron expression */15 9-17 * * *"),
        ("0 9 13 * 5", "By the cron expression 0 9 13 * 5"),
        ("0 9 */2 * */2", "By the cron expression 0 9 */2 * */2"),
    ],
)
def test_say_an_expression_in_words_as_far_as_there_are_any(text: str, words: str) -> None:
    assert cron_in_words(Cron.parse(text)) == words


def test_list_words_puts_and_before_the_last() -> None:
    assert [listed("a"), listed("ab"), listed("abc")] == ["a", "a and b", "a, b and c"]
