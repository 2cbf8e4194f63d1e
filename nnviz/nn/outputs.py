"""Output functions: from logits to the prediction.

Next to a probability of 1, float32 has no digits left for what is missing: 1 − 2e−8 is 1. So each output function also
tells the error p − y, and the loss of a probability, from the logits themselves, where they keep all of their digits.

Logits, target, prediction, error and gradient have shape (n, outputs).
"""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array


class SoftmaxPrediction(NamedTuple):
    """What softmax makes of logits.

    values  the probabilities
    below   z minus the largest logit of the example
    top     (n,) where that one is, counted through all of the batch
    whole   (n,) 1
    others  (n,) Σ exp(below) of the others
    total   (n,) 1 + others
    """

    values: Array
    below: Array
    top: Array
    whole: Array
    others: Array
    total: Array

    def errors(self, target: Array) -> Array:
        """p − y."""
        errors: Array = self.values - target
        # The largest p is 1 / (1 + others); how much it misses 1 is what the others know best.
        wanted = target.take(self.top)
        missed = self.whole - wanted
        missed -= np.multiply(wanted, self.others, out=wanted)
        missed /= self.total
        errors.put(self.top, missed)
        return errors

    def cross_entropy(self, target: Array) -> Array:
        """−Σ y_k log p_k of each example (n,), by log-sum-exp, for targets that add up to 1."""
        losses: Array = np.log1p(self.others)
        losses -= np.vecdot(self.below, target)
        return losses

    def backward(self, grad: Array) -> Array:
        """∂L/∂p → ∂L/∂z, which is p_k · Σ p_j (∂L/∂p_k − ∂L/∂p_j)."""
        weighted = grad * self.values
        of_top = weighted.take(self.top)
        weighted.put(self.top, 0)
        of_others = weighted.sum(axis=1)
        result: Array = self.values * (grad - (of_others + of_top)[:, None])
        # Of the largest one, ∂L/∂p_k − Σ p_j ∂L/∂p_j is told by the others again.
        result.put(self.top, (of_top * self.others - of_others) / self.total)
        return result


class Softmax:
    """Probabilities that add up to 1 over the outputs: exp(z_k) / Σ exp(z_j)."""

    name = "softmax"

    def __init__(self) -> None:
        self._starts = self._whole = self._ones = np.empty(0)

    def _match(self, logits: Array) -> None:
        """Make constants for logits of this shape."""
        n, outputs = logits.shape
        if self._whole.shape != (n,) or self._ones.shape != (outputs,) or self._ones.dtype != logits.dtype:
            self._starts = np.arange(0, n * outputs, outputs)
            # A sum over a few outputs is a product with ones: a tenth of the time of a reduction.
            self._whole, self._ones = np.ones(n, logits.dtype), np.ones(outputs, logits.dtype)

    def forward(self, logits: Array) -> SoftmaxPrediction:
        """Logits → probabilities."""
        self._match(logits)
        top = logits.argmax(axis=1)
        top += self._starts
        below = logits - logits.take(top)[:, None]
        values = np.exp(below)
        values.put(top, 0)
        others = values.dot(self._ones)
        total = others + self._whole
        values.put(top, self._whole)
        values /= total[:, None]
        return SoftmaxPrediction(values, below, top, self._whole, others, total)


class LogisticPrediction(NamedTuple):
    """What the logistic function makes of logits.

    values     the probabilities p = exp(low) / total
    rest       1 − p = exp(−high) / total
    low, high  the smaller and the larger one of z and 0
    odds       exp(−|z|), of the less likely answer; total is 1 + odds
    """

    values: Array
    rest: Array
    low: Array
    high: Array
    odds: Array

    def errors(self, target: Array) -> Array:
        """p − y, as p (1 − y) − (1 − p) y, in which nothing cancels out where y is 0 or 1."""
        errors: Array = self.values * (1 - target)
        errors -= self.rest * target
        return errors

    def cross_entropy(self, target: Array) -> Array:
        """−y log p − (1 − y) log(1 − p) of each output, (n, outputs), from log p = low − log(total)."""
        losses: Array = np.log1p(self.odds)
        losses -= self.low * target
        losses += self.high * (1 - target)
        return losses

    def backward(self, grad: Array) -> Array:
        """∂L/∂p → ∂L/∂z, which is ∂L/∂p · p (1 − p)."""
        result: Array = grad * self.values
        result *= self.rest
        return result


class Logistic:
    """A probability for each output alone: 1 / (1 + exp(−z))."""

    name = "sigmoid"

    def forward(self, logits: Array) -> LogisticPrediction:
        """Logits → probabilities."""
        low, high = np.minimum(logits, 0), np.maximum(logits, 0)
        values, rest = np.exp(low), np.exp(-high)
        odds = values * rest
        total = odds + 1
        values /= total
        rest /= total
        return LogisticPrediction(values, rest, low, high, odds)


class IdentityPrediction(NamedTuple):
    """The logits as the prediction."""

    values: Array

    def errors(self, target: Array) -> Array:
        """p − y."""
        errors: Array = self.values - target
        return errors

    def backward(self, grad: Array) -> Array:
        """∂L/∂p → ∂L/∂z, the same."""
        return grad


class Identity:
    """The logits themselves: for targets that are real numbers."""

    name = "linear"

    def forward(self, logits: Array) -> IdentityPrediction:
        """Logits → the same numbers."""
        return IdentityPrediction(logits.copy())
