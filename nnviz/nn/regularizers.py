"""What is asked of the weights beside a small loss: penalties on large ones, and a limit on the gradient."""

import numpy as np

from nnviz.array import Array
from nnviz.nn.workers import FETCH, OneWorker, Workers


class Penalty:
    """l1 · Σ |w| + l2 / 2 · Σ w², over weights and not biases: what training makes small together with the loss.

    values    (size,) the flat vector of parameters
    decaying  (size,), 1 for each number that is a weight, else 0
    """

    def __init__(self, l1: float, l2: float, values: Array, decaying: Array, workers: Workers | None = None) -> None:
        self.l1, self.l2 = l1, l2
        self._workers = workers or OneWorker()
        self._values = values
        self._weights = decaying
        self._total = np.empty_like(values)
        self._scratch = np.empty_like(values)

    def value(self) -> float:
        """The penalty on the parameters as they are."""
        weights = self._values * self._weights
        return self.l1 * float(np.abs(weights).sum()) + self.l2 / 2 * float(np.dot(weights, weights))

    def added_to(self, gradients: Array) -> Array:
        """∂(loss + penalty)/∂(parameters), given ∂loss/∂(parameters), which stays as it is: (size,)."""
        arrays = self._values, self._weights, gradients, self._scratch, self._total
        # Signs take twice as long as all the rest.
        work = (3 if self.l1 else 1) * FETCH * len(gradients)
        self._workers.halves(self._add, work, *arrays)
        return self._total

    def _add(self, values: Array, weights: Array, gradients: Array, scratch: Array, total: Array) -> None:
        np.multiply(values, weights, out=scratch)
        if self.l1:
            # NumPy takes ten times as long to write signs over the numbers that they are of.
            np.sign(scratch, out=total)
            np.multiply(total, self.l1, out=total)
            np.multiply(scratch, self.l2, out=scratch)
            np.add(total, scratch, out=total)
        else:
            np.multiply(scratch, self.l2, out=total)
        np.add(total, gradients, out=total)


class Clip:
    """A gradient longer than `limit` (Euclidean norm over all parameters) is shortened to it (Pascanu et al. 2013).

    norm  how long the last one was
    """

    def __init__(self, limit: float, values: Array) -> None:
        self.limit = limit
        self.norm = 0.0
        self._clipped = np.empty_like(values)

    def shortened(self, gradients: Array) -> Array:
        """The gradient (size,) itself where it is short enough, else a shorter copy."""
        # The small number keeps the quotient finite, as PyTorch's clip_grad_norm_ has it.
        self.norm = float(np.sqrt(np.dot(gradients, gradients)))
        share = self.limit / (self.norm + 1e-6)
        return gradients if share >= 1 else np.multiply(gradients, share, out=self._clipped)
