"""The losses of a run, ready to be drawn, and what they were at one place."""

import math
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.branch_views import OtherCurve
from nnviz.frame.frame import Curves, Readings
from nnviz.insight.measure_words import told_measure
from nnviz.tui.drawing.axis import Scale, round_up
from nnviz.wording import number, percent

# Below and beyond these a loss counts as 0 and as not finite: nobody reads it, and arithmetic on it would overflow.
TINY, HUGE = 1e-100, 1e100
# The y axis becomes logarithmic above the one ratio of largest to smallest loss, and linear again below the other.
LOG_ABOVE, LOG_BELOW = 50.0, 25.0
# The smoothed loss looks back over that share of the run, but over so many steps at least.
SPAN_SHARE, SPAN_LEAST = 0.02, 10.0
NO_POINTS = np.zeros(0), np.zeros(0)
PERCENT = Scale.linear(0.0, 100.0)


class Place(NamedTuple):
    """What the losses were where so many training steps were done.

    first, last  the steps that share the bin that is read, from 1; one of them is `step`
    mean, lowest, highest  of the losses of these steps
    validation   of the latest evaluation until then, and its step; None before the first
    """

    step: int
    first: int
    last: int
    mean: float
    lowest: float
    highest: float
    smoothed: float
    validation: tuple[int, float] | None


def smooth(means: Array, counts: Array, span: float) -> Array:
    """An exponential moving average over about `span` steps, of bins that hold `counts` steps each.

    It starts at the first mean, not at 0: each average is divided by the sum of its weights. What is not a number
    leaves a gap and is left out of what follows.
    """
    smoothed = np.full(len(means), np.nan)
    total = weight = 0.0
    for i, (mean, keep) in enumerate(zip(means.tolist(), np.exp(-counts / span).tolist(), strict=True)):
        if mean == mean:
            total = keep * total + (1 - keep) * mean
            weight = keep * weight + (1 - keep)
            smoothed[i] = total / weight
    return smoothed


def cleaned(values: Array) -> Array:
    """Losses that can be drawn; what is not finite becomes NaN."""
    values = np.asarray(values, dtype=float)
    size = np.abs(values)
    return np.where(size < TINY, 0.0, np.where(size < HUGE, values, np.nan))


