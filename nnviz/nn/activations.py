"""Activation functions, as layers of their own, so that what goes in (z) and what comes out (a) can both be seen."""

import numpy as np

from nnviz.nn.layers import Layer
from nnviz.nn.parameters import Array


class Activation(Layer):
    """A function applied to each number alone. Subclasses fill `self._y` and `self._grad_x`, shaped like x."""

    _x: Array
    _y: Array = np.empty(0)
    _grad_x: Array

    def forget(self) -> None:
        self._y = np.empty(0)

    def _match(self, x: Array) -> None:
        """Keep x, with buffers of its shape."""
        self._x = x
        if self._y.shape != x.shape or self._y.dtype != x.dtype:
            self._y = np.empty_like(x)
            self._grad_x = np.empty_like(x)


class ReLU(Activation):
    """a = max(z, 0); da/dz = 1 where z > 0, else 0."""

    kind = "relu"

    def forward(self, x: Array) -> Array:
        self._match(x)
        return np.maximum(x, 0, out=self._y)

    def input_gradient(self, grad_y: Array) -> Array:
        return np.multiply(grad_y, self._x > 0, out=self._grad_x)


class LeakyReLU(Activation):
    """a = z where z > 0, else 0.01·z (Maas et al. 2013)."""

    kind = "leakyrelu"
    slope = 0.01

    def forward(self, x: Array) -> Array:
        self._match(x)
        np.multiply(x, self.slope, out=self._y)
        return np.maximum(x, self._y, out=self._y)

    def input_gradient(self, grad_y: Array) -> Array:
        np.multiply(grad_y, self._x > 0, out=self._grad_x)
        self._grad_x += self.slope * (grad_y * (self._x <= 0))
        return self._grad_x


class Sigmoid(Activation):
    """a = 1 / (1 + exp(−z)); da/dz = a (1 − a)."""

    kind = "sigmoid"

    def forward(self, x: Array) -> Array:
        self._match(x)
        # (1 + tanh(z/2)) / 2 is the same function and cannot overflow.
        np.multiply(x, 0.5, out=self._y)
        np.tanh(self._y, out=self._y)
        self._y += 1
        self._y *= 0.5
        return self._y

    def input_gradient(self, grad_y: Array) -> Array:
        np.subtract(1, self._y, out=self._grad_x)
        self._grad_x *= self._y
        self._grad_x *= grad_y
        return self._grad_x


class Tanh(Activation):
    """a = tanh(z); da/dz = 1 − a²."""

    kind = "tanh"

    def forward(self, x: Array) -> Array:
        self._match(x)
        return np.tanh(x, out=self._y)

    def input_gradient(self, grad_y: Array) -> Array:
        np.multiply(self._y, self._y, out=self._grad_x)
        np.subtract(1, self._grad_x, out=self._grad_x)
        self._grad_x *= grad_y
        return self._grad_x
