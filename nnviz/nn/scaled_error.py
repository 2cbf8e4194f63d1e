"""The loss for numbers in any unit: squared errors as a share of the variance of the targets."""

import numpy as np
import numpy.typing as npt

from nnviz.array import Array
from nnviz.nn.losses import Identity, MeanSquaredError, Scores


class InUnits(Identity):
    """Predictions in the unit of the targets: p = mean + deviation · z, for logits that start near 0.

    mean, deviation  (outputs,) of the training targets
    """

    def __init__(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> None:
        self.mean = np.asarray(mean)
        self.deviation = np.asarray(deviation)

    def forward(self, logits: Array) -> Array:
        deviation, mean = (numbers.astype(logits.dtype) for numbers in (self.deviation, self.mean))
        prediction: Array = logits * deviation
        prediction += mean
        return prediction

    def backward(self, prediction: Array, grad_prediction: Array) -> Array:  # noqa: ARG002
        grad: Array = grad_prediction * self.deviation.astype(grad_prediction.dtype)
        return grad


class ScaledSquaredError(MeanSquaredError):
    """((p − y) / deviation)², the mean over examples *and* outputs, for p = mean + deviation · z.

    Prediction, target and error keep their own unit, and the gradient has the same size whatever that is: house
    prices train like miles per gallon. Always to predict the mean costs 1.
    """

    kind = "scaled squared error"
    name = "scaled squared error"
    output: InUnits

    def __init__(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> None:
        super().__init__(InUnits(mean, deviation))

    def forward(self, logits: Array, target: Array, weights: Array | None = None) -> Scores:
        prediction = self.output.forward(logits)
        scaled = (prediction - target) / self.output.deviation.astype(logits.dtype)
        return self._scores(np.square(scaled).mean(axis=1), prediction, target, weights)

    def backward(self) -> Array:
        # ∂/∂z of ((p − y) / deviation)² is 2 (p − y) / deviation, because ∂p/∂z is the deviation.
        scaled = (self._prediction - self._target) / self.output.deviation.astype(self._prediction.dtype)
        grad: Array = scaled * (2 * self._shares / scaled.shape[1])
        return grad
