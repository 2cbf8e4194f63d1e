"""Convolution: one small dense layer, slid over a picture."""

import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nnviz.array import Array
from nnviz.errors import InputError
from nnviz.nn.buffers import Buffers
from nnviz.nn.initializers import glorot
from nnviz.nn.layers import Shape, Weighted
from nnviz.nn.parameters import Initializer, Parameters
from nnviz.nn.workers import Pieces, dot

# What is unrolled at a time stays in the processor's second-level cache.
UNROLLED_BYTES = 3 << 17
# To fetch so much once more is quicker than to unroll it once more.
KEPT_BYTES = 1 << 22
# A product of so few columns leaves most of what a processor multiplies at a time empty.
NARROW = 8
# Windows of so few channels are short lines, which take more than half as long to copy as to multiply.
FEW = 3


class Conv2d(Weighted):
    """y[i, j] = Σ x[i·stride + u − padding, j·stride + v − padding] W[u, v] + b; beyond its border x counts as 0.

    Each window of the input is unrolled into a row, so that the layer is a matrix product (Chellapilla et al. 2006).
    The gradient of the input is the same thing once more: the gradient of the output, with zeros around its numbers
    and, for a stride, between them, convolved with the kernels turned by 180°.

    Of few channels, or where kernels are few, two neighbouring windows are one row, and weights stand twice, shifted
    against each other, with zeros where a window does not reach: half as many rows to copy, twice as wide a product.

    Weights are (size, size, channels in, channels out).

    padding  rings of zeros around the input, less than `size`; by default such that stride 1 keeps the picture's size
    """

    kind = "conv"
    in_rows = True
    kept_bytes = KEPT_BYTES

    def __init__(
        self,
        outputs: int,
        size: int,
        stride: int = 1,
        padding: int | None = None,
        initializer: Initializer = glorot,
        biased: bool = True,
    ) -> None:
        super().__init__(outputs, initializer, biased)
        self.size = size
        self.stride = stride
        self.padding = size // 2 if padding is None else padding

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:
        if len(input_shape) != 3:
            raise InputError(f"network: '{self.describe()}' needs a picture; what comes before it is a row of numbers")
        height, width, self.channels = input_shape
        rows, columns = ((side + 2 * self.padding - self.size) // self.stride + 1 for side in (height, width))
        if min(rows, columns) < 1:
            raise InputError(f"network: '{self.describe()}' is larger than its input of {height}×{width}")
        self.input_shape = input_shape
        self.output_shape = (rows, columns, self.outputs)
        self._together = 2 if columns % 2 == 0 and (self.channels <= FEW or self.outputs <= NARROW) else 1
        self.declare((self.size, self.size, self.channels, self.outputs), parameters)
        return self.output_shape

    def products(self) -> int:
        return math.prod(self.output_shape[:2]) * math.prod(self.weights.shape)

    def _allocate(self, n: int) -> None:
        self._n = n
        dtype = self.weights.values.dtype
        (height, width, channels), (rows, columns, outputs), p = self.input_shape, self.output_shape, self.padding
        self._y = self.buffers.empty((n, rows, columns, outputs), dtype)
        padded = self.buffers.zeros((n, height + 2 * p, width + 2 * p, channels), dtype)
        self._center = padded[:, p : p + height, p : p + width]
        self._pieces = self.divided(self._y)
        # Together, windows cover so many columns of a picture, and an output is one of several side by side.
        width = self.size + (self._together - 1) * self.stride
        window, strides = (self.size, width), (self.stride, self.stride * self._together)
        shape = rows, columns // self._together
        self._windows = _Windows(padded, window, strides, shape, self._pieces, self.buffers, self.kept_bytes)
        self._shape_together = (n, *shape, self._together * outputs)
        self._weights_together = self.weights.values[:, :, :, None]
        if self._together > 1:
            self._weights_together = np.zeros((self.size, width, channels, self._together, outputs), dtype)
        self._work = n * self.products()
        self._ones = np.ones(n * rows * columns, dtype)
        # What only the backward pass needs comes with it: a network that is evaluated goes without.
        self._grad_windows: _Windows | None = None

    def _allocate_backward(self, grad_y: Array) -> "_Windows":
        n, dtype = self._n, grad_y.dtype
        (height, width, _), (rows, columns, outputs) = self.input_shape, self.output_shape
        self._grad_x = self.buffers.empty((n, *self.input_shape), dtype)
        margin, reach = self.size - 1 - self.padding, self.size - 1
        spread = self.buffers.zeros((n, height + reach, width + reach, outputs), dtype)
        down, right = (slice(margin, margin + self.stride * (side - 1) + 1, self.stride) for side in (rows, columns))
        self._grad_center = spread[:, down, right]
        window = self.size, self.size
        return _Windows(spread, window, (1, 1), (height, width), self._pieces, self.buffers, 0)

    def forward(self, x: Array) -> Array:
        n = len(x)
        if n != self._n:
            self._allocate(n)
        if self._together > 1:
            for shifted in self._of_each(self._weights_together):
                shifted[...] = self.weights.values
        weights = self._weights_together.reshape(-1, self._shape_together[-1])
        # NumPy begins its inner loop anew for each line, not for each place.
        biases = None if self.biases is None else np.tile(self.biases.values, self.output_shape[1])
        self.workers.each(self._pieces, partial(self._slide, x, weights, biases), self._work)
        return self._y

    def _of_each(self, together: Array) -> list[Array]:
        """(size, width, channels in, windows, channels out) → for each window a view like the weights."""
        places = (place * self.stride for place in range(self._together))
        return [together[:, start : start + self.size, :, window] for window, start in enumerate(places)]

    def _slide(self, x: Array, weights: Array, biases: Array | None, piece: slice, _: int) -> None:
        np.copyto(self._center[piece], x[piece])
        self._windows.times(weights, self._y.reshape(self._shape_together), piece)
        if biases is not None:
            lines = self._y[piece].reshape(-1, len(biases))
            np.add(lines, biases, out=lines)

    def parameter_gradients(self, grad_y: Array) -> None:
        together, grad = self._weights_together, grad_y.reshape(self._shape_together)
        # Each half has a sum of its own, and the two are added in the same order whoever computes.
        sums = np.zeros((2, *together.shape), together.dtype)
        halves = sums.reshape(2, -1, grad.shape[-1])
        self.workers.each(self._pieces, partial(self._windows.add_transposed_times, grad, halves), self._work)
        self.workers.then(partial(self._add_up, sums))
        if self.biases is not None:
            rows = grad_y.reshape(-1, self.outputs)
            self.workers.then(partial(np.dot, self._ones, rows, self.biases.gradients))

    def _add_up(self, sums: Array) -> None:
        halves = [half for each in sums for half in self._of_each(each)]
        np.add(halves[0], halves[1], out=self.weights.gradients)
        for other in halves[2:]:
            self.weights.gradients += other

    def input_gradient(self, grad_y: Array) -> Array:
        if self._grad_windows is None:
            self._grad_windows = self._allocate_backward(grad_y)
        turned = self.weights.values[::-1, ::-1].swapaxes(2, 3).reshape(-1, self.channels)
        self.workers.each(self._pieces, partial(self._slide_back, self._grad_windows, grad_y, turned), self._work)
        return self._grad_x

    def _slide_back(self, windows: "_Windows", grad_y: Array, turned: Array, piece: slice, _: int) -> None:
        np.copyto(self._grad_center[piece], grad_y[piece])
        windows.times(turned, self._grad_x, piece)

    def for_evaluation(self) -> "Conv2d":
        twin = self.twin()
        # Nobody comes back for its windows.
        twin.kept_bytes = 0
        return twin

    def describe(self) -> str:
        words = [f"conv {self.outputs} {self.size}x{self.size}"]
        if self.stride != 1:
            words.append(f"stride {self.stride}")
        if self.padding != self.size // 2:
            words.append(f"padding {self.padding}")
        return " ".join(words)


class _Unrolled(NamedTuple):
    """Some of the windows: those of a few lines of a picture, or of a few pictures.

    place    of these among all windows
    windows  (pictures, lines, columns, height), a line of a window as one thing, where they are in the padded pictures
    rows     (windows, inputs), room for them side by side; `lines` is the same room in the shape of `windows`
    """

    place: slice
    windows: Array
    rows: Array
    lines: Array


class _Windows:
    """Every window of a batch of padded pictures, as the rows of one tall matrix.

    One of more than `kept_bytes` never exists as a whole: a part of a piece of the batch is unrolled at a time, for the
    product that needs it. A smaller one is kept from `times` to `add_transposed_times`. Each half of the batch has room
    of its own for that, so that two workers can share them.
    """

    def __init__(
        self,
        padded: Array,
        window: tuple[int, int],
        strides: tuple[int, int],
        shape: tuple[int, int],
        pieces: Pieces,
        buffers: Buffers,
        kept_bytes: int,
    ) -> None:
        (n, _, _, channels), (rows, columns), (height, width), (down, right) = padded.shape, shape, window, strides
        image, line, place, _ = padded.strides
        # The numbers of one row of a window lie side by side, channels and all: they are copied as one thing.
        line_of_window = np.dtype((np.void, width * channels * padded.itemsize))
        self._windows = as_strided(
            padded.reshape(-1)[: width * channels].view(line_of_window),
            (n, rows, columns, height),
            (image, line * down, place * right, line),
            writeable=False,
        )
        self._inputs = height * width * channels
        self._dtype = padded.dtype
        line_bytes = columns * self._inputs * padded.itemsize
        self._kept = n * rows * line_bytes <= kept_bytes
        self._images, self._lines = (max(1, UNROLLED_BYTES // size) for size in (line_bytes * rows, line_bytes))
        if self._kept:
            rooms = [buffers.empty((n * rows * columns, self._inputs), self._dtype)] * 2
        else:
            most = min(self._images, pieces.size) * min(self._lines, rows) * columns
            rooms = list(buffers.scratch((most, self._inputs), self._dtype))
        self._unrolled = {
            piece.start: [self._laid_out(place, room) for place in self._places(piece)]
            for half, room in zip(pieces.halves, rooms, strict=True)
            for piece in half
        }

    def _places(self, piece: slice) -> Iterator[tuple[slice, slice]]:
        """A few pictures, or a few lines of windows in one, at a time."""
        rows = self._windows.shape[1]
        for i in range(piece.start, piece.stop, self._images):
            for j in range(0, rows, self._lines):
                yield slice(i, min(i + self._images, piece.stop)), slice(j, min(j + self._lines, rows))

    def _laid_out(self, place: tuple[slice, slice], room: Array) -> _Unrolled:
        """Those windows in their part of the room, if that is for all of them, else at its beginning."""
        windows = self._windows[place]
        _, height, width, _ = self._windows.shape
        first, count = (place[0].start * height + place[1].start) * width, math.prod(windows.shape[:3])
        among_all = slice(first, first + count)
        rows = room[among_all] if self._kept else room[:count]
        return _Unrolled(among_all, windows, rows, rows.view(windows.dtype).reshape(windows.shape))

    def times(self, weights: Array, out: Array, piece: slice) -> None:
        """Windows (…, inputs) of a piece × weights (inputs, outputs) → that of out (n, rows, columns, outputs)."""
        # Little is done between two operations: only one of two workers can be there at a time.
        out = out.reshape(-1, out.shape[-1])
        for place, windows, rows, lines in self._unrolled[piece.start]:
            lines[...] = windows
            dot(rows, weights, out[place])

    def add_transposed_times(self, grad: Array, sums: Array, piece: slice, half: int) -> None:
        """Add windowsᵀ (inputs, …) of a piece × grad (n, rows, columns, outputs) to sums[half], after `times`."""
        total, grad = sums[half], grad.reshape(-1, grad.shape[-1])
        product = np.empty_like(total)
        for place, windows, rows, lines in self._unrolled[piece.start]:
            if not self._kept:
                lines[...] = windows
            dot(rows.T, grad[place], product)
            np.add(total, product, total)
