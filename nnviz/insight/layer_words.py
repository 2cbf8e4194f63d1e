"""What each kind of layer does, on the way forward and on the way back."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.training.frame import LayerView
from nnviz.wording import count, percent, signed

# The notation's own, which the screen does not load: it would bring all layers with it.
ACTIVATIONS = ("relu", "leakyrelu", "sigmoid", "tanh")
"""The activation functions: each unit passes on its own error alone."""


def forward_work(layer: LayerView) -> str:
    """What a layer does to what comes in."""
    match layer.kind:
        case "dense":
            return weighted_sums(layer)
        case "conv":
            size = layer.described.split()[2].replace("x", "×")
            channels = count(layer.input_shape[-1], "channel")
            kernels = count(layer.output_shape[-1], "kernel")
            return (
                f"each of its {kernels} of {size} was slid over the {channels} of its input; every place of its map is "
                "the sum of what lies under it, each number times its weight."
            )
        case "pool":
            size = layer.described.split()[1]
            return f"of every {size}×{size} numbers of a map only the largest went on."
        case "dropout":
            share = percent(float(layer.described.split()[1]))
            return f"by chance, about {share} of the numbers became 0, and the rest grew to make up for it."
    return f"{_WORK.get(layer.kind, 'it passed the numbers on')}."


def weighted_sums(layer: LayerView) -> str:
    """What the units of a dense layer do."""
    total = layer.units.total
    who = f"each of its {total:,} units" if total > 1 else "its one unit"
    inputs = count(math.prod(layer.input_shape), "input")
    return f"{who} added up {inputs}, each times its weight{', and a bias' if _is_biased(layer) else ''}."


def _is_biased(layer: LayerView) -> bool:
    return layer.parameters > math.prod(layer.input_shape) * math.prod(layer.output_shape)


_WORK = {
    "relu": "what was below zero became 0, the rest stayed as it was",
    "leakyrelu": "what was below zero was cut to a hundredth, the rest stayed as it was",
    "sigmoid": "every number was squeezed between 0 and 1",
    "tanh": "every number was squeezed between −1 and 1",
    "globalpool": "each map became one number, its mean",
    "flatten": "the maps were laid out as one row of numbers",
    "batchnorm": "over the batch, each unit was brought to mean 0 and deviation 1, then scaled and shifted",
}


def unit_word(layer: LayerView) -> str:
    """What one of the units that are shown is."""
    return "map" if layer.units.sides else "unit"


def forward_outcome(layer: LayerView) -> list[str]:
    """What came of it for the focused example, at the units that are shown."""
    values = layer.units.activations
    if values is None or not len(values):
        return []
    thing = unit_word(layer)
    if layer.kind in ("relu", "dropout"):
        silent = int(np.count_nonzero(values == 0))
        how = "Silent" if layer.kind == "relu" else "At 0"
        return [f"{how} for this example: {silent} of {count(len(values), thing)} shown."]
    k = strongest(values)
    return [f"The strongest one shown, {thing} {int(layer.units.indices[k])}, gave {signed(float(values[k]))}."]


def backward_work(layer: LayerView) -> str:
    """What a layer without weights of its own kind does to the error that comes back."""
    return _GATES.get(layer.kind, "the error goes on")


_GATES = {
    "relu": "the error passes where the unit was on and stops where it was off",
    "leakyrelu": "the error passes where the unit was on, and a hundredth of it where it was off",
    "sigmoid": "the error is multiplied by a (1 − a), which is small where the unit was nearly 0 or 1",
    "tanh": "the error is multiplied by 1 − a², which is small where the unit was nearly −1 or 1",
    "pool": "of every cell, the number that won gets the whole error, the others none",
    "globalpool": "every place of a map gets an equal share of the map's error",
    "flatten": "the row of errors is folded into maps again",
    "batchnorm": "what the batch has in common is taken out of the error, as it was out of the numbers",
    "dropout": "the error passes where the number was kept, and stops where it was left out",
}


def strongest(values: Array) -> int:
    """Place of the number of largest magnitude in `values` (n,)."""
    return int(np.nan_to_num(np.abs(values)).argmax())
