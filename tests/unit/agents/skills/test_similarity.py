import math
import random
from collections.abc import Callable, Mapping
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.skills.similarity import cosine, damped, group_alike, weighted_jaccard

Bag = dict[str, float]

bags = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(min_value=0, max_value=1_000).map(float), max_size=6
)
filled_bags = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(min_value=1, max_value=9).map(float), min_size=1, max_size=4
)
measures = pytest.mark.parametrize("measure", [cosine, weighted_jaccard])
Measure = Callable[[Mapping[str, float], Mapping[str, float]], float]


def test_cosine_of_overlapping_bags_is_the_product_over_the_norms() -> None:
    # shared b: 2 * 2 = 4; |1, 2| = sqrt(5); |2, 1| = sqrt(5); 4 / 5
    assert cosine({"a": 1, "b": 2}, {"b": 2, "c": 1}) == pytest.approx(0.8)


def test_cosine_of_three_and_four_against_three_is_their_leg() -> None:
    # the product 3 * 3 over the norms 5 * 3
    assert cosine({"a": 3, "b": 4}, {"a": 3}) == pytest.approx(0.6)


def test_cosine_of_doubled_counts_stays_one() -> None:
    assert cosine({"a": 1, "b": 2}, {"a": 2, "b": 4}) == pytest.approx(1.0)


def test_cosine_of_strangers_is_zero() -> None:
    assert cosine({"a": 1}, {"b": 1}) == 0.0


def test_weighted_jaccard_is_the_sum_of_minima_over_the_sum_of_maxima() -> None:
    # minima: b 1; maxima: a 1, b 2, c 3; 1 / 6
    assert weighted_jaccard({"a": 1, "b": 2}, {"b": 1, "c": 3}) == pytest.approx(1 / 6)


def test_weighted_jaccard_of_doubled_weights_is_a_half() -> None:
    # minima 1 + 2, maxima 2 + 4
    assert weighted_jaccard({"a": 1, "b": 2}, {"a": 2, "b": 4}) == 0.5


@measures
@pytest.mark.parametrize("empty", [{}, {"a": 0.0}])
def test_measure_with_nothing_on_one_side_is_zero(measure: Measure, empty: Bag) -> None:
    assert measure(empty, {"a": 3.0}) == 0.0
    assert measure({"a": 3.0}, empty) == 0.0
    assert measure(empty, empty) == 0.0


@measures
def test_measure_with_negative_count_names_the_key_and_the_count(measure: Measure) -> None:
    sentence = r"The count of 'b' is -1; counts must be zero or more\."
    with pytest.raises(ValueError, match=sentence):
        measure({"a": 1, "b": -1}, {"a": 1})
    with pytest.raises(ValueError, match=sentence):
        measure({"a": 1}, {"b": -1})


@measures
@given(left=bags, right=bags)
def test_measure_of_any_bags_is_symmetric_and_between_zero_and_one(
    measure: Measure, left: Bag, right: Bag
) -> None:
    result = measure(left, right)
    assert 0.0 <= result <= 1.0
    assert result == measure(right, left)


@measures
@given(bag=bags)
def test_measure_of_a_bag_with_itself_is_one(measure: Measure, bag: Bag) -> None:
    assume(any(bag.values()))
    assert measure(bag, bag) == pytest.approx(1.0)


@measures
@given(left=bags, right=bags, seed=st.integers())
def test_measure_does_not_depend_on_the_order_of_keys(
    measure: Measure, left: Bag, right: Bag, seed: int
) -> None:
    items = list(left.items())
    random.Random(seed).shuffle(items)
    assert measure(dict(items), right) == measure(left, right)


def test_damped_counts_grow_with_the_logarithm() -> None:
    # 1 + ln 1 = 1; 1 + ln 20 = 3.9957
    assert damped({"once": 1, "often": 20}) == {"once": 1.0, "often": pytest.approx(3.9957, abs=1e-4)}


def test_damped_counts_below_one_are_left_out() -> None:
    assert damped({"none": 0, "half": 0.5, "one": 1}) == {"one": 1.0}


def test_group_alike_joins_equal_bags_and_keeps_strangers_apart() -> None:
    # cosine of the last two: 1 / (1 * sqrt 2) = 0.707
    tea: Bag = {"tea": 1}
    assert group_alike([tea, {"dog": 1}, tea, {"dog": 1, "cat": 1}], threshold=0.5) == [(0, 2), (1, 3)]


def test_group_alike_merges_by_the_mean_and_not_by_the_nearest() -> None:
    # 0-1 and 1-2 are alike by 0.707, 0-2 by nothing. After (0, 1): mean to 2 is 0.707 / 2 = 0.354.
    chain: list[Bag] = [{"x": 1}, {"x": 1, "y": 1}, {"y": 1}]
    assert group_alike(chain, threshold=0.5) == [(0, 1), (2,)]
    assert group_alike(chain, threshold=0.35) == [(0, 1, 2)]


