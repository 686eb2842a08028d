from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.stock import days_of_cover, selling_days
from tests.factories.figures import NOON


@pytest.mark.parametrize(
    ("days_ago", "days"), [(0, 7), (6.99, 7), (7, 7), (10.5, 10.5), (28, 28), (28.01, 28), (400, 28)]
)
def test_selling_days_are_those_since_the_first_order_within_bounds(days_ago: float, days: float) -> None:
    assert selling_days(NOON - timedelta(days=days_ago), NOON) == days


def test_selling_days_of_a_product_never_ordered_are_the_window() -> None:
    assert selling_days(None, NOON) == 28


@pytest.mark.parametrize(
    ("stock", "pace", "days"),
    [(30, 1.5, 20), (0, 2, 0), (-4, 2, 0), (30, 0, None), (0, 0, None), (1, 4, 0.25)],
)
def test_days_of_cover_are_stock_by_pace(stock: int, pace: float, days: float | None) -> None:
    assert days_of_cover(stock, pace) == days


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0.01, 1_000))
def test_days_of_cover_grow_with_the_stock(one: int, other: int, pace: float) -> None:
    less, more = days_of_cover(min(one, other), pace), days_of_cover(max(one, other), pace)
    assert less is not None
    assert more is not None
    assert less <= more
