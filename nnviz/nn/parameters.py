"""Every trainable number of a network in one flat vector, with a named view for each array."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nnviz.array import Array

Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]


class Parameter:
    """One named array of a network: `values` and `gradients` are views into the flat vectors.

    decays  whether penalties on large weights apply to it: to weights, and not to biases and scales
    """

    values: Array
    gradients: Array

    def __init__(self, name: str, shape: tuple[int, ...], initializer: Initializer, start: int, decays: bool) -> None:
        self.name = name
        self.shape = shape
        self.initializer = initializer
        self.decays = decays
        self.span = slice(start, start + math.prod(shape))

    def view(self, vector: Array) -> Array:
        """This parameter's part of a flat vector, in the parameter's own shape (a view, no copy)."""
        return vector[self.span].reshape(self.shape)


class Statistic:
    """One named array that is measured while training and not trained, such as a running mean.

    `values` is what the network uses; a training step's forward pass writes `following`, which takes its place when
    the step's update is applied. Both are views into flat vectors.
    """

    values: Array
    following: Array

    def __init__(self, name: str, size: int, start: float, place: int) -> None:
        self.name = name
        self.start = start
        self.span = slice(place, place + size)


class Parameters:
    """The flat vectors of a network's parameters and of their gradients, and of what it measures beside them.

    Layers `declare` their arrays while the network is built; `allocate` then lays all of them into one
    vector, so that an optimizer needs a handful of NumPy calls and a copy of the network is one copy.

    values, gradients      (size,)
    statistics, following  (statistics of all layers,), what evaluation uses, and what comes after this step
    """

    values: Array
    gradients: Array
    statistics: Array
    following: Array

    def __init__(self) -> None:
        self._parameters: list[Parameter] = []
        self._statistics: list[Statistic] = []
        self.size = 0

    def declare(
        self, name: str, shape: tuple[int, ...], initializer: Initializer, *, decays: bool = False
    ) -> Parameter:
        """Reserve room for one array. Its views exist after `allocate`."""
        parameter = Parameter(name, shape, initializer, self.size, decays)
        self._parameters.append(parameter)
        self.size = parameter.span.stop
        return parameter

    def declare_statistic(self, name: str, size: int, start: float) -> Statistic:
        """Reserve room for one measured array (size,), which begins as `start` everywhere."""
        place = self._statistics[-1].span.stop if self._statistics else 0
        statistic = Statistic(name, size, start, place)
        self._statistics.append(statistic)
        return statistic

    def allocate(self, generator: np.random.Generator, dtype: npt.DTypeLike) -> None:
        """Lay out all declared arrays and draw their initial values.

        The draws are made in float64 and rounded to `dtype`, so that one seed means the same network in
        float32 and float64.
        """
        self.values = np.zeros(self.size, dtype)
        self.gradients = np.zeros(self.size, dtype)
        starts = [np.full(s.span.stop - s.span.start, s.start, dtype) for s in self._statistics]
        self.statistics = np.concatenate(starts) if starts else np.zeros(0, dtype)
        self.following = self.statistics.copy()
        self._point()
        for parameter in self._parameters:
            parameter.values[...] = parameter.initializer(generator, parameter.shape)

    def copy(self, other: "Parameters", dtype: npt.DTypeLike) -> None:
        """Lay out the numbers of `other`, which declares the same arrays, once more; gradients are 0."""
        self.values, self.gradients = other.values.astype(dtype), np.zeros(self.size, dtype)
        self.statistics, self.following = other.statistics.astype(dtype), other.statistics.astype(dtype)
        self._point()

    def share(self, other: "Parameters") -> None:
        """Point every view at the vectors of `other`, which declares the same arrays."""
        self.values, self.gradients = other.values, other.gradients
        self.statistics, self.following = other.statistics, other.following
        self._point()

    def _point(self) -> None:
        for parameter in self._parameters:
            parameter.values = parameter.view(self.values)
            parameter.gradients = parameter.view(self.gradients)
        for statistic in self._statistics:
            statistic.values = self.statistics[statistic.span]
            statistic.following = self.following[statistic.span]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name → shape of every declared array, measured ones too; there need be no room for them yet."""
        return {parameter.name: parameter.shape for parameter in self._parameters} | {
            statistic.name: (statistic.span.stop - statistic.span.start,) for statistic in self._statistics
        }

    def named(self, vector: Array | None = None) -> dict[str, Array]:
        """Name → view of `vector` (default: the values), in declaration order."""
        source = self.values if vector is None else vector
        return {parameter.name: parameter.view(source) for parameter in self._parameters}

    def named_statistics(self, vector: Array | None = None) -> dict[str, Array]:
        """Name → view of `vector` (default: the statistics in use), in declaration order."""
        source = self.statistics if vector is None else vector
        return {statistic.name: source[statistic.span] for statistic in self._statistics}

    def decaying(self) -> Array:
        """1 for every number that penalties on large weights apply to, else 0: (size,)."""
        mask = np.zeros_like(self.values)
        for parameter in self._parameters:
            mask[parameter.span] = parameter.decays
        return mask
