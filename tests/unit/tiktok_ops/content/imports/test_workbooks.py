"""XLSX workbooks: text as cells show it, no formula, no trap, several tabs."""

import io
import random
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories.exports import CONTENT, GENDER, OVERVIEW, content_row, link_to, patched, video_id, xlsx
from tests.forms import examples
from tests.unit.tiktok_ops.content.imports.files import outcome, read, refusal, row
from tiktok_ops.content.imports.facts import AudienceFact, DayFact
from tiktok_ops.content.imports.tables import COLUMNS

DAYS = [OVERVIEW[:2], ("June 30", "1")]


def _sentence(data: bytes) -> str:
    sentence = str(refusal(data, filename="a.xlsx"))
    assert len(sentence.splitlines()) == 1
    return sentence


def test_read_workbook_of_studio_reads_every_tab_and_names_those_it_does_not_know() -> None:
    tabs: dict[str, Sequence[Sequence[object]]] = {
        "Overview": [OVERVIEW, ("June 30", "1,204", "1", "2", "3", "undefined")],
        "FollowerGender": [GENDER, ("Female", "0.59")],
        "Content": [CONTENT, content_row(video_id(1))],
        "Notes": [("mine", "own"), ("a", "b")],
        "Empty": [],
    }
    found = read(xlsx(tabs), filename="a.xlsx")
    days = [fact for fact in found.facts if isinstance(fact, DayFact)]
    assert days == [
        DayFact(date(2025, 6, 30), {"video_views": 1_204, "profile_views": 1, "likes": 2, "comments": 3})
    ]
    assert [fact.value for fact in found.facts if isinstance(fact, AudienceFact)] == ["female"]
    assert [post.url for post in found.rows] == [link_to(video_id(1))]
    assert list(found.reading.left_out) == [
        "the tab 'Notes' has no columns we know",
        "the tab 'Empty' has no columns we know",
    ]


def test_read_workbook_of_posts_takes_numbers_days_and_blanks_as_a_csv_has_them() -> None:
    cells: dict[str, object] = dict(row(1))
    cells |= {"views": 1_000, "likes": 50.0, "created_at": datetime(2025, 6, 30, 17, 2), "url": None}  # noqa: DTZ001
    [post] = read(xlsx({"Posts": [COLUMNS, [" "], [cells[name] for name in COLUMNS]]})).rows
    assert (post.row, post.part, post.views, post.likes, post.url) == (3, "Posts", 1_000, 50, "")
    assert post.created_at == datetime(2025, 6, 30, 17, 2, tzinfo=UTC)


def test_read_workbook_whose_rows_end_early_takes_the_rest_as_empty() -> None:
    header = [*[name for name in COLUMNS if name != "url"], "url"]
    cells = row(1)
    assert len(read(xlsx({"Posts": [header, [cells[name] for name in header[:-1]]]})).rows) == 1


def test_read_workbook_with_an_id_kept_as_a_number_says_that_digits_are_lost() -> None:
    cells: dict[str, object] = {**row(1), "video_id": 7_469_012_345_678_901_234}
    sentence = str(refusal(xlsx({"Posts": [COLUMNS, [cells[name] for name in COLUMNS]]})))
    assert "of which a spreadsheet loses the last; make the column one of text." in sentence


def test_read_workbook_does_not_work_out_formulas() -> None:
    sentence = str(refusal(xlsx({"Overview": [OVERVIEW[:2], ("June 30", "=1+1")]})))
    assert sentence == (
        "'Overview', row 2: '=1+1' holds a formula, which is not worked out; copy it and paste its value in its place."
    )


def test_read_workbook_with_a_wrong_cell_names_tab_row_and_column() -> None:
    assert _sentence(xlsx({"Overview": [OVERVIEW[:2], ("June 30", "1"), ("June 31", "2")]})).startswith(
        "'Overview', row 3: Date 'June 31' is not a day"
    )


def test_read_workbook_without_a_tab_we_know_refuses_naming_them() -> None:
    assert _sentence(xlsx({"A": [("x",)], "B": []})).startswith(
        "The file 'a.xlsx' is a workbook with the tabs 'A', 'B', whose columns we do not know; give "
    )


def test_read_workbook_with_too_many_tabs_refuses() -> None:
    assert "has more than 30 tabs" in _sentence(xlsx({str(number): DAYS for number in range(31)}))


