"""Smoothing: an exponential moving average that is corrected for where it begins."""

import numpy as np

from nnviz.array import Array

WEIGHTS = (0.0, 0.6, 0.8, 0.9, 0.95, 0.99)
"""Those that one goes through."""
LEAST = 10
"""Of fewer points no average is worth looking at."""
_GROWTH = 1e6
"""By so much may the powers of a weight differ within what is summed at once."""


def smoothed(values: Array, weight: float) -> Array:
    """(n,) → (n,) float64: of each value and those before it the mean, each one `weight` times what the next counts.

    The sum of what they count is divided by: the average begins at the first value, and not near 0 (Kingma and Ba 2015,
    section 3, do so for Adam; TensorBoard for its curves). What is no finite number has none, and is in no other.
    """
    finite = np.isfinite(values)
    known = values[finite].astype(np.float64)
    found = np.full(len(values), np.nan)
    found[finite] = _averages(known, weight) if weight else known
    return found


def _averages(known: Array, weight: float) -> Array:
    """The same recursion as total = weight · total + value, some at a time."""
    block = max(int(np.log(_GROWTH) / -np.log(weight)), 1)
    powers = weight ** np.arange(block)
    total = count = 0.0
    averages = np.empty(len(known))
    for start in range(0, len(known), block):
        part = known[start : start + block]
        own = powers[: len(part)]
        totals = own * (np.cumsum(part / own) + weight * total)
        counts = own * (np.cumsum(1 / own) + weight * count)
        averages[start : start + len(part)] = totals / counts
        total, count = float(totals[-1]), float(counts[-1])
    return averages
