"""Central differences in float64: an oracle for gradients that knows nothing of the chain rule."""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.nn.network import Network


def numerical_gradient(network: Network, x: Array, target: Array, step: float = 1e-6) -> Array:
    """∂(reported mean loss)/∂(every parameter), shape (parameters,): (L(w+h) − L(w−h)) / 2h, one at a time.

    Raises ValueError unless the network computes in float64: float32 leaves too few digits for a difference.
    """
    if network.dtype != np.float64:
        raise ValueError(f"central differences need a float64 network, this one is {network.dtype}")
    values = network.parameters.values
    gradient = np.empty_like(values)
    for i, value in enumerate(values.copy()):
        h = step * max(1.0, abs(value))
        values[i] = value + h
        above = network.loss.forward(network.forward(x), target).mean
        values[i] = value - h
        below = network.loss.forward(network.forward(x), target).mean
        values[i] = value
        gradient[i] = (above - below) / (2 * h)
    return gradient


def relative_error(measured: Array, expected: Array) -> float:
    """|measured − expected| / (|measured| + |expected|), Euclidean norms; 0 where both vanish."""
    scale = float(np.linalg.norm(measured) + np.linalg.norm(expected))
    return float(np.linalg.norm(measured - expected)) / scale if scale else 0.0


class Difference(NamedTuple):
    """∂L/∂w by a central difference, and whether a kink lies between the two points."""

    value: float
    crossed: bool


def half_distance(value: float) -> float:
    """Of the two points of a central difference by a parameter of that value.

    It is the cube root of ε, times max(1, ∣w∣): there the error of the quotient, of the order of its square, is about
    that of rounding (Press et al., Numerical Recipes, section 5.7).
    """
    return float(np.cbrt(np.finfo(np.float64).eps)) * max(1.0, abs(value))


class CentralDifferences:
    """Changes one parameter of a network at a time, and sees what that does to the loss of one batch.

    Raises ValueError unless the network computes in float64.
    """

    def __init__(self, network: Network, x: Array, target: Array, weights: Array | None = None) -> None:
        if network.dtype != np.float64:
            raise ValueError(f"central differences need a float64 network, this one is {network.dtype}")
        self._network, self._target, self._weights = network, target, weights
        # What goes into each layer. Layers keep it in their buffers: it holds up to the first one that was changed.
        self._given = [x] * len(network.layers)
        self._holds = 0

    def at(self, layer: int, place: int, part: float = 1.0) -> Difference:
        """By the parameter at `place` of all, one of layer number `layer`, over that part of the usual distance."""
        for number in range(self._holds, layer):
            self._given[number + 1] = self._network.layers[number].forward(self._given[number])
        # From here on, what layers keep is of a changed parameter.
        self._holds = layer
        values = self._network.parameters.values
        value = values[place]
        h = part * half_distance(float(value))
        values[place] = value + h
        above, sides_above = self._loss(layer)
        values[place] = value - h
        below, sides_below = self._loss(layer)
        values[place] = value
        crossed = any(not np.array_equal(one, other) for one, other in zip(sides_above, sides_below, strict=True))
        return Difference((above - below) / (2 * h), crossed)

    def _loss(self, layer: int) -> tuple[float, list[Array]]:
        """The mean loss, and on which side of its kinks each layer from there on was."""
        x = self._given[layer]
        sides = []
        for number in range(layer, len(self._given)):
            x = self._network.layers[number].forward(x)
            of_layer = self._network.layers[number].sides()
            if of_layer is not None:
                sides.append(of_layer.copy())
        return self._network.loss.forward(x, self._target, self._weights).mean, sides
