"""Activation functions, as layers of their own, so that what goes in (z) and what comes out (a) can both be seen."""

from functools import partial

import numpy as np

from nnviz.array import Array
from nnviz.nn.layers import Layer, Shape
from nnviz.nn.workers import FETCH, Pieces

# From here on a sigmoid is 1 in float64 too, and exp is finite in float32.
SURE = 80.0


class Activation(Layer):
    """A function applied to each number alone.

    Subclasses write it, and its derivative, as functions of arrays of any number of examples: of a large batch, two
    workers call them for a half each, and of pictures, for a few at a time. Both may need an array beside what goes in
    and comes out, shaped like x.
    """

    in_rows = True
    cost = FETCH // 2
    """Of each number, in multiply-adds; less than to fetch it, since the layer before has just written most of them."""
    _shape: Shape = ()
    _x: Array
    _y: Array
    _aid: Array
    _grad_x: Array | None
    _grad_aid: Array
    _pieces: Pieces | None
    # Constants as arrays of no axes: NumPy converts a Python number anew at every call.
    _zero: Array
    _one: Array
    _four: Array
    _sure: Array

    def forget(self) -> None:
        self._shape, self._y, self._aid, self._grad_x = (), np.empty(0), np.empty(0), None

    def forward(self, x: Array) -> Array:
        if x.shape != self._shape:
            self._allocate(x)
        self._x = x
        if self._pieces is not None:
            self.workers.each(self._pieces, self._activate_piece, self._work)
        elif self._is_divided:
            self.workers.halves(self._activate, self._work, x, self._aid, self._y)
        else:
            # Written out: by way of others, a call takes a tiny network one hundredth of its step.
            self._activate(x, self._aid, self._y)
        return self._y

    def _activate_piece(self, piece: slice, _: int) -> None:
        self._activate(self._x[piece], self._aid[piece], self._y[piece])

    def input_gradient(self, grad_y: Array) -> Array:
        grad_x = self._allocate_backward() if self._grad_x is None else self._grad_x
        if self._pieces is not None:
            self.workers.each(self._pieces, partial(self._derive_piece, grad_y, grad_x), self._work)
        elif self._is_divided:
            self.workers.halves(self._derive, self._work, self._x, grad_y, self._grad_aid, grad_x)
        else:
            self._derive(self._x, grad_y, self._grad_aid, grad_x)
        return grad_x

    def _derive_piece(self, grad_y: Array, grad_x: Array, piece: slice, _: int) -> None:
        self._derive(self._x[piece], grad_y[piece], self._grad_aid[piece], grad_x[piece])

    def _activate(self, x: Array, aid: Array, y: Array) -> None:
        """Fill y."""
        raise NotImplementedError

    def _derive(self, x: Array, grad_y: Array, aid: Array, grad_x: Array) -> None:
        """Fill grad_x."""
        raise NotImplementedError

    def _allocate(self, x: Array) -> None:
        self._shape = x.shape
        self._work = self.cost * x.size
        self._is_divided = self.workers.parts(self._work) > 1
        self._pieces = self.divided(x) if x.ndim > 2 else None
        self._y, self._grad_x = self.buffers.empty(x.shape, x.dtype), None
        self._aid = self._forward_aid(x)
        self._zero, self._one, self._four, self._sure = (np.array(n, x.dtype) for n in (0.0, 1.0, 4.0, SURE))

    def _allocate_backward(self) -> Array:
        """What only the backward pass needs: a network that is evaluated goes without."""
        self._grad_x = self.buffers.empty(self._y.shape, self._y.dtype)
        self._grad_aid = self._backward_aid()
        return self._grad_x

    def _forward_aid(self, x: Array) -> Array:  # noqa: ARG002
        """What `_activate` needs: mostly nothing else."""
        return self._y

    def _backward_aid(self) -> Array:
        """What `_derive` needs: room for truth values."""
        return self.buffers.empty(self._shape, bool)


