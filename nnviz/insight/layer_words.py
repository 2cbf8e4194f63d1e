"""What a layer does, on the way forward and on the way back."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.frame.layer_views import LayerView, ParameterView, Spread
from nnviz.frame.operations import (
    Activation,
    Convolution,
    Custom,
    Function,
    LargestOfCells,
    LeavingOut,
    MeanOfMaps,
    Normalisation,
    Reshaping,
    WeightedSums,
)
from nnviz.training.unit_names import ONE
from nnviz.wording import count, integer, number, percent, signed, trimmed


def forward_work(layer: LayerView, batch_size: int) -> str:
    """What a layer does to what comes in."""
    match layer.operation:
        case WeightedSums():
            return weighted_sums(layer)
        case Convolution(size=side):
            size = f"{integer(side)}×{integer(side)}"
            kernels, channels = layer.output_shape[-1], layer.input_shape[-1]
            who = f"each of its {integer(kernels)} kernels" if kernels > 1 else "its one kernel"
            over = f"the {integer(channels)} channels" if channels > 1 else "the one channel"
            return (
                f"{who} of {size} was slid over {over} of its input; every place of its map is the sum of what lies "
                f"under it, each number times its weight{_and_bias(layer)}."
            )
        case LargestOfCells(size):
            return _pooled(layer, size)
        case LeavingOut(0):
            return "it leaves nothing out, and every number went on as it was."
        case LeavingOut(share):
            return (
                f"by chance, about {percent(share)} of the numbers became 0, and the others were divided by "
                f"1 − {trimmed(share, 9)}."
            )
        case Normalisation():
            if stands_alone(layer, batch_size):
                return "alone in its batch, each number is its own mean: 0 was left of it, then scaled and shifted."
            each, places = ("map", " and all its places") if _of_maps(layer) else ("number", "")
            return (
                f"each {each} lost its mean over the batch{places}, was divided by √(its variance there + 0.00001), "
                "then scaled and shifted."
            )
        case MeanOfMaps():
            return "each map became one number, its mean."
        case Reshaping():
            return "the maps were laid out as one row of numbers."
        case Function(activation):
            return f"{_FUNCTIONS[activation]}."
        case Custom():
            return f"what it does stands in its own code ({layer.described})."


def weighted_sums(layer: LayerView) -> str:
    """What the units of a dense layer do."""
    total = layer.units.total
    who = f"each of its {integer(total)} units" if total > 1 else "its one unit"
    inputs = count(math.prod(layer.input_shape), "input")
    return f"{who} added up {inputs}, each times its weight{_and_bias(layer)}."


def _and_bias(layer: LayerView) -> str:
    return ", and a bias" if parameter(layer, "biases") else ""


def _pooled(layer: LayerView, size: int) -> str:
    if size == 1:
        return "each number is a square of its own, and went on as it was."
    whole = all(side % size == 0 for side in layer.input_shape[:2])
    rest = "" if whole else "; what fills no whole square was left out"
    return f"of every {size}×{size} numbers of a map only the largest went on{rest}."


_FUNCTIONS = {
    Activation.RELU: "what was below zero became 0, the rest stayed as it was",
    Activation.LEAKY_RELU: "what was below zero was cut to a hundredth, the rest stayed as it was",
    Activation.SIGMOID: "every number was squeezed between 0 and 1",
    Activation.TANH: "every number was squeezed between −1 and 1",
}


def parameter(layer: LayerView, kind: str) -> ParameterView | None:
    """One of a layer's arrays of parameters, if it has it."""
    return next((parameter for parameter in layer.parameters if parameter.kind == kind), None)


def _of_maps(layer: LayerView) -> bool:
    """Whether what comes in is feature maps, or a picture."""
    return len(layer.input_shape) == 3


def stands_alone(layer: LayerView, batch_size: int) -> bool:
    """Whether batch normalisation has nothing but each number itself to compare it with."""
    places = math.prod(layer.input_shape[:2]) if _of_maps(layer) else 1
    return batch_size * places == 1


def unit_word(layer: LayerView) -> str:
    """What one of its units is."""
    return "map" if layer.units.sides else "unit"


def forward_outcome(layer: LayerView, decimals: int | None = None) -> list[str]:
    """What came of it for the focused example, over all units."""
    units, thing = layer.units, unit_word(layer)
    if units.strongest is None or units.silent is None:
        return []
    if layer.operation == Function(Activation.RELU) or isinstance(layer.operation, LeavingOut):
        how = "At 0" if isinstance(layer.operation, LeavingOut) else "Silent"
        return [f"{how} for this example: {integer(units.silent)} of {count(units.total, thing)}."]
    which, value = units.strongest
    said = signed(value, decimals=decimals)
    if units.total == 1:
        return [f"{'It gave' if thing == 'unit' else 'Its largest number is'} {said}."]
    gave = "gave" if thing == "unit" else "reached"
    return [f"The strongest of all {integer(units.total)}, {thing} {integer(which)}, {gave} {said}."]


def backward_work(layer: LayerView, batch_size: int) -> str:
    """What a layer that joins no units by weights does to the error that comes back."""
    match layer.operation:
        case LeavingOut(share) if share:
            kept = f"divided by 1 − {trimmed(share, 9)}"
            return f"the error passes where the number was kept, {kept}, and stops where it was left out"
        case Normalisation() if stands_alone(layer, batch_size):
            return "alone in its batch, no number could have changed what was left of it, so no error goes on"
        case Normalisation():
            return "what the batch has in common is taken out of the error, as it was out of the numbers"
        case LargestOfCells():
            return "of every cell, the number that won gets the whole error, the others none"
        case MeanOfMaps():
            return "every place of a map gets an equal share of the map's error"
        case Reshaping():
            return "the row of errors is folded into maps again"
        case Function(activation):
            return _GATES[activation]
    return "the error goes on"


_GATES = {
    Activation.RELU: "the error passes where the number was above zero and stops where it was not",
    Activation.LEAKY_RELU: ("the error passes where the number was above zero, and a hundredth of it where it was not"),
    Activation.SIGMOID: (
        "the error is multiplied by s (1 − s), s being what came out, which is small where s was nearly 0 or 1"
    ),
    Activation.TANH: (
        "the error is multiplied by 1 − t², t being what came out, which is small where t was nearly −1 or 1"
    ),
}


def largest_gradients(layer: LayerView, decimals: int | None = None) -> str:
    """How large the gradients of its parameters are, of each kind apart: "at most 0.35 in size, a bias's 1.11"."""
    sizes = [
        (ONE.get(parameter.kind, parameter.kind), parameter.gradients)
        for parameter in layer.parameters
        if parameter.gradients
    ]
    if not sizes:
        return ""
    (_, first), *others = sizes
    told = [f"at most {number(first.largest, decimals=decimals)} in size" if first.largest else "exactly 0"]
    return ", ".join([*told, *(f"a {one}'s {_most(size, first, decimals)}" for one, size in others)])


def _most(size: Spread, before: Spread, decimals: int | None) -> str:
    """The largest of them; how it is to be read was said before, unless that was another case."""
    if not size.largest:
        return "exactly 0"
    told = number(size.largest, decimals=decimals)
    return told if before.largest else f"at most {told}"


def strongest(values: Array) -> int:
    """Place of the number of largest magnitude in `values` (n,)."""
    return int(np.nan_to_num(np.abs(values)).argmax())
