"""Losses: the single score of a batch, and its exact derivative.

Every loss takes logits, because the stable form of a loss needs them; the prediction is made here too.
Logits, target, prediction, errors and gradient have shape (n, outputs); the loss of each example has shape (n,).
"""

from typing import NamedTuple, Protocol

import numpy as np

from nnviz.array import Array
from nnviz.nn.outputs import Logistic, LogisticPrediction, Softmax, SoftmaxPrediction


class Prediction(Protocol):
    """What an output function makes of logits."""

    @property
    def values(self) -> Array:
        """p."""

    def errors(self, target: Array) -> Array:
        """p − y."""

    def backward(self, grad: Array) -> Array:
        """∂L/∂p → ∂L/∂z."""


class Output(Protocol):
    """An output function."""

    name: str

    def forward(self, logits: Array) -> Prediction:
        """Logits → prediction."""


class Scores(NamedTuple):
    """What a loss says of one batch; `errors` are p − y."""

    mean: float
    each: Array
    prediction: Array
    errors: Array


class Loss:
    """`forward` scores a batch; `backward` is the derivative of exactly the mean that `forward` reported.

    Where examples have `weights` (n,), the mean is Σ weight · loss / Σ weight; the loss of each example is its own,
    whatever it weighs.
    """

    kind = "loss"
    name = "loss"
    output: Output
    _prediction: Prediction
    _errors: Array
    _shares: Array
    _equal: Array = np.empty(0)
    _equal_share: Array

    def predict(self, logits: Array) -> Array:
        """The prediction that these logits mean."""
        return self.output.forward(logits).values

    def forward(self, logits: Array, target: Array, weights: Array | None = None) -> Scores:
        """Mean loss of the batch, loss of each example, prediction and errors."""
        self._prediction = prediction = self.output.forward(logits)
        self._errors = prediction.errors(target)
        each = self._each(target)
        return Scores(self._mean(each, weights), each, prediction.values, self._errors)

    def backward(self) -> Array:
        """∂(mean loss)/∂logits for the batch that `forward` saw last."""
        raise NotImplementedError

    def _each(self, target: Array) -> Array:
        """The loss of each example."""
        raise NotImplementedError

    def _mean(self, each: Array, weights: Array | None) -> float:
        """The mean by each example's share of it, which `backward` needs too."""
        if weights is not None:
            shares = weights / np.add.reduce(weights)
            self._shares = shares[:, None]
            return float(each.dot(shares))
        if self._equal.shape != each.shape or self._equal.dtype != each.dtype:
            self._equal = np.full_like(each, 1 / len(each))
            self._equal_share = np.array(1 / len(each), each.dtype)
        self._shares = self._equal_share
        return float(each.dot(self._equal))


class CrossEntropy(Loss):
    """−Σ y_k log softmax(z)_k. The targets of an example are probabilities: they add up to 1."""

    kind = "cross-entropy"
    name = "cross-entropy"
    _prediction: SoftmaxPrediction

    def __init__(self) -> None:
        self.output = Softmax()

    def _each(self, target: Array) -> Array:
        return self._prediction.cross_entropy(target)

    def backward(self) -> Array:
        grad: Array = self._errors * self._shares
        return grad


class BinaryCrossEntropy(Loss):
    """−y log p − (1 − y) log(1 − p), the mean over examples and outputs."""

    kind = "binary cross-entropy"
    name = "binary cross-entropy"
    _prediction: LogisticPrediction

    def __init__(self) -> None:
        self.output = Logistic()

    def _each(self, target: Array) -> Array:
        losses = self._prediction.cross_entropy(target)
        each: Array = np.add.reduce(losses, axis=1) / losses.shape[1]
        return each

    def backward(self) -> Array:
        grad: Array = self._errors * (self._shares / self._errors.shape[1])
        return grad


class SummedBinaryCrossEntropy(BinaryCrossEntropy):
    """Σ −y_k log p_k − (1 − y_k) log(1 − p_k) over the outputs, the mean over examples: ∂L/∂z is (p − y) / n.

    So it is written of several sigmoids in textbooks (Nielsen 2015, eq. 63).
    """

    kind = "summed binary cross-entropy"
    name = "summed binary cross-entropy"

    def _each(self, target: Array) -> Array:
        each: Array = np.add.reduce(self._prediction.cross_entropy(target), axis=1)
        return each

    def backward(self) -> Array:
        grad: Array = self._errors * self._shares
        return grad


class MeanSquaredError(Loss):
    """(p − y)², the mean over examples *and* outputs; p is the output function applied to the logits."""

    kind = "mean squared error"
    name = "mean squared error"

    def __init__(self, output: Output) -> None:
        self.output = output

    def _each(self, target: Array) -> Array:  # noqa: ARG002
        each: Array = np.square(self._errors).mean(axis=1)
        return each

    def backward(self) -> Array:
        grad: Array = self._errors * (2 * self._shares / self._errors.shape[1])
        return self._prediction.backward(grad)


class QuadraticLoss(Loss):
    """½ Σ (p_k − y_k)² over the outputs, the mean over examples: the quadratic cost of textbooks.

    (Rumelhart, Hinton & Williams 1986; Nielsen 2015, eq. 6.) Half, so that ∂L/∂p is p − y.
    """

    kind = "quadratic loss"
    name = "quadratic loss"

    def __init__(self, output: Output) -> None:
        self.output = output

    def _each(self, target: Array) -> Array:  # noqa: ARG002
        each: Array = np.vecdot(self._errors, self._errors) / 2
        return each

    def backward(self) -> Array:
        return self._prediction.backward(self._errors * self._shares)
