"""Batch normalisation: each unit's outputs brought to mean 0 and variance 1 over the batch, then scaled and shifted."""

import math
from functools import partial

import numpy as np

from nnviz.array import Array
from nnviz.nn.initializers import ones, zeros
from nnviz.nn.layers import Layer, Shape
from nnviz.nn.parameters import Parameter, Parameters
from nnviz.nn.workers import FETCH, OfPiece

EPSILON = 1e-5
MOMENTUM = 0.1
# Rows of few channels are worked on this many numbers at a time: NumPy starts its inner loop anew for every row.
ROW = 8192


class BatchNorm(Layer):
    """y = γ (x − μ) / √(σ² + ε) + β, with mean μ and variance σ² of the batch (Ioffe & Szegedy 2015).

    Units of a dense layer have a μ and σ² each; of feature maps, each channel has one over all of its places. Running
    means of both, which evaluation uses, take a tenth of each new batch.
    """

    kind = "batchnorm"
    in_rows = True
    meetings = 1

    def __init__(self) -> None:
        self.forget()

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:
        self.input_shape = self.output_shape = input_shape
        self.channels = input_shape[-1]
        self.scales = parameters.declare(f"{self.name}.scales", (self.channels,), ones)
        self.shifts = parameters.declare(f"{self.name}.shifts", (self.channels,), zeros)
        self.mean = parameters.declare_statistic(f"{self.name}.mean", self.channels, 0.0)
        self.variance = parameters.declare_statistic(f"{self.name}.variance", self.channels, 1.0)
        return input_shape

    def parameters(self) -> tuple[Parameter, ...]:
        return (self.scales, self.shifts)

    def forget(self) -> None:
        self._shape: Shape = ()

    def for_evaluation(self) -> Layer:
        return FixedBatchNorm()

    def _allocate(self, x: Array) -> None:
        self._shape = x.shape
        self._places = math.prod(x.shape[1:-1])
        self._count = len(x) * self._places
        self._y, self._grad_x = (self.buffers.empty(x.shape, x.dtype) for _ in range(2))
        self._pieces = self.divided(x)
        self._scratch = self.buffers.scratch((self._pieces.size, *x.shape[1:]), x.dtype)
        self._ones = np.ones(self._pieces.size * self._places, x.dtype)
        self._fold = self._folding(x)
        pieces = [piece for half in self._pieces.halves for piece in half]
        self._numbers = {piece.start: number for number, piece in enumerate(pieces)}
        # Of each piece: its share of the batch, and two numbers of each channel.
        self._shares = np.array([(piece.stop - piece.start) / len(x) for piece in pieces], x.dtype)
        self._found = np.empty((2, len(pieces), self.channels), x.dtype)

    def forward(self, x: Array) -> Array:
        if x.shape != self._shape:
            self._allocate(x)
        self._x = x
        self._mean, self._variance = self._moments()
        self._follow(self._mean, self._variance)
        self._inverse = 1 / np.sqrt(self._variance + EPSILON)
        self._factor = self.scales.values * self._inverse
        shift = self.shifts.values - self._mean * self._factor
        self._each(partial(self._scale, self._repeated(self._factor), self._repeated(shift)))
        return self._y

    @property
    def moments(self) -> tuple[Array, Array]:
        """Mean and variance (channels,) of the batch that `forward` saw last."""
        return self._mean, self._variance

    def _moments(self) -> tuple[Array, Array]:
        """Mean and variance of each channel, from those of the pieces (Chan, Golub & LeVeque 1979)."""
        self._each(self._piece_moments)
        self.workers.meet()
        means, squares = self._found
        mean = self._shares.dot(means)
        apart = means - mean
        variance = squares.sum(axis=0) / self._count + self._shares.dot(apart * apart)
        return mean, variance

    def _follow(self, mean: Array, variance: Array) -> None:
        # What stands for the variance of all examples is divided by n − 1; a batch of one says nothing of it.
        unbiased = variance * (self._count / (self._count - 1)) if self._count > 1 else self.variance.values
        for statistic, measured in ((self.mean, mean), (self.variance, unbiased)):
            statistic.following[...] = (1 - MOMENTUM) * statistic.values + MOMENTUM * measured

    def parameter_gradients(self, grad_y: Array) -> None:
        self._each(partial(self._gradient_sums, grad_y, self._repeated(self._mean)))
        self.workers.meet()
        self._found[0].sum(axis=0, out=self.shifts.gradients)
        np.multiply(self._found[1].sum(axis=0), self._inverse, out=self.scales.gradients)

    def input_gradient(self, grad_y: Array) -> Array:
        # γ/√(σ² + ε) · (∂L/∂y − mean of ∂L/∂y − x̂ · mean of ∂L/∂y·x̂), with x̂ = (x − μ)/√(σ² + ε).
        pull = -self._inverse * self.scales.gradients / self._count
        offset = -self.shifts.gradients / self._count - pull * self._mean
        pull, offset, factor = map(self._repeated, (pull, offset, self._factor))
        self._each(partial(self._combine, grad_y, pull, offset, factor))
        return self._grad_x

    # The passes over the batch: each works on one piece

    def _each(self, work: OfPiece) -> None:
        self.workers.each(self._pieces, work, FETCH * self._x.size)

    def _piece_moments(self, piece: slice, half: int) -> None:
        """The mean of each channel, and the sum of the squared differences from it."""
        x, room = self._x[piece], self._scratch[half][: piece.stop - piece.start]
        mean, squares = self._found[:, self._numbers[piece.start]]
        self._sum(x, mean)
        np.divide(mean, len(x) * self._places, out=mean)
        np.subtract(self._folded(x), self._repeated(mean), out=self._folded(room))
        np.multiply(room, room, out=room)
        self._sum(room, squares)

    def _scale(self, factor: Array, shift: Array, piece: slice, _: int) -> None:
        y = self._folded(self._y[piece])
        np.multiply(self._folded(self._x[piece]), factor, out=y)
        np.add(y, shift, out=y)

    def _gradient_sums(self, grad_y: Array, mean: Array, piece: slice, half: int) -> None:
        """Σ ∂L/∂y and Σ ∂L/∂y (x − μ) of each channel."""
        grad, room = grad_y[piece], self._scratch[half][: piece.stop - piece.start]
        shifts, products = self._found[:, self._numbers[piece.start]]
        self._sum(grad, shifts)
        np.subtract(self._folded(self._x[piece]), mean, out=self._folded(room))
        np.multiply(room, grad, out=room)
        self._sum(room, products)

    def _combine(self, grad_y: Array, pull: Array, offset: Array, factor: Array, piece: slice, _: int) -> None:
        grad_x = self._folded(self._grad_x[piece])
        np.multiply(self._folded(self._x[piece]), pull, out=grad_x)
        np.add(grad_x, offset, out=grad_x)
        np.add(grad_x, self._folded(grad_y[piece]), out=grad_x)
        np.multiply(grad_x, factor, out=grad_x)

    def _folding(self, x: Array) -> int:
        """How many rows of channels are worked on as one; an example's can be divided evenly by it."""
        places = math.prod(x.shape[1:-1])
        return next(k for k in range(max(1, ROW // self.channels), 0, -1) if places % k == 0)

    def _folded(self, array: Array) -> Array:
        return array.reshape(-1, self._fold * self.channels)

    def _repeated(self, by_channel: Array) -> Array:
        return np.tile(by_channel, self._fold)

    def _sum(self, array: Array, out: Array) -> None:
        """Fill out (channels,): by a product with ones, which BLAS does faster than NumPy reduces."""
        rows = array.reshape(-1, self.channels)
        self._ones[: len(rows)].dot(rows, out)


class FixedBatchNorm(BatchNorm):
    """Batch normalisation as evaluation uses it: by the running mean and variance, whatever the batch is."""

    meetings = 0

    def forward(self, x: Array) -> Array:
        if x.shape != self._shape:
            self._shape, self._y = x.shape, self.buffers.empty(x.shape, x.dtype)
            self._pieces, self._fold = self.divided(x), self._folding(x)
        self._x = x
        self._inverse = 1 / np.sqrt(self.variance.values + EPSILON)
        self._factor = self.scales.values * self._inverse
        shift = self.shifts.values - self.mean.values * self._factor
        self._each(partial(self._scale, self._repeated(self._factor), self._repeated(shift)))
        return self._y

    @property
    def moments(self) -> tuple[Array, Array]:
        """The running mean and variance (channels,), which stand for those of any batch."""
        return self.mean.values, self.variance.values

    def parameter_gradients(self, grad_y: Array) -> None:
        self.workers.meet()
        axes = tuple(range(grad_y.ndim - 1))
        self.shifts.gradients[...] = grad_y.sum(axis=axes)
        products = ((self._x - self.mean.values) * grad_y).sum(axis=axes)
        np.multiply(products, self._inverse, out=self.scales.gradients)

    def input_gradient(self, grad_y: Array) -> Array:
        self.workers.meet()
        grad_x: Array = grad_y * self._factor
        return grad_x
