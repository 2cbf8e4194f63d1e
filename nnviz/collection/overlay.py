"""Overlay: the curves of several runs over each other, as somebody has chosen to look at them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.main_curve import best
from nnviz.collection.metrics import series_of
from nnviz.collection.smoothing import LEAST, smoothed
from nnviz.collection.window import Points
from nnviz.collection.x_axis import X, placed
from nnviz.frame.series import DOWN, NAN, UP, Series, Value
from nnviz.logs.goals import is_lower_better


class Curve(NamedTuple):
    """One of the curves.

    run     the place of its run among those that are laid over each other
    points  (n,) of dtype `POINT`
    drawn   what is drawn of them
    is_smoothed  whether it is; too few points are not
    """

    run: int
    series: Series
    points: Array
    drawn: Points
    is_smoothed: bool

    @property
    def x(self) -> Array:
        """(n,) where its points lie."""
        return self.drawn.x

    @property
    def levels(self) -> Array:
        """(n,) what is drawn as its line."""
        return self.drawn.levels

    @property
    def split(self) -> str:
        """Of which split it is."""
        return self.series.split

    @property
    def best(self) -> Value | None:
        """Its best value; None if nobody knows which is better."""
        return best(self.series)

    def at(self, x: float) -> int | None:
        """The number of the point that stands there: the last one until then. None before the first."""
        found = int(np.searchsorted(self.x, x, side="right")) - 1
        return found if found >= 0 else None

    def odd(self) -> dict[str, int]:
        """How many points there are in which some value is no finite number, by its name."""
        marks = self.points["marks"]
        names = (("NaN", NAN), ("∞", UP), ("−∞", DOWN))
        counts = {name: int(np.count_nonzero(marks & mark)) for name, mark in names}
        return {name: count for name, count in counts.items() if count}


class Asked(NamedTuple):
    """Which curves are wanted: of a metric, on a split (None: on each), over what, and smoothed by which weight."""

    metric: str
    split: str | None
    x: X
    weight: float


class Overlay:
    """Keeps what it has computed of each curve until there is more of it.

    unplaced  the names of runs that have such a curve, but not the axis that is asked for
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Curve] = {}
        self._last: tuple[Sequence[ListedRun], Asked, list[Curve]] | None = None
        self.unplaced: list[str] = []

    def curves(self, runs: Sequence[ListedRun], asked: Asked) -> list[Curve]:
        """All of them, in the order of the runs, of which there is another list where any of them is another."""
        if self._last is not None and self._last[0] is runs and self._last[1] == asked:
            return self._last[2]
        self.unplaced, found = [], []
        known: dict[tuple[object, ...], Curve] = {}
        for number, run in enumerate(runs):
            for series in series_of(run, asked.metric, asked.split):
                key = (run.key, series.name, asked)
                curve = self._known.get(key)
                if curve is None or curve.series is not series:
                    curve = _curve(number, run, series, asked)
                if curve is None:
                    self.unplaced.append(run.name)
                    continue
                curve = curve._replace(run=number)
                known[key] = curve
                found.append(curve)
        self._known = known
        self.unplaced = list(dict.fromkeys(self.unplaced))
        self._last = runs, asked, found
        return found


def extent(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """From where to where they reach; None if there is none."""
    if not curves:
        return None
    first, last = min(float(curve.x[0]) for curve in curves), max(float(curve.x[-1]) for curve in curves)
    return (first, last) if last > first else (first - 0.5, last + 0.5)


def is_better(metric: str) -> bool | None:
    """Whether less of it is better, as far as its name tells."""
    return is_lower_better(metric)


def _curve(number: int, run: ListedRun, series: Series, asked: Asked) -> Curve | None:
    x = placed(run, series, asked.x)
    if x is None:
        return None
    points = series.points
    smooths = asked.weight > 0 and len(points) >= LEAST
    levels = smoothed(points["mean"], asked.weight if smooths else 0.0)
    lows, highs, marks = (np.ascontiguousarray(points[name]) for name in ("low", "high", "marks"))
    drawn = Points(np.ascontiguousarray(x), levels, lows, highs, marks, points["held"] > 1)
    return Curve(number, series, points, drawn, smooths)
