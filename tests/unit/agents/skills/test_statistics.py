import math
import statistics as reference

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from agents.skills.statistics import Ratio, clipped, median, per_thousand, relative_change, round_half_up

counts = st.integers(min_value=0, max_value=10**12)


def test_median_of_odd_number_of_values_is_the_middle_one() -> None:
    assert median([9, 1, 5]) == 5.0


def test_median_of_even_number_of_values_is_halfway_between_the_middle_two() -> None:
    # 1 4 | 7 100 -> (4 + 7) / 2
    assert median([100, 1, 7, 4]) == 5.5


def test_median_of_one_value_is_that_value_as_a_float() -> None:
    result = median([3])
    assert result == 3.0
    assert isinstance(result, float)


def test_median_of_nothing_is_none() -> None:
    assert median([]) is None


def test_median_takes_an_iterator() -> None:
    assert median(value for value in (2, 8)) == 5.0


@given(st.lists(counts, min_size=1))
def test_median_whatever_the_order_splits_the_values_in_half(values: list[int]) -> None:
    middle = median(values)
    assert middle is not None
    assert 2 * sum(value < middle for value in values) <= len(values)
    assert 2 * sum(value > middle for value in values) <= len(values)
    assert middle == median(reversed(values)) == reference.median(values)


def test_per_thousand_scales_the_quotient() -> None:
    # 1000 * 3 / 400
    assert per_thousand(3, of=400) == 7.5


def test_per_thousand_of_no_count_is_zero() -> None:
    assert per_thousand(0, of=400) == 0.0


def test_per_thousand_of_nothing_is_none() -> None:
    assert per_thousand(3, of=0) is None


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (120, 100, 0.2),
        (80, 100, -0.2),
        (100, 100, 0.0),
        (0, 100, -1.0),
        (250.5, 100.2, 1.5),
    ],
)
def test_relative_change_is_measured_against_before(now: float, before: float, change: float) -> None:
    assert relative_change(now, before) == change


@pytest.mark.parametrize(("now", "before"), [(None, 5), (5, None), (None, None), (5, 0), (0, 0)])
def test_relative_change_from_nothing_is_none(now: float | None, before: float | None) -> None:
    assert relative_change(now, before) is None


def test_relative_change_of_exactly_ten_percent_carries_no_binary_noise() -> None:
    # 0.11 / 0.1 - 1 is 0.10000000000000009 in binary, (0.33 - 0.3) / 0.3 is 0.10000000000000009 too.
    assert (0.33 - 0.3) / 0.3 > 0.1
    assert relative_change(0.33, 0.3) == 0.1


@given(counts, st.integers(min_value=1, max_value=10**12))
def test_relative_change_has_the_sign_of_the_difference(now: int, before: int) -> None:
    change = relative_change(now, before)
    assert change is not None
    assert change >= -1.0
    assert math.copysign(1, change) == math.copysign(1, now - before)


@pytest.mark.parametrize(("value", "expected"), [(-0.1, 0.0), (0.0, 0.0), (0.4, 0.4), (1.0, 1.0), (7.0, 1.0)])
def test_clipped_keeps_a_share_between_nothing_and_all(value: float, expected: float) -> None:
    assert clipped(value) == expected


def test_clipped_takes_other_bounds() -> None:
    assert clipped(9.0, low=2.0, high=5.0) == 5.0
    assert clipped(1.0, low=2.0, high=5.0) == 2.0


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0), (42.49, 42), (42.5, 43), (43.5, 44), (62.5, 63), (100.0, 100)]
)
def test_round_half_up_takes_every_half_up(value: float, expected: int) -> None:
    assert round_half_up(value) == expected


def test_round_half_up_forgives_binary_noise_below_a_half() -> None:
    noisy = 1.1 + 2.2 + 39.2  # 42.5 on paper
    assert round_half_up(noisy) == 43
    assert round_half_up(42.49999999999999) == 43


@pytest.mark.parametrize(("value", "shown"), [(1 / 3, 0.3333), (2 / 3, 0.6667), (5.5, 5.5), (7, 7.0)])
def test_ratio_is_rounded_to_four_decimals(value: float, shown: float) -> None:
    assert TypeAdapter(Ratio).validate_python(value) == shown


def test_ratio_never_shows_a_negative_zero() -> None:
    shown = TypeAdapter(Ratio).validate_python(-0.00001)
    assert math.copysign(1, shown) == 1


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_ratio_refuses_what_is_not_a_finite_number(value: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        TypeAdapter(Ratio).validate_python(value)