def test_read_workbook_that_says_it_has_a_million_rows_refuses() -> None:
    data = _changed(xlsx({"Overview": DAYS}), "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="1000000"')
    assert "has more than 100,000 rows" in _sentence(data)


def _changed(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """Return the workbook with `old` in one of its documents replaced; fails where it is not there."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == name:
                assert old in content
                content = content.replace(old, new, 1)
            target.writestr(entry.filename, content)
    return out.getvalue()


def _sharing(data: bytes) -> bytes:
    """Return the workbook as spreadsheets write it: each text once in a list of all, by its place there."""
    texts: list[str] = []

    def shared(match: re.Match[str]) -> str:
        texts.append(match[1])
        return f't="s"><v>{len(texts) - 1}</v>'

    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name).decode()
            if name.startswith("xl/worksheets/"):
                content = re.sub(r't="inlineStr"><is><t>([^<]*)</t></is>', shared, content)
            if name == "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
                content = content.replace(
                    "</Types>", f'<Override PartName="{STRINGS}" ContentType="{kind}"/></Types>'
                )
            target.writestr(name, content)
        listed = "".join(f"<si><t>{text}</t></si>" for text in texts)
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        target.writestr(STRINGS[1:], f'<sst xmlns="{space}">{listed}</sst>')
    assert texts
    return out.getvalue()


def test_read_workbook_with_its_texts_in_one_list_gives_the_same() -> None:
    data = xlsx({"Overview": DAYS})
    assert read(_sharing(data)).facts == read(data).facts


STRINGS = "/xl/sharedStrings.xml"
BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    "name",
    ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"],
)
def test_read_workbook_with_a_doctype_refuses_before_anything_is_expanded(name: str) -> None:
    data = (
        _changed(xlsx({"Overview": DAYS}), name, b"<", BOMB + b"<")
        if name != "xl/workbook.xml"
        else _changed(xlsx({"Overview": DAYS}), name, b"<workbook", BOMB + b"<workbook")
    )
    assert _sentence(data) == (
        "The file 'a.xlsx' declares a DOCTYPE, which no workbook needs; save it again in a spreadsheet."
    )


def test_read_workbook_with_a_doctype_in_another_encoding_refuses() -> None:
    data = xlsx({"Overview": DAYS})
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        text = source.read("xl/worksheets/sheet1.xml").decode()
    hidden = (BOMB.decode() + text).encode("utf-16")
    assert "declares a DOCTYPE" in _sentence(
        _changed(data, "xl/worksheets/sheet1.xml", text.encode(), hidden)
    )


@pytest.mark.parametrize(
    "name", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_read_workbook_with_a_broken_document_refuses_in_one_sentence(name: str) -> None:
    data = _changed(_sharing(xlsx({"Overview": DAYS})), name, b">", b"")
    assert _sentence(data) == (
        "The file 'a.xlsx' is a broken XLSX workbook; save it again in a spreadsheet, or give CSV."
    )


def test_read_workbook_that_unpacks_to_far_more_than_it_is_refuses() -> None:
    data = _changed(
        xlsx({"Overview": DAYS}),
        "xl/worksheets/sheet1.xml",
        b"</worksheet>",
        b" " * 5_000_000 + b"</worksheet>",
    )
    assert "unpacks to more than 200 times its size" in _sentence(data)


def test_read_workbook_with_a_tab_that_breaks_off_refuses() -> None:
    data = _changed(xlsx({"Overview": DAYS}), "xl/worksheets/sheet1.xml", b"</sheetData>", b"<oops>")
    assert "is a broken XLSX workbook" in _sentence(data)


def test_read_workbook_with_an_enormous_tab_refuses_before_reading_it() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", random.Random(1).randbytes(400_000))
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    data = patched(out.getvalue(), 24, (65 * 2**20).to_bytes(4, "little"))
    assert "has a tab of more than 64 MB unpacked; give it as CSV." in _sentence(data)


def test_read_workbook_with_times_and_truths_in_further_columns_keeps_them_as_text() -> None:
    header = (*CONTENT, "Average watch time", "Pinned", "Score")
    cells = (*content_row(video_id(1)), time(0, 0, 5), True, 1.5)
    [post] = read(xlsx({"Content": [header, cells]})).rows
    assert post.extra == {"Average watch time": "00:00:05", "Pinned": "True", "Score": "1.5"}


WHOLE = xlsx({"Overview": DAYS})


@settings(max_examples=examples(50))
@given(st.data())
def test_read_damaged_workbook_raises_nothing_but_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=4)):
        changed[place] = data.draw(st.integers(0, 255))
    sentences = outcome(bytes(changed), filename="a.xlsx")
    assert all(sentence.endswith(".") for sentence in sentences)
