"""Every trainable number of a network in one flat vector, with a named view for each array."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]


class Parameter:
    """One named array of a network: `values` and `gradients` are views into the flat vectors."""

    values: Array
    gradients: Array

    def __init__(self, name: str, shape: tuple[int, ...], initializer: Initializer, start: int) -> None:
        self.name = name
        self.shape = shape
        self.initializer = initializer
        self.span = slice(start, start + int(np.prod(shape)))

    def view(self, vector: Array) -> Array:
        """This parameter's part of a flat vector, in the parameter's own shape (a view, no copy)."""
        return vector[self.span].reshape(self.shape)


class Parameters:
    """The flat vectors of a network's parameters and of their gradients.

    Layers `declare` their arrays while the network is built; `allocate` then lays all of them into one
    vector, so that an optimizer needs a handful of NumPy calls and a copy of the network is one copy.
    """

    values: Array
    gradients: Array

    def __init__(self) -> None:
        self._parameters: list[Parameter] = []
        self.size = 0

    def declare(self, name: str, shape: tuple[int, ...], initializer: Initializer) -> Parameter:
        """Reserve room for one array. Its views exist after `allocate`."""
        parameter = Parameter(name, shape, initializer, self.size)
        self._parameters.append(parameter)
        self.size = parameter.span.stop
        return parameter

    def allocate(self, generator: np.random.Generator, dtype: npt.DTypeLike) -> None:
        """Lay out all declared arrays and draw their initial values.

        The draws are made in float64 and rounded to `dtype`, so that one seed means the same network in
        float32 and float64.
        """
        self.values = np.zeros(self.size, dtype)
        self.gradients = np.zeros(self.size, dtype)
        for parameter in self._parameters:
            parameter.values = parameter.view(self.values)
            parameter.gradients = parameter.view(self.gradients)
            parameter.values[...] = parameter.initializer(generator, parameter.shape)

    def share(self, other: "Parameters") -> None:
        """Point every view at the vectors of `other`, which declares the same arrays."""
        self.values, self.gradients = other.values, other.gradients
        for parameter in self._parameters:
            parameter.values = parameter.view(self.values)
            parameter.gradients = parameter.view(self.gradients)

    def named(self, vector: Array | None = None) -> dict[str, Array]:
        """Name → view of `vector` (default: the values), in declaration order."""
        source = self.values if vector is None else vector
        return {parameter.name: parameter.view(source) for parameter in self._parameters}
