"""Pooling: many numbers of a feature map become one."""

from functools import partial

import numpy as np

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.nn.layers import Layer, Shape
from nnviz.nn.parameters import Parameters
from nnviz.nn.workers import FETCH


class MaxPool2d(Layer):
    """The largest number of each cell of size × size. Rows and columns that fill no whole cell are left out.

    Only the number that won can have changed the output, so it alone gets the gradient; of equal ones, the first.
    """

    kind = "pool"
    in_rows = True

    def __init__(self, size: int) -> None:
        self.size = size
        self.forget()

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:  # noqa: ARG002
        if len(input_shape) != 3:
            raise InputError(
                f"network: '{self.describe()}' needs feature maps; what comes before it is a row of numbers"
            )
        height, width, channels = input_shape
        if self.size > min(height, width):
            raise InputError(f"network: '{self.describe()}' is larger than its input of {height}×{width}")
        self.input_shape = input_shape
        self.output_shape = (height // self.size, width // self.size, channels)
        return self.output_shape

    def forget(self) -> None:
        self._n = -1

    def _allocate(self, x: Array) -> None:
        self._n = len(x)
        shape = (self._n, *self.output_shape)
        self._y = self.buffers.empty(shape, x.dtype)
        kind = np.min_scalar_type(self.size**2 - 1)
        self._winners, self._marks = (self.buffers.empty(shape, kind) for _ in range(2))
        self._won = self.buffers.empty(shape, bool)
        self._pieces = self.divided(x)
        # A number of every cell, side by side, for each of two workers.
        self._scratch = self.buffers.scratch((self._pieces.size, *self.output_shape), x.dtype)
        self._grad_x: Array | None = None

    def _cells(self, x: Array) -> list[Array]:
        """size² views of x, row by row: the first number of every cell, the second of every cell, …"""
        rows, columns, _ = self.output_shape
        whole = x[:, : rows * self.size, : columns * self.size]
        return [whole[:, i :: self.size, j :: self.size] for i in range(self.size) for j in range(self.size)]

    def forward(self, x: Array) -> Array:
        if len(x) != self._n:
            self._allocate(x)
        self._x = x
        self.workers.each(self._pieces, self._take_largest, FETCH * x.size)
        return self._y

    def _take_largest(self, piece: slice, half: int) -> None:
        numbers = self._scratch[half][: piece.stop - piece.start]
        y, winners, won, marks = (array[piece] for array in (self._y, self._winners, self._won, self._marks))
        first, *others = self._cells(self._x[piece])
        _copy_places(first, y)
        winners[...] = 0
        for place, other in enumerate(others, 1):
            _copy_places(other, numbers)
            np.greater(numbers, y, out=won)
            np.maximum(y, numbers, out=y)
            np.multiply(won.view(np.uint8), place, out=marks, dtype=marks.dtype)
            np.maximum(winners, marks, out=winners)

    def winners(self, example: int) -> Array:
        """Which number of its cell won, 0 to size² − 1 row by row: (*output_shape), for an example of the batch."""
        winners: Array = self._winners[example].copy()
        return winners

    def sides(self) -> Array:
        return self._winners

    def input_gradient(self, grad_y: Array) -> Array:
        if self._grad_x is None:
            # Zero where no whole cell is, now and later.
            self._grad_x = self.buffers.zeros(self._x.shape, self._x.dtype)
        self.workers.each(self._pieces, partial(self._give_to_winners, grad_y, self._grad_x), FETCH * self._x.size)
        return self._grad_x

    def _give_to_winners(self, grad_y: Array, grad_x: Array, piece: slice, half: int) -> None:
        numbers = self._scratch[half][: piece.stop - piece.start]
        winners, won = self._winners[piece], self._won[piece]
        for place, gradient in enumerate(self._cells(grad_x[piece])):
            np.equal(winners, place, out=won)
            np.copyto(numbers, won)
            np.multiply(numbers, grad_y[piece], out=numbers)
            _copy_places(numbers, gradient)

    def describe(self) -> str:
        return f"pool {self.size}"


def _copy_places(source: Array, target: Array) -> None:
    """Copy (n, rows, columns, channels); all channels of a place are moved as one thing, which takes half the time."""
    place = np.dtype((np.void, source.shape[-1] * source.itemsize))
    np.copyto(target.view(place), source.view(place))


class GlobalAveragePool(Layer):
    """The mean of each feature map: (n, height, width, channels) → (n, channels)."""

    kind = "globalpool"
    in_rows = True

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:  # noqa: ARG002
        if len(input_shape) != 3:
            raise InputError(f"network: '{self.kind}' needs feature maps; what comes before it is a row of numbers")
        self.input_shape = input_shape
        self.output_shape = (input_shape[2],)
        return self.output_shape

    def forward(self, x: Array) -> Array:
        self._pieces = self.divided(x)
        y = np.empty((len(x), *self.output_shape), x.dtype)
        self.workers.each(self._pieces, partial(self._average, x, y), FETCH * x.size)
        return y

    def _average(self, x: Array, y: Array, piece: slice, _: int) -> None:
        _, height, width, channels = x.shape
        x[piece].reshape(-1, height * width, channels).mean(axis=1, out=y[piece])

    def input_gradient(self, grad_y: Array) -> Array:
        grad_x = np.empty((len(grad_y), *self.input_shape), grad_y.dtype)
        self.workers.each(self._pieces, partial(self._spread, grad_y, grad_x), FETCH * grad_x.size)
        return grad_x

    def _spread(self, grad_y: Array, grad_x: Array, piece: slice, _: int) -> None:
        height, width, _ = self.input_shape
        grad_x[piece] = (grad_y[piece] / (height * width))[:, None, None]
