"""Scale: how large the numbers of some examples are, and how they lie."""

from functools import cached_property

import numpy as np

from nnviz.array import Array


class Scale:
    """Of the columns of some numbers, (n, columns). What is asked is worked out once: the rules ask again and again."""

    def __init__(self, columns: Array) -> None:
        self._columns = columns

    @cached_property
    def size(self) -> float:
        """The root mean square of all."""
        return float(np.sqrt(np.mean(self._columns.astype(np.float64) ** 2)))

    @cached_property
    def is_constant(self) -> bool:
        """Whether all rows are the same."""
        return not np.ptp(self._columns, axis=0).any()

    @cached_property
    def squeezed(self) -> Array:
        """Which columns have 98% of their values within a fiftieth of the largest distance from their middle."""
        columns = self._columns
        if len(columns) < 50:
            return np.empty(0, np.int64)
        low, middle, high = np.percentile(columns, (1, 50, 99), axis=0)
        far, near = np.abs(columns - middle).max(axis=0), high - low
        # Of yes and no, or of counts that are mostly 0, one value is most of them.
        return np.flatnonzero((near > 0) & (near < far / 50))
