"""Optimizers: from gradients to the updates that are added to the parameters.

All work on flat vectors. `propose` fills the vector of updates, which can be looked at before anyone adds it.
"""

import math

import numpy as np

from nnviz.nn.parameters import Array


class Optimizer:
    """Proposes updates for one flat vector of parameters. `learning_rate` may be changed between steps."""

    kind = "optimizer"
    learning_rate: float

    def attach(self, values: Array) -> None:
        """Allocate the updates and the optimizer's own state for a vector like `values`."""
        self.updates = np.zeros_like(values)

    def propose(self, gradients: Array) -> Array:
        """Fill and return `updates`: what is to be added to the parameters."""
        raise NotImplementedError

    def state(self) -> dict[str, Array]:
        """The optimizer's memory, by name: enough to go on from here."""
        return {}

    def restore(self, state: dict[str, Array]) -> None:
        """Take up the memory that `state` returned."""
        for name, array in self.state().items():
            array[...] = state[name]

    def describe(self) -> str:
        """The optimizer as the title line shows it, with its learning rate."""
        return f"{self.kind} lr {self.learning_rate:.4g}"


class SGD(Optimizer):
    """Δw = −lr · v with v ← momentum · v + ∂L/∂w (Polyak's momentum, in PyTorch's form)."""

    kind = "SGD"

    def __init__(self, learning_rate: float, momentum: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum

    def attach(self, values: Array) -> None:
        super().attach(values)
        self._velocity = np.zeros_like(values) if self.momentum else None

    def propose(self, gradients: Array) -> Array:
        if self._velocity is None:
            return np.multiply(gradients, -self.learning_rate, out=self.updates)
        self._velocity *= self.momentum
        self._velocity += gradients
        return np.multiply(self._velocity, -self.learning_rate, out=self.updates)

    def state(self) -> dict[str, Array]:
        return {} if self._velocity is None else {"velocity": self._velocity}

    def describe(self) -> str:
        return super().describe() + (f" momentum {self.momentum:g}" if self.momentum else "")


class Adam(Optimizer):
    """Δw = −lr · m̂ / (√v̂ + ε): the gradient's running mean over its running size.

    Kingma & Ba 2015, arXiv 1412.6980.
    """

    kind = "Adam"

    def __init__(self, learning_rate: float, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> None:
        self.learning_rate = learning_rate
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def attach(self, values: Array) -> None:
        super().attach(values)
        self._mean = np.zeros_like(values)
        self._square = np.zeros_like(values)
        self._scratch = np.empty_like(values)
        # A 0-d array and not an int, so that state() can hand it out to be restored in place.
        self._steps = np.zeros((), np.int64)

    def propose(self, gradients: Array) -> Array:
        mean, square, scratch = self._mean, self._square, self._scratch
        self._steps += 1
        steps = int(self._steps)
        mean *= self.beta1
        np.multiply(gradients, 1 - self.beta1, out=scratch)
        mean += scratch
        square *= self.beta2
        np.multiply(gradients, gradients, out=scratch)
        scratch *= 1 - self.beta2
        square += scratch
        # √v̂ + ε = √v / √(1 − β₂ᵗ) + ε, and m̂ = m / (1 − β₁ᵗ).
        np.sqrt(square, out=scratch)
        scratch *= 1 / math.sqrt(1 - self.beta2**steps)
        scratch += self.epsilon
        np.divide(mean, scratch, out=self.updates)
        self.updates *= -self.learning_rate / (1 - self.beta1**steps)
        return self.updates

    def state(self) -> dict[str, Array]:
        return {"mean": self._mean, "square": self._square, "steps": self._steps}
