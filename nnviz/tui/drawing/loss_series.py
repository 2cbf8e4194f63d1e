"""The losses of a run, ready to be drawn, and what they were at one place."""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.branch_views import OtherCurve
from nnviz.frame.frame import Curves
from nnviz.tui.drawing.axis import Scale, round_up

# Below and beyond these a loss counts as 0 and as not finite: nobody reads it, and arithmetic on it would overflow.
TINY, HUGE = 1e-100, 1e100
# The y axis becomes logarithmic above the one ratio of largest to smallest loss, and linear again below the other.
LOG_ABOVE, LOG_BELOW = 50.0, 25.0
# The smoothed loss looks back over that share of the run, but over so many steps at least.
SPAN_SHARE, SPAN_LEAST = 0.02, 10.0


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


class LossSeries:
    """What `Curves` says, ready to be drawn: x counts the steps that are done."""

    def __init__(self, curves: Curves) -> None:
        self._curves = curves
        self.others = [OtherSeries(other) for other in curves.others]
        self.steps, counts = _places(len(curves.means), curves.stride, curves.total)
        self.lows, self.highs = cleaned(curves.lows), cleaned(curves.highs)
        self.smoothed = smooth(cleaned(curves.means), counts, max(SPAN_LEAST, SPAN_SHARE * curves.total))
        self.validation_steps, self.validation = curves.validation_steps, cleaned(curves.validation_losses)
        best = [] if curves.best_step is None or curves.best_loss is None else [(curves.best_step, curves.best_loss)]
        self.best = np.array([step for step, _ in best]), cleaned(np.array([loss for _, loss in best]))
        # Round as well, so that the curve does not creep to the left at every step.
        totals = [curves.total, *(other.total for other in self.others)]
        self.end = round_up(max(*totals, 10, *curves.validation_steps[-1:]), (1, 1.5, 2, 3, 4, 5, 6, 8))

    def at(self, step: int) -> Place:
        """What the losses were at a step, or at the nearest one that there is."""
        curves = self._curves
        step = min(max(step, 1), curves.total)
        # Steps that no bin holds are read with those before them.
        place = min((step - 1) // curves.stride, len(curves.means) - 1)
        judged = int(np.searchsorted(curves.validation_steps, step, side="right")) - 1
        return Place(
            step,
            place * curves.stride + 1,
            min((place + 1) * curves.stride, curves.total),
            float(curves.means[place]),
            float(curves.lows[place]),
            float(curves.highs[place]),
            float(self.smoothed[place]),
            (int(curves.validation_steps[judged]), float(curves.validation_losses[judged])) if judged >= 0 else None,
        )

    def scale(self, log: bool) -> Scale | None:
        """The y axis that suits; `log` says whether it is logarithmic so far."""
        others = [other.smoothed for other in self.others]
        drawn = np.concatenate([self.lows, self.highs, self.smoothed, self.validation, *others])
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn):
            return None
        low, high = float(drawn.min()), float(drawn.max())
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
