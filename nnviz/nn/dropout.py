"""Dropout: units are left out by chance while a network is trained, so that none can rely on another."""

from functools import partial

import numpy as np

from nnviz.array import Array
from nnviz.nn.layers import Layer
from nnviz.nn.workers import FETCH


class Dropout(Layer):
    """Each number becomes 0 with probability `share`, else is divided by 1 − share (Srivastava et al. 2014).

    Who is left out follows from the `key` and the training step alone, so that any step can be done again.
    """

    kind = "dropout"
    in_rows = True

    def __init__(self, share: float) -> None:
        self.share = share
        self.key = 0
        self.step = 0
        self.forget()

    def forget(self) -> None:
        self._factors = np.empty(0)

    def for_evaluation(self) -> Layer:
        return NoDropout(self.share)

    def _allocate(self, x: Array) -> None:
        self._factors, self._y, self._grad_x = (self.buffers.empty(x.shape, x.dtype) for _ in range(3))
        self._pieces = self.divided(x)
        # Drawn in float32 for any network, so that one seed leaves the same units out in float64.
        self._drawn = np.empty(x.shape, np.float32)
        # To set a generator's place takes a fraction of the time that a new one does.
        self._bits = np.random.Philox(key=self.key)
        self._place = self._bits.state
        self._generator = np.random.Generator(self._bits)

    def forward(self, x: Array) -> Array:
        if self._factors.shape != x.shape:
            self._allocate(x)
        self._place["state"]["counter"][3] = self.step
        self._bits.state = self._place
        self._generator.random(dtype=np.float32, out=self._drawn)
        self.workers.each(self._pieces, partial(self._leave_out, x), FETCH * x.size)
        return self._y

    def _leave_out(self, x: Array, piece: slice, _: int) -> None:
        factors = self._factors[piece]
        np.multiply(self._drawn[piece] >= self.share, 1 / (1 - self.share), out=factors, dtype=x.dtype)
        np.multiply(x[piece], factors, out=self._y[piece])

    @property
    def factors(self) -> Array:
        """(n, *input_shape) what each number was multiplied by: 0, or 1 / (1 − share)."""
        return self._factors

    def input_gradient(self, grad_y: Array) -> Array:
        self.workers.each(self._pieces, partial(self._multiply, grad_y), FETCH * grad_y.size)
        return self._grad_x

    def _multiply(self, grad_y: Array, piece: slice, _: int) -> None:
        np.multiply(grad_y[piece], self._factors[piece], out=self._grad_x[piece])

    def describe(self) -> str:
        # All of its digits, and none of the exponents that the notation has no room for.
        return f"dropout {np.format_float_positional(self.share, trim='-')}"


class NoDropout(Dropout):
    """Dropout as evaluation uses it: everything passes."""

    def forward(self, x: Array) -> Array:
        self._factors = np.broadcast_to(np.ones((), x.dtype), x.shape)
        return x

    def input_gradient(self, grad_y: Array) -> Array:
        return grad_y
