"""Which numbers, and weights, a number of a layer is made of; and which numbers it goes on to."""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.frame.operations import Convolution, Normalisation
from nnviz.frame.step_trace import LayerTraits, StepTrace


class Joined(NamedTuple):
    """Some numbers of one layer, each with the weight that joins it to one number of another.

    indices  (k,) in the flattened output of the layer that they are of
    weights  (k,) places in the flattened weights
    """

    indices: Array
    weights: Array


def into(layer: LayerTraits, index: int) -> Joined:
    """What number `index` of a weighted layer's output adds up; beyond its border a map has nothing."""
    operation, units = layer.operation, layer.output_shape[-1]
    if not isinstance(operation, Convolution):
        indices = np.arange(int(np.prod(layer.input_shape)))
        return Joined(indices, indices * units + index)
    place, unit = divmod(index, units)
    row, column = divmod(place, layer.output_shape[1])
    height, width, channels = layer.input_shape
    size, reach = operation.size, np.arange(operation.size)
    rows, columns = (at * operation.stride - operation.padding + reach for at in (row, column))
    i, j, c = np.meshgrid(reach, reach, np.arange(channels), indexing="ij")
    inside = (_between(rows, height)[:, None, None] & _between(columns, width)[None, :, None] & (c >= 0)).ravel()
    indices = ((rows[i] * width + columns[j]) * channels + c).ravel()
    weights = (((i * size + j) * channels + c) * units + unit).ravel()
    return Joined(indices[inside], weights[inside])


def out_of(layer: LayerTraits, index: int) -> Joined:
    """Which numbers of a weighted layer's output number `index` of its input is added into."""
    operation, units = layer.operation, layer.output_shape[-1]
    if not isinstance(operation, Convolution):
        indices = np.arange(units)
        return Joined(indices, index * units + indices)
    _, width, channels = layer.input_shape
    place, channel = divmod(index, channels)
    size, stride, reach = operation.size, operation.stride, np.arange(operation.size)
    rows, columns = (at + operation.padding - reach for at in divmod(place, width))
    i, j, unit = np.meshgrid(reach, reach, np.arange(units), indexing="ij")
    reached = [
        (at % stride == 0) & _between(at // stride, side)
        for at, side in zip((rows, columns), layer.output_shape, strict=False)
    ]
    inside = (reached[0][:, None, None] & reached[1][None, :, None] & (unit >= 0)).ravel()
    indices = ((rows[i] // stride * layer.output_shape[1] + columns[j] // stride) * units + unit).ravel()
    weights = (((i * size + j) * channels + channel) * units + unit).ravel()
    return Joined(indices[inside], weights[inside])


def shares(trace: StepTrace, layer: int, kind: str, flat: int) -> Array | None:
    """What each example adds to the gradient of number `flat` of a layer's parameters of a kind: (n,) float64.

    None while that is not known, or where the gradient has something else in it.
    """
    if not trace.adds_up(layer):
        return None
    inputs, gradients, traits = trace.output(layer - 1), trace.output_gradient(layer), trace.layers[layer]
    if inputs is None or gradients is None:
        return None
    if kind == "weights":
        return _shares_of_weight(traits, inputs, gradients, flat)
    grads = gradients.reshape(len(gradients), -1, traits.output_shape[-1])[:, :, flat].astype(np.float64)
    moments = trace.moments(layer)
    if kind == "scales" and isinstance(traits.operation, Normalisation) and moments is not None:
        mean, variance = (float(moment[flat]) for moment in moments)
        came = inputs.reshape(len(inputs), -1, traits.output_shape[-1])[:, :, flat].astype(np.float64)
        grads = grads * ((came - mean) / np.sqrt(variance + traits.operation.epsilon))
    each: Array = grads.sum(axis=1)
    return each


def _shares_of_weight(layer: LayerTraits, inputs: Array, gradients: Array, weight: int) -> Array:
    """The same of one weight of weighted sums or of a kernel.

    inputs (n, *input_shape), gradients ∂L/∂z (n, *output_shape), `weight` its place in the flattened weights
    """
    operation, units = layer.operation, layer.output_shape[-1]
    row, unit = divmod(weight, units)
    n = len(inputs)
    if not isinstance(operation, Convolution):
        return inputs.reshape(n, -1)[:, row].astype(np.float64) * gradients.reshape(n, -1)[:, unit]
    place, channel = divmod(row, layer.input_shape[-1])
    size, stride, padding = operation.size, operation.stride, operation.padding
    rows, columns = (
        np.arange(side) * stride + at - padding
        for side, at in zip(layer.output_shape[:2], divmod(place, size), strict=True)
    )
    there, across = _between(rows, layer.input_shape[0]), _between(columns, layer.input_shape[1])
    seen = inputs[:, rows[there]][:, :, columns[across], channel].astype(np.float64)
    products = seen * gradients[:, there][:, :, across, unit]
    sums: Array = products.sum(axis=(1, 2))
    return sums


def _between(places: Array, side: int) -> Array:
    within: Array = (places >= 0) & (places < side)
    return within
