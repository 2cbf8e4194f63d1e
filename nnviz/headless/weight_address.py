"""How a weight is named on the command line: `dense2[dog, 7]`, the unit and its input; `dense2[dog, bias]`."""

import math
import re
from typing import NamedTuple

from nnviz.errors import InputError
from nnviz.frame.operations import WeightedSums
from nnviz.frame.step_trace import StepTrace
from nnviz.outside_text import listed_names, printable
from nnviz.wording import integer

BIAS = "bias"
FORM = "write it as 'dense1[unit, input]', by numbers from 0 or by names, or 'dense1[unit, bias]'"


class WeightAddress(NamedTuple):
    """A weight of a dense layer: the layer's number, the unit, and its input, None for the bias."""

    layer: int
    unit: int
    source: int | None


def read_address(text: str, trace: StepTrace, outputs: tuple[str, ...], inputs: tuple[str, ...]) -> WeightAddress:
    """What a text such as `dense2[dog, 7]` names; `outputs` and `inputs` have names for those of the whole network.

    Raises InputError naming the part that is wrong, and what there is.
    """
    found = re.fullmatch(r"\s*(\w+)\s*\[(.*),([^,]*)\]\s*", text)
    if found is None:
        raise InputError(f"--weight: '{printable(text)}' names no weight; {FORM}")
    dense = {layer.name: k for k, layer in enumerate(trace.layers) if isinstance(layer.operation, WeightedSums)}
    name = found[1]
    if name not in dense:
        raise InputError(f"--weight: '{name}' is no dense layer of this network; there are {listed_names(dense)}")
    layer = dense[name]
    inputs_count, units = math.prod(trace.layers[layer].input_shape), math.prod(trace.layers[layer].output_shape)
    unit = _place(found[2].strip(), units, outputs if layer == len(trace.layers) - 1 else (), f"unit of {name}")
    source = found[3].strip()
    if source == BIAS:
        if "biases" not in trace.layers[layer].parameters:
            raise InputError(f"--weight: {name} has no biases")
        return WeightAddress(layer, unit, None)
    return WeightAddress(layer, unit, _place(source, inputs_count, inputs if layer == 0 else (), f"input of {name}"))


def _place(text: str, count: int, names: tuple[str, ...], what: str) -> int:
    if text in names:
        return names.index(text)
    if text.isdecimal() and len(text) < 10 and int(text) < count:
        return int(text)
    known = f", or {listed_names(names)}" if names else ""
    raise InputError(
        f"--weight: there is no {what} called '{printable(text)}'; there are 0 to {integer(count - 1)}{known}"
    )
