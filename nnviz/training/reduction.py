"""Large arrays made small for a frame: of many numbers the one of largest magnitude, so that no peak is lost."""

import math
from typing import Literal

import numpy as np

from nnviz.array import Array, larger
from nnviz.frame.layer_views import Spread

# The squares of numbers between the two, even of very many, can be added up in float32.
SMALLEST, LARGEST = 1e-15, 1e15


def largest(values: Array, count: int) -> Array:
    """Places of the `count` largest of `values` (n,), the largest first, of equal ones the first.

    Raises ValueError for a `count` below 1.
    """
    places = np.arange(len(values))
    if len(values) > count:
        # Which of equal ones argpartition picks depends on the processor.
        places = places[~(values < np.partition(values, -count)[-count])]
    chosen: Array = places[np.argsort(-values[places], kind="stable")][:count]
    return chosen


def reduced(matrix: Array, row_step: int, column_step: int) -> Array:
    """The number of largest magnitude, with its sign, of each block of `row_step` × `column_step`: a copy.

    matrix (rows, columns, …)
    """
    columns_done = _extremes(matrix.swapaxes(0, 1), column_step).swapaxes(0, 1)
    return _extremes(columns_done, row_step).copy()


def places_of(cells: Array, matrix: Array, row_step: int, column_step: int) -> Array:
    """Which number of its block each of the `cells` of a reduced matrix is, of equal ones the first.

    Counted row by row within the block; its size where it is none of them, as NaN is.
    """
    size = row_step * column_step
    # What lies in memory as the matrix does is gone through three times as fast.
    order: Literal["C", "F"] = "F" if matrix.flags.f_contiguous else "C"
    cells = np.asarray(cells, order=order)
    places = np.full(cells.shape, size, np.min_scalar_type(size), order)
    for place in reversed(range(size)):
        row, column = divmod(place, column_step)
        numbers = matrix[row::row_step, column::column_step]
        there = slice(numbers.shape[0]), slice(numbers.shape[1])
        np.copyto(places[there], place, where=numbers == cells[there])
    return places


def _extremes(matrix: Array, step: int) -> Array:
    """The number of largest magnitude of each `step` rows, column by column."""
    if step == 1:
        return matrix
    # Whole rows at a time: five times as fast as reduceat.
    highs = matrix[::step].copy()
    lows = highs.copy()
    for offset in range(1, step):
        rows = matrix[offset::step]
        np.maximum(highs[: len(rows)], rows, out=highs[: len(rows)])
        np.minimum(lows[: len(rows)], rows, out=lows[: len(rows)])
    return larger(highs, lows)


def extreme(array: Array) -> Array:
    """The number of largest magnitude along the first axis, with its sign: (n, …) → (…)."""
    if len(array) == 1:
        only: Array = array[0]
        return only
    return larger(array.max(axis=0), array.min(axis=0))


def spread(values: Array) -> Spread:
    """How large numbers of any shape are."""
    row = values.reshape(-1)
    largest = max(float(row.max()), -float(row.min()))
    if not math.isfinite(largest):
        return Spread(largest, largest)
    scale = 1.0 if SMALLEST < largest < LARGEST or not largest else largest
    scaled = row if scale == 1.0 else row / scale
    return Spread(scale * math.sqrt(float(np.dot(scaled, scaled)) / row.size), largest)
