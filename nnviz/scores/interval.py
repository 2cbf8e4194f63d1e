"""How far a share that was measured on a few examples can be trusted."""

import math
from statistics import NormalDist
from typing import NamedTuple

# Of a normal distribution, 95 % lie within so many deviations of its mean.
DEVIATIONS = NormalDist().inv_cdf(0.975)


class Interval(NamedTuple):
    """From a share to another one, of 0 … 1."""

    low: float
    high: float


def wilson(right: int, examples: int) -> Interval:
    """The shares that are not at odds, at the level of 95 %, with `right` of so many independent examples.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference": those p for which
    |right / examples − p| ≤ z √(p (1 − p) / examples). Raises ValueError without an example.
    """
    if not 0 <= right <= examples or not examples:
        raise ValueError(f"{right} of {examples} is no share")
    share, square = right / examples, DEVIATIONS**2
    middle = share + square / (2 * examples)
    reach = DEVIATIONS * math.sqrt(share * (1 - share) / examples + square / (4 * examples**2))
    whole = 1 + square / examples
    # At the ends rounding would leave something over.
    low = (middle - reach) / whole if right else 0.0
    high = (middle + reach) / whole if right < examples else 1.0
    return Interval(low, high)
