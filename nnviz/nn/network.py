"""Network: layers in order, and a loss."""

import copy
import math
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from nnviz.array import Array
from nnviz.nn.buffers import Buffers
from nnviz.nn.dropout import Dropout
from nnviz.nn.layers import Layer, Shape
from nnviz.nn.losses import Loss
from nnviz.nn.parameters import Parameters
from nnviz.nn.workers import OneWorker, Workers


def declare(layers: Sequence[Layer], input_shape: Shape) -> Parameters:
    """Name new layers and build them one upon the other; their parameters, without room for them.

    Raises InputError if a layer cannot follow the one before it.
    """
    parameters = Parameters()
    shape = input_shape
    counts: Counter[str] = Counter()
    for layer in layers:
        counts[layer.kind] += 1
        layer.name = f"{layer.kind}{counts[layer.kind]}"
        shape = layer.build(shape, parameters)
    return parameters


class Network:
    """Layers in order and the loss at their end, over one set of parameters.

    `layers` are new ones, not built yet; building names them (`dense1`, `relu1`, `dense2`, …).

    Raises InputError if a layer cannot follow the one before it.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss,
        input_shape: Shape,
        generator: np.random.Generator,
        dtype: npt.DTypeLike = np.float32,
        workers: Workers | None = None,
    ) -> None:
        self.layers = list(layers)
        self.loss = loss
        self.input_shape = input_shape
        self.dtype = np.dtype(dtype)
        self.parameters = declare(self.layers, input_shape)
        self.output_shape = self.layers[-1].output_shape
        # So many of the first layers are those that pieces of a batch of pictures go through in rows.
        self.in_rows = len(list(takewhile(lambda layer: layer.in_rows and len(layer.input_shape) == 3, self.layers)))
        self.parameters.allocate(generator, dtype)
        self._dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        for dropout in self._dropouts:
            dropout.key = int(generator.integers(2**63))
        self.workers = workers or OneWorker()
        self._equip()

    def _equip(self) -> None:
        """Give the layers what they share."""
        buffers = Buffers()
        for layer in self.layers:
            layer.workers, layer.buffers = self.workers, buffers
        rows = self.layers[: self.in_rows]
        largest = max((math.prod(shape) for each in rows for shape in (each.input_shape, each.output_shape)), default=0)
        parts = 1 + sum(each.meetings for each in rows)
        for layer in rows:
            layer.example_bytes = largest * self.dtype.itemsize
            layer.example_work = sum(each.work() for each in rows) // parts

    def at_step(self, step: int) -> None:
        """What is left to chance in the next forward pass is what belongs to that training step."""
        for dropout in self._dropouts:
            dropout.step = step

    def forward(self, x: Array) -> Array:
        """x (n, *input_shape) → logits (n, outputs)."""
        layers = self.layers
        if self.in_rows:
            x, layers = self._forward_in_rows(x), layers[self.in_rows :]
        for layer in layers:
            x = layer.forward(x)
        return x

    def _forward_in_rows(self, x: Array) -> Array:
        with self.workers.in_rows():
            for layer in self.layers[: self.in_rows]:
                x = layer.forward(x)
        return x

    def predict(self, x: Array) -> Array:
        """x (n, *input_shape) → prediction (n, outputs)."""
        return self.loss.predict(self.forward(x))

    def backward(self) -> None:
        """Write the gradients of all parameters for the batch that the loss saw last."""
        gradient = self.loss.backward()
        rows = max(self.in_rows, 1)
        for layer in reversed(self.layers[rows:]):
            gradient = layer.backward(gradient)
        if self.in_rows:
            self._backward_in_rows(gradient)
        else:
            # Nothing trains the input, so its gradient, as dear as a forward pass, is left out.
            self.layers[0].parameter_gradients(gradient)

    def _backward_in_rows(self, gradient: Array) -> None:
        with self.workers.in_rows():
            for layer in reversed(self.layers[1 : self.in_rows]):
                gradient = layer.backward(gradient)
            self.layers[0].parameter_gradients(gradient)

    def replica(self, dtype: npt.DTypeLike | None = None) -> "Network":
        """A network that computes the same, in training too, over parameters, statistics and buffers of its own.

        What is left to chance at a training step is the same in it. `dtype` is its own, if it is given.
        """
        twin = copy.copy(self)
        twin.dtype = np.dtype(dtype or self.dtype)
        twin.layers = [layer.twin() for layer in self.layers]
        twin._dropouts = [layer for layer in twin.layers if isinstance(layer, Dropout)]
        twin.loss = copy.copy(self.loss)
        # An output function keeps constants for one kind of number.
        twin.loss.output = copy.copy(self.loss.output)
        twin.parameters = declare(twin.layers, twin.input_shape)
        twin.parameters.copy(self.parameters, twin.dtype)
        twin._equip()
        return twin

    def for_evaluation(self) -> "Network":
        """The same network over the *same* parameters as it is when nothing is trained, with buffers of its own.

        Nothing is left to chance in it, and batches are normalised by what was measured in training. What it
        computes leaves the batch in this network's buffers alone, so that a network can be evaluated in the middle
        of a training step.
        """
        twin = copy.copy(self)
        twin.layers = [layer.for_evaluation() for layer in self.layers]
        twin._dropouts = []
        twin.loss = copy.copy(self.loss)
        twin.parameters = declare(twin.layers, twin.input_shape)
        twin.parameters.share(self.parameters)
        twin._equip()
        return twin
