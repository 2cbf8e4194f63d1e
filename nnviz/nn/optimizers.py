"""Optimizers: from gradients to the updates that are added to the parameters.

All work on flat vectors. `propose` fills the vector of updates, which can be looked at before anyone adds it.
Long vectors are gone through in chunks, so that what one operation leaves is in the cache for the next.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.nn.workers import FETCH, OneWorker, Workers

CHUNK = 1 << 17


class Chunk(NamedTuple):
    """A part of the parameters that is worked on at a time: views of every vector that has a say in it."""

    span: slice
    values: Array
    updates: Array
    scratch: Array
    memory: tuple[Array, ...]


class Optimizer:
    """Proposes updates for one flat vector of parameters. `learning_rate` may be changed between steps.

    weight_decay  λ: each step also takes lr · λ of its size from every weight, whatever its gradient is (decoupled
                  weight decay, Loshchilov & Hutter 2019, arXiv 1711.05101)
    """

    kind = "optimizer"
    memory: tuple[str, ...] = ()
    """What it remembers of earlier steps for every parameter, by name."""
    operations = 2
    """On each parameter in a step, `_fill` and the addition; a root and a division count as four each."""

    def __init__(self, learning_rate: float, weight_decay: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay

    def attach(self, values: Array, decaying: Array | None = None, workers: Workers | None = None) -> None:
        """Allocate the updates and the optimizer's own state for the parameters `values` (size,).

        decaying  (size,), 1 for each number that weight decay applies to; without it, it applies to all
        """
        self.updates = np.zeros_like(values)
        self._memory = {name: np.zeros_like(values) for name in self.memory}
        self._steps = 0
        self._workers = workers or OneWorker()
        # Only the first operation on a chunk has to fetch it: one by one they take a fifth as long.
        self._work = self.operations * FETCH // 5 * len(values)
        self._chunks = self._divide(values, self._workers.parts(self._work))
        # Numbers that change from step to step, as arrays: NumPy converts a Python number anew at every call.
        self._rate, self._epsilon, self._decay_rate = (np.zeros((), values.dtype) for _ in range(3))
        self._set_constants(values.dtype)
        self.decay_by(self.weight_decay, decaying)

    def decay_by(self, weight_decay: float, decaying: Array | None = None) -> None:
        """Take that share of every weight from now on, times the learning rate; `decaying` as for `attach`."""
        self.weight_decay = weight_decay
        # Without decay, nothing of the size of the network is kept for it.
        self._decay = np.zeros(0, self.updates.dtype)
        if weight_decay:
            self._decay = weight_decay * (np.ones_like(self.updates) if decaying is None else decaying)

    def _divide(self, values: Array, parts: int) -> list[Chunk]:
        """As many chunks of about the same size for each part, which has scratch room of its own."""
        size, count = len(values), parts * max(1, math.ceil(len(values) / parts / CHUNK))
        edges = [size * i // count for i in range(count + 1)]
        scratch = np.empty((parts, math.ceil(size / count)), values.dtype)
        return [
            Chunk(
                slice(start, stop),
                values[start:stop],
                self.updates[start:stop],
                scratch[number * parts // count, : stop - start],
                tuple(array[start:stop] for array in self._memory.values()),
            )
            for number, (start, stop) in enumerate(pairwise(edges))
        ]

    def propose(self, gradients: Array) -> Array:
        """Fill and return `updates`: what is to be added to the parameters."""
        self._in_chunks(self._propose, gradients)
        return self.updates

    def step(self, gradients: Array) -> None:
        """Propose, and add the updates to the parameters: the same numbers, each chunk's while it is in the cache."""
        self._in_chunks(self._propose_and_apply, gradients)

    def _in_chunks(self, work: Callable[[Chunk, Array], None], gradients: Array) -> None:
        self._steps += 1
        self._begin_step(self._steps)
        if len(self._chunks) == 1:
            work(self._chunks[0], gradients)
            return

        def do(chunks: list[Chunk]) -> None:
            for chunk in chunks:
                work(chunk, gradients)

        self._workers.halves(do, self._work, self._chunks)

    def _propose(self, chunk: Chunk, gradients: Array) -> None:
        self._fill(gradients[chunk.span], chunk.updates, chunk.scratch, *chunk.memory)
        if self.weight_decay:
            self._add_decay(chunk)

    def _propose_and_apply(self, chunk: Chunk, gradients: Array) -> None:
        self._propose(chunk, gradients)
        np.add(chunk.values, chunk.updates, out=chunk.values)

    def _set_constants(self, dtype: np.dtype[Any]) -> None:
        """Make arrays of the numbers that stay the same."""

    def _begin_step(self, steps: int) -> None:  # noqa: ARG002
        """Set what is the same for all chunks of step number `steps`, from 1."""
        self._rate[()] = -self.learning_rate

    def _fill(self, gradients: Array, updates: Array, scratch: Array, *memory: Array) -> None:
        """Fill one chunk of the updates, and renew its memory."""
        raise NotImplementedError

    def _add_decay(self, chunk: Chunk) -> None:
        self._decay_rate[()] = -self.learning_rate
        np.multiply(chunk.values, self._decay[chunk.span], out=chunk.scratch)
        np.multiply(chunk.scratch, self._decay_rate, out=chunk.scratch)
        np.add(chunk.updates, chunk.scratch, out=chunk.updates)

    def state(self) -> dict[str, Array]:
        """The optimizer's memory, by name: enough to go on from here."""
        return {**self._memory, "steps": np.array(self._steps)}

    def restore(self, state: dict[str, Array]) -> None:
        """Take up the memory that `state` returned."""
        for name, array in self._memory.items():
            array[...] = state[name]
        self._steps = int(state["steps"])