class ReLU(Activation):
    """a = max(z, 0); da/dz = 1 where z > 0, else 0."""

    kind = "relu"

    def _forward_aid(self, x: Array) -> Array:
        # The larger of two arrays is found three times as fast as the larger of an array and a number. Of pictures, one
        # of zeros does for all.
        return np.zeros_like(x) if x.ndim == 2 else np.broadcast_to(np.zeros_like(x[:1]), x.shape)

    def _activate(self, x: Array, zeros: Array, y: Array) -> None:
        np.maximum(x, zeros, out=y)

    def sides(self) -> Array:
        return self._x > 0

    def _derive(self, x: Array, grad_y: Array, mask: Array, grad_x: Array) -> None:
        np.greater(x, self._zero, out=mask)
        # Truth values become numbers twice as fast by a copy as within a product.
        np.copyto(grad_x, mask)
        np.multiply(grad_x, grad_y, out=grad_x)


class LeakyReLU(Activation):
    """a = z where z > 0, else 0.01·z (Maas et al. 2013)."""

    kind = "leakyrelu"
    slope = 0.01

    def _activate(self, x: Array, aid: Array, y: Array) -> None:  # noqa: ARG002
        np.multiply(x, self.slope, out=y)
        np.maximum(x, y, out=y)

    def sides(self) -> Array:
        return self._x > 0

    def _derive(self, x: Array, grad_y: Array, mask: Array, grad_x: Array) -> None:
        # da/dz = slope + (1 − slope) where z > 0.
        np.greater(x, self._zero, out=mask)
        np.multiply(mask, 1 - self.slope, out=grad_x, dtype=grad_x.dtype)
        grad_x += self.slope
        grad_x *= grad_y


class Sigmoidal(Activation):
    """A function whose slope is that of the logistic one, or like it; what it needs beside is scratch room."""

    # Exponentials and quotients.
    cost = 4 * FETCH

    def _forward_aid(self, x: Array) -> Array:
        return self.buffers.empty(x.shape, x.dtype)

    def _backward_aid(self) -> Array:
        return self._aid

    def _logistic_slope(self, z: Array, scratch: Array, out: Array) -> None:
        """exp(−|z|) / (1 + exp(−|z|))², which keeps its digits where a (1 − a) would have none left."""
        np.abs(z, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.add(out, self._one, out=scratch)
        np.divide(out, scratch, out=out)
        np.divide(out, scratch, out=out)


class Sigmoid(Sigmoidal):
    """a = 1 / (1 + exp(−z)); da/dz = a (1 − a)."""

    kind = "sigmoid"

    def _activate(self, x: Array, scratch: Array, y: Array) -> None:
        # exp(z) / (1 + exp(z)) keeps its digits where a is small, as (1 + tanh(z/2)) / 2 does not.
        np.minimum(x, self._sure, out=y)
        np.exp(y, out=y)
        np.add(y, self._one, out=scratch)
        np.divide(y, scratch, out=y)

    def _derive(self, x: Array, grad_y: Array, scratch: Array, grad_x: Array) -> None:
        self._logistic_slope(x, scratch, out=grad_x)
        np.multiply(grad_x, grad_y, out=grad_x)


class Tanh(Sigmoidal):
    """a = tanh(z); da/dz = 1 − a², which is four times the logistic slope at 2z."""

    kind = "tanh"
    # NumPy has a fast one.
    cost = 2 * FETCH

    def _activate(self, x: Array, scratch: Array, y: Array) -> None:  # noqa: ARG002
        np.tanh(x, out=y)

    def _derive(self, x: Array, grad_y: Array, scratch: Array, grad_x: Array) -> None:
        np.add(x, x, out=grad_x)
        self._logistic_slope(grad_x, scratch, out=grad_x)
        np.multiply(grad_x, self._four, out=grad_x)
        np.multiply(grad_x, grad_y, out=grad_x)
