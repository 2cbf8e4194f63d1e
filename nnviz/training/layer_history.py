"""What every layer did over any number of training steps: named series in bounded memory, all at the same steps."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from nnviz.array import Array
from nnviz.frame.bins import Bins, merged, neighbours, with_room
from nnviz.frame.layer_measures import MEASURES, Measure, measured, measures_of, rectifies, silent_units
from nnviz.frame.step_trace import LayerTraits, StepTrace
from nnviz.training.cost import reading_cost, step_cost
from nnviz.training.engine import StepEngine

CAPACITY = 64
WINDOW = 12
"""A unit is dead that was silent at so many readings in a row: one that works for every tenth example is almost surely
awake in one of 12 batches."""
SHARE = 0.002
"""Of training, readings may take about that share; the rules of health that go by them may take as much again."""
PREFIX = "layers."
BINS = ("steps", "counts", "means", "lows", "highs")


class LayerHistory:
    """The measures of all layers, read after some training steps, in at most `CAPACITY` bins.

    It is read after steps 1, 2, 3, 4, 6, 8, 12 … until those are `spacing` apart, and then after every `spacing`-th. A
    bin holds the mean, the lowest and the highest of what is finite among `stride` readings; where nothing is, all are
    NaN. When all bins are full, neighbours are merged and `stride` doubles, so that no peak is lost.

    cells    (layer, measure) of each series: what a layer has not is not kept. One more series, the last one, has the
             share of the batch's examples whose class was said
    due      how many training steps are finished when it is to be read next
    filled   how many bins there are
    latest   (layers, measures), the last reading; NaN before the first
    """

    def __init__(self, layers: Sequence[LayerTraits], spacing: int) -> None:
        self.traits, self.spacing = tuple(layers), spacing
        self.cells = [(n, m) for n, layer in enumerate(layers) for m in MEASURES if m in measures_of(layer)]
        self._places = tuple(np.array([(n, MEASURES.index(m)) for n, m in self.cells]).T)
        self.stride, self.readings, self.latest_step = 1, 0, 0
        self.latest = np.full((len(self.traits), len(MEASURES)), np.nan)
        self.steps = np.zeros(0, np.int64)
        self.counts = np.zeros((0, len(self.cells) + 1), np.int64)
        self.means, self.lows, self.highs = (np.zeros((0, len(self.cells) + 1)) for _ in range(3))
        # Of each unit that can be silent: at how many readings in a row it has been.
        self._silent = {
            number: np.zeros(layer.output_shape[-1], np.int64)
            for number, layer in enumerate(layers)
            if rectifies(layer.operation)
        }
        self.due = 1

    @classmethod
    def of(cls, engine: StepEngine, layers: Sequence[LayerTraits]) -> "LayerHistory":
        """An empty one, read as often as may be at the cost of this engine's steps."""
        return cls(layers, max(1, math.ceil(reading_cost(engine) / (SHARE * step_cost(engine)))))

    @property
    def filled(self) -> int:
        return -(-self.readings // self.stride)

    def read(self, trace: StepTrace, right: float = math.nan) -> None:
        """Take the reading that is due, of a training step that is finished; `right` is the share of its batch."""
        table = measured(trace)
        for number, runs in self._silent.items():
            silent = silent_units(trace, number)
            if silent is not None:
                runs += 1
                runs *= silent
                if self.readings + 1 >= WINDOW:
                    table[number, MEASURES.index(Measure.DEAD)] = float((runs >= WINDOW).mean())
        self._add(self.due, table, right)
        self.due = self._next()

    def _next(self) -> int:
        """The step after this one at which it is read: 2^k, 3 · 2^k, or a multiple of the spacing."""
        step = self.due
        power = 1 << (step.bit_length() - 1)
        early = max(step + 1, power * 3 // 2 if step < power * 3 // 2 else power * 2)
        regular = (step // self.spacing + 1) * self.spacing
        return min(early, regular) if step < self.spacing else regular

    def _add(self, step: int, table: Array, right: float) -> None:
        self.latest, self.latest_step = table, step
        place, held = divmod(self.readings, self.stride)
        if place == CAPACITY:
            self._fold()
            place, held = divmod(self.readings, self.stride)
        row = np.append(table[self._places], right)
        finite = np.isfinite(row)
        row = np.where(finite, row, np.nan)
        if not held:
            self._make_room(place + 1)
            self.steps[place], self.counts[place] = step, finite
            self.means[place] = self.lows[place] = self.highs[place] = row
        else:
            self.counts[place] += finite
            before = np.where(np.isnan(self.means[place]), 0.0, self.means[place])
            merged = before + (row - before) / np.maximum(self.counts[place], 1)
            self.means[place] = np.where(finite, merged, self.means[place])
            self.lows[place], self.highs[place] = np.fmin(self.lows[place], row), np.fmax(self.highs[place], row)
        self.readings += 1

    def _make_room(self, bins: int) -> None:
        """Have room for so many: there may be hundreds of short histories, so none takes all of it at once."""
        for name in BINS:
            setattr(self, name, with_room(getattr(self, name), bins))

    def _fold(self) -> None:
        """Merge neighbours."""
        starts = neighbours(CAPACITY, 2)
        self.steps[: len(starts)] = self.steps[starts]
        folded = merged(Bins(self.counts, self.means, self.lows, self.highs), starts)
        for name, bins in folded._asdict().items():
            getattr(self, name)[: len(starts)] = bins
        self.stride *= 2

    # What there is to read

    def series(self, layer: int, measure: Measure) -> tuple[Array, Array, Array, Array]:
        """(steps, means, lows, highs) of one series: copies, (filled,) each; the step is the first one of its bin.

        Where a layer has no such measure, all numbers are NaN.
        """
        if (layer, measure) not in self.cells:
            return self.steps[: self.filled].copy(), *np.full((3, self.filled), np.nan)
        return self._column(self.cells.index((layer, measure)))

    @property
    def right(self) -> tuple[Array, Array, Array, Array]:
        """The same of the share of the batch's examples whose class was said; NaN where targets are numbers."""
        return self._column(len(self.cells))

    def _column(self, column: int) -> tuple[Array, Array, Array, Array]:
        filled = self.filled
        means, lows, highs = (bins[:filled, column].copy() for bins in (self.means, self.lows, self.highs))
        return self.steps[:filled].copy(), means, lows, highs

    def cut(self, steps: int) -> "LayerHistory":
        """One of its own that goes on after so many training steps of this one, without the bin in whose middle it is.

        What was silent until then is not known: after that, the dead are only known when a window has passed.
        """
        other = LayerHistory(self.traits, self.spacing)
        ends = [*(self.steps[1 : self.filled] - 1).tolist(), self.latest_step][: self.filled]
        kept = sum(end <= steps for end in ends)
        if self.stride > 1 and kept == self.filled and self.readings % self.stride:
            kept -= 1
        other.stride, other.readings = self.stride, kept * self.stride
        other._make_room(kept)
        for name in BINS:
            getattr(other, name)[:kept] = getattr(self, name)[:kept]
        while other.due <= steps:
            other.due = other._next()
        return other

    # As a part of a state that the run goes on from

    def numbers(self) -> dict[str, Array]:
        """Copies of all that it holds, by name."""
        bins = {PREFIX + name: getattr(self, name)[: self.filled].copy() for name in BINS}
        newest = np.array([self.spacing, self.stride, self.readings, self.latest_step, self.due], np.int64)
        runs = np.concatenate([*self._silent.values(), np.zeros(0, np.int64)])
        return bins | {PREFIX + "newest": newest, PREFIX + "latest": self.latest.copy(), PREFIX + "silent": runs}

    def restore(self, numbers: Mapping[str, Array]) -> None:
        """Be as one that had these numbers. Raises KeyError or ValueError if they are none of such a network."""
        found = (int(number) for number in numbers[PREFIX + "newest"])
        self.spacing, self.stride, self.readings, self.latest_step, self.due = found
        self._make_room(self.filled)
        for name in BINS:
            getattr(self, name)[: self.filled] = numbers[PREFIX + name]
        self.latest = self.latest.copy()
        self.latest[...] = numbers[PREFIX + "latest"]
        start = 0
        for runs in self._silent.values():
            runs[...] = numbers[PREFIX + "silent"][start : start + len(runs)]
            start += len(runs)
