"""What one example adds to the gradients of a batch, from the buffers of the training step."""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nnviz.array import Array
from nnviz.frame.operations import Convolution, Normalisation, WeightedSums
from nnviz.frame.step_trace import StepTrace


def example_gradients(trace: StepTrace, layer: int, place: int) -> dict[str, Callable[[], Array]]:
    """What gives what the example at `place` adds to the gradients of a layer's parameters, in float64, by their kind.

    That is ∂L/∂w if w were another one for this example alone, L being the mean loss of the batch: over all examples,
    these add up to the gradient of the batch. Where a layer further up normalises over the batch, L changes by what the
    others then give, too. Empty before backprop has come to the layer, and for one without parameters.
    """
    came, grad = trace.output(layer - 1), trace.output_gradient(layer)
    if came is None or grad is None or not trace.layers[layer].parameters:
        return {}
    x, delta = came[place].astype(np.float64), grad[place].astype(np.float64)
    match trace.layers[layer].operation:
        case WeightedSums():
            return {"weights": lambda: np.outer(x, delta), "biases": lambda: delta}
        case Convolution(size=size, stride=stride, padding=padding):
            rings = ((padding, padding), (padding, padding), (0, 0))
            windows = sliding_window_view(np.pad(x, rings), (size, size), (0, 1))[::stride, ::stride]
            return {
                "weights": lambda: np.einsum("ijcuv,ijo->uvco", windows, delta),
                "biases": lambda: delta.sum(axis=(0, 1)),
            }
        case Normalisation(epsilon=epsilon):
            moments = trace.moments(layer)
            if moments is None:
                return {}
            mean, variance = (moment.astype(np.float64) for moment in moments)
            places = tuple(range(delta.ndim - 1))
            normalised = (x - mean) / np.sqrt(variance + epsilon)
            return {
                "scales": lambda: (delta * normalised).sum(axis=places),
                "shifts": lambda: delta.sum(axis=places),
            }
    return {}
