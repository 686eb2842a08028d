"""Cells as exports write them: counts of any locale, shares, moments."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tiktok_ops.content.imports.files import NOW
from tiktok_ops.content.imports.rows import MAX_COUNT, CellError
from tiktok_ops.content.imports.values import is_missing, read_local_count, read_share, read_when


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("1234", 1_234),
        ("1,234", 1_234),
        ("1.234", 1_234),
        ("1 234 567", 1_234_567),
        ("1\u202f234", 1_234),
        ("1\u00a0234", 1_234),
        ("1’234’567", 1_234_567),
        ("12,34,567", 1_234_567),
        ("1.234.567", 1_234_567),
        ("1,000", 1_000),
        ("1.000", 1_000),
        ("12.0", 12),
        ("5300.0", 5_300),
        ("1,234.00", 1_234),
        ("1.234,00", 1_234),
        ("undefined", None),
        ("N/A", None),
        ("", None),
        (" - ", None),
    ],
)
def test_read_count_of_any_locale_gives_the_number_or_nothing(text: str, count: int | None) -> None:
    assert read_local_count(text) == count


@pytest.mark.parametrize(
    "text", ["1.5K", "1,23", "1.234,567", "1,234.5", "-3", "1,,234", "12.34", str(MAX_COUNT + 1)]
)
def test_read_count_that_is_no_whole_number_refuses(text: str) -> None:
    with pytest.raises(CellError):
        read_local_count(text)


@given(
    st.integers(0, MAX_COUNT) | st.integers(0, 10**6).map(lambda thousands: thousands * 1000),
    st.sampled_from([",", ".", " ", "’", "\u202f"]),
)
def test_read_any_count_with_any_separator_gives_it_back(number: int, separator: str) -> None:
    assert read_local_count(f"{number:,}".replace(",", separator)) == number


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("0.59", 0.59),
        ("0,59", 0.59),
        ("59%", 0.59),
        ("59,3 %", 0.593),
        ("1", 1.0),
        ("0", 0.0),
        ("undefined", None),
    ],
)
def test_read_share_in_any_spelling_gives_a_part_of_the_whole(text: str, share: float | None) -> None:
    assert read_share(text) == (share if share is None else pytest.approx(share))


@pytest.mark.parametrize("text", ["59", "101%", "half", "-0.1", "1.01", "nan%", "1e-3"])
def test_read_share_that_is_none_refuses(text: str) -> None:
    with pytest.raises(CellError, match="share"):
        read_share(text)


@pytest.mark.parametrize(
    "text",
    [
        "1746865815", "1746865815000", "2025-05-10T08:30:15.000Z", "2025-05-10 08:30:15",
        "2025-05-10 08:30:15 UTC", "2025-05-10T10:30:15+02:00",
    ],
)  # fmt: skip
def test_read_moment_in_any_spelling_gives_the_same(text: str) -> None:
    assert read_when(text, now=NOW) == datetime(2025, 5, 10, 8, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "99999999999", "2030-01-01", "999999999999999"])
def test_read_moment_that_is_none_refuses(text: str) -> None:
    with pytest.raises(CellError):
        read_when(text, now=NOW)


def test_tell_missing_from_nothing_of_it() -> None:
    assert is_missing(" Undefined ")
    assert not is_missing("0")
