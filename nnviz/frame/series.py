"""Series: one named curve over any number of steps, in bounded memory."""

import math
from collections.abc import Mapping
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.bins import Bins, merged, neighbours

CAPACITY = 1 << 15
"""Points that a series keeps; so many values, at least, are all kept as they are."""
NAN, UP, DOWN = 1, 2, 4
"""Marks of a point: among its values there is a NaN, ∞, −∞."""
POINT = np.dtype(
    [
        ("step", np.float64),
        ("time", np.float64),
        ("mean", np.float64),
        ("low", np.float64),
        ("high", np.float64),
        ("finite", np.int64),
        ("held", np.int64),
        ("marks", np.uint8),
    ]
)
"""What is kept of one or more values that follow each other.

step    that of the first of them
time    that of the first of them: seconds since 1970 in UTC, or since the start where a log has no hour; NaN: not told
mean    of those that are finite, as are `low` and `high`; NaN where none is
finite  how many are finite
held    how many values they are
marks   which of `NAN`, `UP` and `DOWN` there are
"""


class Value(NamedTuple):
    """One value of a series, and its step."""

    step: float
    value: float


class Series:
    """One named curve: values at steps that never fall, among which there may be NaN and infinities.

    What is not there is no value: a step is simply missing. Up to `capacity` values (even) each is a point of its own.
    When there are more, neighbours are merged and `stride` doubles, so that no peak and no NaN is lost.

    name      as its source calls it
    metric    what is measured, without the split: `loss`
    split     train, validation, test, or nothing
    axis      what its steps count: step, epoch or row
    attempt   from 1; where a training began again at a lower step, its values are the next attempt's
    stride    values in a point; the last one may hold fewer
    total     how many values there were
    latest    the last of them; None before the first
    lowest    the lowest of the finite ones, the first where there are several; `highest` as well
    """

    def __init__(
        self,
        name: str,
        metric: str = "",
        split: str = "",
        axis: str = "step",
        attempt: int = 1,
        capacity: int = CAPACITY,
    ) -> None:
        self.name, self.metric, self.split, self.axis, self.attempt = name, metric or name, split, axis, attempt
        self.capacity = capacity
        self.stride = 1
        self.total = 0
        self.latest: Value | None = None
        self.lowest: Value | None = None
        self.highest: Value | None = None
        self._points = np.empty(0, POINT)
        self._filled = 0

    @property
    def points(self) -> Array:
        """All points, of dtype `POINT`, in their order: (n,), n ≤ capacity. To be read only."""
        return self._points[: self._filled]

    def extend(self, steps: Array, values: Array, times: Array | None = None) -> None:
        """Add values (n,) at their steps (n,), none of which is below an earlier one."""
        if not len(values):
            return
        self.total += len(values)
        self.latest = Value(float(steps[-1]), float(values[-1]))
        self._extremes(steps, values, values)
        added = _as_points(steps, values, times)
        while len(added):
            room = (self.capacity - self._filled) * self.stride + self._missing()
            if room == 0:
                self._fold()
                continue
            self._add(added[:room])
            added = added[room:]

    def reduced(self, most: int) -> Array:
        """At most `most` points, of dtype `POINT`: neighbours merged where there are more."""
        many = max(1, -(-self._filled // most))
        return self.points.copy() if many == 1 else _folded(self.points, neighbours(self._filled, many))

    def numbers(self) -> dict[str, Array]:
        """Copies of all that it holds, by name."""
        ends = [end or Value(np.nan, np.nan) for end in (self.latest, self.lowest, self.highest)]
        newest = np.array([self.stride, self.total, *(number for end in ends for number in end)], np.float64)
        return {**{name: self.points[name].copy() for name in POINT.names or ()}, "newest": newest}

    def with_numbers(self, numbers: Mapping[str, Array]) -> "Series":
        """A curve of this name that has such numbers. Raises KeyError or ValueError if they are none."""
        whole = copy(self)
        whole._filled = len(numbers["step"])
        whole._points = np.empty(whole._filled, POINT)
        for name in POINT.names or ():
            whole._points[name] = numbers[name]
        stride, total, *ends = numbers["newest"].tolist()
        whole.stride, whole.total = int(stride), int(total)
        whole.latest, whole.lowest, whole.highest = (
            None if math.isnan(step) else Value(step, value) for step, value in zip(ends[::2], ends[1::2], strict=True)
        )
        return whole

    def followed_by(self, later: "Series") -> "Series":
        """This curve and one that goes on where it ends, as one that is whole."""
        both = copy(self)
        both.total += later.total
        both.latest = later.latest or self.latest
        both.stride = max(self.stride, later.stride)
        both._points = np.concatenate([self.points, later.points])
        both._filled = len(both._points)
        both.lowest = min(filter(None, (self.lowest, later.lowest)), key=lambda found: found.value, default=None)
        both.highest = max(filter(None, (self.highest, later.highest)), key=lambda found: found.value, default=None)
        while both._filled > both.capacity:
            both._fold()
        return both

    def snapshot(self) -> "Series":
        """This curve as it is now, which stays so while values are added to it."""
        whole = copy(self)
        whole._points = self.points.copy()
        return whole

    def before(self, step: float) -> "Series":
        """What this curve has below a step. A point that reaches over it is left out."""
        cut = copy(self)
        cut._filled = int(np.searchsorted(self.points["step"], step))
        # Where the next point begins, or the curve ends, tells how far the last one reaches.
        ends_before = self.stride == 1 or (self.latest is not None and self.latest.step < step)
        cut._filled -= 0 if ends_before else min(1, cut._filled)
        points = cut._points = self.points[: cut._filled].copy()
        cut.total = int(points["held"].sum())
        cut.lowest = cut.highest = None
        cut._extremes(points["step"], points["low"], points["high"])
        cut.latest = cut._last()
        return cut

    def counted(self) -> "Series":
        """The same values over their number in the order in which they came, from 0."""
        rows = copy(self)
        rows.axis, rows.attempt = "row", 1
        rows._points = self.points.copy()
        rows._points["step"] = np.cumsum(rows._points["held"]) - rows._points["held"]
        rows.latest = Value(self.total - 1, self.latest.value) if self.latest else None
        rows.lowest = rows.highest = None
        rows._extremes(rows._points["step"], rows._points["low"], rows._points["high"])
        return rows

    def at(self, step: float) -> Value | None:
        """The value that stands at a step: the last one that is not after it; None before the first.

        Where it was merged with its neighbours, it is their mean, at the step of the first of them.
        """
        place = int(np.searchsorted(self.points["step"], step, side="right")) - 1
        if self.latest is not None and place == self._filled - 1 and self.latest.step <= step:
            return self.latest
        return _value(self.points[place]) if place >= 0 else None

    def _last(self) -> Value | None:
        """The last value, if it is a point of its own; else the mean of the last point."""
        return _value(self.points[-1]) if self._filled else None

    def _missing(self) -> int:
        """How many values the last point lacks."""
        return self.stride - int(self._points["held"][self._filled - 1]) if self._filled else 0

    def _extremes(self, steps: Array, lows: Array, highs: Array) -> None:
        finite = np.isfinite(lows)
        if not finite.any():
            return
        low, high = np.where(finite, lows, np.inf).argmin(), np.where(finite, highs, -np.inf).argmax()
        if self.lowest is None or lows[low] < self.lowest.value:
            self.lowest = Value(float(steps[low]), float(lows[low]))
        if self.highest is None or highs[high] > self.highest.value:
            self.highest = Value(float(steps[high]), float(highs[high]))

    def _add(self, added: Array) -> None:
        """Add points of one value each, for which there is room."""
        if missing := self._missing():
            last = slice(self._filled - 1, self._filled)
            own = np.concatenate([self._points[last], added[:missing]])
            self._points[last] = _folded(own, np.zeros(1, np.int64))
            added = added[missing:]
        if len(added):
            new = added if self.stride == 1 else _folded(added, neighbours(len(added), self.stride))
            self._make_room(self._filled + len(new))
            self._points[self._filled : self._filled + len(new)] = new
            self._filled += len(new)

    def _make_room(self, needed: int) -> None:
        if needed > len(self._points):
            roomier = np.empty(max(needed, min(2 * self._filled, self.capacity)), POINT)
            roomier[: self._filled] = self.points
            self._points = roomier

    def _fold(self) -> None:
        """Merge neighbours."""
        folded = _folded(self.points, neighbours(self._filled, 2))
        self._filled = len(folded)
        self._points[: self._filled] = folded
        self.stride *= 2


def _value(point: Any) -> Value:
    """A point as one value; of none that is finite, what they are."""
    odd = {NAN: np.nan, UP: np.inf, DOWN: -np.inf}
    return Value(float(point["step"]), float(point["mean"] if point["finite"] else odd.get(point["marks"], np.nan)))


def _as_points(steps: Array, values: Array, times: Array | None) -> Array:
    points = np.empty(len(values), POINT)
    points["step"] = steps
    points["time"] = np.nan if times is None else times
    finite = np.isfinite(values)
    for name in ("mean", "low", "high"):
        points[name] = np.where(finite, values, np.nan)
    points["finite"], points["held"] = finite, 1
    points["marks"] = NAN * np.isnan(values) + UP * np.isposinf(values) + DOWN * np.isneginf(values)
    return points


def _folded(points: Array, starts: Array) -> Array:
    """Neighbours merged: one point for those from each of `starts` on to the next."""
    folded = points[starts]
    folded["held"] = np.add.reduceat(points["held"], starts)
    own = Bins(points["finite"], points["mean"], points["low"], points["high"])
    folded["finite"], folded["mean"], folded["low"], folded["high"] = merged(own, starts)
    folded["marks"] = np.bitwise_or.reduceat(points["marks"], starts)
    return folded
