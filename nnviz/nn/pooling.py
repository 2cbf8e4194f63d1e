"""Pooling: many numbers of a feature map become one."""

import math
from functools import partial
from itertools import product

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
        self._y = self.buffers.empty((self._n, *self.output_shape), x.dtype)
        self._pieces = self.divided(x)
        # The first number of a cell has the highest rank: the highest among the largest numbers is that of the first.
        self._ranks = np.arange(self.size**2, 0, -1, dtype=np.min_scalar_type(self.size**2)).reshape(-1, 1, 1, 1, 1)
        self._winners = self.buffers.empty(self._y.shape, self._ranks.dtype)
        of_piece = (len(self._ranks), self._pieces.size, *self.output_shape)
        count = math.prod(of_piece)
        both = self.buffers.scratch((count * (x.itemsize + 1),), np.uint8)
        self._numbers = [room[: count * x.itemsize].view(x.dtype).reshape(of_piece) for room in both]
        self._won = [room[count * x.itemsize :].view(bool).reshape(of_piece) for room in both]
        # Ranks come where the numbers were.
        self._ranked = [room[: self._ranks.itemsize * count].view(self._ranks.dtype).reshape(of_piece) for room in both]
        self._grad_x: Array | None = None

    def _cells(self, x: Array) -> Array:
        """A view of x: (size, size, n, rows, columns, channels), by row and column of a cell."""
        (rows, columns, channels), size = self.output_shape, self.size
        whole = x[:, : rows * size, : columns * size]
        return whole.reshape(-1, rows, size, columns, size, channels).transpose(2, 4, 0, 1, 3, 5)

    def forward(self, x: Array) -> Array:
        if len(x) != self._n:
            self._allocate(x)
        self._x = x
        self.workers.each(self._pieces, self._take_largest, FETCH * x.size)
        return self._y

    def _take_largest(self, piece: slice, half: int) -> None:
        n = piece.stop - piece.start
        numbers, won, ranked = (room[half][:, :n] for room in (self._numbers, self._won, self._ranked))
        y, winners, cells = self._y[piece], self._winners[piece], self._cells(self._x[piece])
        _copy_places(cells, numbers.reshape(cells.shape))
        np.maximum.reduce(numbers, axis=0, out=y)
        np.equal(numbers, y, out=won)
        np.multiply(won.view(np.uint8), self._ranks, out=ranked)
        # What is no number equals nothing: then the last of the cell wins.
        np.maximum.reduce(ranked, axis=0, out=winners, initial=1)

    def winners(self, example: int) -> Array:
        """Which number of its cell won, 0 to size² − 1 row by row: (*output_shape), for an example of the batch."""
        winners: Array = len(self._ranks) - self._winners[example]
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
        n = piece.stop - piece.start
        numbers, won, cells = self._numbers[half][:, :n], self._won[half][:, :n], self._cells(grad_x[piece])
        np.equal(self._winners[piece], self._ranks, out=won)
        np.copyto(numbers, won)
        np.multiply(numbers, grad_y[piece], out=numbers)
        # One place at a time: NumPy goes along its target, and would go along the few columns of a cell.
        for place, (i, j) in enumerate(product(range(self.size), repeat=2)):
            _copy_places(numbers[place], cells[i, j])

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
