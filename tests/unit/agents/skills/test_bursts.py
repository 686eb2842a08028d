import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.bursts import poisson_tail, share_of


@pytest.mark.parametrize(
    ("count", "expected", "chance"),
    [
        (0, 2.0, 1.0),
        (1, 1.0, 1 - math.exp(-1)),  # anything but nothing
        (3, 2.0, 1 - 5 * math.exp(-2)),  # 1 - e^-2 (1 + 2 + 2)
        (2, 2.0, 1 - 3 * math.exp(-2)),  # 1 - e^-2 (1 + 2)
        (2, 5_000.0, 1.0),  # e^-5000 is 0 to a computer
    ],
)
def test_poisson_tail_is_what_the_formula_gives(count: int, expected: float, chance: float) -> None:
    assert poisson_tail(count, expected) == pytest.approx(chance, rel=1e-12)


def test_poisson_tail_of_the_unlikely_keeps_its_digits() -> None:
    # The first term rules: e^-0.01 * 0.01^10 / 10!, and the next adds 0.01 / 11 of it.
    first = math.exp(-0.01) * 0.01**10 / math.factorial(10)
    assert poisson_tail(10, 0.01) == pytest.approx(first * (1 + 0.01 / 11), rel=1e-5)


@given(st.integers(0, 60), st.floats(0.01, 60))
def test_poisson_tail_falls_as_the_count_grows(count: int, expected: float) -> None:
    assert 0 <= poisson_tail(count + 1, expected) <= poisson_tail(count, expected) + 1e-12 <= 1 + 1e-12


def test_share_of_nothing_is_a_half_and_never_nothing() -> None:
    assert (share_of(0, 0), share_of(0, 18), share_of(9, 18)) == (0.5, 0.05, 0.5)
