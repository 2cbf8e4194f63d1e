"""Layers with parameters, and what every layer has in common.

A layer's buffers are allocated once for a batch size and written with `out=`; whoever keeps an array beyond the
next call must copy it.
"""

import math

import numpy as np

from nnviz.nn.initializers import glorot, zeros
from nnviz.nn.parameters import Array, Initializer, Parameter, Parameters

Shape = tuple[int, ...]


class Layer:
    """One step of the forward pass, and its derivative.

    Shapes leave out the batch: `input_shape` (4,) means that `forward` takes an array of shape (n, 4).
    `forward` must come before `backward`, for the same batch.
    """

    kind = "layer"
    name = ""
    input_shape: Shape
    output_shape: Shape

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:  # noqa: ARG002
        """Learn the input's shape, declare parameters, and return the output's shape."""
        self.input_shape = self.output_shape = input_shape
        return input_shape

    def parameters(self) -> tuple[Parameter, ...]:
        """The arrays that this layer declared, weights first."""
        return ()

    def forward(self, x: Array) -> Array:
        """x (n, *input_shape) → y (n, *output_shape)."""
        raise NotImplementedError

    def parameter_gradients(self, grad_y: Array) -> None:
        """Write ∂L/∂(each parameter), given ∂L/∂y (n, *output_shape)."""

    def input_gradient(self, grad_y: Array) -> Array:
        """∂L/∂y (n, *output_shape) → ∂L/∂x (n, *input_shape)."""
        raise NotImplementedError

    def backward(self, grad_y: Array) -> Array:
        """∂L/∂y → ∂L/∂x; writes the parameters' gradients on the way."""
        self.parameter_gradients(grad_y)
        return self.input_gradient(grad_y)

    def forget(self) -> None:
        """Let go of the buffers; the next `forward` allocates new ones."""

    def describe(self) -> str:
        """The layer in the notation that networks are written in."""
        return self.kind


class Dense(Layer):
    """y = x W + b. An input of more than one axis is read as one long row."""

    kind = "dense"

    def __init__(self, outputs: int, initializer: Initializer = glorot) -> None:
        self.outputs = outputs
        self.initializer = initializer
        self._n = -1

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:
        self.input_shape = input_shape
        self.inputs = math.prod(input_shape)
        self.weights = parameters.declare(f"{self.name}.weights", (self.inputs, self.outputs), self.initializer)
        self.biases = parameters.declare(f"{self.name}.biases", (self.outputs,), zeros)
        self.output_shape = (self.outputs,)
        return self.output_shape

    def parameters(self) -> tuple[Parameter, ...]:
        return (self.weights, self.biases)

    def forget(self) -> None:
        self._n = -1

    def _allocate(self, n: int) -> None:
        self._n = n
        self._y = np.empty((n, self.outputs), self.weights.values.dtype)
        self._grad_x = np.empty((n, self.inputs), self.weights.values.dtype)
        self._grad_x_shaped = self._grad_x.reshape(n, *self.input_shape)

    def forward(self, x: Array) -> Array:
        n = len(x)
        if n != self._n:
            self._allocate(n)
        self._x = x if x.ndim == 2 else x.reshape(n, self.inputs)
        np.dot(self._x, self.weights.values, out=self._y)
        np.add(self._y, self.biases.values, out=self._y)
        return self._y

    def parameter_gradients(self, grad_y: Array) -> None:
        np.dot(self._x.T, grad_y, out=self.weights.gradients)
        np.add.reduce(grad_y, axis=0, out=self.biases.gradients)

    def input_gradient(self, grad_y: Array) -> Array:
        np.dot(grad_y, self.weights.values.T, out=self._grad_x)
        return self._grad_x_shaped

    def describe(self) -> str:
        return f"dense {self.outputs}"
