"""'Download your data': three layouts, what each tells, and what is left out and why."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.factories.exports import (
    MADE_AT,
    as_json,
    download_post,
    middle_download,
    new_download,
    old_download,
    video_id,
    zipped,
)
from tests.unit.tiktok_ops.content.imports.files import Read, read, refusal
from tiktok_ops.content.imports.download import DELETED, NAMES, NO_DAY, NO_ID, NOT_RECEIVED
from tiktok_ops.content.imports.facts import DayFact

LAYOUTS = pytest.mark.parametrize("layout", [new_download, middle_download, old_download])


def _left_out(found: Read) -> dict[str, int]:
    return {reason: left.rows for reason, left in found.reading.left_out.items()}


@LAYOUTS
@pytest.mark.parametrize("indent", [None, 2])
def test_read_any_layout_gives_its_posts_and_nothing_of_what_was_watched(
    layout: Any, indent: int | None
) -> None:
    found = read(
        as_json(layout([download_post(), download_post("2025-05-11 07:00:00", "1,204")]), indent=indent)
    )
    assert [(post.written_at, post.likes) for post in found.rows] == [
        (datetime(2025, 5, 10, 8, 31, 15, tzinfo=UTC), 50),
        (datetime(2025, 5, 11, 7, 0, tzinfo=UTC), 1_204),
    ]
    assert found.reading.parts[0].what == "TikTok 'Download your data'"
    assert found.reading.is_owned


def test_read_post_of_the_newest_layout_keeps_what_was_set_with_it() -> None:
    post = read(
        as_json(new_download([download_post(Title="Hello #Sun", Date="2025-05-10 08:31:15 UTC")]))
    ).rows[0]
    assert (post.video_id, post.why_no_id, post.created_at, post.views) == ("", NO_ID, None, None)
    assert (post.caption, post.hashtags) == ("Hello #Sun", ("sun",))
    assert post.extra == {
        "WhoCanView": "Public", "AllowComments": "Yes", "AIGeneratedContent": "No", "Sound": "original sound",
    }  # fmt: skip


def test_read_post_with_a_link_that_names_it_takes_the_id_and_its_second() -> None:
    link = f"https://www.tiktokv.com/share/video/{video_id(4)}/"
    post = read(as_json(old_download([download_post(Link=link)]))).rows[0]
    assert (post.video_id, post.created_at, post.why_no_id) == (video_id(4), MADE_AT, "")


def test_read_bare_file_says_what_is_left_out_and_why() -> None:
    found = read(as_json(new_download([download_post()])))
    assert _left_out(found) == {NO_DAY: 1, NAMES: 2, DELETED: 1, NOT_RECEIVED: 1}
    assert not any(isinstance(fact, DayFact) for fact in found.facts)


def test_read_zip_of_tiktok_counts_followers_on_the_day_it_was_made() -> None:
    data = zipped({"user_data_tiktok.json": as_json(new_download([download_post()], followers=2_041))})
    found = read(data, filename="TikTok_Data.zip")
    assert found.facts[1:] == (DayFact(date(2025, 6, 1), {"followers": 2_041}),)
    assert NO_DAY not in _left_out(found)


@pytest.mark.parametrize("made_on", [(2025, 5, 11), (2025, 8, 1), (1980, 1, 1)])
def test_read_zip_of_a_day_that_cannot_be_takes_no_followers(made_on: tuple[int, int, int]) -> None:
    # A follower came on May 12, and it is July 1.
    data = zipped({"user_data_tiktok.json": as_json(new_download([download_post()]))}, made_on=made_on)
    assert _left_out(read(data))[NO_DAY] == 1


def test_read_post_without_a_date_is_read_without_one() -> None:
    assert [post.written_at for post in read(as_json(new_download([download_post(date="N/A")]))).rows] == [
        None
    ]


def test_read_followers_with_odd_dates_is_no_reason_to_refuse() -> None:
    document = new_download([download_post()])
    fans = [{"Date": "?"}, "x", {"date": "2025-05-12 10:00:00 UTC"}]
    document["Profile And Settings"]["Follower"]["FansList"] = fans
    found = read(zipped({"user_data_tiktok.json": as_json(document)}))
    assert (_left_out(found)[NAMES], found.facts[1]) == (3, DayFact(date(2025, 6, 1), {"followers": 2}))


@LAYOUTS
def test_read_download_of_another_account_refuses(layout: Any) -> None:
    assert str(refusal(as_json(layout([download_post()], user_name="Other")))) == (
        "The file 'posts.csv' is of the account 'other', not of 'demo'; choose that account, or a file of this one."
    )


def test_read_download_that_names_nobody_says_so() -> None:
    found = read(as_json(new_download([download_post()], user_name="N/A")))
    assert found.reading.notes == ["Nothing in the file says whose it is: make sure that it is of @demo."]


def test_read_download_with_odd_values_names_the_rows() -> None:
    posts: Any = ["x", download_post(Date="soon"), download_post(Likes="many"), download_post(Likes="N/A")]
    lines = str(refusal(as_json(new_download(posts)))).splitlines()
    assert lines == [
        "'Posts', row 1 is not an object; give the file as TikTok made it.",
        "'Posts', row 2: Date 'soon' is not a date and time; write it as 2023-06-30T17:02:00Z or 2023-06-30 17:02:00.",
        "'Posts', row 3: Likes 'many' is not a whole number; write it in digits only, for example 1234.",
    ]


@pytest.mark.parametrize("followers", [None, "many", [], -1])
def test_read_download_with_an_odd_number_of_followers_takes_none(followers: Any) -> None:
    found = read(zipped({"a.json": as_json(new_download([download_post()], followers=followers))}))
    assert not any(isinstance(fact, DayFact) for fact in found.facts)


def test_read_download_without_a_list_where_one_is_awaited_goes_on() -> None:
    document = new_download() | {"Post": {"Posts": {"VideoList": None}}, "Comment": "none", "Video": []}
    assert read(as_json(document)).rows == ()


def test_read_download_nested_without_end_stops() -> None:
    node: dict[str, Any] = {"VideoList": [download_post()]}
    for _ in range(50):
        node = {"Posts": node}
    assert (
        read(
            as_json(
                {
                    "Post": node,
                    "Profile": {"ProfileMap": {"userName": "demo"}},
                    "Comment": {"CommentsList": [{}]},
                }
            )
        ).rows
        == ()
    )
