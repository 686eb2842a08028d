"""Plain statistics of posts, each a pure function that says None where there is nothing to say."""

import math
from collections.abc import Iterable
from statistics import median as middle_value
from typing import Annotated

from pydantic import AfterValidator, FiniteFloat

NOISE_DIGITS = 12
RATIO_DIGITS = 4


def median(values: Iterable[float]) -> float | None:
    """Return the middle value, or the mean of the two middle ones; None of no values.

    Source: the textbook sample median (Python's `statistics.median`). Of whole numbers it is exact,
    at most with a half.
    """
    ordered = sorted(values)
    return float(middle_value(ordered)) if ordered else None


def per_thousand(count: float, of: float) -> float | None:
    """Return `1000 * count / of`; None where `of` is 0."""
    return 1000 * count / of if of else None


def relative_change(now: float | None, before: float | None) -> float | None:
    """Return `(now - before) / before`: -0.2 is a fall of 20 %.

    None where either is missing or `before` is 0: nothing can be said of a change from nothing.
    The result is cleared of binary noise beyond the 12th decimal, so that a change of exactly a
    threshold is not taken to pass it.
    """
    if now is None or not before:
        return None
    return round((now - before) / before, NOISE_DIGITS)


def clipped(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return `value`, or the nearer of the two bounds when it is outside them."""
    return min(max(value, low), high)


def round_half_up(value: float) -> int:
    """Return the nearest whole number, a half going up, as people round (62.5 gives 63)."""
    return math.floor(round(value, NOISE_DIGITS) + 0.5)


def _as_shown(value: float) -> float:
    return round(value, RATIO_DIGITS) + 0.0  # the sum turns -0.0 into 0.0


Ratio = Annotated[FiniteFloat, AfterValidator(_as_shown)]
"""The type of a ratio in an agent's facts: finite, rounded to 4 decimals when the facts are built.

Everything before that computes on the unrounded value.
"""
