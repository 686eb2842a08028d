"""How alike two bags of counted things are, from 0 (nothing shared) to 1 (the same proportions).

Sums use `math.fsum`, whose result does not depend on the order of the items.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from itertools import combinations

_TIE_DIGITS = 12  # similarities closer than this are a tie, decided by position, not by binary noise


def cosine(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Return the cosine of the angle between two count vectors: sum(a*b) / (|a| * |b|), 0..1.

    Only proportions matter: twice the counts give the same answer. An empty bag, or one of zeros, is
    like nothing: 0.0. Raises `ValueError` for a negative count.
    Source: Salton and McGill, Introduction to Modern Information Retrieval (1983), chapter 4.
    Limit: terms are compared as written; synonyms, inflections and translations are strangers.
    """
    _check_counts(left)
    _check_counts(right)
    common = left.keys() & right.keys()
    if not common:
        return 0.0
    shared = math.fsum(left[key] * right[key] for key in common)
    norms = _norm(left) * _norm(right)
    return min(1.0, shared / norms) if norms else 0.0


def weighted_jaccard(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    """Return sum(min(a, b)) / sum(max(a, b)) over all keys, 0..1; a missing key weighs 0.

    Sizes matter: compare shares, not totals, when one side is simply larger. Two empty bags share
    nothing: 0.0. Raises `ValueError` for a negative weight.
    Source: Ruzicka (1958); as a similarity of weighted sets, Ioffe, "Improved Consistent Sampling,
    Weighted Minhash and L1 Sketching" (ICDM 2010).
    """
    _check_counts(left)
    _check_counts(right)
    keys = left.keys() | right.keys()
    smaller = math.fsum(min(left.get(key, 0.0), right.get(key, 0.0)) for key in keys)
    larger = math.fsum(max(left.get(key, 0.0), right.get(key, 0.0)) for key in keys)
    return smaller / larger if larger else 0.0


def damped(counts: Mapping[str, float]) -> dict[str, float]:
    """Return `1 + ln(count)` for every count of 1 or more; smaller counts are left out.

    A word written twenty times says more than one written once, but not twenty times more.
    Source: sublinear term frequency; Manning, Raghavan and Schütze, Introduction to Information
    Retrieval (2008), section 6.4.1.
    """
    return {key: 1 + math.log(count) for key, count in counts.items() if count >= 1}


def group_alike(bags: Sequence[Mapping[str, float]], *, threshold: float) -> list[tuple[int, ...]]:
    """Return groups of positions whose bags are alike, largest first, then by their first position.

    Greedy merging: every bag starts alone; the two groups with the highest mean cosine between their
    members become one, until no two reach `threshold` (above 0, up to 1). Of two equal pairs, the one
    with the earlier positions goes first, so the same bags in the same order give the same groups.
    Empty bags belong to no group. Raises `ValueError` for a threshold outside its range.
    Source: hierarchical agglomerative clustering, average linkage (UPGMA), Sokal and Michener (1958).
    Limits: compares all pairs, so time grows with the square of the bags (500 take about a second);
    a merge is never taken back.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"The threshold is {threshold!r}; give a number above 0, at most 1.")
    groups: dict[int, tuple[int, ...]] = {
        position: (position,) for position, bag in enumerate(bags) if any(bag.values())
    }
    links = _pairwise(bags)
    queue = [
        (-alike, left, right) for left, row in links.items() for right, alike in row.items() if left < right
    ]
    heapq.heapify(queue)
    while queue and -queue[0][0] >= threshold:
        _, left, right = heapq.heappop(queue)
        if left in groups and right in groups:
            merged = max(links) + 1  # before `_relink` takes two away, so that no number is given twice
            groups[merged] = tuple(sorted(groups.pop(left) + groups.pop(right)))
            for other, total in _relink(links, left, right, merged).items():
                mean = total / (len(groups[other]) * len(groups[merged]))
                heapq.heappush(queue, (-round(mean, _TIE_DIGITS), other, merged))
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def _pairwise(bags: Sequence[Mapping[str, float]]) -> dict[int, dict[int, float]]:
    """Return, for each bag, the bags it shares anything with and their cosine."""
    links: dict[int, dict[int, float]] = {position: {} for position in range(len(bags))}
    for left, right in combinations(links, 2):
        alike = round(cosine(bags[left], bags[right]), _TIE_DIGITS)
        if alike:
            links[left][right] = links[right][left] = alike
    return links


def _relink(links: dict[int, dict[int, float]], left: int, right: int, merged: int) -> dict[int, float]:
    """Replace two groups by the merged one in `links`; return its sums of cosines to the others.

    The sum to a union is the sum of the sums (Lance and Williams, 1967): no pair is compared twice.
    """
    first, second = links.pop(left), links.pop(right)
    others = sorted((first.keys() | second.keys()) - {left, right})
    sums = {other: first.get(other, 0.0) + second.get(other, 0.0) for other in others}
    for other, total in sums.items():
        row = links[other]
        row.pop(left, None)
        row.pop(right, None)
        row[merged] = total
    links[merged] = dict(sums)
    return sums


def _norm(counts: Mapping[str, float]) -> float:
    return math.sqrt(math.fsum(count * count for count in counts.values()))


def _check_counts(counts: Mapping[str, float]) -> None:
    for key, count in counts.items():
        if count < 0:
            raise ValueError(f"The count of {key!r} is {count!r}; counts must be zero or more.")
