"""What of a curve falls into the columns of a picture."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnviz.array import Array


class Points(NamedTuple):
    """What is drawn of the points of a curve; all (n,), each in one piece of memory, since they are gone through often.

    x       where they lie, never falling
    levels  of the line: the means, or the smoothed ones; NaN where nothing is finite
    lows, highs  of the finite values of a point, NaN where there is none
    marks   which values that are no finite numbers are among them, as in `POINT`
    merged  whether a point is of several values
    """

    x: Array
    levels: Array
    lows: Array
    highs: Array
    marks: Array
    merged: Array


class Window(NamedTuple):
    """What is seen of a curve: one place for each column in which it has points.

    Where there is a point before the first column, or behind the last, it is a place as well: lines go there.

    seen    which of the points
    starts  (k,) the first of each place, among those that are seen
    places  (k,) in columns from the left end, never falling: the middle of its points
    first   the number of the place that is in the first column, where each column has one; else None
    levels  (k,) of the line: the mean
    """

    seen: slice
    starts: Array
    places: Array
    levels: Array
    first: int | None = None


def window(points: Points, edges: Array) -> Window:
    """The columns between `edges` (columns + 1,), which are evenly spaced on the axis."""
    x, many = points.x, len(edges) - 1
    first, last = float(edges[0]), float(edges[-1])
    cuts = np.searchsorted(x, edges)
    # What lies at the right end belongs into the last column.
    cuts[-1] = np.searchsorted(x, last, side="right")
    columns = np.flatnonzero(np.diff(cuts))
    starts = cuts[columns]
    begin, end = max(int(cuts[0]) - 1, 0), min(int(cuts[-1]) + 1, len(x))
    before, after = [begin][: int(cuts[0]) - begin], [end - 1][: end - int(cuts[-1])]
    starts = np.concatenate([before, starts, after]).astype(np.int64) - begin
    seen = slice(begin, end)
    if not len(starts):
        return Window(seen, starts, np.zeros(0), np.zeros(0))
    ends = np.append(starts[1:], end - begin)
    own = x[seen]
    places = ((own[starts] + own[ends - 1]) / 2 - first) * (many / (last - first))
    # Rounding carries none of them out of its column.
    inside = slice(len(before), len(before) + len(columns))
    places[inside] = np.clip(places[inside], columns, np.nextafter(columns + 1.0, 0))
    levels = np.add.reduceat(points.levels[seen], starts) / (ends - starts)
    if not np.isfinite(levels).all():
        levels = _of_finite(points.levels[seen], starts)
    return Window(seen, starts, places, levels, len(before) if len(columns) == many else None)


def _of_finite(values: Array, starts: Array) -> Array:
    """The mean of those that are finite; NaN where none is."""
    known = np.isfinite(values)
    counts = np.add.reduceat(known, starts, dtype=np.int64)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def band(points: Points, found: Window) -> tuple[Array, Array]:
    """(k,) each: the lowest and the highest of each place, NaN where nothing is finite."""
    if not len(found.starts):
        return found.levels, found.levels
    # Both leave a NaN out wherever there is a number.
    lows = np.fmin.reduceat(points.lows[found.seen], found.starts)
    return lows, np.fmax.reduceat(points.highs[found.seen], found.starts)


def odd(points: Points, found: Window) -> tuple[Array, Array]:
    """Places and marks of the points among whose values there are some that are no finite numbers."""
    marks = points.marks[found.seen]
    if not marks.any():
        return np.zeros(0), marks[:0]
    every = np.bitwise_or.reduceat(marks, found.starts)
    return found.places[every > 0], every[every > 0]


def is_merged(points: Points, found: Window) -> bool:
    """Whether any place is of several values."""
    many = found.seen.stop - found.seen.start
    return len(found.starts) < many or bool(points.merged[found.seen].any())


def line(found: Window, values: Array, many: int, place: Callable[[Array], Array]) -> Array:
    """(many,): where a line through values (k,) at the places is in the middle of each column, NaN where it is not.

    `place` says where values lie on the other axis, on which the line is straight between two points. It has a gap
    where a value between them is no finite number, or has no place.
    """
    heights = place(values)
    if found.first is not None:
        return heights[found.first : found.first + many]
    known = np.flatnonzero(np.isfinite(heights))
    if not len(known):
        return np.full(many, np.nan)
    middles = np.arange(many) + 0.5
    places, at = found.places[known], heights[known]
    drawn: Array = np.interp(middles, places, at, left=np.nan, right=np.nan)
    if len(known) < len(heights):
        after = np.searchsorted(places, middles)
        inside = (after > 0) & (after < len(known))
        # The two points that a column lies between are neighbours, unless something lies between them.
        apart = known[np.minimum(after, len(known) - 1)] - known[np.maximum(after - 1, 0)]
        drawn[inside & (apart != 1)] = np.nan
    # A point is drawn where it is, whatever is beside it.
    column = np.floor(places).astype(np.int64)
    within = (column >= 0) & (column < many)
    drawn[column[within]] = at[within]
    return drawn
