"""Takes the unit under the cursor: how its number came about, and how the error comes back to it."""

import math
from collections.abc import Callable

import numpy as np

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Convolution, Function, LargestOfCells, Normalisation
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.unit_view import PICTURE_SIDE, Passing, Picture, Sum, UnitView, WeightView, summed_up
from nnviz.training.blocks import Block, Grouping
from nnviz.training.incoming import into, out_of
from nnviz.training.links import Links, slope, summed
from nnviz.training.reduction import extreme, reduced
from nnviz.training.weight_views import WeightViews

PLANES = (Quantity.WEIGHT, Quantity.GRADIENT, Quantity.UPDATE)


class UnitViews:
    """Takes any unit of a training step, out of the step's own buffers.

    `names` says what a number of the network's input is called, "" where it has no name.
    """

    def __init__(self, trace: StepTrace, blocks: list[Block], of_input: Grouping, names: Callable[[int], str]) -> None:
        self._trace, self._blocks, self._input, self._names = trace, blocks, of_input, names
        self._links = Links(trace)
        self._weights = WeightViews(trace, self._links, names)

    def take(self, block: int, unit: int, incoming: int | None, place: int) -> UnitView:
        """A unit of a block, with number `incoming` of its weights and what it has beside them (or the strongest)."""
        shown = self._blocks[block]
        first, last = shown.layers[0], shown.layers[-1]
        index = self._index(shown, unit, place)
        z = self._number(first - shown.leader.operation.follows, index, place)
        total = self._sum(shown, index, place, z) if shown.weighted else None
        cell, winner = self._cell(shown, index, place)
        links = next((links for n in range(first, last + 1) if (links := self._links.upwards(n, index, place))), ())
        weight = self._weights.take(shown, unit, index, incoming, place, total)
        return UnitView(
            block=block,
            unit=unit,
            total=shown.grouping.count,
            name=shown.leader.name,
            place=self._place(shown.grouping, index),
            value=z,
            sum=total,
            cell=cell,
            winner=winner,
            passings=self._passings(shown, index, place),
            links=links,
            weight=weight,
            pictures=self._pictures(shown, unit, index, weight, place),
        )

    def take_input(self, unit: int, place: int) -> UnitView:
        """A unit of the network's input: what it is, and what it adds to the units of the first block."""
        numbers = self._trace.batch.inputs[place]
        index = int(self._input.places(numbers.reshape(-1))[unit])
        value = float(numbers.flat[index])
        first = self._blocks[0]
        added = None
        if first.weighted:
            joined = out_of(first.leader, index)
            weights = self._links.weights(0, joined.weights)
            assert weights is not None
            added = summed(joined.indices, np.full(len(weights), value), weights, summed_up((value * weights).tolist()))
        maps = [self._map(self._input, numbers, unit, index)] if self._input.sides else []
        return UnitView(
            block=-1,
            unit=unit,
            total=self._input.count,
            name=self._names(index),
            place=self._place(self._input, index),
            value=value,
            sum=added,
            cell=(),
            winner=None,
            passings=(),
            links=(),
            weight=None,
            pictures=tuple(maps),
        )

    def _index(self, block: Block, unit: int, place: int) -> int:
        """Where in the block's flattened outputs the unit's number is; of a map, the one that is told of."""
        trace, (first, last) = self._trace, (block.layers[0], block.layers[-1])
        known = (trace.output_gradient(last), trace.output(last), trace.output(first))
        telling = next((batch[place].reshape(-1) for batch in known if batch is not None), None)
        return unit if telling is None else int(block.grouping.places(telling)[unit])

    def _place(self, grouping: Grouping, index: int) -> tuple[int, int] | None:
        if grouping.sides is None:
            return None
        row, column = divmod(index // grouping.count, grouping.sides[1])
        return row, column

    def _number(self, layer: int, index: int, place: int) -> float | None:
        batch = self._trace.output(layer)
        return None if batch is None else float(batch[place].flat[index])

    def _sum(self, block: Block, index: int, place: int, z: float | None) -> Sum | None:
        layer, given = block.layers[0], self._trace.output(block.layers[0] - 1)
        if given is None or z is None:
            return None
        joined = into(block.leader, index)
        weights = self._links.weights(layer, joined.weights)
        assert weights is not None
        biases = self._links.weights(layer, np.array([index % block.leader.output_shape[-1]]), "biases")
        bias = None if biases is None else float(biases[0])
        factors = given[place].reshape(-1)[joined.indices]
        return summed(joined.indices, factors, weights, z, bias, self._names if layer == 0 else _unnamed)

    def _cell(self, block: Block, index: int, place: int) -> tuple[tuple[float, ...], int | None]:
        """The numbers of which a pool kept one, and which it was."""
        operation, layer = block.leader.operation, block.layers[0]
        winners, given = self._trace.winners(layer, place), self._trace.output(layer - 1)
        if not isinstance(operation, LargestOfCells) or winners is None or given is None:
            return (), None
        row, column = divmod(index // block.grouping.count, block.leader.output_shape[1])
        size, unit = operation.size, index % block.grouping.count
        maps = given[place].reshape(block.leader.input_shape)
        cell = maps[row * size : (row + 1) * size, column * size : (column + 1) * size, unit]
        return tuple(cell.reshape(-1).astype(float).tolist()), int(winners[row, column, unit])

    def _passings(self, block: Block, index: int, place: int) -> tuple[Passing, ...]:
        passings = []
        # A network may begin with such layers; there, what comes in is the unit's number.
        for layer in block.layers if block.leader.operation.follows else block.layers[1:]:
            came, traits = self._number(layer - 1, index, place), self._trace.layers[layer]
            if came is None:
                break
            gave, operation = self._number(layer, index, place), traits.operation
            passing = Passing(traits.name, operation, came, gave)
            factors, moments = self._trace.factors(layer, place), self._trace.moments(layer)
            if isinstance(operation, Function):
                passing = Passing(traits.name, operation, came, gave, slope=slope(operation.activation, came))
            elif factors is not None:
                passing = Passing(traits.name, operation, came, gave, factor=float(factors.flat[index]))
            elif isinstance(operation, Normalisation) and moments is not None:
                unit = np.array([index % traits.output_shape[-1]])
                scales, shifts = (self._links.weights(layer, unit, kind) for kind in ("scales", "shifts"))
                assert scales is not None
                assert shifts is not None
                mean, variance = (float(moment[unit[0]]) for moment in moments)
                passing = Passing(
                    traits.name, operation, came, gave, None, None, mean, variance, float(scales[0]), float(shifts[0])
                )
            passings.append(passing)
        return tuple(passings)

    # Pictures

    def _pictures(
        self, block: Block, unit: int, index: int, weight: WeightView | None, place: int
    ) -> tuple[Picture, ...]:
        pictures = self._planes(block, unit, weight) if block.weighted and weight is not None else []
        output = self._trace.output(block.layers[-1])
        if block.grouping.sides is not None and output is not None:
            pictures.append(self._map(block.grouping, output[place], unit, index))
        return tuple(pictures)

    def _map(self, grouping: Grouping, numbers: Array, unit: int, index: int) -> Picture:
        cells = grouping.maps(numbers)[:, :, unit]
        return _picture(Quantity.ACTIVATION, cells, self._place(grouping, index))

    def _planes(self, block: Block, unit: int, weight: WeightView) -> list[Picture]:
        """The weights of a unit as they lie over what comes in, where that is a picture or maps, or a kernel."""
        layer, traits = block.layers[0], block.leader
        sides = self._sides_of_weights(block)
        if sides is None:
            return []
        height, width, channels = sides
        at = weight.input // channels if weight.kind == "weights" else None
        pictures = []
        for quantity in PLANES:
            whole = self._trace.parameter(layer, "weights", quantity)
            if whole is None:
                continue
            own = whole.reshape(-1, traits.output_shape[-1])[:, unit].reshape(height, width, channels)
            # Of a kernel, what it has for the map of the weight under the cursor; of a picture, the largest colour.
            is_of_one = isinstance(traits.operation, Convolution) and at is not None
            # A copy: the numbers of one unit lie far apart in memory, and are gone through twice.
            plane = own[:, :, weight.input % channels] if is_of_one else extreme(np.moveaxis(own, 2, 0).copy())
            pictures.append(_picture(quantity, plane, None if at is None else divmod(at, width)))
        return pictures

    def _sides_of_weights(self, block: Block) -> tuple[int, int, int] | None:
        """(height, width, maps) that the weights of a unit lie over; None where what comes in is one row."""
        operation, first = block.leader.operation, block.layers[0]
        if isinstance(operation, Convolution):
            return operation.size, operation.size, block.leader.input_shape[2]
        number = self._blocks.index(block)
        shape = self._trace.input_shape if first == 0 else self._blocks[number - 1].leader.output_shape
        if len(shape) != 3 or math.prod(shape) != math.prod(block.leader.input_shape):
            return None
        return shape[0], shape[1], shape[2]


def _picture(what: Quantity, cells: Array, marked: tuple[int, int] | None) -> Picture:
    step = -(-max(cells.shape) // PICTURE_SIDE)
    place = None if marked is None else (marked[0] // step, marked[1] // step)
    return Picture(what, reduced(cells, step, step), place)


def _unnamed(_: int) -> str:
    return ""