def test_group_alike_of_a_merged_group_weighs_every_member() -> None:
    # x x | y y: (0, 1) and (3, 4) merge at 1; bag 2 (xy) is 0.707 from each, so the earlier pair gets it;
    # then {0, 1, 2} to {3, 4}: 2 of 6 pairs at 0.707 = 0.236
    mixed: list[Bag] = [{"x": 1}, {"x": 1}, {"x": 1, "y": 1}, {"y": 1}, {"y": 1}]
    assert group_alike(mixed, threshold=0.5) == [(0, 1, 2), (3, 4)]
    assert group_alike(mixed, threshold=0.24) == [(0, 1, 2), (3, 4)]
    assert group_alike(mixed, threshold=0.23) == [(0, 1, 2, 3, 4)]


def test_group_alike_at_the_threshold_exactly_merges() -> None:
    # 3 / 5
    assert group_alike([{"a": 3, "b": 4}, {"a": 1}], threshold=0.6) == [(0, 1)]
    assert group_alike([{"a": 3, "b": 4}, {"a": 1}], threshold=0.6001) == [(0,), (1,)]


def test_group_alike_puts_larger_groups_first() -> None:
    assert group_alike([{"a": 1}, {"b": 1}, {"b": 1}], threshold=1) == [(1, 2), (0,)]


@pytest.mark.parametrize("empty", [{}, {"a": 0.0}])
def test_group_alike_leaves_out_empty_bags(empty: Bag) -> None:
    assert group_alike([empty, {"a": 1.0}, empty], threshold=0.1) == [(1,)]


def test_group_alike_of_nothing_is_nothing() -> None:
    assert group_alike([], threshold=0.5) == []


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01])
def test_group_alike_outside_the_range_of_thresholds_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match=r"The threshold is .*; give a number above 0, at most 1"):
        group_alike([{"a": 1}], threshold=threshold)


@given(st.lists(filled_bags, max_size=7), st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.0]))
def test_group_alike_agrees_with_comparing_everything_at_every_step(
    posts: list[Bag], threshold: float
) -> None:
    assert group_alike(posts, threshold=threshold) == _grouped_slowly(posts, threshold)


@given(st.lists(bags, max_size=10), st.floats(min_value=0.01, max_value=1))
def test_group_alike_gives_each_filled_bag_to_one_group(posts: list[Bag], threshold: float) -> None:
    grouped = [position for group in group_alike(posts, threshold=threshold) for position in group]
    assert sorted(grouped) == [position for position, bag in enumerate(posts) if any(bag.values())]


def _grouped_slowly(posts: list[Bag], threshold: float) -> list[tuple[int, ...]]:
    """The same rule without any shortcut: at every step the mean of all pairs of members."""
    groups: dict[int, tuple[int, ...]] = {position: (position,) for position in range(len(posts))}
    while True:
        means = [
            (-_mean_cosine(posts, groups[a], groups[b]), a, b) for a, b in combinations(sorted(groups), 2)
        ]
        if not means or -min(means)[0] < threshold:
            return sorted(groups.values(), key=lambda group: (-len(group), group))
        _, left, right = min(means)
        merged = tuple(sorted(groups.pop(left) + groups.pop(right)))
        groups[max(right, *groups, len(posts)) + 1] = merged


def _mean_cosine(posts: list[Bag], left: tuple[int, ...], right: tuple[int, ...]) -> float:
    cosines = [round(cosine(posts[a], posts[b]), 12) for a in left for b in right]
    return round(math.fsum(cosines) / len(cosines), 12)


def test_group_alike_of_equal_choices_takes_the_earlier_positions() -> None:
    # 0-1, 1-2 and 2-3 are all alike by 0.5; (0, 1) goes first, then (2, 3) at 0.5 and not (0, 1, 2)
    ring: list[Bag] = [{"a": 1, "b": 1}, {"b": 1, "c": 1}, {"c": 1, "d": 1}, {"d": 1, "e": 1}]
    assert group_alike(ring, threshold=0.3) == [(0, 1), (2, 3)]
    # the two pairs have one cosine of 0.5 among their four: a mean of 0.125
    assert group_alike(ring, threshold=0.125) == [(0, 1, 2, 3)]


def test_group_alike_of_many_posts_recovers_their_subjects() -> None:
    rng = random.Random(7)
    subjects = [[f"{name}{n}" for n in range(12)] for name in ("tea", "dog", "sea")]
    posts: list[Bag] = [dict.fromkeys(rng.sample(subjects[n % 3], k=6), 1.0) for n in range(60)]
    grouped = group_alike(posts, threshold=0.3)
    assert [{position % 3 for position in group} for group in grouped] == [{0}, {1}, {2}]
    assert [len(group) for group in grouped] == [20, 20, 20]


@given(st.lists(filled_bags, min_size=1, max_size=7))
def test_group_alike_with_a_higher_threshold_never_makes_fewer_groups(posts: list[Bag]) -> None:
    counts = [len(group_alike(posts, threshold=threshold)) for threshold in (0.05, 0.2, 0.5, 0.9)]
    assert counts == sorted(counts)
