"""TikTok Studio's tabs: what each tells, of which year, of whom, and what is missing there."""

from datetime import UTC, date, datetime

import pytest

from tests.factories.exports import (
    ACTIVITY,
    CONTENT,
    GENDER,
    HISTORY,
    MADE_AT,
    OVERVIEW,
    TERRITORIES,
    VIEWERS,
    content_row,
    link_to,
    studio_csv,
    video_id,
    zipped,
)
from tests.unit.tiktok_ops.content.imports.files import NOW, Read, read, refusal
from tiktok_ops.content.imports.facts import AudienceFact, DayFact, Dimension
from tiktok_ops.content.imports.studio import NO_FIGURES

# The numbers of a name seen on a real export: the window's first day and the second it was made.
NAMED = "Overview_2025-08-28_1787841428_demo.csv"
MADE = datetime.fromtimestamp(1787841428, UTC)


def _days(found: Read) -> list[tuple[date, dict[str, int]]]:
    return [(fact.day, fact.figures) for fact in found.facts if isinstance(fact, DayFact)]


def _audience(found: Read) -> list[AudienceFact]:
    return [fact for fact in found.facts if isinstance(fact, AudienceFact)]


def test_read_overview_gives_the_figures_of_each_day() -> None:
    rows = [("June 29", "1,204", "31", "9", "undefined", "0"), ("June 30", "12.345", "1", "2", "3", "4")]
    found = read(studio_csv(OVERVIEW, rows), filename="Overview.csv")
    assert _days(found) == [
        (date(2025, 6, 29), {"video_views": 1_204, "profile_views": 31, "likes": 9, "shares": 0}),
        (
            date(2025, 6, 30),
            {"video_views": 12_345, "profile_views": 1, "likes": 2, "comments": 3, "shares": 4},
        ),
    ]
    assert [part.what for part in found.reading.parts] == ["TikTok Studio analytics, Overview"]
    assert found.reading.notes == [
        "The tab Overview names no year: it was read as 2025-06-29 to 2025-06-30. If that is wrong, give the file as "
        "TikTok named it.",
        "Nothing in the file says whose it is: make sure that it is of @demo.",
    ]


def test_read_overview_across_new_year_and_a_leap_day_gives_the_right_years() -> None:
    days = [
        ("December 31", "1"),
        ("January 1", "2"),
        ("February 28", "3"),
        ("February 29", "4"),
        ("March 1", "5"),
    ]
    data = studio_csv(OVERVIEW[:2], days)
    now = datetime(2024, 3, 2, tzinfo=UTC)
    assert [day for day, _ in _days(read(data, now=now))] == [
        date(2023, 12, 31),
        date(2024, 1, 1),
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    ]


def test_read_days_from_the_newest_on_gives_each_its_own() -> None:
    data = studio_csv(OVERVIEW[:2], [("January 1", "7"), ("December 31", "6"), ("December 30", "5")])
    found = read(data, now=datetime(2026, 1, 2, tzinfo=UTC))
    assert _days(found) == [
        (date(2026, 1, 1), {"video_views": 7}),
        (date(2025, 12, 31), {"video_views": 6}),
        (date(2025, 12, 30), {"video_views": 5}),
    ]


def test_read_old_export_by_its_name_takes_the_year_it_was_of() -> None:
    data = studio_csv(OVERVIEW[:2], [("August 28", "1"), ("August 29", "2")])
    found = read(data, filename=NAMED, now=datetime(2030, 1, 1, tzinfo=UTC))
    assert [day for day, _ in _days(found)] == [date(2025, 8, 28), date(2025, 8, 29)]
    assert found.reading.notes == []


def test_read_old_archive_takes_the_year_its_files_were_made_in() -> None:
    data = zipped({"Overview.csv": studio_csv(OVERVIEW[:2], [("June 1", "1"), ("June 2", "2")])})
    found = read(data, filename="old.zip", now=datetime(2030, 1, 1, tzinfo=UTC))
    assert [day for day, _ in _days(found)] == [date(2025, 6, 1), date(2025, 6, 2)]


