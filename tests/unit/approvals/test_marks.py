"""Findings at the phrases they are about."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.marks import marks_on, pieces_of
from tests.unit.approvals.findings import finding

TEXT = "A lamp that cures everything, today only 🔥 #lamp"


def cut(text: str, *findings: dict[str, Any]) -> list[tuple[str, str, list[int]]]:
    """Return (text, severity, numbers of the findings that end there) of each piece."""
    marks = marks_on(text, {"findings": list(findings)})
    assert marks is not None
    return [
        (piece.text, piece.severity, [mark.number for mark in piece.ending])
        for piece in pieces_of(text, marks)
    ]


def test_cut_without_findings_is_the_text() -> None:
    assert cut(TEXT) == [(TEXT, "", [])]
    assert cut("") == []


def test_cut_at_a_phrase_marks_it_and_nothing_else() -> None:
    assert cut(TEXT, finding(TEXT, "cures everything", "critical")) == [
        ("A lamp that ", "", []),
        ("cures everything", "critical", [1]),
        (", today only 🔥 #lamp", "", []),
    ]


def test_cut_counts_characters_not_units_of_an_encoding() -> None:
    text = "🔥🔥 sale"
    assert cut(text, finding(text, "sale"))[1] == ("sale", "medium", [1])


def test_cut_at_both_ends_of_the_text_leaves_no_empty_piece() -> None:
    assert cut(TEXT, finding(TEXT, "A lamp"), finding(TEXT, "#lamp")) == [
        ("A lamp", "medium", [1]),
        (TEXT[6:-5], "", []),
        ("#lamp", "medium", [2]),
    ]


def test_cut_where_findings_overlap_shows_the_gravest_and_ends_each() -> None:
    text = "one two three"
    assert cut(text, finding(text, "one two", "low"), finding(text, "two three", "high")) == [
        ("one ", "low", []),
        ("two", "high", [1]),
        (" three", "high", [2]),
    ]


def test_cut_where_findings_share_a_phrase_ends_both_there() -> None:
    text = "one two"
    assert cut(text, finding(text, "two", "info"), finding(text, "two", "critical")) == [
        ("one ", "", []),
        ("two", "critical", [1, 2]),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"quote": "", "length": 0},
        {"offset": -3},
        {"offset": 0},
        {"offset": 10_000},
        {"length": 10_000},
        {"length": -1},
        {"quote": "something else"},
    ],
)
def test_finding_whose_quote_does_not_stand_there_is_listed_and_not_placed(changes: dict[str, Any]) -> None:
    found = finding(TEXT, "cures everything", **changes)

    marks = marks_on(TEXT, {"findings": [found]})

    assert marks is not None
    assert [(mark.number, mark.is_placed) for mark in marks] == [(1, False)]
    assert cut(TEXT, found) == [(TEXT, "", [])]


@pytest.mark.parametrize(
    "facts",
    [{}, {"findings": None}, {"findings": "none"}, {"findings": [{"rule": "made"}]}, {"findings": [7]}],
)
def test_findings_that_are_not_there_or_of_another_shape_are_none(facts: dict[str, Any]) -> None:
    assert marks_on(TEXT, facts) is None


@given(
    st.text(max_size=40), st.lists(st.tuples(st.integers(-3, 45), st.integers(-3, 45), st.text(max_size=3)))
)
def test_pieces_put_together_are_the_text_whatever_findings_say(
    text: str, spans: list[tuple[int, int, str]]
) -> None:
    findings = [
        finding("", "", offset=offset, length=length, quote=text[offset : offset + length] or quote)
        for offset, length, quote in spans
    ]
    assert "".join(piece for piece, _, _ in cut(text, *findings)) == text
