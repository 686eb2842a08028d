"""Cells to values: each tolerance and each refusal, with the sentence a person reads."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.tiktok_ops.content.imports.files import NOW, row
from tiktok_ops.content.imports.facts import PostFact
from tiktok_ops.content.imports.problems import ImportRefused, Problems
from tiktok_ops.content.imports.rows import (
    MAX_COUNT,
    CellError,
    fold_handle,
    read_count,
    read_handle,
    read_hashtags,
    read_moment,
    read_row,
    read_url,
    read_video_id,
)
from tiktok_ops.content.imports.tables import Record

FIVE_PM = datetime(2023, 6, 30, 17, 2, tzinfo=UTC)


@pytest.mark.parametrize("written", ["Blick", "@blick", " @BLICK ", "blick"])
def test_fold_handle_in_any_spelling_gives_one(written: str) -> None:
    assert fold_handle(written) == "blick"


def test_fold_handle_takes_one_at_sign_only() -> None:
    assert fold_handle("@@blick") == "@blick"


@pytest.mark.parametrize("written", ["", "  ", "@", " @ "])
def test_read_empty_handle_refuses(written: str) -> None:
    with pytest.raises(CellError, match="is empty; write the account's handle"):
        read_handle(written)


def test_read_handle_of_100_characters_is_the_longest() -> None:
    assert read_handle("x" * 100) == "x" * 100
    with pytest.raises(CellError, match="is not a handle, a word of at most 100 characters"):
        read_handle("x" * 101)


@pytest.mark.parametrize("written", ["a\nb", "a\x1b[31mb", "a\u200eb"])
def test_read_handle_with_invisible_characters_refuses(written: str) -> None:
    with pytest.raises(CellError, match="is not a handle"):
        read_handle(written)


@pytest.mark.parametrize("written", ["1", " 7183745306993954054 ", "9" * 20, "007"])
def test_read_video_id_of_1_to_20_digits_keeps_it_as_text(written: str) -> None:
    assert read_video_id(written) == written.strip()


def test_read_empty_video_id_refuses_with_an_example() -> None:
    with pytest.raises(CellError, match="is empty; write the video's id, for example 7183745306993954054"):
        read_video_id(" ")


@pytest.mark.parametrize(
    "written", ["7.18375E+18", "9" * 21, "-1", "abc", "1 2", "٣", "7183745306993954054.0"]
)
def test_read_wrong_video_id_refuses(written: str) -> None:
    with pytest.raises(CellError, match="not a video id of 1 to 20 digits"):
        read_video_id(written)


@pytest.mark.parametrize(
    "written", ["", "https://www.tiktok.com/@a/video/1", "http://example.org", "HTTPS://EXAMPLE.ORG/ü?a=b#c"]
)
def test_read_url_of_the_web_or_none_keeps_it(written: str) -> None:
    assert read_url(f" {written} ") == written


@pytest.mark.parametrize(
    "written",
    [
        "www.tiktok.com/@a",
        "ftp://example.org/a",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "http://[",
        "https://example.org/a b",
        "https://example.org/a\x07b",
        "N/A",
    ],
)
def test_read_wrong_url_refuses(written: str) -> None:
    with pytest.raises(CellError, match="not an address that begins with https:// or http://"):
        read_url(written)


def test_read_url_of_500_characters_is_the_longest() -> None:
    longest = "https://example.org/".ljust(500, "x")
    assert read_url(longest) == longest
    with pytest.raises(CellError, match="longer than 500 characters"):
        read_url(f"{longest}x")


@pytest.mark.parametrize(
    "written",
    [
        "2023-06-30T17:02:00Z",
        "2023-06-30t17:02:00z",
        "2023-06-30T17:02:00+00:00",
        "2023-06-30T19:02:00+02:00",
        "2023-06-30T19:02:00+0200",
        "2023-06-30T19:02:00+02",
        "2023-07-01T01:02:00 +08:00",
        "2023-06-30T12:32:00-04:30",
        "2023-06-30T17:02:00",
        "2023-06-30 17:02:00",
        "2023-06-30 17:02",
        "2023-06-30T17:02:00.000Z",
        " 2023-06-30T17:02:00,000000000Z ",
    ],
)
def test_read_moment_in_any_iso_spelling_gives_utc(written: str) -> None:
    moment = read_moment(written, now=NOW)
    assert moment == FIVE_PM
    assert moment.tzinfo is UTC


def test_read_moment_finer_than_a_microsecond_is_cut() -> None:
    assert read_moment("2023-06-30T17:02:00.123456789Z", now=NOW) == FIVE_PM.replace(microsecond=123456)


@pytest.mark.parametrize(
    "written",
    [
        "2023-02-30T10:00:00Z",
        "2023-13-01 10:00:00",
        "2023-06-30T24:00:00Z",
        "2023-06-30T17:60:00Z",
        "2023-06-30T17:02:00+25:00",
        "2023-06-30",
        "30.06.2023 17:02",
        "06/30/2023 17:02:00",
        "20230630T170200Z",
        "1688144520",
        "yesterday",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "٢٠٢٣-06-30T17:02:00Z",
        "2023-06-30T17:02:00Z!",
    ],
)
def test_read_wrong_moment_refuses_with_an_example(written: str) -> None:
    with pytest.raises(CellError, match="is not a date and time; write it as 2023-06-30T17:02:00Z"):
        read_moment(written, now=NOW)


def test_read_empty_moment_refuses_with_an_example() -> None:
    with pytest.raises(CellError, match="is empty; write the time of posting"):
        read_moment("  ", now=NOW)


def test_read_moment_up_to_a_day_ahead_is_accepted() -> None:
    tomorrow = NOW + timedelta(days=1)
    assert read_moment(tomorrow.isoformat(), now=NOW) == tomorrow


def test_read_moment_more_than_a_day_ahead_refuses_and_says_what_time_it_is() -> None:
    late = NOW + timedelta(days=1, seconds=1)
    with pytest.raises(CellError, match="is in the future; it is 2025-07-01 12:00 UTC now"):
        read_moment(late.isoformat(), now=NOW)


def test_read_moment_of_2014_is_the_first() -> None:
    assert read_moment("2014-01-01T00:00:00Z", now=NOW) == datetime(2014, 1, 1, tzinfo=UTC)
    with pytest.raises(CellError, match="is before 2014-01-01"):
        read_moment("2014-01-01T00:00:00+00:01", now=NOW)


@pytest.mark.parametrize(
    "written",
    [
        "#News #Snow",
        "news,snow",
        "news, snow",
        "#news;#snow",
        "#news#snow",
        " #news\n#snow ",
        '["news", "snow"]',
        '["#News", " #SNOW "]',
        "#news #snow #NEWS",
        '["news","snow","news"]',
    ],
)
def test_read_hashtags_in_any_spelling_gives_each_once_in_order(written: str) -> None:
    assert read_hashtags(written) == ("news", "snow")


def test_read_hashtags_of_any_script_are_kept() -> None:
    assert read_hashtags("#Österreich #日本 #fürdich") == ("österreich", "日本", "fürdich")


@pytest.mark.parametrize("written", ["", "  ", "#", "# ,;", "[]", '["", "#"]'])
def test_read_no_hashtags_gives_none(written: str) -> None:
    assert read_hashtags(written) == ()


@pytest.mark.parametrize(
    "written", ["['a', 'b']", "[1, 2]", '["a"', '[["a"]]', "[" * 5_000, '[{"name": "a"}]']
)
def test_read_hashtags_that_are_no_json_list_of_texts_refuse(written: str) -> None:
    with pytest.raises(CellError, match="is not a JSON list of texts; write"):
        read_hashtags(written)


def test_read_hashtag_of_150_characters_is_the_longest() -> None:
    assert read_hashtags("#" + "x" * 150) == ("x" * 150,)
    with pytest.raises(CellError, match="a hashtag longer than 150 characters"):
        read_hashtags("#" + "x" * 151)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("0", 0),
        (" 12 ", 12),
        ("007", 7),
        (str(MAX_COUNT), 2**63 - 1),
        ("0" * 6_000 + "5", 5),
        ("0" * 6_000, 0),
    ],
)
def test_read_count_of_digits_gives_the_number(written: str, count: int) -> None:
    assert read_count(written) == count


@pytest.mark.parametrize("written", [str(MAX_COUNT + 1), "9" * 20, "9" * 6_000])
def test_read_count_above_the_largest_refuses(written: str) -> None:
    with pytest.raises(CellError, match="is larger than 9223372036854775807"):
        read_count(written)


@pytest.mark.parametrize("written", ["1,234", "1.234", "1'234", "1’234", "1 234", "1\u202f234"])
def test_read_count_with_separators_refuses_and_says_how_to_write_it(written: str) -> None:
    with pytest.raises(CellError, match=r"has separators between its digits; .* digits only, as 1234$"):
        read_count(written)


@pytest.mark.parametrize("written", ["-1", "-0", "\N{MINUS SIGN}5"])
def test_read_negative_count_refuses(written: str) -> None:
    with pytest.raises(CellError, match="is negative; write a whole number of 0 or more"):
        read_count(written)


@pytest.mark.parametrize(
    "written", ["1.5", "12.0", "1e3", "1.2K", "+5", "undefined", "NaN", "true", "٣", "0x10"]
)
def test_read_count_that_is_no_whole_number_refuses(written: str) -> None:
    with pytest.raises(CellError, match="is not a whole number; write it in digits only"):
        read_count(written)


def test_read_empty_count_refuses_and_says_zero() -> None:
    with pytest.raises(CellError, match="is empty; write a whole number, 0 when there were none"):
        read_count(" ")


def _read(cells: dict[str, str]) -> tuple[PostFact | None, str]:
    problems = Problems()
    post = read_row(Record(7, cells), now=NOW, problems=problems)
    try:
        problems.refuse()
    except ImportRefused as refused:
        return post, str(refused)
    return post, ""


def test_read_good_row_gives_every_value() -> None:
    post, _ = _read(row(1, handle="@Demo", caption=" As  written \n", saves="12", note=""))
    assert post == PostFact(
        row=7,
        is_whole=True,
        handle="demo",
        video_id="7000000000000000001",
        url="https://www.tiktok.com/@demo/video/1",
        created_at=datetime(2025, 6, 30, 17, 2, tzinfo=UTC),
        caption=" As  written \n",
        hashtags=("news", "snow"),
        views=1000,
        likes=50,
        comments=5,
        shares=2,
        extra={"saves": "12"},
    )


@pytest.mark.parametrize(
    "column", ["handle", "video_id", "created_at", "views", "likes", "comments", "shares"]
)
@pytest.mark.parametrize("is_there", [True, False])
def test_read_row_without_a_required_value_refuses_with_row_and_column(column: str, is_there: bool) -> None:
    cells = row(1, **{column: ""})
    if not is_there:
        del cells[column]
    post, sentence = _read(cells)
    assert post is None
    assert sentence.startswith(f"Row 7: {column} is empty; ")


@pytest.mark.parametrize("column", ["url", "caption", "hashtags"])
def test_read_row_without_an_optional_value_is_accepted(column: str) -> None:
    post, _ = _read(row(1, **{column: ""}))
    assert post is not None
    assert not getattr(post, column)


def test_read_row_with_several_wrong_cells_names_each() -> None:
    post, sentences = _read(row(1, views="-1", likes="1,234", created_at="never", url="here"))
    assert post is None
    assert sentences.splitlines() == [
        "Row 7: url 'here' is not an address that begins with https:// or http://; "
        "correct it or leave it empty.",
        "Row 7: created_at 'never' is not a date and time; "
        "write it as 2023-06-30T17:02:00Z or 2023-06-30 17:02:00.",
        "Row 7: views '-1' is negative; write a whole number of 0 or more.",
        "Row 7: likes '1,234' has separators between its digits; write the number in digits only, as 1234.",
    ]


@pytest.mark.parametrize("column", ["caption", "views", "saves"])
def test_read_cell_of_more_than_8192_characters_refuses(column: str) -> None:
    post, sentence = _read(row(1, **{column: "1" * 8_193}))
    assert post is None
    assert "is 8,193 characters long; a cell holds at most 8,192." in sentence
    assert sentence.startswith(f"Row 7: {column} '1111")


def test_read_caption_of_8192_characters_is_the_longest() -> None:
    post, _ = _read(row(1, caption="😀" * 8_192))
    assert post is not None
    assert len(post.caption or "") == 8_192


@pytest.mark.parametrize("column", ["caption", "saves"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_read_cell_the_database_cannot_hold_refuses(column: str, text: str) -> None:
    post, sentence = _read(row(1, **{column: text}))
    assert post is None
    assert sentence.startswith(f"Row 7: {column} {text!r} holds a character no text may hold")
