"""Losses: the single score of a batch, and its exact derivative.

Every loss takes logits, because the stable form of a loss needs them; the prediction is made here too.
Logits, target, prediction and gradient have shape (n, outputs); the loss of each example has shape (n,).
"""

from typing import NamedTuple

import numpy as np

from nnviz.nn.parameters import Array


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
    """`forward` scores a batch; `backward` is the derivative of exactly the mean that `forward` reported."""

    kind = "loss"
    name = "loss"
    output: Output
    _prediction: Array
    _target: Array

    def predict(self, logits: Array) -> Array:
        """The prediction that these logits mean."""
        return self.output.forward(logits)

    def forward(self, logits: Array, target: Array) -> Scores:
        """Mean loss of the batch, loss of each example, prediction."""
        raise NotImplementedError

    def backward(self) -> Array:
        """∂(mean loss)/∂logits for the batch that `forward` saw last."""
        raise NotImplementedError


class CrossEntropy(Loss):
    """−Σ y_k log softmax(z)_k, by log-sum-exp."""

    kind = "cross-entropy"
    name = "cross-entropy"

    def __init__(self) -> None:
        self.output = Softmax()

    def forward(self, logits: Array, target: Array) -> Scores:
        shifted = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        totals = np.add.reduce(exponentials, axis=1, keepdims=True)
        prediction = np.divide(exponentials, totals, out=exponentials)
        # Σ y_k, which is 1 for probabilities: for those, backward's Σy · p − y is p − y.
        self._target_sums = np.add.reduce(target, axis=1, keepdims=True)
        each = (np.log(totals) * self._target_sums)[:, 0] - np.add.reduce(shifted * target, axis=1)
        self._prediction, self._target = prediction, target
        return Scores(float(np.add.reduce(each)) / len(each), each, prediction)

    def backward(self) -> Array:
        grad = self._target_sums * self._prediction
        grad -= self._target
        grad /= len(grad)
        return grad


class BinaryCrossEntropy(Loss):
    """max(z, 0) − z·y + log(1 + exp(−|z|)), the mean over examples and outputs."""

    kind = "binary cross-entropy"
    name = "binary cross-entropy"

    def __init__(self) -> None:
        self.output = Logistic()

    def forward(self, logits: Array, target: Array) -> Scores:
        losses = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
        prediction = self.output.forward(logits)
        self._prediction, self._target = prediction, target
        each = np.add.reduce(losses, axis=1) / losses.shape[1]
        return Scores(float(np.add.reduce(each)) / len(each), each, prediction)

    def backward(self) -> Array:
        grad = self._prediction - self._target
        grad /= grad.size
        return grad


class MeanSquaredError(Loss):
    """(p − y)², the mean over examples *and* outputs; p is the output function applied to the logits."""

    kind = "mean squared error"
    name = "mean squared error"

    def __init__(self, output: Output) -> None:
        self.output = output

    def forward(self, logits: Array, target: Array) -> Scores:
        prediction = self.output.forward(logits)
        self._prediction, self._target = prediction, target
        each = np.square(prediction - target).mean(axis=1)
        return Scores(float(each.sum()) / len(each), each, prediction)

    def backward(self) -> Array:
        grad_prediction = (self._prediction - self._target) * (2.0 / self._prediction.size)
        return self.output.backward(self._prediction, grad_prediction)
