"""What the two ends of a weight are called."""

import numpy as np

from nnviz.frame.operations import Convolution, Custom, Reshaping, WeightedSums
from nnviz.frame.step_trace import StepTrace
from nnviz.wording import integer

ONE = {"weights": "weight", "biases": "bias", "scales": "scale", "shifts": "shift"}
"""What one number of a kind of parameters is called."""
COLOURS = ("red", "green", "blue")


class UnitNames:
    """Names for the weights of one network.

    features  what the numbers of an input are called, fit to be shown; those beyond them, and pixels, are counted
    outputs   what the outputs stand for
    """

    def __init__(self, trace: StepTrace, features: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        self._layers, self._input_shape = trace.layers, trace.input_shape
        self._features, self._outputs = features, outputs

    def ends(self, layer: int, kind: str, index: tuple[int, ...]) -> tuple[str, str]:
        """(what goes in, what it leads to) of one number of a layer's parameters.

        Where it is not known which unit it belongs to, its place in its array stands for that.
        """
        here = self._layers[layer]
        if isinstance(here.operation, Custom) or kind not in ONE:
            place = ", ".join(map(str, index))
            return ONE.get(kind, kind), f"{here.name} [{place}]" if index else here.name
        target = self._unit(layer, index[-1])
        if kind != "weights":
            return ONE[kind], target
        match here.operation:
            case WeightedSums():
                return self._number(layer - 1, index[0]), target
            case Convolution():
                row, column, before, _ = index
                return self._map(layer - 1, before), f"{target}, row {row}, column {column}"
        return ONE[kind], target

    def _unit(self, layer: int, unit: int) -> str:
        """A unit that a layer makes, or a map."""
        here = self._layers[layer]
        if layer == len(self._layers) - 1 and unit < len(self._outputs):
            return self._outputs[unit]
        return f"{here.name} {'map ' if len(here.output_shape) == 3 else ''}{integer(unit)}"

    def _number(self, layer: int, place: int) -> str:
        """One of the numbers that a layer gave (−1: the input), counted as in one long row."""
        while layer >= 0 and isinstance(self._layers[layer].operation, Reshaping):
            layer -= 1
        shape = self._input_shape if layer < 0 else self._layers[layer].output_shape
        if len(shape) == 3:
            row, column, before = (int(k) for k in np.unravel_index(place, shape))
            return f"{self._map(layer, before)} {row}, {column}".strip()
        if layer < 0:
            return self._features[place] if place < len(self._features) else f"x{place}"
        return f"{self._layers[layer].name} {integer(place)}"

    def _map(self, layer: int, number: int) -> str:
        """A map that a layer gave; of the input, a channel."""
        if layer >= 0:
            return f"{self._layers[layer].name} map {integer(number)}"
        channels = self._input_shape[-1]
        return COLOURS[number] if channels == len(COLOURS) else "pixel" if channels == 1 else f"channel {number}"
