"""Whether whole numbers count classes."""

from nnviz.array import Array

FEW_VALUES = 10
MOST_CODES = 50
FEWEST_OF_A_CLASS = 2
EVEN, EVEN_ENOUGH = 0.3, 3
"""No class comes more rarely than that share of the mean; where they are few, so many times are enough."""


def counts_classes(found: Array, counts: Array) -> bool:
    """Whether numbers (n,), of which each comes so often, count from 0 or 1, without a gap, and none is rare."""
    many = len(found)
    if not 0 < many <= MOST_CODES or found[0] not in (0, 1) or found[-1] - found[0] != many - 1:
        return False
    fewest = EVEN * counts.mean()
    if many <= FEW_VALUES:
        fewest = min(fewest, EVEN_ENOUGH)
    return bool(counts.min() >= max(FEWEST_OF_A_CLASS, fewest))
