"""What stands out of its own kind, and how two groups differ: robust to the one value that dwarfs the rest."""

import math
from collections.abc import Sequence

from agents.skills.statistics import NOISE_DIGITS, median

NORMAL_SCALE = 1.4826
"""Makes the median absolute deviation of normal data their standard deviation: 1 / 0.67449."""


def robust_log_scores(values: Sequence[float]) -> tuple[float, ...] | None:
    """Return `(ln x - median) / (1.4826 * MAD)` of each value, in their order; all must be above 0.

    Median and MAD (median absolute deviation) are of the logarithms, so scaling every value changes no
    score. None of no values, and where the MAD is 0: more than half of the values are alike and there is no
    spread to measure by. Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993).
    Cleared of binary noise, so that a score of exactly a threshold reaches it.
    """
    logs = [math.log(value) for value in values]
    middle = median(logs)
    if middle is None:
        return None
    spread = round(median(abs(log - middle) for log in logs) or 0.0, NOISE_DIGITS)
    if not spread:
        return None
    return tuple(round((log - middle) / (NORMAL_SCALE * spread), NOISE_DIGITS) for log in logs)


def cliffs_delta(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return `(pairs with left > right - pairs with left < right) / all pairs`, -1 to 1; None of no pairs.

    Source: Cliff, Dominance statistics, Psychological Bulletin 114 (1993). It looks at order alone, so
    neither units nor one extreme value matter.
    """
    pairs = len(left) * len(right)
    won = sum((one > other) - (one < other) for one in left for other in right)
    return won / pairs if pairs else None
