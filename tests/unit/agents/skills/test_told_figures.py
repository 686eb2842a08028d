"""Figures of texts: which are those that were given, however they are written, and which nobody gave."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agents.skills.told_figures import Told, figures_in


class Window(BaseModel):
    """Facts with every kind of number."""

    comments_per_1000_views: float = 12.3456
    median_views: int = 1204
    change: float = -0.1234
    price: Decimal = Decimal("19.90")
    as_of: datetime = datetime(2026, 10, 31, 18, 5, tzinfo=UTC)
    canaries: tuple[dict[str, object], ...] = (
        {"tripped": True},
        {"tripped": False},
        {"tripped": True},
        {"tripped": None},
    )
    best_hour: int = 9
    note: str = "7 of 250 posts"
    huge: float = float("inf")
    nothing: None = None


TOLD = Told.by(Window())


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("none at all", []),
        ("1,204 views and 12.3%", ["1,204", "12.3"]),
        ("1.204.000, 1 204 000 or 1'204'000", ["1.204.000", "1 204 000", "1'204'000"]),
        ("12k, 3 M and 4km", ["12k", "3 m", "4"]),
        ("９８，７６５", ["98,765"]),
        ("9\u200b8", ["98"]),
        ("in 2024 7 posts", ["2024", "7"]),
        ("at 18:00 and 18:30", ["18", "18", "30"]),
        ("s1.", ["1"]),
        ("²", ["2"]),
        ("one or two", []),
    ],
)
def test_figures_in_a_text_are_found_as_a_reader_sees_them(text: str, figures: list[str]) -> None:
    assert figures_in(text) == figures


@pytest.mark.parametrize(
    "text",
    [
        "1,204 views", "1.204 Aufrufe", "1 204 vues", "1'204", "1204", "1.2k", "1.20 k",  # a number, written in any way
        "12.3456", "12.35", "12.3", "12,3", "12",  # rounded
        "a fall of 12.34%", "-12.3 %", "by 12 per cent",  # a ratio as a per cent
        "19.90", "19.9", "20", "$19,90",
        "31.10.2026", "2026-10-31 18:05", "18:05", "9:00",
        "2 of 4 canaries", "7 of 250", "per 1,000 views",
    ],
)  # fmt: skip
def test_figure_that_was_given_is_told_however_it_is_written(text: str) -> None:
    assert TOLD.untold(text) == []


@pytest.mark.parametrize(
    ("text", "untold"),
    [
        ("1,205 views", ["1,205"]),
        ("1,200 views", ["1,200"]),
        ("12.36", ["12.36"]),
        ("12.4", ["12.4"]),
        ("14%", ["14"]),
        ("1.3k", ["1.3k"]),
        ("98,765 views, of 1,204", ["98,765"]),
        ("３ of 6", ["3", "6"]),
        ("31.11.2026", ["31.11.2026"]),
        ("120.4", ["120.4"]),
        ("9:30", ["30"]),
        ("99999999999999999999999999", ["99999999999999999999999999"]),
    ],
)
def test_figure_nobody_gave_is_not_told(text: str, untold: list[str]) -> None:
    assert TOLD.untold(text) == untold


def test_nothing_given_tells_nothing() -> None:
    assert Told.by("", None, {}).untold("1 or 0") == ["1", "0"]


@given(st.integers(0, 10**12), st.sampled_from(["{:,}", "{}"]))
def test_whole_number_is_told_as_itself_and_its_neighbours_are_not(number: int, form: str) -> None:
    told = Told.by({"views": number})
    assert told.untold(form.format(number)) == []
    assert told.untold(form.format(number + 1)) != [] or number + 1 == 1  # of a dictionary nothing is counted


@given(st.floats(-9, 9), st.integers(0, 4))
def test_ratio_is_told_rounded_and_as_a_per_cent(ratio: float, decimals: int) -> None:
    told = Told.by({"change": ratio})
    assert told.untold(f"{abs(ratio):.{decimals}f}, {abs(ratio):.{decimals}%}") == []


@given(st.text())
def test_any_text_can_be_looked_at_and_tells_what_is_in_it(text: str) -> None:
    assert Told.by(text).untold(text) == []
