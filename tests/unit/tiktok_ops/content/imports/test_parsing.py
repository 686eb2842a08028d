"""A whole file to the posts of one account."""

import csv
import hashlib
import io
import json
import random
from datetime import UTC, datetime

import pytest

from tests.factories.exports import video_id, web_post
from tests.unit.tiktok_ops.content.imports.files import (
    HEADER,
    csv_file,
    json_file,
    read,
    refusal,
    row,
    rows,
)
from tiktok_ops.content.imports.parsing import opened_file
from tiktok_ops.content.imports.problems import ImportRefused
from tiktok_ops.content.imports.tables import COLUMNS


def test_read_csv_gives_the_posts_in_order() -> None:
    parsed = read(csv_file(rows(3)))
    assert [post.video_id[-1] for post in parsed.rows] == ["1", "2", "3"]
    assert [post.row for post in parsed.rows] == [2, 3, 4]
    assert parsed.rows[0].created_at == datetime(2025, 6, 30, 17, 2, tzinfo=UTC)
    assert parsed.rows[0].hashtags == ("news", "snow")
    assert parsed.left_out == {}


def test_read_csv_and_json_of_the_same_rows_gives_the_same_posts() -> None:
    from_csv = read(csv_file(rows(5))).rows
    from_json = read(json_file(rows(5)), filename="posts.jsonl").rows
    assert [post.video_id for post in from_csv] == [post.video_id for post in from_json]
    assert [(post.views, post.created_at, post.hashtags) for post in from_csv] == [
        (post.views, post.created_at, post.hashtags) for post in from_json
    ]


def test_read_json_with_numbers_lists_and_nulls_gives_the_values() -> None:
    values = row(1) | {
        "views": 12,
        "video_id": 7_000_000_000_000_000_123,
        "hashtags": ["B", "#a"],
        "url": None,
    }
    post = read(json_file([values], is_ascii=True)).rows[0]
    assert (post.views, post.video_id, post.hashtags, post.url) == (12, "7000000000000000123", ("b", "a"), "")


def test_read_csv_as_a_german_spreadsheet_exports_it_gives_the_posts() -> None:
    data = b"\xef\xbb\xbf" + csv_file([row(1, caption="Für; dich\n„so“")], delimiter=";")
    assert read(data).rows[0].caption == "Für; dich\n„so“"


def test_read_csv_with_every_cell_quoted_gives_the_posts() -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(2))
    assert len(read(b"\xef\xbb\xbf" + text.getvalue().rstrip("\n").encode()).rows) == 2


def test_read_keeps_further_columns_that_are_filled() -> None:
    cells = [row(1) | {"Saves": "7", "note": ""}, row(2) | {"Saves": "", "note": "x"}]
    parsed = read(csv_file(cells, columns=[*COLUMNS, "Saves", "note"]))
    assert [post.extra for post in parsed.rows] == [{"Saves": "7"}, {"note": "x"}]


@pytest.mark.parametrize("handle", ["demo", "@demo", "Demo", " @DEMO "])
def test_read_for_a_handle_in_any_spelling_finds_its_rows(handle: str) -> None:
    cells = [row(1, handle="@Demo"), row(2, handle="DEMO"), row(3, handle="other")]
    assert len(read(csv_file(cells), handle=handle).rows) == 2


def test_read_leaves_other_accounts_out_and_counts_them() -> None:
    cells = [row(1), row(2, handle="b"), row(3, handle="@B"), row(4, handle="c")]
    parsed = read(csv_file(cells))
    assert len(parsed.rows) == 1
    assert parsed.left_out == {"b": 2, "c": 1}


def test_read_gives_the_digest_of_the_file() -> None:
    data = csv_file(rows(2))
    assert read(data).digest == hashlib.sha256(data).hexdigest()


def test_read_without_a_row_for_the_handle_names_those_there_are() -> None:
    data = csv_file([row(1, handle="blick"), row(2, handle="zeitimbild")])
    assert str(refusal(data, handle="@X")) == "No row is for 'x'; the file has 'blick', 'zeitimbild'."


def test_read_without_a_row_for_the_handle_names_at_most_ten_others() -> None:
    data = csv_file([row(number, handle=f"h{number}") for number in range(1, 13)])
    assert str(refusal(data)).endswith("'h10' and 2 more.")


def test_read_of_a_header_only_refuses() -> None:
    assert str(refusal(f"{HEADER}\r\n".encode())) == "The file 'posts.csv' has no rows."


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_read_of_an_empty_file_refuses(data: bytes) -> None:
    assert (
        str(refusal(data)) == "The file 'posts.csv' is empty; choose one with a header and at least one row."
    )


def test_read_of_a_binary_file_names_the_offset() -> None:
    data = random.Random(1).randbytes(1_000)
    assert "byte offset" in str(refusal(data))


def test_read_of_latin1_text_names_the_offset_and_the_remedy() -> None:
    data = csv_file([row(1, caption="Für")]).decode().encode("latin-1")
    offset = data.index(b"\xfc")
    sentence = str(refusal(data))
    assert f"is not UTF-8 text (at byte offset {offset})" in sentence
    assert "in Excel: 'CSV UTF-8'" in sentence


def test_read_with_a_bad_byte_far_behind_refuses_it_alone() -> None:
    data = csv_file(rows(2_000)) + b"\xff"
    assert str(refusal(data)).endswith(
        f"(at byte offset {len(data) - 1}); export it as CSV in UTF-8 (in Excel: "
        "'CSV UTF-8') or as JSON Lines."
    )


