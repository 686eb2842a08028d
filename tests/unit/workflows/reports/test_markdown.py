import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from workflows.reports.markdown import number, paragraph, percent, table, text

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")

signs = st.text(st.sampled_from(list("#+-=*_`~<>[]()!|&\\1.2) ab\n\"':/")), max_size=20)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def read(markdown: str) -> str:
    """Return the HTML a page would make of it."""
    return str(PARSER.render(markdown))


def one_line(value: str) -> str:
    """Return the text as a reader sees it in HTML: white space of any kind is one space."""
    return html.escape(re.sub(r"\s+", " ", value).strip()).replace("&#x27;", "'")


@given(signs | words)
@example("1.")
@example("12) first")
@example("- item")
@example("# heading")
@example("+1")
@example("=====")
@example("[link](https://example.com)")
@example("<script>alert(1)</script>")
@example("a | b")
@example("ends with \\")
@example("&lt;b&gt;")
def test_write_paragraph_of_any_text_reads_as_that_text_and_nothing_else(value: str) -> None:
    said = one_line(value)
    assert read(paragraph(value)) == (f"<p>{said}</p>\n" if said else "")


@given(signs | words)
def test_write_text_within_a_line_reads_as_that_text_and_nothing_else(value: str) -> None:
    assert (
        read(f"so **{text(value)}.**x")
        in (
            f"<p>so <strong>{one_line(value)}.</strong>x</p>\n",
            f"<p>so **{one_line(value)}.**x</p>\n",  # a space or a sign at the edge: not strong, but not markup either
        )
    )


@given(st.lists(st.tuples(signs, words), min_size=1, max_size=4))
def test_write_table_of_any_texts_has_just_those_cells(rows: list[tuple[str, str]]) -> None:
    made = read("\n".join(table(["One", "Other"], rows)))
    assert re.findall(r"<td>(.*?)</td>", made) == [one_line(cell) for row in rows for cell in row]
    assert made.count("<tr>") == len(rows) + 1
    assert made.count("<th>") == 2


def test_write_table_without_rows_writes_nothing() -> None:
    assert table(["One", "Other"], []) == []
    assert table(["One"], [[1]]) == ["| One |", "| --- |", "| 1 |", ""]


def test_write_long_text_shortens_it_visibly() -> None:
    assert text("x" * 300) == "x" * 300
    assert text("x" * 301) == "x" * 299 + "…"
    assert text("abcdef", longest=3) == "ab…"
    assert paragraph("y" * 701) == "y" * 699 + "…"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0, "0"),
        (7.0, "7"),
        (1234567, "1,234,567"),
        (-12.5, "-12.5"),
        (0.1, "0.1"),
        (0.00004, "0"),
        (1234.5678, "1,234.5678"),
        (10.10, "10.1"),
        (100.00001, "100"),
    ],
)
def test_write_number_as_people_read_it(value: float | None, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "–"), (0, "0.0 %"), (0.1234, "12.3 %"), (-0.5, "-50.0 %"), (12, "1,200.0 %")],
)
def test_write_percent_as_people_read_it(value: float | None, written: str) -> None:
    assert percent(value) == written
