import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.skills.outliers import cliffs_delta, robust_log_scores

VIEWS = st.lists(st.integers(min_value=1, max_value=10**9), max_size=30)


def test_score_values_by_hand() -> None:
    # Logs 0 1 2 3 10: the median is 2, the deviations 2 1 0 1 8, their median 1, so one step is 1.4826.
    scores = robust_log_scores([math.exp(step) for step in (0, 1, 2, 3, 10)])
    assert scores == pytest.approx([-2 / 1.4826, -1 / 1.4826, 0, 1 / 1.4826, 8 / 1.4826])


def test_score_an_even_number_of_values_by_hand() -> None:
    # Logs 0 1 2 5: the median is 1.5, the deviations 1.5 0.5 0.5 3.5, their median 1.
    scores = robust_log_scores([math.exp(step) for step in (0, 1, 2, 5)])
    assert scores == pytest.approx([-1.5 / 1.4826, -0.5 / 1.4826, 0.5 / 1.4826, 3.5 / 1.4826])


@pytest.mark.parametrize("values", [[], [5.0], [7, 7, 7, 1, 900]])
def test_score_values_without_spread_gives_none(values: list[float]) -> None:
    assert robust_log_scores(values) is None


def test_score_half_of_the_values_alike_still_has_a_spread() -> None:
    # Logs 0 0 1 2: the median is 0.5, the deviations 0.5 0.5 0.5 1.5.
    scores = robust_log_scores([1, 1, math.e, math.e**2])
    assert scores == pytest.approx([-1 / 1.4826, -1 / 1.4826, 1 / 1.4826, 3 / 1.4826])


@given(VIEWS, st.integers(min_value=2, max_value=1_000))
def test_score_scaled_values_gives_the_same_scores(views: list[int], factor: int) -> None:
    scores, scaled = robust_log_scores(views), robust_log_scores([view * factor for view in views])
    assert (scores is None) == (scaled is None)
    assert scaled is None or scaled == pytest.approx(scores, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    ("left", "right", "delta"),
    [
        ([3, 4], [1, 2], 1.0),
        ([1, 2], [3, 4], -1.0),
        ([1, 1], [1, 1], 0.0),
        ([1, 3], [2, 3], -0.25),  # 1<2 1<3 3>2 3=3: (1 - 2) / 4
        ([], [1], None),
    ],
)
def test_compare_two_groups_by_hand(left: list[float], right: list[float], delta: float | None) -> None:
    assert cliffs_delta(left, right) == delta
