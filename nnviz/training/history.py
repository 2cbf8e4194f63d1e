"""The metrics of a run over any number of steps, in bounded memory."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.frame.bins import Bins, merged, neighbours, with_room
from nnviz.training.evaluation import Score, finite
from nnviz.training.mistakes import Mistakes
from nnviz.training.spikes import Spikes

CAPACITY = 1024
# What is usual is told by the losses of so many steps, in so many bins at least.
USUAL_STEPS, USUAL_BINS = 64, 8
BINS = ("counts", "means", "lows", "highs")


class Evaluation(msgspec.Struct, frozen=True):
    """What was measured when an epoch ended, or the run did.

    step        training steps that were done
    epoch       the epoch that the last of them belongs to, from 1
    seconds     time spent in training so far
    step_loss   mean of the training steps' losses since the last evaluation: each that of its batch before its update,
                with all that belongs to training alone, such as dropout, smoothed labels and class weights
    validation  score on the validation split, None without one
    mistakes    on it, None where targets are numbers
    """

    step: int
    epoch: int
    seconds: float
    step_loss: float
    validation: Score | None
    mistakes: Mistakes | None = None

    def records(self) -> list[dict[str, Any]]:
        """One object for each split, for JSON. The mean of the steps' losses is not a score of the training split."""
        place, seconds = {"step": self.step, "epoch": self.epoch}, {"seconds": round(self.seconds, 3)}
        train = {**place, "split": "train", "mean_step_loss": finite(self.step_loss), **seconds}
        if self.validation is None:
            return [train]
        mistakes = {} if self.mistakes is None else {"mistakes": self.mistakes.plain()}
        return [train, {**place, "split": "validation", **self.validation.plain(), **mistakes, **seconds}]


