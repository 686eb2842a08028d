"""When a schedule is due, around the changes of clocks too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.schedules.cron import Cron, TimingRefused
from workflows.schedules.timing import Kind, OnCalendar, Timing, first_moment, next_times, parse_timing

BERLIN = "Europe/Berlin"
ZONES = st.sampled_from(
    [
        *(BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"),
        *("America/Santiago", "Africa/Casablanca", "Pacific/Apia"),
    ]
)
MOMENTS = st.datetimes(datetime(2011, 12, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
EXPRESSIONS = st.sampled_from(
    ["30 2 * * *", "*/20 * * * *", "0 0 * * *", "15 1,2,3 * * 0", "59 23 30 * *", "0 9 * * 1-5"]
)
MINUTE = timedelta(minutes=1)


def utc(written: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def wall(written: str) -> datetime:
    """Return what a clock on the wall shows, without a zone."""
    return datetime.fromisoformat(written)


def due(timing: Timing, zone: str, after: str, count: int = 3) -> list[str]:
    """Return the next due times as clocks in the zone show them, with their offset."""
    times = next_times(timing, zone_name=zone, after=utc(after), count=count)
    return [time.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for time in times]


# Clocks that change ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "written", "moment"),
    [
        ("UTC", "2026-11-20T18:00", "2026-11-20T18:00"),
        (BERLIN, "2026-11-20T18:00", "2026-11-20T17:00"),
        (BERLIN, "2026-03-29T01:59", "2026-03-29T00:59"),
        (BERLIN, "2026-03-29T02:00", "2026-03-29T01:00"),  # the gap: all of it is 3:00 in summer time
        (BERLIN, "2026-03-29T02:30", "2026-03-29T01:00"),
        (BERLIN, "2026-03-29T02:59", "2026-03-29T01:00"),
        (BERLIN, "2026-03-29T03:00", "2026-03-29T01:00"),
        (BERLIN, "2026-10-25T02:00", "2026-10-25T00:00"),  # the overlap: the first of the two
        (BERLIN, "2026-10-25T02:30", "2026-10-25T00:30"),
        (BERLIN, "2026-10-25T03:00", "2026-10-25T02:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # half an hour only
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00"),  # a whole day
        ("America/Santiago", "2026-09-06T00:30", "2026-09-06T04:00"),  # midnight itself
    ],
)
def test_find_first_moment_of_a_time_on_the_wall(zone: str, written: str, moment: str) -> None:
    found = first_moment(wall(written), zone)
    assert (found, found.tzinfo) == (utc(moment), UTC)


def test_be_due_in_the_gap_comes_at_the_first_moment_after_it() -> None:
    daily = parse_timing("cron", "30 2 * * *")
    assert due(daily, BERLIN, "2026-03-28T00:00") == [
        "2026-03-28T02:30+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-30T02:30+02:00",
    ]


def test_be_due_often_in_the_gap_comes_once_for_all_of_them() -> None:
    often = parse_timing("cron", "*/30 1-3 * * *")
    assert due(often, BERLIN, "2026-03-29T00:20", 3) == [
        "2026-03-29T01:30+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-29T03:30+02:00",
    ]


def test_be_due_in_the_overlap_comes_once_at_the_first_of_the_two() -> None:
    daily = parse_timing("cron", "30 2 * * *")
    assert due(daily, BERLIN, "2026-10-24T12:00", 2) == ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]
    # Asked within the hour that is shown a second time.
    assert due(daily, BERLIN, "2026-10-25T01:10", 1) == ["2026-10-26T02:30+01:00"]


def test_be_due_every_hour_keeps_the_first_of_those_shown_twice() -> None:
    hourly = parse_timing("cron", "0 * * * *")
    assert due(hourly, BERLIN, "2026-10-24T23:30") == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T03:00+01:00",
        "2026-10-25T04:00+01:00",
    ]


def test_be_due_on_a_day_that_never_comes_is_never() -> None:
    never = Cron("0 9 30 2 *", (0,), (9,), frozenset({30}), frozenset({2}), frozenset(range(7)), False)
    assert OnCalendar(never.text, never).next_after(utc("2026-11-20T12:00"), zone_name=BERLIN) is None


@given(ZONES, MOMENTS, EXPRESSIONS)
def test_be_due_at_any_time_is_the_first_moment_later_that_a_minute_of_the_wall_gives(
    zone: str, after: datetime, expression: str
) -> None:
    timing = parse_timing("cron", expression)
    found = timing.next_after(after, zone_name=zone)
    assert found is not None
    assert found > after
    # Every minute a clock shows from a day before on: none of those named has its moment in between.
    cron, start = timing.cron, after.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)  # type: ignore[attr-defined]
    named = start - timedelta(days=1)
    moments: set[datetime] = set()
    while (named := cron.next_wall(named)) <= start + timedelta(days=2) or not moments:
        if (moment := first_moment(named, zone)) > after:
            moments.add(moment)
    assert found == min(moments)


@given(ZONES, MOMENTS)
def test_find_first_moment_of_any_time_shows_it_unless_it_is_skipped(zone: str, moment: datetime) -> None:
    shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    found = first_moment(shown, zone)
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown
    assert found <= moment.replace(second=0, microsecond=0)


@given(ZONES, st.datetimes(datetime(2011, 12, 1), datetime(2031, 1, 1)))  # noqa: DTZ001
def test_find_first_moment_of_a_skipped_time_is_the_change_itself(zone: str, written: datetime) -> None:
    found = first_moment(written, zone)
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if shown != written:
        assert shown > written
        before = (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert before < written


@given(ZONES, st.lists(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), min_size=2))  # noqa: DTZ001
def test_find_first_moments_keeps_the_order_of_the_wall(zone: str, walls: list[datetime]) -> None:
    moments = [first_moment(each, zone) for each in sorted(walls)]
    assert moments == sorted(moments)


# Intervals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "last", "found"),
    [
        ("2026-11-20T12:00", None, "2026-11-20T18:00"),
        ("2026-11-20T12:00", "2026-11-20T12:00", "2026-11-20T18:00"),
        ("2026-11-20T12:00", "2026-11-20T11:59", "2026-11-20T17:59"),
        ("2026-11-20T12:00", "2026-11-20T06:00", "2026-11-20T18:00"),  # due just then: the next one
        ("2026-11-20T12:00", "2026-11-01T00:30", "2026-11-20T12:30"),  # many were missed: none is made up for
        ("2026-11-20T12:00", "2026-11-20T13:00", "2026-11-20T19:00"),  # asked before the last one
    ],
)
def test_be_due_after_an_interval_counts_from_the_last_time(after: str, last: str | None, found: str) -> None:
    timing = parse_timing("interval", "6 hours")
    assert timing.next_after(utc(after), zone_name=BERLIN, last=utc(last) if last else None) == utc(found)


def test_be_due_after_an_interval_pays_no_heed_to_clocks() -> None:
    daily = parse_timing("interval", "1 day")
    assert due(daily, BERLIN, "2026-03-28T08:00", 2) == ["2026-03-29T10:00+02:00", "2026-03-30T10:00+02:00"]


@given(MOMENTS, MOMENTS, st.integers(1, 5000))
def test_be_due_after_any_interval_is_the_only_time_within_the_next(
    after: datetime, last: datetime, minutes: int
) -> None:
    interval = minutes * MINUTE
    found = parse_timing("interval", f"{minutes} minutes").next_after(after, zone_name="UTC", last=last)
    assert found is not None
    assert found > max(after, last)
    assert (found - last) % interval == timedelta()
    assert found - interval <= max(after, last)


# Once, and events ------------------------------------------------------------------------------------


def test_be_due_once_is_that_time_while_it_is_to_come() -> None:
    once = parse_timing("once", "2026-11-20 18:00")
    assert once.next_after(utc("2026-11-20T16:59"), zone_name=BERLIN) == utc("2026-11-20T17:00")
    assert once.next_after(utc("2026-11-20T17:00"), zone_name=BERLIN) is None
    assert next_times(once, zone_name=BERLIN, after=utc("2026-01-01T00:00"), count=5) == [
        utc("2026-11-20T17:00")
    ]


def test_be_due_on_an_event_is_known_to_nobody() -> None:
    timing = parse_timing("event", "import.finished")
    assert timing.next_after(utc("2026-11-20T12:00"), zone_name=BERLIN) is None
    assert next_times(timing, zone_name=BERLIN, after=utc("2026-11-20T12:00"), count=5) == []


# Words and refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expression", "kept", "words"),
    [
        ("cron", " 0 9  * * 1-5 ", "0 9 * * 1-5", f"At 09:00, Monday to Friday, by the clock in {BERLIN}"),
        ("interval", "6hours", "6 hours", "Every 6 hours"),
        ("interval", "01 hours", "1 hour", "Every hour"),
        ("interval", "90 minute", "90 minutes", "Every 90 minutes"),
        ("interval", "366 days", "366 days", "Every 366 days"),
        (
            "once",
            "2026-11-20T18:00",
            "2026-11-20 18:00",
            f"Once, on 20 Nov 2026 at 18:00, by the clock in {BERLIN}",
        ),
        (
            "event",
            "import.finished",
            "import.finished",
            "When new data of the account came in, by an import or a sync",
        ),
    ],
)
def test_parse_a_timing_keeps_it_in_one_form_and_says_it_in_words(
    kind: str, expression: str, kept: str, words: str
) -> None:
    timing = parse_timing(kind, expression)
    assert (timing.text, timing.in_words(BERLIN)) == (kept, words)
    assert parse_timing(kind, timing.text) == timing


@pytest.mark.parametrize(
    ("kind", "expression", "sentence"),
    [
        ("daily", "9:00", "There is no kind of schedule 'daily'; there are cron, interval, once, event."),
        ("cron", "0 9 * *", "has 4 fields, not 5"),
        ("cron", "1" * 121, "The expression has 121 characters: write at most 120."),
        (
            "interval",
            "0 hours",
            "The interval '0 hours' does not do: write a number of minutes, hours or days",
        ),
        ("interval", "-1 hours", "The interval '-1 hours' does not do"),
        ("interval", "367 days", "The interval '367 days' does not do"),
        ("interval", "999999 days", "does not do"),
        ("interval", "6", "The interval '6' does not do"),
        ("interval", "6 weeks", "The interval '6 weeks' does not do"),
        (
            "once",
            "2026-11-20",
            "The time '2026-11-20' does not do: write it as a clock in the account's zone",
        ),
        ("once", "2026-11-20 18:00+01:00", "does not do"),
        ("once", "2026-11-31 18:00", "The time '2026-11-31 18:00' does not do"),
        ("once", "1999-11-20 18:00", "does not do"),
        ("once", "3000-11-20 18:00", "does not do"),
        ("event", "post.liked", "There is no event 'post.liked'; there are import.finished."),
    ],
)
def test_parse_what_says_no_time_is_refused_with_what_would(
    kind: str, expression: str, sentence: str
) -> None:
    with pytest.raises(TimingRefused) as refused:
        parse_timing(kind, expression)
    assert sentence in str(refused.value)


def test_name_kinds_and_events_for_good() -> None:
    assert list(Kind) == ["cron", "interval", "once", "event"]
    assert parse_timing("event", "import.finished").text == "import.finished"