class OtherSeries:
    """The smoothed losses of another branch, ready to be drawn; a chosen one is drawn from its beginning on."""

    def __init__(self, other: OtherCurve) -> None:
        self.name, self.chosen, self.total = other.name, other.chosen, other.total
        self.steps, counts = _places(len(other.means), other.stride, other.total)
        self._all = smooth(cleaned(other.means), counts, max(SPAN_LEAST, SPAN_SHARE * other.total))
        self._stride = other.stride
        self.smoothed = np.where(self.steps > other.start, self._all, np.nan)

    def at(self, step: int) -> float | None:
        """The smoothed loss at a step, None where it has not come to that."""
        return float(self._all[min((step - 1) // self._stride, len(self._all) - 1)]) if step <= self.total else None

    def level(self, end: float, columns: int) -> tuple[Array, Array]:
        """(steps, smoothed losses): the last of each column."""
        last = _columns(self.steps, end, columns)[1]
        return self.steps[last], self.smoothed[last]


class Shown(Enum):
    """Which curves of a run are drawn."""

    LOSS = "loss"
    RIGHT = "accuracy"
    FOLLOWED = "layer"


class Bins(NamedTuple):
    """Of each bin: its first and its last step, from 1, and the mean, lowest and highest of what it holds."""

    firsts: Array
    lasts: Array
    means: Array
    lows: Array
    highs: Array


class LossSeries:
    """Curves of a run, ready to be drawn; x counts the steps that are done.

    of the losses of training steps, or of what is read after some of them; beside it, points of the evaluations

    firsts, lasts  the steps of each bin, from 1
    best           the point of the best evaluation, as two arrays
    latest         the last number
    name           what it is of, and `write`, how a number of it is told
    limits         the y axis, where it is always the same
    """

    def __init__(
        self,
        curves: Curves,
        bins: Bins,
        points: tuple[Array, Array] = NO_POINTS,
        best: tuple[Array, Array] = NO_POINTS,
        others: Sequence[OtherSeries] = (),
        latest: float | None = None,
        name: str = "train",
        write: Callable[[float], str] = number,
        limits: Scale | None = None,
    ) -> None:
        self.firsts, self.lasts, self._means, self._lows, self._highs = bins
        self.others, self.marks, self._total = others, curves.marks, curves.total
        self.name, self.write, self._limits = name, write, limits
        last = float(self._means[-1]) if len(self._means) else math.nan
        self.latest = last if latest is None else latest
        self.steps = (self.firsts + self.lasts) / 2
        self.lows, self.highs = cleaned(self._lows), cleaned(self._highs)
        spans = np.diff(self.lasts, prepend=0)
        self.smoothed = smooth(cleaned(self._means), spans, max(SPAN_LEAST, SPAN_SHARE * curves.total))
        self.validation_steps, self._told = points
        self.validation, self.best = cleaned(self._told), best
        # Round as well, so that the curve does not creep to the left at every step.
        totals = [curves.total, *(other.total for other in self.others)]
        self.end = round_up(max(*totals, 10, *curves.validation_steps[-1:]), (1, 1.5, 2, 3, 4, 5, 6, 8))

    @property
    def judged(self) -> float | None:
        """What the latest evaluation found."""
        return float(self._told[-1]) if len(self._told) else None

    def moved(self, step: int, places: int) -> int:
        """The step at the end of the bin that is so many places from that of another step."""
        place = int(np.searchsorted(self.lasts, step)) + places
        return int(self.lasts[min(max(place, 0), len(self.lasts) - 1)])

    def at(self, step: int) -> Place:
        """What it was at a step, or at the nearest one that there is."""
        step = min(max(step, 1), self._total)
        # Steps that no bin holds are read with those before them.
        place = max(int(np.searchsorted(self.firsts, step, side="right")) - 1, 0)
        judged = int(np.searchsorted(self.validation_steps, step, side="right")) - 1
        return Place(
            min(step, int(self.lasts[place])),
            int(self.firsts[place]),
            int(self.lasts[place]),
            float(self._means[place]),
            float(self._lows[place]),
            float(self._highs[place]),
            float(self.smoothed[place]),
            (int(self.validation_steps[judged]), float(self._told[judged])) if judged >= 0 else None,
        )

    def scale(self, log: bool) -> Scale | None:
        """The y axis that suits; `log` says whether it is logarithmic so far."""
        others = [other.smoothed for other in self.others]
        drawn = np.concatenate([self.lows, self.highs, self.smoothed, self.validation, *others])
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn):
            return None
        low, high = float(drawn.min()), float(drawn.max())
        if self._limits is not None:
            return self._limits
        levels = np.concatenate([self.smoothed, self.validation, *others])
        levels = levels[levels > 0]
        if low < 0 or not len(levels) or high / levels.min() <= (LOG_BELOW if log else LOG_ABOVE):
            return Scale.linear(low, high)
        # A single lucky batch must not stretch the axis down to nothing: a dip is cut a decade below; a peak never.
        return Scale.logarithmic(max(low, float(levels.min()) / 10), high)

    def raw(self, columns: int) -> tuple[Array, Array]:
        """(steps, losses): in each column the lowest and the highest, in the order in which they came."""
        lowest, highest = np.nan_to_num(self.lows, nan=np.inf), np.nan_to_num(self.highs, nan=-np.inf)
        steps, losses = [], []
        for first, last in zip(*_columns(self.steps, self.end, columns), strict=True):
            low, high = first + lowest[first : last + 1].argmin(), first + highest[first : last + 1].argmax()
            for place, loss in sorted({(low, self.lows[low]), (high, self.highs[high])}):
                steps.append(self.steps[place])
                losses.append(loss)
        return np.array(steps), np.array(losses)

    def level(self, columns: int) -> tuple[Array, Array]:
        """(steps, smoothed losses): the last of each column."""
        last = _columns(self.steps, self.end, columns)[1]
        return self.steps[last], self.smoothed[last]

    def validated(self, columns: int) -> tuple[Array, Array]:
        """(steps, validation losses): the last of each column."""
        last = _columns(self.validation_steps, self.end, columns)[1]
        return self.validation_steps[last], self.validation[last]


def series_of(curves: Curves, shown: Shown) -> LossSeries | None:
    """The curves that are to be drawn; None where there are none of that kind."""
    if shown is Shown.LOSS:
        return loss_series(curves)
    if shown is Shown.FOLLOWED:
        found = curves.followed
        if found is None:
            return None
        return LossSeries(
            curves, _bins(found.readings), name="read", write=partial(told_measure, measure=found.measure)
        )
    if curves.batches_right is None:
        return None
    right = curves.validation_right
    points = NO_POINTS if right is None else (curves.validation_steps, 100 * right)
    return LossSeries(curves, _bins(curves.batches_right, 100.0), points, write=percent_of, limits=PERCENT)


def loss_series(curves: Curves) -> LossSeries:
    """The losses."""
    firsts = 1 + curves.stride * np.arange(len(curves.means))
    lasts = np.maximum(np.minimum(firsts + curves.stride - 1, curves.total), firsts)
    best = [] if curves.best_step is None or curves.best_loss is None else [(curves.best_step, curves.best_loss)]
    return LossSeries(
        curves,
        Bins(firsts, lasts, curves.means, curves.lows, curves.highs),
        (curves.validation_steps, curves.validation_losses),
        (np.array([step for step, _ in best]), cleaned(np.array([loss for _, loss in best]))),
        [OtherSeries(other) for other in curves.others],
        curves.latest,
    )


def _bins(readings: Readings, unit: float = 1.0) -> Bins:
    firsts = readings.steps
    lasts = firsts if readings.stride == 1 else np.append(firsts[1:] - 1, firsts[-1:])
    return Bins(firsts, lasts, unit * readings.means, unit * readings.lows, unit * readings.highs)


def percent_of(value: float) -> str:
    """A number that counts hundredths."""
    return percent(value / 100)


def _places(bins: int, stride: int, total: int) -> tuple[Array, Array]:
    """(where on the x axis bins are drawn, how many steps each of them holds)."""
    starts = stride * np.arange(bins)
    counts = np.clip(total - starts, 1, stride)
    return starts + (counts + 1) / 2, counts


def _columns(steps: Array, end: float, count: int) -> tuple[Array, Array]:
    """The places of the first and of the last of `steps` in each of `count` columns that reach from 0 to `end`."""
    column = (steps * ((count - 1) / end) + 0.5).astype(int)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    return starts, np.append(starts[1:], len(steps))[: len(starts)] - 1
