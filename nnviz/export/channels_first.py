"""Arrays as PyTorch and ONNX keep them: outputs before inputs, and the channels of a picture before its rows.

nnviz keeps the channels last, so a row that feature maps are laid out in has its numbers in another order there. What
reads such a row is turned to fit, and nothing is left to be turned when the network is used.
"""

import math

import numpy as np

from nnviz.array import Array
from nnviz.export.blueprint import Blueprint
from nnviz.frame.operations import Convolution, Normalisation, Reshaping, WeightedSums

SINGLE = np.float32


def channels_first(blueprint: Blueprint) -> dict[str, dict[str, Array]]:
    """Layer's name → its arrays under PyTorch's names, float32: `weight` (units, inputs) or (maps, maps before, size,
    size), `bias`; of batch normalisation `weight`, `bias`, `running_mean` and `running_var`.
    """
    made: dict[str, dict[str, Array]] = {}
    # Where each number of a row that was maps stands in nnviz's row.
    order: Array | slice = slice(None)
    for layer in blueprint.layers:
        own = blueprint.own(layer)
        if isinstance(layer.operation, WeightedSums | Reshaping) and len(layer.input_shape) == 3:
            order = _order(layer.input_shape)
        match layer.operation:
            case WeightedSums():
                arrays = {"weight": own["weights"][order].T, "bias": own.get("biases")}
                order = slice(None)
            case Convolution():
                arrays = {"weight": own["weights"].transpose(3, 2, 0, 1), "bias": own.get("biases")}
            case Normalisation():
                arrays = {
                    "weight": own["scales"][order],
                    "bias": own["shifts"][order],
                    "running_mean": own["mean"][order],
                    "running_var": own["variance"][order],
                }
            case _:
                arrays = {}
        made[layer.name] = {
            name: np.ascontiguousarray(array, SINGLE) for name, array in arrays.items() if array is not None
        }
    return made


def channels_first_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(height, width, channels) → (channels, height, width); rows stay as they are."""
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


def standardising(blueprint: Blueprint) -> tuple[Array, Array]:
    """Scale and shift of the inputs as they are fed: (channels, 1, 1) for pictures from 0 to 1, (inputs,) for rows.

    They keep the type that the network computes in, for what is left of inputs that are far from 0.
    """
    if not blueprint.is_of_pictures:
        return blueprint.scale, blueprint.shift
    # Stored pictures are bytes.
    return (blueprint.scale * 255).reshape(-1, 1, 1), blueprint.shift.reshape(-1, 1, 1)


def _order(shape: tuple[int, ...]) -> Array:
    return np.arange(math.prod(shape)).reshape(shape).transpose(2, 0, 1).ravel()
