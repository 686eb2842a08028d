"""Formats and columns: what is recognised by its content, and what is refused as a whole."""

import pytest

from tests.unit.tiktok_ops.content.imports.files import HEADER, csv_file, json_file, row, rows
from tiktok_ops.content.imports.problems import ImportRefused, Problems
from tiktok_ops.content.imports.tables import (
    COLUMNS,
    MAX_ROWS,
    Record,
    column_names,
    is_storable,
    open_lines,
    plain_records,
)


def _records(text: str, *, filename: str = "posts.csv") -> list[Record]:
    problems = Problems()
    lines = iter(text.splitlines(keepends=True))
    table = open_lines(lines, filename=filename, problems=problems)
    records = list(plain_records(table, filename=filename, problems=problems))
    problems.refuse()
    return records


def _refusal(text: str, *, filename: str = "posts.csv") -> str:
    with pytest.raises(ImportRefused) as caught:
        _records(text, filename=filename)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_read_csv_with_any_delimiter_gives_the_cells(delimiter: str) -> None:
    written = row(1, caption="a, b; c\td", hashtags="a,b")
    assert _records(csv_file([written], delimiter=delimiter).decode()) == [Record(2, written)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_read_csv_with_any_line_end_gives_the_cells(line_end: str) -> None:
    assert len(_records(csv_file(rows(3), line_end=line_end).decode())) == 3


@pytest.mark.parametrize("filename", ["posts.csv", "posts.jsonl", "posts.txt", "posts", ""])
def test_read_records_whatever_the_name_goes_by_the_content(filename: str) -> None:
    written = row(1)
    assert _records(csv_file([written]).decode(), filename=filename) == [Record(2, written)]
    assert _records(json_file([written]).decode(), filename=filename) == [Record(1, written)]


def test_read_csv_with_columns_in_another_order_gives_the_same() -> None:
    written = row(1)
    assert _records(csv_file([written], columns=COLUMNS[::-1]).decode()) == [Record(2, written)]


def test_read_csv_with_a_loosely_written_header_knows_the_columns() -> None:
    header = [
        " Handle",
        "VIDEO ID",
        "Url ",
        "Created at",
        "Caption",
        "HASHTAGS",
        "Views",
        "likes",
        "comments",
        "Shares",
    ]
    assert _records(csv_file([row(1)], header=header).decode()) == [Record(2, row(1))]


def test_read_csv_with_further_columns_keeps_their_names_as_written() -> None:
    written = row(1) | {"Save Count": "3", "étage": "x"}
    columns = ["Save Count", *COLUMNS, "étage"]
    assert _records(csv_file([written], columns=columns).decode()) == [Record(2, written)]


def test_read_csv_with_a_column_without_a_name_calls_it_by_its_place() -> None:
    text = csv_file([row(1) | {"": "0"}], columns=["", *COLUMNS]).decode()
    assert _records(text)[0].cells["column 1"] == "0"


def test_read_csv_with_a_line_break_in_a_cell_counts_rows_as_a_spreadsheet_does() -> None:
    text = csv_file([row(1, caption="one\r\ntwo\nthree"), row(2)]).decode()
    assert [record.row for record in _records(text)] == [2, 3]
    assert _records(text)[0].cells["caption"] == "one\r\ntwo\nthree"


def test_read_csv_with_blank_rows_skips_but_counts_them() -> None:
    text = (
        csv_file(rows(1)).decode()
        + "\r\n"
        + " , ;\n".replace(";", "")
        + ",,,,,,,,,\r\n"
        + "x"
        + ",1" * 9
        + "\r\n\r\n"
    )
    assert [record.row for record in _records(text)] == [2, 6]


def test_read_csv_with_blank_lines_before_the_header_counts_them() -> None:
    assert [record.row for record in _records("\n \n" + csv_file(rows(1)).decode())] == [4]


def test_read_csv_with_empty_cells_after_the_last_column_ignores_them() -> None:
    text = f"{HEADER}\n{'x,' * 9}x,, \n"
    assert _records(text)[0].cells == dict.fromkeys(COLUMNS, "x")


def test_read_csv_with_too_few_cells_refuses_the_row() -> None:
    assert _refusal(f"{HEADER}\ndemo,1,2\n") == (
        "Row 2 has 3 cells where the header has 10; "
        "put text that holds a separator or a line break in quotes."
    )


def test_read_csv_with_too_many_cells_refuses_the_row() -> None:
    assert _refusal(f"{HEADER}\n{'x,' * 10}x\n").startswith("Row 2 has 11 cells where the header has 10; ")


def test_read_csv_with_an_open_quote_refuses_the_row() -> None:
    text = csv_file(rows(2)).decode() + '"demo,1\nmore\n'
    assert _refusal(text) == (
        "Row 4 cannot be read as CSV (unexpected end of data); "
        "close every quote and write a quote in quotes twice."
    )


def test_read_csv_with_a_stray_quote_refuses_the_row_and_keeps_earlier_problems() -> None:
    text = f'{HEADER}\ndemo,1\n"demo" x,1\n'
    first, second = _refusal(text).splitlines()
    assert first.startswith("Row 2 has 2 cells")
    assert second.startswith("Row 3 cannot be read as CSV (',' expected after '\"'")


def test_read_csv_with_quotes_inside_an_unquoted_cell_keeps_them() -> None:
    text = f'{HEADER}\ndemo,1,,x,5" screen,,1,1,1,1\n'
    assert _records(text)[0].cells["caption"] == '5" screen'


def test_read_csv_with_an_enormous_cell_refuses_the_row() -> None:
    text = f"{HEADER}\n{'x' * 200_000},1\n"
    assert _refusal(text).startswith("Row 2 cannot be read as CSV (field larger than field limit")


def test_read_csv_with_an_open_quote_in_the_header_refuses_it() -> None:
    assert _refusal('handle,"views').startswith("Row 1 cannot be read as CSV (unexpected end of data)")


@pytest.mark.parametrize("name", COLUMNS)
def test_read_csv_without_a_column_names_it_and_what_was_found(name: str) -> None:
    columns = [column for column in COLUMNS if column != name]
    found = ", ".join(repr(column) for column in columns)
    assert _refusal(csv_file(rows(1), columns=columns).decode()) == (
        f"The file 'posts.csv' has no column {name!r}; it has {found}."
    )


def test_read_csv_without_two_columns_names_both() -> None:
    columns = [column for column in COLUMNS if column not in ("views", "shares")]
    assert "has no columns 'views', 'shares'; it has" in _refusal(csv_file(rows(1), columns=columns).decode())


def test_read_csv_with_a_column_twice_refuses() -> None:
    text = csv_file(rows(1), columns=[*COLUMNS, "views"], header=[*COLUMNS, " Views"]).decode()
    assert _refusal(text) == "The file 'posts.csv' has a header that has the column 'views' twice."


def test_read_csv_with_more_than_a_hundred_columns_refuses() -> None:
    columns = [*COLUMNS, *(f"extra {number}" for number in range(91))]
    text = csv_file(rows(1), columns=columns).decode()
    assert (
        _refusal(text) == "The file 'posts.csv' has a header that has 101 columns; at most 100 can be read."
    )


def test_name_columns_up_to_a_hundred_is_accepted() -> None:
    assert len(column_names(tuple(f"extra {number}" for number in range(100)))) == 100


def test_name_columns_with_a_long_name_refuses() -> None:
    assert column_names(("x" * 200,)) == ("x" * 200,)
    with pytest.raises(ValueError, match="longer than 200 characters: 'xxx"):
        column_names(("x" * 201,))


@pytest.mark.parametrize("name", ["a\0b", "a\udfffb"])
def test_name_columns_with_a_name_the_database_cannot_hold_refuses(name: str) -> None:
    with pytest.raises(ValueError, match="a character no text may hold"):
        column_names((name,))


@pytest.mark.parametrize("text", ["", "plain", "äöü 😀 \u2028 \x7f"])
def test_text_of_whole_characters_is_storable(text: str) -> None:
    assert is_storable(text)


@pytest.mark.parametrize("text", ["\0", "a\ud800", "\udc00b"])
def test_text_with_nul_or_half_a_character_is_not_storable(text: str) -> None:
    assert not is_storable(text)


@pytest.mark.parametrize("text", ["", "\n", " \r\n\t\n"])
def test_read_file_without_text_refuses_as_empty(text: str) -> None:
    assert _refusal(text) == "The file 'posts.csv' is empty; choose one with a header and at least one row."


def test_read_csv_of_other_columns_refuses_as_an_unknown_format() -> None:
    sentence = _refusal("name|age\nana|3\n")
    assert sentence.startswith(
        "The file 'posts.csv' is neither CSV nor JSON Lines: it begins with 'name|age', which names no column "
        "we know; give TikTok's 'Download your data' as JSON, "
    )
    assert len(sentence.splitlines()) == 1


def test_read_one_enormous_line_refuses_as_an_unknown_format() -> None:
    sentence = _refusal("x" * 200_000)
    assert sentence.startswith("The file 'posts.csv' is neither CSV nor JSON Lines: it begins with 'xxx")
    assert len(sentence) < 500


@pytest.mark.parametrize("filename", ["posts.jsonl", "posts.NDJSON", "posts.json"])
def test_read_plain_text_named_as_json_refuses_as_json(filename: str) -> None:
    sentence = (
        f"The file {filename!r} is not JSON Lines: it begins with 'hello', not with an object; give TikTok's "
    )
    assert _refusal("hello\n", filename=filename).startswith(sentence)


def test_read_json_values_become_text() -> None:
    values = row(1) | {
        "views": 1000,
        "video_id": 7_000_000_000_000_000_001,
        "hashtags": ["news", "ä"],
        "is_ad": True,
        "ratio": 0.5,
        "music": {"title": "ü", "id": 3},
        "note": None,
    }
    cells = _records(json_file([values]).decode())[0].cells
    assert cells == row(1) | {
        "hashtags": '["news","ä"]',
        "is_ad": "true",
        "ratio": "0.5",
        "music": '{"title":"ü","id":3}',
        "note": "",
    }


def test_read_json_with_blank_lines_skips_but_counts_them() -> None:
    first, second = json_file(rows(2)).decode().splitlines(keepends=True)
    assert [record.row for record in _records(f"\n{first}\n \n{second}\n")] == [2, 5]


def test_read_json_with_loosely_written_names_knows_the_columns() -> None:
    values = {f" {name.upper()} ".replace("_", " "): value for name, value in row(1).items()}
    assert _records(json_file([values]).decode()) == [Record(1, row(1))]


def test_read_json_with_a_column_in_some_rows_only_is_accepted() -> None:
    second = row(2)
    del second["url"]
    assert _records(json_file([row(1), second]).decode())[1] == Record(2, second)


def test_read_json_with_a_column_in_no_row_names_it() -> None:
    values = [{name: value for name, value in row(number).items() if name != "shares"} for number in (1, 2)]
    sentence = _refusal(json_file(values).decode(), filename="posts.jsonl")
    assert sentence.startswith("The file 'posts.jsonl' has no column 'shares'; it has 'handle', 'video_id', ")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"handle": ', "Expecting value"),
        ("[1, 2]", "it is another JSON value"),
        ("7", "it is another JSON value"),
        ("demo,1,2", "Expecting value"),
        ('{"views": NaN}', "NaN is not a JSON number"),
        ('{"views": -Infinity}', "-Infinity is not a JSON number"),
        ('{"views": 1, "views": 2}', "a name is in it twice"),
        ('{"music": {"id": 1, "id": 2}}', "a name is in it twice"),
        ('{"views": 1, "Views": 2}', "has the column 'views' twice"),
        ('{"views": 1' + "0" * 100 + "}", "a number has more than 100 digits"),
        ('{"a\\u0000": 1}', "has a name with a character no text may hold"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "stand too deep within each other"),
    ],
)
def test_read_json_line_that_is_no_object_refuses_the_row(line: str, why: str) -> None:
    sentence = _refusal(json_file([row(1)]).decode() + line + "\n", filename="posts.jsonl")
    assert sentence.startswith("Row 2: '")
    assert " is not a JSON object we can read: " in sentence
    assert why in sentence
    assert len(sentence.splitlines()) == 1


def test_read_json_of_which_no_line_is_an_object_refuses_the_rows() -> None:
    assert [line[:6] for line in _refusal("{\n}\n").splitlines()] == ["Row 1:", "Row 2:"]


def test_read_json_number_of_100_digits_is_kept() -> None:
    digits = "1" * 100
    text = json_file([row(1)]).decode().replace("}", f', "big": {digits}}}')
    assert _records(text)[0].cells["big"] == digits


@pytest.mark.parametrize("is_json", [True, False])
def test_read_more_rows_than_the_limit_refuses(is_json: bool) -> None:
    line = "{}\n" if is_json else "x" + ",1" * 9 + "\n"
    text = ("" if is_json else f"{HEADER}\n") + line * MAX_ROWS
    assert len(_records(text)) == MAX_ROWS
    assert (
        _refusal(text + line)
        == "The file 'posts.csv' has more than 100,000 rows; split it into smaller files."
    )