@pytest.mark.parametrize("name", [NAMED.replace("demo", "DEMO (1)"), NAMED.replace(".csv", ".zip")])
def test_read_name_as_browsers_change_it_is_known_still(name: str) -> None:
    tab = studio_csv(OVERVIEW[:2], [("August 28", "1")])
    data = zipped({"Overview.csv": tab}) if name.endswith("zip") else tab
    assert _days(read(data, filename=name, now=MADE)) == [(date(2025, 8, 28), {"video_views": 1})]


def test_read_name_that_does_not_fit_the_rows_refuses() -> None:
    data = studio_csv(OVERVIEW[:2], [("August 27", "1"), ("August 29", "2")])
    with pytest.raises(Exception, match="is named for days from 2025-08-28 on, which its rows do not fit"):
        read(data, filename=NAMED, now=datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("day", ["2025-13-28", "9999-12-31", "0001-01-01"])
def test_read_name_of_no_day_is_not_asked(day: str) -> None:
    data = studio_csv(OVERVIEW[:2], [("June 30", "1")])
    found = read(data, filename=f"Overview_{day}_1787841428_demo.csv")
    assert _days(found) == [(date(2025, 6, 30), {"video_views": 1})]


def test_read_name_of_another_account_refuses() -> None:
    data = studio_csv(OVERVIEW[:2], [("August 28", "1")])
    sentence = str(refusal(data, filename=NAMED, handle="other"))
    assert sentence == (
        f"The file {NAMED!r} is of the account 'demo', not of 'other'; choose that account, or a file of this one."
    )


def test_read_day_still_to_come_refuses() -> None:
    sentence = str(refusal(studio_csv(OVERVIEW[:2], [("2026-01-01", "1")])))
    assert sentence == "The file 'posts.csv' holds the day 2026-01-01, which is still to come."


def test_read_spanish_day_under_english_headings_gives_it() -> None:
    assert _days(read(studio_csv(OVERVIEW[:2], [("8 de marzo", "5")]))) == [
        (date(2025, 3, 8), {"video_views": 5})
    ]


def test_read_german_tab_with_semicolons_gives_its_figures() -> None:
    data = studio_csv(("Datum", "Videoaufrufe", "Gefällt mir"), [("3. März", "1.204", "7")], delimiter=";")
    assert _days(read(data)) == [(date(2025, 3, 3), {"video_views": 1_204, "likes": 7})]


def test_read_viewers_of_a_missing_day_takes_none_of_its_zeros() -> None:
    rows = [("June 29", "undefined", "0", "0"), ("June 30", "10", "4", "6")]
    found = read(studio_csv(VIEWERS, rows))
    assert _days(found) == [(date(2025, 6, 30), {"viewers": 10, "new_viewers": 4, "returning_viewers": 6})]
    assert found.reading.left_out[NO_FIGURES].rows == 1


def test_read_follower_history_keeps_the_count_and_not_the_difference() -> None:
    found = read(studio_csv(HISTORY, [("June 30", "1,500", "-3")]))
    assert _days(found) == [(date(2025, 6, 30), {"followers": 1_500})]


def test_read_follower_activity_gives_the_active_of_each_hour() -> None:
    rows = [("June 29", "0", "5"), ("June 29", "23", "undefined"), ("June 30", "9:00", "1,000")]
    assert _audience(read(studio_csv(ACTIVITY, rows))) == [
        AudienceFact(date(2025, 6, 29), Dimension.HOUR, "00", followers=5),
        AudienceFact(date(2025, 6, 30), Dimension.HOUR, "09", followers=1_000),
    ]


def test_read_shares_gives_territories_and_genders_of_no_day() -> None:
    genders = _audience(
        read(studio_csv(GENDER, [("Female", "0.59"), ("Männlich", "0,4"), ("Unknown", "0.01")]))
    )
    assert [(fact.day, fact.value, fact.share) for fact in genders] == [
        (None, "female", 0.59),
        (None, "male", 0.4),
        (None, "unknown", 0.01),
    ]
    places = _audience(read(studio_csv(TERRITORIES, [("BR", "60%"), ("Others", "undefined")])))
    assert [(fact.dimension, fact.value, fact.share) for fact in places] == [("territory", "BR", 0.6)]


def test_read_shares_of_a_named_export_are_of_the_day_it_was_made() -> None:
    name = NAMED.replace("Overview", "FollowerGender")
    [fact] = _audience(read(studio_csv(GENDER, [("Female", "1")]), filename=name, now=MADE))
    assert fact.day == date(2026, 8, 27)


def test_read_content_gives_posts_by_their_links() -> None:
    video = video_id(3)
    header = (*CONTENT, "Average watch time", "Add to favorites")
    [post] = read(studio_csv(header, [(*content_row(video), "5.2s", "undefined")])).rows
    assert (post.video_id, post.url, post.created_at) == (video, link_to(video), MADE_AT)
    assert (post.caption, post.hashtags, post.day) == ("A lamp #lamp", ("lamp",), (5, 10))
    assert (post.views, post.likes, post.comments, post.shares) == (45_210, 1_204, 31, 7)
    assert post.extra == {"Average watch time": "5.2s"}
    assert not post.is_whole


def test_read_content_with_a_short_link_or_none_keeps_day_and_words() -> None:
    header = [name for name in CONTENT if name != "Video link"]
    [post] = read(studio_csv(header, [[cell for cell in content_row(video_id()) if "http" not in cell]])).rows
    assert (post.video_id, post.created_at, post.day, post.caption) == ("", None, (5, 10), "A lamp #lamp")
    [post] = read(studio_csv(CONTENT, [content_row(video_id(), link="https://vm.tiktok.com/ZM1/")])).rows
    assert (post.video_id, post.url) == ("", None)
    assert "shortened" in post.why_no_id


def test_read_content_of_another_account_refuses_naming_it() -> None:
    row = content_row(video_id(), link=link_to(video_id(), handle="other"))
    assert str(refusal(studio_csv(CONTENT, [row]))) == "No row is for 'demo'; the file has 'other'."


def test_read_wrong_cells_name_row_column_value_and_remedy() -> None:
    rows = [("June 29", "many"), ("Smarch 1", "1")]
    assert str(refusal(studio_csv(OVERVIEW[:2], rows))).splitlines() == [
        "Row 3: Date 'Smarch 1' is not a day; write it as 2026-02-28, or as TikTok does: February 28.",
        "Row 2: Video Views 'many' is not a whole number; write it in digits only, for example 1234.",
    ]
    assert str(refusal(studio_csv(OVERVIEW[:2], rows[:1]))) == (
        "Row 2: Video Views 'many' is not a whole number; write it in digits only, for example 1234."
    )
    assert "Row 2: Hour '24' is not an hour of the day" in str(
        refusal(studio_csv(ACTIVITY, [("June 29", "24", "1")]))
    )
    assert "Row 2: Gender 'x" in str(refusal(studio_csv(GENDER, [("x" * 81, "1")])))


def test_read_more_days_than_a_tab_has_refuses() -> None:
    rows = [("June 29", str(hour % 24), "1") for hour in range(10_001)]
    assert "has more than 10,000 days" in str(refusal(studio_csv(ACTIVITY, rows)))


def test_read_tab_without_a_row_refuses() -> None:
    assert str(refusal(studio_csv(OVERVIEW, []))) == "The file 'posts.csv' has no rows."


def test_read_tab_goes_by_the_clock_of_the_account() -> None:
    # At 12:00 UTC it is July 2 already on Kiritimati (UTC+14), and tomorrow may be there already.
    data = studio_csv(OVERVIEW[:2], [("July 3", "1")])
    assert _days(read(data, zone="Pacific/Kiritimati", now=NOW))[0][0] == date(2025, 7, 3)
    assert _days(read(data, zone="UTC", now=NOW))[0][0] == date(2024, 7, 3)
