"""Spikes: the training steps whose loss stood out, and the example that had most of it."""

import heapq
import math
from collections.abc import Mapping, Sequence

import numpy as np

from nnviz.array import Array
from nnviz.data.batches import Batch
from nnviz.nn.losses import Scores

# A loss of so many times what is usual, about the mean of so many steps before; so many of the largest are kept.
TIMES, STEPS, KEPT = 5.0, 64, 64
USUAL, LARGEST = "spikes.usual", "spikes.largest"


class Spikes:
    """What is kept of the steps with the largest losses that stood out: bounded, over any number of steps."""

    def __init__(self) -> None:
        self._usual = 0.0
        # A heap: the smallest is the first to go.
        self._largest: list[tuple[float, int, int, float]] = []

    def record(self, step: int, scores: Scores, batch: Batch) -> None:
        """Take a training step that is finished, the one with that number from 1."""
        loss, usual = scores.mean, self._usual
        if step == 1:
            self._usual = loss
            return
        if loss > TIMES * usual:
            self._keep(step, scores, batch)
            # One that is far off must not hide the next one.
            loss = TIMES * usual
        self._usual = usual + (loss - usual) / STEPS

    def _keep(self, step: int, scores: Scores, batch: Batch) -> None:
        each = scores.each if batch.weights is None else scores.each * batch.weights
        worst = int(each.argmax())
        found = scores.mean, step, int(batch.indices[worst]), float(each[worst] / each.sum())
        if len(self._largest) < KEPT:
            heapq.heappush(self._largest, found)
        else:
            heapq.heappushpop(self._largest, found)

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
        (spikes._usual,) = numbers[USUAL].tolist()
        rows = numbers[LARGEST].tolist()
        spikes._largest = [(loss, int(step), int(example), share) for loss, step, example, share in rows]
        return spikes

    def cut(self, steps: int, losses: Sequence[float]) -> "Spikes":
        """Those of the first so many steps, for a run that goes on from there; the last of these had such losses."""
        spikes = Spikes()
        spikes._usual = math.fsum(losses) / len(losses) if losses else 0.0
        spikes._largest = sorted(spike for spike in self._largest if spike[1] <= steps)
        return spikes
