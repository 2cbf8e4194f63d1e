"""Activation functions, as layers of their own, so that what goes in (z) and what comes out (a) can both be seen."""

import numpy as np

from nnviz.array import Array
from nnviz.nn.layers import Layer

# From here on a sigmoid is 1 in float64 too, and exp is finite in float32.
SURE = 80.0


class Activation(Layer):
    """A function applied to each number alone. Subclasses fill `self._y`, and what `_room` gives, shaped like x."""

    _x: Array
    _y: Array = np.empty(0)
    _grad_x: Array | None
    _mask: Array
    # Constants as arrays of no axes: NumPy converts a Python number anew at every call.
    _zero: Array
    _zeros: Array
    _one: Array
    _four: Array
    _sure: Array

    def forget(self) -> None:
        self._y = np.empty(0)

    def _match(self, x: Array) -> None:
        """Keep x, with buffers of its shape."""
        self._x = x
        if self._y.shape != x.shape:
            self._y, self._grad_x = self.buffers.empty(x.shape, x.dtype), None
            self._zero, self._one, self._four, self._sure = (np.array(n, x.dtype) for n in (0.0, 1.0, 4.0, SURE))
            # The larger of two arrays is found three times as fast as the larger of an array and a number.
            self._zeros = np.zeros_like(x if x.ndim == 2 else x[:1])

    def _room(self) -> Array:
        """Room for ∂L/∂x, made when it is needed first: a network that is evaluated goes without."""
        if self._grad_x is None:
            self._grad_x = self.buffers.empty(self._y.shape, self._y.dtype)
            self._mask = self.buffers.empty(self._y.shape, bool)
        return self._grad_x


class ReLU(Activation):
    """a = max(z, 0); da/dz = 1 where z > 0, else 0."""

    kind = "relu"

    def forward(self, x: Array) -> Array:
        self._match(x)
        return np.maximum(x, self._zeros, out=self._y)

    def sides(self) -> Array:
        return self._x > 0

    def input_gradient(self, grad_y: Array) -> Array:
        grad_x = self._room()
        np.greater(self._x, self._zero, out=self._mask)
        # Truth values become numbers twice as fast by a copy as within a product.
        np.copyto(grad_x, self._mask)
        return np.multiply(grad_x, grad_y, out=grad_x)


class LeakyReLU(Activation):
    """a = z where z > 0, else 0.01·z (Maas et al. 2013)."""

    kind = "leakyrelu"
    slope = 0.01

    def forward(self, x: Array) -> Array:
        self._match(x)
        np.multiply(x, self.slope, out=self._y)
        return np.maximum(x, self._y, out=self._y)

    def sides(self) -> Array:
        return self._x > 0

    def input_gradient(self, grad_y: Array) -> Array:
        grad_x = self._room()
        # da/dz = slope + (1 − slope) where z > 0.
        np.greater(self._x, self._zero, out=self._mask)
        np.multiply(self._mask, 1 - self.slope, out=grad_x, dtype=grad_x.dtype)
        grad_x += self.slope
        grad_x *= grad_y
        return grad_x


class Sigmoidal(Activation):
    """A function whose slope is that of the logistic one, or like it."""

    _scratch: Array

    def _match(self, x: Array) -> None:
        if self._y.shape != x.shape:
            self._scratch = self.buffers.empty(x.shape, x.dtype)
        super()._match(x)

    def _logistic_slope(self, z: Array, out: Array) -> None:
        """exp(−|z|) / (1 + exp(−|z|))², which keeps its digits where a (1 − a) would have none left."""
        np.abs(z, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.add(out, self._one, out=self._scratch)
        np.divide(out, self._scratch, out=out)
        np.divide(out, self._scratch, out=out)


class Sigmoid(Sigmoidal):
    """a = 1 / (1 + exp(−z)); da/dz = a (1 − a)."""

    kind = "sigmoid"

    def forward(self, x: Array) -> Array:
        self._match(x)
        # exp(z) / (1 + exp(z)) keeps its digits where a is small, as (1 + tanh(z/2)) / 2 does not.
        np.minimum(x, self._sure, out=self._y)
        np.exp(self._y, out=self._y)
        np.add(self._y, self._one, out=self._scratch)
        return np.divide(self._y, self._scratch, out=self._y)

    def input_gradient(self, grad_y: Array) -> Array:
        grad_x = self._room()
        self._logistic_slope(self._x, out=grad_x)
        return np.multiply(grad_x, grad_y, out=grad_x)


class Tanh(Sigmoidal):
    """a = tanh(z); da/dz = 1 − a², which is four times the logistic slope at 2z."""

    kind = "tanh"

    def forward(self, x: Array) -> Array:
        self._match(x)
        return np.tanh(x, out=self._y)

    def input_gradient(self, grad_y: Array) -> Array:
        grad_x = self._room()
        np.add(self._x, self._x, out=grad_x)
        self._logistic_slope(grad_x, out=grad_x)
        np.multiply(grad_x, self._four, out=grad_x)
        return np.multiply(grad_x, grad_y, out=grad_x)
