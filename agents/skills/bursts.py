"""Whether something happens more often than chance explains."""

import math

_NEGLIGIBLE = 1e-16


def poisson_tail(count: int, expected: float) -> float:
    """Return the probability of `count` events or more where `expected` (> 0) are usual.

    `1 - sum(e^-m * m^i / i!, i < count)`. Source: the Poisson distribution, the limit of the binomial
    for rare events; as an upper tail in surveillance, e.g. Hutwagner et al. (2003). Above
    what is usual the terms from `count` upwards are summed, so that small probabilities keep digits.
    """
    if count <= expected:
        return max(1 - math.fsum(_poisson(at, expected) for at in range(count)), 0.0)
    term, total, at = _poisson(count, expected), 0.0, count
    while term > total * _NEGLIGIBLE:
        total += term
        at += 1
        term *= expected / at
    return min(total, 1.0)


def _poisson(count: int, expected: float) -> float:
    """Return the probability of exactly `count` events, by logarithms: factorials overflow."""
    return math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))


def share_of(hits: int, of: int) -> float:
    """Return `(hits + 1) / (of + 2)`: a share that is never 0, however few there were.

    Source: Laplace's rule of succession.
    """
    return (hits + 1) / (of + 2)
