"""What the curves of runs are laid over: steps, epochs, the hour, or the time since each of them began."""

from collections.abc import Sequence
from enum import Enum

import numpy as np

from nnviz.array import Array
from nnviz.collection.listed_run import ListedRun
from nnviz.collection.metrics import metric_of
from nnviz.frame.series import Series

OF_AN_HOUR = 1e8
"""Seconds since 1970 are more than that; since a run began, they are fewer."""


class X(Enum):
    """What x counts."""

    STEP = "step"
    EPOCH = "epoch"
    RELATIVE = "time since its start"
    WALL = "time of day"


def placed(run: ListedRun, series: Series, x: X) -> Array | None:
    """Where each of its points lies, (n,) float64, never falling; None where the log does not tell."""
    match x:
        case X.STEP:
            return None if series.axis == "epoch" else series.points["step"]
        case X.EPOCH:
            return _epochs(run, series)
        case X.RELATIVE:
            times = _times(series)
            return None if times is None else times - _begin(run)
        case X.WALL:
            times = _times(series)
            return times if times is not None and times[0] > OF_AN_HOUR else None


def told(run: ListedRun) -> set[X]:
    """All that its curves can be laid over."""
    return {x for x in X for series in run.curves if series.total and placed(run, series, x) is not None}


def first_of(runs: Sequence[ListedRun]) -> X:
    """What most of the runs can be laid over, in the order in which they are asked for."""
    axes = [told(run) for run in runs]
    return max(X, key=lambda x: (sum(x in axis for axis in axes), -list(X).index(x)))


def _epochs(run: ListedRun, series: Series) -> Array | None:
    if series.axis == "epoch":
        return series.points["step"]
    counts = [one for one in run.curves if metric_of(one) == "epoch" and one.total and one.axis == series.axis]
    if not counts:
        return None
    # The one that was written beside it, where there are several.
    count = min(counts, key=lambda one: one.split != series.split)
    known = count.points[np.isfinite(count.points["mean"])]
    if not len(known):
        return None
    epochs: Array = np.interp(series.points["step"], known["step"], known["mean"])
    return np.maximum.accumulate(epochs)


def _times(series: Series) -> Array | None:
    times = series.points["time"]
    if not len(times) or not np.isfinite(times).all():
        return None
    # Clocks are set, and several writers do not wait for each other.
    return np.maximum.accumulate(times)


def _begin(run: ListedRun) -> float:
    firsts = [float(series.points["time"][0]) for series in run.curves if series.total]
    known = [first for first in firsts if np.isfinite(first)]
    begin = min(known, default=0.0)
    return begin if begin > OF_AN_HOUR else 0.0
