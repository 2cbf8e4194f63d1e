"""What every layer has in common, and the layers that connect units one by one.

A layer's buffers are allocated once for a batch size and written with `out=`; whoever keeps an array beyond the
next call must copy it.
"""

import copy
import math
from functools import partial
from typing import Self

import numpy as np

from nnviz.array import Array
from nnviz.nn.buffers import Buffers
from nnviz.nn.initializers import glorot, zeros
from nnviz.nn.parameters import Initializer, Parameter, Parameters
from nnviz.nn.workers import FETCH, OneWorker, Pieces, Workers, dot

Shape = tuple[int, ...]

# From so many inputs and outputs on, ∂L/∂x is computed on its side: OpenBLAS is quicker at W gᵀ than at g Wᵀ, by more
# than the copy takes that turns it round.
WIDE, MANY = 1024, 512


class Layer:
    """One step of the forward pass, and its derivative.

    Shapes leave out the batch: `input_shape` (4,) means that `forward` takes an array of shape (n, 4); pictures and
    feature maps are (height, width, channels). `forward` must come before `backward`, for the same batch.
    """

    kind = "layer"
    in_rows = False
    """Whether pictures go through it piece by piece: what it does to them, it leaves to `workers.each`."""
    meetings = 0
    """How often `forward` needs something of all pieces before it goes on."""
    example_bytes = example_work = 0
    """Of `Pieces`, for all of the rows that it is in: so pieces are the same in each layer. 0 where it is in none."""
    name = ""
    input_shape: Shape
    output_shape: Shape
    workers: Workers = OneWorker()
    buffers = Buffers()

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:  # noqa: ARG002
        """Learn the input's shape, declare parameters, and return the output's shape.

        Raises InputError if the layer cannot follow what gives such an output.
        """
        self.input_shape = self.output_shape = input_shape
        return input_shape

    def parameters(self) -> tuple[Parameter, ...]:
        """The arrays that this layer declared, weights first."""
        return ()

    def products(self) -> int:
        """Multiply-adds of an example's matrix product."""
        return 0

    def work(self) -> int:
        """What `forward` does to an example, in multiply-adds that would take as long."""
        return self.products() + FETCH * math.prod(self.output_shape)

    def divided(self, x: Array) -> Pieces:
        """The pieces in which it goes through a batch."""
        return Pieces(len(x), max(self.example_bytes, x[0].nbytes), max(self.example_work, self.products()))

    def forward(self, x: Array) -> Array:
        """x (n, *input_shape) → y (n, *output_shape)."""
        raise NotImplementedError

    def parameter_gradients(self, grad_y: Array) -> None:
        """Write ∂L/∂(each parameter), given ∂L/∂y (n, *output_shape)."""

    def input_gradient(self, grad_y: Array) -> Array:
        """∂L/∂y (n, *output_shape) → ∂L/∂x (n, *input_shape). Comes after `parameter_gradients` for the same ∂L/∂y."""
        raise NotImplementedError

    def backward(self, grad_y: Array) -> Array:
        """∂L/∂y → ∂L/∂x; writes the parameters' gradients on the way."""
        self.parameter_gradients(grad_y)
        return self.input_gradient(grad_y)

    def sides(self) -> Array | None:
        """Of the last batch, on which side of the layer's kinks each number was; None where it has no kinks."""
        return None

    def forget(self) -> None:
        """Let go of the buffers; the next `forward` allocates new ones."""

    def for_evaluation(self) -> "Layer":
        """A layer, not built yet, that computes what this one is worth when nothing is trained: mostly the same."""
        return self.twin()

    def twin(self) -> Self:
        """The same layer with buffers of its own."""
        twin = copy.copy(self)
        twin.forget()
        return twin

    def describe(self) -> str:
        """The layer in the notation that networks are written in."""
        return self.kind


