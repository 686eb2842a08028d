"""Time zones, and what a clock on the wall there means, around the changes of clocks too."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tiktok_ops.time_zones import (
    WallTimeMissing,
    WallTimeTwice,
    Which,
    check_time_zone,
    end_of_day,
    moment_of,
)

BERLIN = "Europe/Berlin"


def at(wall: str) -> datetime:
    """Return what a clock on the wall shows, without a zone."""
    return datetime.fromisoformat(wall)


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_check_zone_iana_knows_accepts_it(name: str) -> None:
    check_time_zone(name)


@pytest.mark.parametrize("name", ["", "Berlin", "europe/berlin", "../etc/passwd", "UTC+1"])
def test_check_zone_iana_does_not_know_refuses_it_by_name(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check_time_zone(name)
    assert refusal.value.messages == [f"{name!r} is not a time zone: write one such as 'Europe/Berlin'."]


@pytest.mark.parametrize(
    ("zone", "wall", "written"),
    [
        ("UTC", at("2026-11-20T18:00"), "2026-11-20T18:00:00+00:00"),
        (BERLIN, at("2026-11-20T18:00"), "2026-11-20T18:00:00+01:00"),
        (BERLIN, at("2026-07-01T00:30"), "2026-07-01T00:30:00+02:00"),
        ("Asia/Kathmandu", at("2026-01-01T00:00"), "2026-01-01T00:00:00+05:45"),
        (BERLIN, at("2026-03-29T01:59"), "2026-03-29T01:59:00+01:00"),
        (BERLIN, at("2026-03-29T03:00"), "2026-03-29T03:00:00+02:00"),
        (BERLIN, at("2026-10-25T01:59"), "2026-10-25T01:59:00+02:00"),
        (BERLIN, at("2026-10-25T03:00"), "2026-10-25T03:00:00+01:00"),
    ],
)
def test_find_moment_of_a_clear_time_has_the_offset_of_that_day(
    zone: str, wall: datetime, written: str
) -> None:
    for which in (None, Which.FIRST, Which.SECOND):
        assert moment_of(wall, zone, which=which).isoformat() == written


@pytest.mark.parametrize(
    ("zone", "wall"),
    [
        (BERLIN, at("2026-03-29T02:00")),
        (BERLIN, at("2026-03-29T02:59")),
        ("Australia/Lord_Howe", at("2026-10-04T02:15")),  # half an hour only
        ("Pacific/Apia", at("2011-12-30T12:00")),  # a whole day
    ],
)
def test_find_moment_the_clocks_skip_is_refused(zone: str, wall: datetime) -> None:
    for which in (None, Which.FIRST, Which.SECOND):
        with pytest.raises(WallTimeMissing, match="does not exist in"):
            moment_of(wall, zone, which=which)


def test_find_moment_the_clocks_skip_says_where_and_when() -> None:
    with pytest.raises(WallTimeMissing) as refused:
        moment_of(at("2026-03-29T02:30"), BERLIN)
    assert str(refused.value) == (
        "02:30 on 29 Mar 2026 does not exist in Europe/Berlin, where the clocks are put forward then: "
        "choose another time."
    )


def test_find_moment_shown_twice_asks_which_with_both_offsets() -> None:
    with pytest.raises(WallTimeTwice) as refused:
        moment_of(at("2026-10-25T02:30"), BERLIN)
    assert str(refused.value) == (
        "02:30 on 25 Oct 2026 comes twice in Europe/Berlin, where the clocks are put back: say whether the "
        "first (UTC+02:00) or the second (UTC+01:00) is meant."
    )


@pytest.mark.parametrize(
    ("which", "written"),
    [(Which.FIRST, "2026-10-25T02:30:00+02:00"), (Which.SECOND, "2026-10-25T02:30:00+01:00")],
)
def test_find_moment_shown_twice_is_the_one_that_is_meant(which: Which, written: str) -> None:
    assert moment_of(at("2026-10-25T02:30"), BERLIN, which=which).isoformat() == written


def test_compare_both_moments_of_one_time_tells_the_first_from_the_second() -> None:
    first, second = (moment_of(at("2026-10-25T02:30"), BERLIN, which=which) for which in Which)
    assert second - first == timedelta(hours=1)


@given(
    st.datetimes(at("2025-01-01T00:00"), at("2028-01-01T00:00")),
    st.sampled_from([BERLIN, "America/New_York"]),
)
def test_find_moment_of_any_time_shows_that_time_again(wall: datetime, zone: str) -> None:
    try:
        moment = moment_of(wall, zone, which=Which.SECOND)
    except WallTimeMissing:
        return
    assert moment.replace(tzinfo=None) == wall


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (date(2026, 11, 20), datetime(2026, 11, 21, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_find_end_of_a_day_is_the_midnight_behind_it(day: date, end: datetime) -> None:
    assert end_of_day(day) == end
