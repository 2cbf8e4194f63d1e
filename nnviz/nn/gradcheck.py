"""Central differences in float64: an oracle for gradients that knows nothing of the chain rule."""

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