class SGD(Optimizer):
    """Δw = −lr · ∂L/∂w: stochastic gradient descent."""

    kind = "SGD"

    def _fill(self, gradients: Array, updates: Array, scratch: Array, *memory: Array) -> None:  # noqa: ARG002
        np.multiply(gradients, self._rate, out=updates)


class Momentum(Optimizer):
    """SGD with Polyak's momentum: Δw = −lr · v with v ← momentum · v + ∂L/∂w (in PyTorch's form)."""

    kind = "SGD"
    word = "momentum"
    memory = ("velocity",)
    operations = 4

    def __init__(self, learning_rate: float, momentum: float, weight_decay: float = 0.0) -> None:
        super().__init__(learning_rate, weight_decay)
        self.momentum = momentum

    def _set_constants(self, dtype: np.dtype[Any]) -> None:
        self._kept = np.array(self.momentum, dtype)

    def keep(self, momentum: float) -> None:
        """Keep that share of the velocity from now on."""
        self.momentum = momentum
        self._kept[()] = momentum

    def _fill(self, gradients: Array, updates: Array, scratch: Array, *memory: Array) -> None:  # noqa: ARG002
        (velocity,) = memory
        np.multiply(velocity, self._kept, out=velocity)
        np.add(velocity, gradients, out=velocity)
        np.multiply(velocity, self._rate, out=updates)


class Nesterov(Momentum):
    """SGD with momentum that looks a step ahead: Δw = −lr · (∂L/∂w + momentum · v) (Sutskever et al. 2013)."""

    word = "nesterov"
    operations = 7

    def _fill(self, gradients: Array, updates: Array, scratch: Array, *memory: Array) -> None:
        super()._fill(gradients, updates, scratch, *memory)
        np.multiply(updates, self._kept, out=updates)
        np.multiply(gradients, self._rate, out=scratch)
        np.add(updates, scratch, out=updates)


class RMSprop(Optimizer):
    """Δw = −lr · g / (√v + ε), v the running mean of g² (Tieleman & Hinton 2012, Lecture 6.5)."""

    kind = "RMSprop"
    # A decaying sum, S ← decay · S + g², takes an operation less than the mean, v = (1 − decay) · S.
    memory = ("square_sum",)
    operations = 14

    def __init__(
        self, learning_rate: float, decay: float = 0.99, epsilon: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.decay, self.epsilon = decay, epsilon

    def _set_constants(self, dtype: np.dtype[Any]) -> None:
        self._kept = np.array(self.decay, dtype)

    def _begin_step(self, steps: int) -> None:  # noqa: ARG002
        scale = math.sqrt(1 - self.decay)
        self._rate[()] = -self.learning_rate / scale
        self._epsilon[()] = self.epsilon / scale

    def _fill(self, gradients: Array, updates: Array, scratch: Array, *memory: Array) -> None:
        (square_sum,) = memory
        np.multiply(gradients, gradients, out=scratch)
        np.multiply(square_sum, self._kept, out=square_sum)
        np.add(square_sum, scratch, out=square_sum)
        np.sqrt(square_sum, out=scratch)
        np.add(scratch, self._epsilon, out=scratch)
        np.divide(gradients, scratch, out=updates)
        np.multiply(updates, self._rate, out=updates)


class Adam(Optimizer):
    """Δw = −lr · m̂ / (√v̂ + ε): the gradient's running mean over its running size.

    Kingma & Ba 2015, arXiv 1412.6980. With `weight_decay` it is AdamW.
    """

    kind = "Adam"
    # Decaying sums, S ← β · S + g, take two operations less than the means, m = (1 − β) · S.
    memory = ("sum", "square_sum")
    operations = 16

    def __init__(
        self,
        learning_rate: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def _set_constants(self, dtype: np.dtype[Any]) -> None:
        self._kept, self._kept_square = np.array(self.beta1, dtype), np.array(self.beta2, dtype)

    def _begin_step(self, steps: int) -> None:
        # m̂ = (1 − β₁) / (1 − β₁ᵗ) · sum, and √v̂ = scale · √square_sum.
        scale = math.sqrt((1 - self.beta2) / (1 - self.beta2**steps))
        self._rate[()] = -self.learning_rate * (1 - self.beta1) / (1 - self.beta1**steps) / scale
        self._epsilon[()] = self.epsilon / scale

    def _fill(self, gradients: Array, updates: Array, scratch: Array, *memory: Array) -> None:
        total, square_sum = memory
        np.multiply(total, self._kept, out=total)
        np.add(total, gradients, out=total)
        np.multiply(gradients, gradients, out=scratch)
        np.multiply(square_sum, self._kept_square, out=square_sum)
        np.add(square_sum, scratch, out=square_sum)
        np.sqrt(square_sum, out=scratch)
        np.add(scratch, self._epsilon, out=scratch)
        np.divide(total, scratch, out=updates)
        np.multiply(updates, self._rate, out=updates)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

    kind = "AdamW"

    def __init__(
        self,
        learning_rate: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, weight_decay)
