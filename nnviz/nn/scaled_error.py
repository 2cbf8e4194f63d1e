"""The loss for numbers in any unit: squared errors as a share of the variance of the targets."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nnviz.array import Array
from nnviz.nn.losses import MeanSquaredError


class PredictionInUnits(NamedTuple):
    """Logits as numbers in the unit of the targets.

    values           p = mean + deviation · z
    logits           z
    mean, deviation  (outputs,)
    """

    values: Array
    logits: Array
    mean: Array
    deviation: Array

    def scaled_errors(self, target: Array) -> Array:
        """(p − y) / deviation, from z: next to a large mean, p has few digits left for it."""
        errors: Array = self.logits - (target - self.mean) / self.deviation
        return errors

    def errors(self, target: Array) -> Array:
        """p − y."""
        errors: Array = self.scaled_errors(target) * self.deviation
        return errors

    def backward(self, grad: Array) -> Array:
        """∂L/∂p → ∂L/∂z."""
        result: Array = grad * self.deviation
        return result


class InUnits:
    """Predictions in the unit of the targets: p = mean + deviation · z, for logits that start near 0.

    mean, deviation  (outputs,) of the training targets
    """

    name = "linear"

    def __init__(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> None:
        self.mean = np.asarray(mean)
        self.deviation = np.asarray(deviation)

    def forward(self, logits: Array) -> PredictionInUnits:
        """Logits → numbers."""
        mean, deviation = (numbers.astype(logits.dtype) for numbers in (self.mean, self.deviation))
        return PredictionInUnits(logits * deviation + mean, logits, mean, deviation)


class ScaledSquaredError(MeanSquaredError):
    """((p − y) / deviation)², the mean over examples *and* outputs, for p = mean + deviation · z.

    Prediction, target and error keep their own unit, and the gradient has the same size whatever that is: house
    prices train like miles per gallon. Always to predict the mean costs 1.
    """

    kind = "scaled squared error"
    name = "scaled squared error"
    _prediction: PredictionInUnits

    def __init__(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> None:
        super().__init__(InUnits(mean, deviation))

    def _each(self, target: Array) -> Array:
        self._scaled = self._prediction.scaled_errors(target)
        each: Array = np.square(self._scaled).mean(axis=1)
        return each

    def backward(self) -> Array:
        # ∂/∂z of ((p − y) / deviation)² is 2 (p − y) / deviation, because ∂p/∂z is the deviation.
        grad: Array = self._scaled * (2 * self._shares / self._scaled.shape[1])
        return grad