class Weighted(Layer):
    """A layer whose outputs are weighted sums of inputs.

    biased  whether a bias is added; what adds one itself, such as batch normalisation, needs none before it
    """

    weights: Parameter
    biases: Parameter | None

    def __init__(self, outputs: int, initializer: Initializer, biased: bool) -> None:
        self.outputs = outputs
        self.initializer = initializer
        self.bias_initializer: Initializer = zeros
        self.biased = biased
        self.forget()

    def declare(self, shape: Shape, parameters: Parameters) -> None:
        """Declare weights of this shape, whose last axis counts the outputs, and a bias for each output."""
        self.weights = parameters.declare(f"{self.name}.weights", shape, self.initializer, decays=True)
        self.biases = None
        if self.biased:
            self.biases = parameters.declare(f"{self.name}.biases", (self.outputs,), self.bias_initializer)

    def parameters(self) -> tuple[Parameter, ...]:
        return (self.weights,) if self.biases is None else (self.weights, self.biases)

    def forget(self) -> None:
        self._n = -1


class Dense(Weighted):
    """y = x W + b. An input of more than one axis is read as one long row."""

    kind = "dense"

    def __init__(self, outputs: int, initializer: Initializer = glorot, biased: bool = True) -> None:
        super().__init__(outputs, initializer, biased)

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:
        self.input_shape = input_shape
        self.inputs = math.prod(input_shape)
        self.declare((self.inputs, self.outputs), parameters)
        self.output_shape = (self.outputs,)
        return self.output_shape

    def _allocate(self, n: int) -> None:
        self._n = n
        dtype = self.weights.values.dtype
        self._w, self._grad_w = self.weights.values, self.weights.gradients
        self._y = self.buffers.empty((n, self.outputs), dtype)
        # What only the backward pass needs comes with it: a network that is evaluated goes without.
        self._grad_x: Array | None = None
        # The sum over a batch as a product: BLAS is quicker at it than a reduction over the first axis.
        self._ones = np.ones(n, dtype)
        self._work = n * self.inputs * self.outputs
        self._dot = self.workers.product(self._work)

    def forward(self, x: Array) -> Array:
        n = len(x)
        if n != self._n:
            self._allocate(n)
        self._x = x if x.ndim == 2 else x.reshape(n, self.inputs)
        self._dot(self._x, self._w, self._y)
        if self.biases is not None:
            np.add(self._y, self.biases.values, out=self._y)
        return self._y

    def parameter_gradients(self, grad_y: Array) -> None:
        self._dot(self._x.T, grad_y, self._grad_w)
        if self.biases is not None:
            self._ones.dot(grad_y, self.biases.gradients)

    def input_gradient(self, grad_y: Array) -> Array:
        if self._grad_x is None:
            self._grad_x = self.buffers.empty((self._n, self.inputs), grad_y.dtype)
            self._grad_x_shaped = self._grad_x.reshape(self._n, *self.input_shape)
            is_turned = self.inputs >= WIDE and self.outputs >= MANY
            self._turned = self.buffers.empty((self.inputs, self._n), grad_y.dtype) if is_turned else None
        if self._turned is None:
            self._dot(grad_y, self._w.T, self._grad_x)
        else:
            multiply = partial(_multiply_and_copy, grad_y.T)
            self.workers.halves(multiply, self._work, self._w, self._turned, self._grad_x.T)
        return self._grad_x_shaped

    def describe(self) -> str:
        return f"dense {self.outputs}"


def _multiply_and_copy(b: Array, a: Array, out: Array, copy: Array) -> None:
    """The matrix product of a (n, k) and b (k, m), written to `out` (n, m) and from there to another place."""
    dot(a, b, out)
    np.copyto(copy, out)


class Flatten(Layer):
    """Feature maps as one long row: (n, height, width, channels) → (n, height · width · channels)."""

    kind = "flatten"

    def build(self, input_shape: Shape, parameters: Parameters) -> Shape:  # noqa: ARG002
        self.input_shape = input_shape
        self.output_shape = (math.prod(input_shape),)
        return self.output_shape

    def forward(self, x: Array) -> Array:
        return x.reshape(len(x), -1)

    def input_gradient(self, grad_y: Array) -> Array:
        return grad_y.reshape(len(grad_y), *self.input_shape)
