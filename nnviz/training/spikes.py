"""Spikes: the training steps whose loss stood out, and the example that had most of it."""

import heapq
import math
from collections.abc import Mapping

import numpy as np

from nnviz.array import Array
from nnviz.data.batches import Batch
from nnviz.nn.losses import Scores

# A loss of so many times what is usual is a spike; so many of the largest are kept.
TIMES, KEPT = 5.0, 64
USUAL, LARGEST = "spikes.usual", "spikes.largest"


class Spikes:
    """What is kept of the steps with the largest losses that stood out: bounded, over any number of steps.

    A step of a small network takes a few hundredths of a millisecond, so that no more is done in each than to compare
    its loss: `limit` moves when the layers are read. A step with a larger loss is to be kept.
    """

    def __init__(self) -> None:
        # A heap: the smallest is the first to go.
        self._largest: list[tuple[float, int, int, float]] = []
        self.expect(math.inf)

    def expect(self, usual: float) -> None:
        """Such a loss is usual from here on."""
        self._usual, self.limit = usual, max(TIMES * usual, self._least())

    def _least(self) -> float:
        """What a loss has to be larger than, to be among the largest that are kept."""
        return self._largest[0][0] if len(self._largest) == KEPT else -math.inf

    def keep(self, step: int, scores: Scores, batch: Batch) -> None:
        """Take a training step whose loss is a spike, the one with that number from 1."""
        each = scores.each if batch.weights is None else scores.each * batch.weights
        worst = int(each.argmax())
        found = scores.mean, step, int(batch.indices[worst]), float(each[worst] / each.sum())
        if len(self._largest) < KEPT:
            heapq.heappush(self._largest, found)
        else:
            heapq.heappushpop(self._largest, found)
        self.limit = max(self.limit, self._least())

    def largest(self) -> list[tuple[float, int, int, float]]:
        """The largest in the order of their steps: loss, step, the example of it that had the largest loss, and the
        share of the batch's loss that this one had.
        """
        return sorted(self._largest, key=lambda spike: spike[1])

    def numbers(self) -> dict[str, Array]:
        """Copies of all that it holds, by name."""
        largest = np.array(sorted(self._largest), np.float64).reshape(-1, 4)
        return {USUAL: np.array([self._usual], np.float64), LARGEST: largest}

    @staticmethod
    def of(numbers: Mapping[str, Array]) -> "Spikes":
        """Those of such numbers. Raises KeyError or ValueError if they are none."""
        spikes = Spikes()
        rows = numbers[LARGEST].tolist()
        spikes._largest = [(loss, int(step), int(example), share) for loss, step, example, share in rows]
        spikes.expect(float(numbers[USUAL][0]))
        return spikes

    def cut(self, steps: int, usual: float) -> "Spikes":
        """Those of the first so many steps, for a run that goes on from there, where such a loss is usual."""
        spikes = Spikes()
        spikes._largest = sorted(spike for spike in self._largest if spike[1] <= steps)
        spikes.expect(usual)
        return spikes
