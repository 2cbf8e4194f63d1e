"""Losses: the single score of a batch, and its exact derivative.

Every loss takes logits, because the stable form of a loss needs them; the prediction is made here too.
Logits, target, prediction and gradient have shape (n, outputs); the loss of each example has shape (n,).
"""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array


class Scores(NamedTuple):
    """What a loss says of one batch."""

    mean: float
    each: Array
    prediction: Array


class Softmax:
    """Probabilities that add up to 1 over the outputs: exp(z_k) / Σ exp(z_j)."""

    name = "softmax"

    def forward(self, logits: Array) -> Array:
        exponentials: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
        exponentials /= exponentials.sum(axis=1, keepdims=True)
        return exponentials

    def backward(self, prediction: Array, grad_prediction: Array) -> Array:
        weighted = np.add.reduce(grad_prediction * prediction, axis=1, keepdims=True)
        grad: Array = prediction * (grad_prediction - weighted)
        return grad


class Logistic:
    """A probability for each output alone: 1 / (1 + exp(−z))."""

    name = "sigmoid"

    def forward(self, logits: Array) -> Array:
        # (1 + tanh(z/2)) / 2 is the same function and cannot overflow.
        probabilities: Array = 0.5 * (1 + np.tanh(0.5 * logits))
        return probabilities

    def backward(self, prediction: Array, grad_prediction: Array) -> Array:
        grad: Array = grad_prediction * prediction * (1 - prediction)
        return grad


class Identity:
    """The logits themselves: for targets that are real numbers."""

    name = "linear"

    def forward(self, logits: Array) -> Array:
        return logits.copy()

    def backward(self, prediction: Array, grad_prediction: Array) -> Array:  # noqa: ARG002
        return grad_prediction


Output = Softmax | Logistic | Identity


class Loss:
    """`forward` scores a batch; `backward` is the derivative of exactly the mean that `forward` reported.

    Where examples have `weights` (n,), the mean is Σ weight · loss / Σ weight; the loss of each example is its own,
    whatever it weighs.
    """

    kind = "loss"
    name = "loss"
    output: Output
    _prediction: Array
    _target: Array
    _shares: Array
    _equal: Array = np.empty(0)
    _equal_share: Array

    def predict(self, logits: Array) -> Array:
        """The prediction that these logits mean."""
        return self.output.forward(logits)

    def forward(self, logits: Array, target: Array, weights: Array | None = None) -> Scores:
        """Mean loss of the batch, loss of each example, prediction."""
        raise NotImplementedError

    def backward(self) -> Array:
        """∂(mean loss)/∂logits for the batch that `forward` saw last."""
        raise NotImplementedError

    def _scores(self, each: Array, prediction: Array, target: Array, weights: Array | None) -> Scores:
        """Keep what `backward` needs, and take the mean by each example's share of it."""
        self._prediction, self._target = prediction, target
        if weights is not None:
            shares = weights / np.add.reduce(weights)
            self._shares = shares[:, None]
            return Scores(float(each.dot(shares)), each, prediction)
        if self._equal.shape != each.shape or self._equal.dtype != each.dtype:
            self._equal = np.full_like(each, 1 / len(each))
            self._equal_share = np.array(1 / len(each), each.dtype)
        self._shares = self._equal_share
        return Scores(float(each.dot(self._equal)), each, prediction)


class CrossEntropy(Loss):
    """−Σ y_k log softmax(z)_k, by log-sum-exp. The targets of an example are probabilities: they add up to 1."""

    kind = "cross-entropy"
    name = "cross-entropy"

    def __init__(self) -> None:
        self.output = Softmax()
        self._shape: tuple[int, ...] = ()

    def _allocate(self, logits: Array) -> None:
        self._shape = logits.shape
        self._highest = np.empty((len(logits), 1), logits.dtype)
        self._shifted, self._scratch, self._grad = (np.empty_like(logits) for _ in range(3))
        # A sum over a few outputs is a product with ones: a tenth of the time of a reduction.
        self._ones = np.ones(logits.shape[1], logits.dtype)

    def forward(self, logits: Array, target: Array, weights: Array | None = None) -> Scores:
        if logits.shape != self._shape:
            self._allocate(logits)
        shifted = self._shifted
        np.maximum.reduce(logits, axis=1, keepdims=True, out=self._highest)
        np.subtract(logits, self._highest, out=shifted)
        prediction = np.exp(shifted)
        totals = prediction.dot(self._ones)
        np.divide(prediction, totals[:, None], out=prediction)
        np.multiply(shifted, target, out=self._scratch)
        each = np.log(totals, out=totals)
        np.subtract(each, self._scratch.dot(self._ones), out=each)
        return self._scores(each, prediction, target, weights)

    def backward(self) -> Array:
        np.subtract(self._prediction, self._target, out=self._grad)
        return np.multiply(self._grad, self._shares, out=self._grad)


class BinaryCrossEntropy(Loss):
    """max(z, 0) − z·y + log(1 + exp(−|z|)), the mean over examples and outputs."""

    kind = "binary cross-entropy"
    name = "binary cross-entropy"

    def __init__(self) -> None:
        self.output = Logistic()

    def forward(self, logits: Array, target: Array, weights: Array | None = None) -> Scores:
        losses = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
        each = np.add.reduce(losses, axis=1) / losses.shape[1]
        return self._scores(each, self.output.forward(logits), target, weights)

    def backward(self) -> Array:
        grad = self._prediction - self._target
        grad *= self._shares / grad.shape[1]
        return grad


class MeanSquaredError(Loss):
    """(p − y)², the mean over examples *and* outputs; p is the output function applied to the logits."""

    kind = "mean squared error"
    name = "mean squared error"

    def __init__(self, output: Output) -> None:
        self.output = output

    def forward(self, logits: Array, target: Array, weights: Array | None = None) -> Scores:
        prediction = self.output.forward(logits)
        each = np.square(prediction - target).mean(axis=1)
        return self._scores(each, prediction, target, weights)

    def backward(self) -> Array:
        difference = self._prediction - self._target
        return self.output.backward(self._prediction, difference * (2 * self._shares / difference.shape[1]))