def test_read_with_the_same_video_twice_names_both_rows() -> None:
    data = csv_file([row(1), row(2), row(1, handle="other")])
    refused = refusal(data)
    assert str(refused) == (
        "Row 4: video_id '7000000000000000001' is already in row 2; keep one of the two rows."
    )
    assert (refused.problems[0].row, refused.problems[0].column) == (4, "video_id")


def test_read_with_the_same_video_three_times_names_the_first_each_time() -> None:
    sentences = str(refusal(csv_file([row(1), row(1), row(1)]))).splitlines()
    assert [sentence.split(";")[0] for sentence in sentences] == [
        "Row 3: video_id '7000000000000000001' is already in row 2",
        "Row 4: video_id '7000000000000000001' is already in row 2",
    ]


def test_read_with_two_empty_video_ids_does_not_call_them_the_same() -> None:
    sentences = str(refusal(csv_file([row(1, video_id=""), row(2, video_id=" ")])))
    assert "already" not in sentences
    assert sentences.count("video_id") == 2


def test_read_with_one_wrong_cell_is_one_sentence() -> None:
    refused = refusal(csv_file([row(1), row(2, views="-5"), row(3)]))
    assert str(refused) == "Row 3: views '-5' is negative; write a whole number of 0 or more."


def test_read_with_a_wrong_row_of_another_account_refuses_the_file() -> None:
    assert str(refusal(csv_file([row(1), row(2, handle="other", created_at="soon")]))).startswith(
        "Row 3: created_at 'soon' is not a date and time; "
    )


def test_read_with_many_wrong_rows_names_fifty_and_counts_the_rest() -> None:
    refused = refusal(csv_file([row(number, views="x", likes="") for number in range(1, 101)]))
    assert len(refused.problems) == 50
    assert refused.more == 150
    assert str(refused).endswith("\n… and 150 more.")


def test_read_counts_rows_across_line_breaks_in_cells() -> None:
    data = csv_file([row(1, caption="one\ntwo\n\nthree"), row(2, shares="?")])
    assert str(refusal(data)).startswith("Row 3: shares '?' is not a whole number")


def test_read_json_names_the_line_of_a_wrong_cell() -> None:
    data = json_file([row(1), row(2) | {"views": -5}])
    assert str(refusal(data, filename="posts.jsonl")).startswith("Row 2: views '-5' is negative")


@pytest.mark.parametrize("value", [True, 1.5, "12,5", None, [1], {"a": 1}, 2**63])
def test_read_json_with_a_value_that_is_no_count_refuses(value: object) -> None:
    refused = refusal(json_file([row(1) | {"views": value}]))
    assert (refused.problems[0].row, refused.problems[0].column) == (1, "views")


def test_read_json_with_half_a_character_refuses() -> None:
    data = json_file([row(1, caption="a\ud83d")], is_ascii=True)
    assert str(refusal(data)).startswith(r"Row 1: caption 'a\ud83d' holds a character no text may hold")


def test_read_refusal_is_importrefused_with_printable_lines() -> None:
    refused = refusal(csv_file([row(1, views="a\nb\x07")]))
    assert isinstance(refused, ImportRefused)
    assert str(refused).isprintable()


class Endless(io.RawIOBase):
    """A stream without end, that can be read once only."""

    def readable(self) -> bool:
        """Return True: this is a stream to read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, always."""
        return b"x" * size


class Broken(Endless):
    """A stream whose disk fails."""

    def read(self, size: int = -1, /) -> bytes:
        """Fail as a disk does."""
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        (Endless(), "The file 'a.csv' is larger than 100 MB; split it into smaller files."),
        (Broken(), "The file 'a.csv' cannot be read: Input/output error."),
    ],
)
def test_open_file_that_cannot_be_had_whole_refuses(stream: io.RawIOBase, sentence: str) -> None:
    with pytest.raises(ImportRefused) as caught, opened_file(stream, filename="a.csv"):
        pass
    assert str(caught.value) == sentence


def test_read_table_of_posts_with_the_columns_of_others_stays_one() -> None:
    more = {"Date": "x", "Followers": "1", "playCount": "1", "diggCount": "1", "comment_id": "1", "text": "x"}
    cells = row(1) | more
    for data in (csv_file([cells], columns=list(cells)), json_file([cells])):
        [post] = read(data).rows
        assert (post.is_whole, post.extra) == (True, more)


@pytest.mark.parametrize(
    "text", ['{"itemList": [\n%s\n]}', '{ "itemList":\n [%s]}', '\n {"hasMore": false,\n "itemList": [%s]}\n']
)
def test_read_object_written_over_several_lines_in_any_way_is_one(text: str) -> None:
    item = json.dumps(web_post(video_id(1)))
    assert len(read((text % item).encode()).rows) == 1


def test_read_lines_of_which_the_first_is_broken_names_the_row() -> None:
    data = b'{"handle": \n' + json_file(rows(2))
    assert str(refusal(data)).startswith("Row 1: '{\"handle\":' is not a JSON object we can read")


def test_note_more_than_a_page_can_show_keeps_twenty() -> None:
    reading = read(csv_file(rows(1))).reading
    for number in range(25):
        reading.note(f"Note {number}")
        reading.note(f"Note {number}")
    assert reading.notes == [f"Note {number}" for number in range(20)]
