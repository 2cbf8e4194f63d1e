"""Takes the weight under the cursor: any number that training changes, of those that make a unit what it is."""

import math
from collections.abc import Callable

import numpy as np

from nnviz.array import Array, strongest
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Convolution, Custom, Normalisation
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.unit_view import Sum, WeightView, summed_up
from nnviz.training.blocks import Block
from nnviz.training.incoming import into, shares
from nnviz.training.links import Links


class WeightViews:
    """Takes the numbers of any unit: its weights, then its bias, then the scale and shift of each normalisation.

    `names` says what a number of the network's input is called, "" where it has no name.
    """

    def __init__(self, trace: StepTrace, links: Links, names: Callable[[int], str]) -> None:
        self._trace, self._links, self._names = trace, links, names

    def take(
        self, block: Block, unit: int, index: int, incoming: int | None, place: int, total: Sum | None
    ) -> WeightView | None:
        """Number `incoming` of a unit's, counted round and round; the weight that adds most to `total` for None.

        `index` is where the unit's number is in the block's flattened outputs. None where a unit has no such numbers.
        """
        if isinstance(block.leader.operation, Custom):
            # Which of its numbers belong to which unit, nobody knows here.
            return None
        known = self._trace.parameter(block.layers[0], "weights", Quantity.WEIGHT)
        weights = 0 if known is None else known.size // block.leader.output_shape[-1]
        beside = self._beside(block)
        if not weights + len(beside):
            return None
        if incoming is None:
            incoming = 0 if known is None else self._strongest(block, index, total, known)
        incoming %= weights + len(beside)
        layer, kind = (block.layers[0], "weights") if incoming < weights else beside[incoming - weights]
        array = self._trace.parameter(layer, kind, Quantity.WEIGHT)
        assert array is not None
        flat = incoming * array.shape[-1] + unit if kind == "weights" else index % array.size
        return self._view(layer, kind, flat, (incoming, weights, weights + len(beside)), place)

    def _beside(self, block: Block) -> list[tuple[int, str]]:
        """What a unit has beside weights: the layer, and the kind of its numbers."""
        layers = self._trace.layers
        found = [(block.layers[0], "biases")] if "biases" in block.leader.parameters else []
        normalisations = [n for n in block.layers if isinstance(layers[n].operation, Normalisation)]
        return found + [(n, kind) for n in normalisations for kind in ("scales", "shifts")]

    def _strongest(self, block: Block, index: int, total: Sum | None, weights: Array) -> int:
        """Of the numbers that come in, the one that adds most; while that is not known, the one of largest weight."""
        joined, units = into(block.leader, index), block.leader.output_shape[-1]
        if total is not None and total.terms:
            return int(joined.weights[joined.indices == total.terms[0].index][0]) // units
        return int(joined.weights[strongest(weights.reshape(-1)[joined.weights])]) // units

    def _view(self, layer: int, kind: str, flat: int, counted: tuple[int, int, int], place: int) -> WeightView:
        trace, traits = self._trace, self._trace.layers[layer]
        array = trace.parameter(layer, kind, Quantity.WEIGHT)
        value = self._links.weights(layer, np.array([flat]), kind)
        assert array is not None
        assert value is not None
        gradient, update = (
            None if (changing := trace.parameter(layer, kind, quantity)) is None else float(changing.flat[flat])
            for quantity in (Quantity.GRADIENT, Quantity.UPDATE)
        )
        each = shares(trace, layer, kind, flat) if gradient is not None else None
        of_input = kind == "weights" and layer == 0 and not isinstance(traits.operation, Convolution)
        a, grad_z = self._factors(layer, kind, flat, place)
        return WeightView(
            layer=layer,
            kind=kind,
            at=tuple(int(axis) for axis in np.unravel_index(flat, array.shape)),
            input=counted[0],
            weights=counted[1],
            numbers=counted[2],
            name=self._names(counted[0]) if of_input else "",
            value=float(value[0]),
            update=update,
            a=a,
            grad_z=grad_z,
            share=None if each is None else float(each[place]),
            others=None if each is None else summed_up(np.delete(each, place).tolist()),
            other_count=len(trace.batch.indices) - 1,
            gradient=gradient,
        )

    def _factors(self, layer: int, kind: str, flat: int, place: int) -> tuple[float | None, float | None]:
        """What the number was multiplied by in this example, and ∂L/∂(what the layer gave); None where at many places.

        Of a shift, or a bias, the first is 1.
        """
        trace, traits = self._trace, self._trace.layers[layer]
        if len(traits.output_shape) != 1:
            return None, None
        units = traits.output_shape[0]
        inputs, grads = trace.output(layer - 1), trace.output_gradient(layer)
        grad = None if grads is None else float(grads[place].flat[flat % units])
        if kind in ("biases", "shifts"):
            return 1.0, grad
        if inputs is None:
            return None, grad
        came = float(inputs[place].flat[flat // units if kind == "weights" else flat])
        moments = trace.moments(layer)
        if kind == "scales" and isinstance(traits.operation, Normalisation) and moments is not None:
            mean, variance = (float(moment[flat]) for moment in moments)
            came = (came - mean) / math.sqrt(variance + traits.operation.epsilon)
        return came, grad