class LossCurve:
    """The loss of every training step, in at most `CAPACITY` bins.

    A bin holds the mean, the lowest and the highest of `stride` steps. When all are full, neighbours are merged
    and `stride` doubles, so that a peak is never lost. `first` and `latest` are the losses of the first and of the last
    step, None before there is one. One bin of a curve that went on from another one's middle may hold fewer steps than
    the others: those whose losses were known then, and its own.
    """

    def __init__(self) -> None:
        self.stride = 1
        self.filled = 0
        self.first: float | None = None
        self.latest: float | None = None
        self.counts = np.zeros(0, np.int64)
        self.means, self.lows, self.highs = np.zeros(0), np.zeros(0), np.zeros(0)
        self._make_room()
        self._open()

    def _make_room(self) -> None:
        """Have room for one more bin: there may be hundreds of short curves, so none takes all of it at once."""
        for name in BINS:
            setattr(self, name, with_room(getattr(self, name), self.filled + 1))

    def _open(self) -> None:
        self._count = self._missing = 0
        self._sum = 0.0
        self._low = float("inf")
        self._high = float("-inf")

    @property
    def steps(self) -> int:
        """How many losses there are."""
        return self.filled * self.stride + self._count

    def record(self, loss: float) -> None:
        """Add the loss of one more step."""
        # As record_for does for several: written out, since it is done in each training step.
        if self.first is None:
            self.first = loss
        self.latest = loss
        self._count += 1
        self._sum += loss
        if loss < self._low:
            self._low = loss
        if loss > self._high:
            self._high = loss
        if self._count == self.stride:
            self._close()

    def record_for(self, loss: float, steps: int) -> None:
        """Add so many steps, of which that was the loss of the last one: those before it count as if it was theirs."""
        if self.first is None:
            self.first = loss
        self.latest = loss
        while steps:
            added = min(steps, self.stride - self._count)
            steps -= added
            self._count += added
            self._sum += added * loss
            self._low, self._high = min(self._low, loss), max(self._high, loss)
            if self._count == self.stride:
                self._close()

    def _close(self) -> None:
        i = self.filled
        self.counts[i] = self._count - self._missing
        self.means[i] = self._sum / self.counts[i]
        self.lows[i], self.highs[i] = self._low, self._high
        self.filled += 1
        self._open()
        if self.filled == CAPACITY:
            half = CAPACITY // 2
            folded = merged(Bins(self.counts, self.means, self.lows, self.highs), neighbours(CAPACITY, 2))
            for name, bins in folded._asdict().items():
                getattr(self, name)[:half] = bins
            self.filled = half
            self.stride *= 2
        elif self.filled == len(self.counts):
            self._make_room()

    def cut(self, steps: int, losses: Sequence[float]) -> "LossCurve":
        """A curve of its own that goes on after so many steps of this one, the last of which had these losses.

        A bin in the middle of which that is cannot be cut: what of it is not in `losses` is left out.
        """
        curve = LossCurve()
        curve.stride, curve.filled = self.stride, min(steps // self.stride, self.filled)
        curve._make_room()
        for name in BINS:
            getattr(curve, name)[: curve.filled] = getattr(self, name)[: curve.filled]
        begun = steps - curve.filled * curve.stride
        known = losses[max(len(losses) - begun, 0) :] if begun else ()
        curve._count = curve._missing = begun - len(known)
        curve.first, curve.latest = self.first if steps else None, losses[-1] if losses else None
        for loss in known:
            curve.record(loss)
        return curve

    def usual(self) -> float:
        """A loss as the last steps have it: the median of the newest bins, which one that is far off does not move.

        Infinite where there is none.
        """
        bins = max(-(-USUAL_STEPS // self.stride), USUAL_BINS)
        newest = self.means[max(self.filled - bins, 0) : self.filled]
        newest = newest[np.isfinite(newest)]
        return float(np.median(newest)) if len(newest) else math.inf

    def numbers(self) -> dict[str, Array]:
        """Copies of all that it holds, by name."""
        bins = {name: getattr(self, name)[: self.filled].copy() for name in BINS}
        ends = [math.nan if loss is None else loss for loss in (self.first, self.latest)]
        newest = [self.stride, self._count, self._missing, self._sum, self._low, self._high, *ends]
        return {**bins, "newest": np.array(newest, np.float64)}

    @staticmethod
    def of(numbers: Mapping[str, Array]) -> "LossCurve":
        """The curve of such numbers. Raises KeyError or ValueError if they are none."""
        curve = LossCurve()
        curve.filled = len(numbers["means"])
        curve._make_room()
        for name in BINS:
            getattr(curve, name)[: curve.filled] = numbers[name]
        stride, count, missing, curve._sum, curve._low, curve._high, *ends = numbers["newest"].tolist()
        curve.stride, curve._count, curve._missing = int(stride), int(count), int(missing)
        curve.first, curve.latest = (None if math.isnan(loss) else loss for loss in ends)
        return curve

    def binned(self, most: int) -> tuple[int, Array, Array, Array]:
        """(steps in a bin, means, lows, highs) in at most `most` bins, the last of which may hold fewer steps."""
        bins = Bins(*(getattr(self, name)[: self.filled] for name in BINS))
        if own := self._count - self._missing:
            newest = own, self._sum / own, self._low, self._high
            bins = Bins(*map(np.append, bins, newest))
        merge = max(1, -(-len(bins.counts) // most))
        if merge > 1:
            bins = merged(bins, neighbours(len(bins.counts), merge))
        return self.stride * merge, bins.means.copy(), bins.lows.copy(), bins.highs.copy()


class History:
    """The training losses, the validation losses, and of these each that was the best one until then.

    `evaluated` is how many evaluations there were; of very many, `evaluations` has a selection. `spikes` are the steps
    whose loss stood out.
    """

    def __init__(self) -> None:
        self.training = LossCurve()
        self.spikes = Spikes()
        self.evaluations: list[Evaluation] = []
        self.evaluated = 0
        self.latest: Evaluation | None = None
        self.bests: list[Evaluation] = []
        self._sum = 0.0
        self._count = 0

    def record_step(self, loss: float) -> None:
        """Add the loss of one training step."""
        self._sum += loss
        self._count += 1
        self.training.record(loss)

    @property
    def step_loss(self) -> float:
        """Mean of the training steps' losses since the last evaluation; right after it, the one that it holds."""
        if self._count:
            return self._sum / self._count
        return self.latest.step_loss if self.latest else math.nan

    def cut(self, steps: int, losses: Sequence[float]) -> "History":
        """A history of its own that goes on after so many steps of this one.

        `losses` are those of the last steps: of all after the last evaluation, and of one at least, if there is one.
        """
        history = History()
        history.training = self.training.cut(steps, losses)
        history.spikes = self.spikes.cut(steps, history.training.usual())
        history.evaluations = [evaluation for evaluation in self.evaluations if evaluation.step <= steps]
        history.bests = [best for best in self.bests if best.step <= steps]
        history.evaluated = len(history.evaluations)
        history.latest = history.evaluations[-1] if history.evaluations else None
        since = steps - (history.latest.step if history.latest else 0)
        # One by one, as they were added: sum() of newer Pythons is more exact than that.
        for loss in losses[len(losses) - since :]:
            history._sum += loss
        history._count = since
        return history

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the lowest loss."""
        return self.bests[-1] if self.bests else None

    def record_evaluation(
        self, step: int, epoch: int, seconds: float, validation: Score | None, mistakes: Mistakes | None = None
    ) -> Evaluation:
        """Add what was measured at the end of an epoch; the steps' loss is the mean since the last time."""
        evaluation = Evaluation(step, epoch, seconds, self.step_loss, validation, mistakes)
        self.add(evaluation)
        return evaluation

    def add(self, evaluation: Evaluation) -> None:
        """Add one that was made before; the next one's steps begin here."""
        self._sum, self._count = 0.0, 0
        self.evaluated += 1
        self.latest = evaluation
        if self.best is None or selection_loss(evaluation) < selection_loss(self.best):
            self.bests.append(evaluation)
        self.evaluations.append(evaluation)
        if len(self.evaluations) > CAPACITY:
            del self.evaluations[1:-1:2]

    def numbers(self) -> dict[str, Array]:
        """Copies of all that it holds of training steps, by name."""
        since = {"since": np.array([self._sum, self._count], np.float64)}
        return {**self.training.numbers(), **since, **self.spikes.numbers()}

    @staticmethod
    def of(numbers: Mapping[str, Array], evaluations: Iterable[Evaluation]) -> "History":
        """The history of such numbers and of all evaluations. Raises KeyError or ValueError if they are none."""
        history = History()
        for evaluation in evaluations:
            history.add(evaluation)
        history.training, history.spikes = LossCurve.of(numbers), Spikes.of(numbers)
        history._sum, count = numbers["since"].tolist()
        history._count = int(count)
        return history


def selection_loss(evaluation: Evaluation) -> float:
    """The loss by which evaluations are compared: on the validation split where there is one.

    One that is no finite number is infinite, so that any other is better.
    """
    loss = evaluation.step_loss if evaluation.validation is None else evaluation.validation.loss
    return loss if math.isfinite(loss) else math.inf
