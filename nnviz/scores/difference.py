"""Whether two groups of numbers differ by more than chance: t tests, and what cannot be tested."""

import math
from collections.abc import Sequence
from enum import Enum
from statistics import fmean, stdev

import msgspec

from nnviz.scores.interval import Interval
from nnviz.scores.student import limit, two_sided

LEVEL = 0.05
"""What an interval leaves out: at 0.05 it is one of 95 %."""
ROUNDING = 2.0**-50
"""A spread below this share of the numbers that it comes from is that of their last bits."""


class Test(Enum):
    """The tests by their names."""

    __test__ = False  # none of pytest's
    PAIRED = "paired t test"
    WELCH = "Welch's t test"


class Why(Enum):
    """Why there is no test."""

    ONE_RUN = "one run"
    NO_SPREAD = "no spread"


class Verdict(msgspec.Struct, frozen=True):
    """What a test says of a difference.

    interval  the differences that are not at odds with the numbers, at the level of 95 %
    freedom   degrees of freedom
    p         how often chance alone gives a |t| at least as large, where there is no difference
    """

    test: Test
    interval: Interval
    t: float
    freedom: float
    p: float


class Difference(msgspec.Struct, frozen=True):
    """How far the mean of a group is above that of another one; `verdict` is None where `why` says that none can be."""

    mean: float
    verdict: Verdict | None = None
    why: Why | None = None


def paired(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Of numbers that belong together, pair by pair: t is the mean of the n differences over s / √n, of n − 1 degrees.

    Student 1908, "The probable error of a mean". Raises ValueError for groups that are not of one size, or empty.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    largest = max(map(abs, (*first, *second)))
    mean = fmean(differences)
    if len(differences) < 2:
        return Difference(mean, why=Why.ONE_RUN)
    if max(differences) - min(differences) <= ROUNDING * largest:
        return Difference(mean, why=Why.NO_SPREAD)
    return _judged(Test.PAIRED, mean, stdev(differences) / math.sqrt(len(differences)), len(differences) - 1)


def welch(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Of two independent groups, whose deviations may differ.

    Welch 1947, "The generalization of 'Student's' problem when several different population variances are involved":
    t is the difference of means over the root of the sum of both s²/n, with the degrees of his equation (28). Raises
    ValueError for an empty group.
    """
    mean = fmean(first) - fmean(second)
    if min(len(first), len(second)) < 2:
        return Difference(mean, why=Why.ONE_RUN)
    of_first, of_second = (stdev(group) ** 2 / len(group) for group in (first, second))
    error = math.sqrt(of_first + of_second)
    if error <= ROUNDING * max(map(abs, (*first, *second))):
        return Difference(mean, why=Why.NO_SPREAD)
    share = of_first / (of_first + of_second)
    freedom = 1 / (share**2 / (len(first) - 1) + (1 - share) ** 2 / (len(second) - 1))
    return _judged(Test.WELCH, mean, error, freedom)


def _judged(test: Test, mean: float, error: float, freedom: float) -> Difference:
    """`error` is the standard error of the mean difference."""
    t, reach = mean / error, limit(LEVEL, freedom) * error
    interval = Interval(mean - reach, mean + reach)
    return Difference(mean, Verdict(test, interval, t, freedom, two_sided(t, freedom)))


def holm(several: Sequence[float]) -> list[float]:
    """The p of several tests, each raised so that one in twenty of such sets has a p below 0.05 by chance, and no more.

    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = sorted(range(len(several)), key=several.__getitem__)
    raised, largest = [0.0] * len(several), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(several) - rank) * several[place]))
        raised[place] = largest
    return raised
