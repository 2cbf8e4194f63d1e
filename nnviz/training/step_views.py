"""What a frame has of the layers of a training step: all that comes from its step trace alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Parts
from nnviz.frame.layer_views import LISTED_UNITS, BlockErrors, LayerView, ParameterView, PassedError, Units
from nnviz.frame.stages import Phase
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.task import Task
from nnviz.frame.unit_view import UnitView
from nnviz.training.blocks import Block, Grouping, by_units
from nnviz.training.heatmaps import Heatmaps
from nnviz.training.reduction import extreme, largest, spread
from nnviz.training.shown_units import first_outputs, shown_units
from nnviz.training.unit_views import UnitViews


class StepViews:
    """Takes the layers, the errors, the heatmap and the unit under the cursor, of any step trace.

    ranked       the units that are shown first, of the input and of each block
    names        what a number of the network's input is called, "" where it has no name; `short_names`, what several
                 of them are called in a diagram, () where they have no names there
    """

    def __init__(
        self,
        trace: StepTrace,
        task: Task,
        blocks: list[Block],
        of_input: Grouping,
        ranked: list[Array],
        names: Callable[[int], str],
        short_names: Callable[[Array], tuple[str, ...]],
    ) -> None:
        self._trace, self._task, self._blocks, self._input, self._names = trace, task, blocks, of_input, short_names
        self._block_of = [number for number, block in enumerate(blocks) for _ in block.layers]
        self._heatmaps = Heatmaps(trace, blocks)
        self._unit_views = UnitViews(trace, blocks, of_input, names)
        self._ranked = ranked
        # Of the input and of each block: the first units, for the diagram.
        self._shown = shown_units(blocks)
        self._chosen = [ranked[: self._shown] for ranked in ranked]

    @property
    def blocks(self) -> int:
        """How many blocks can be focused."""
        return len(self._blocks)

    def within(self, focus: Focus) -> Focus:
        """The focus on a block, and a unit, that there is."""
        block = min(max(focus.block, 0), self.blocks - 1)
        count, unit = self._blocks[block].grouping.count, focus.unit
        if unit is None:
            of_input = None if focus.input is None else min(max(focus.input, 0), self._input.count - 1)
            return replace(focus, block=block, input=of_input)
        return replace(focus, block=block, unit=min(max(unit, 0), count - 1))

    def fields(self, parts: Parts, focus: Focus, place: int) -> dict[str, Any]:
        """Those of the `parts` that it can take, of a focus that is `within` and the example at `place`."""
        fields: dict[str, Any] = {}
        if "errors" in parts:
            fields["errors"] = self._errors(focus.block, place)
        if "unit" in parts:
            fields["unit"] = self._unit(focus, place)
        if "layers" in parts:
            self._choose_outputs(place)
            fields["input"] = self._units(-1, place)
            fields["layers"] = tuple(self._layer(i, place) for i in range(len(self._trace.layers)))
            fields["passed"] = self._passed(place)
        if "matrix" in parts:
            fields["matrix"] = self._heatmaps.take(focus, place, len(self._trace.batch.indices), self._ranked)
        return fields

    def _unit(self, focus: Focus, place: int) -> UnitView | None:
        """The unit under the cursor: of the block, or else of the network's input."""
        if focus.unit is not None:
            return self._unit_views.take(focus.block, focus.unit, focus.input, place)
        return None if focus.input is None else self._unit_views.take_input(focus.input, place)

    def _choose_outputs(self, place: int) -> None:
        """Choose the outputs that the diagram shows: the classes of this example, then the first ones.

        Where there are too many, it is only the last nodes that another example may change.
        """
        count = self._blocks[-1].grouping.count
        self._chosen[-1] = first_outputs(self._own_outputs(place), count, self._shown)

    def _own_outputs(self, place: int) -> list[int]:
        """The outputs that the example is about: of the target's class and of the one that was said.

        Of a hill, all of them, from its peak outwards; none where outputs are numbers.
        """
        count, task = self._blocks[-1].grouping.count, self._task
        targets, scores = self._trace.batch.targets, self._trace.scores
        if task.is_hill(count):
            peak = int(targets[place].argmax())
            return sorted(range(count), key=lambda unit: abs(unit - peak))
        if count != len(task.class_names):
            return []
        said = [scores.prediction] if scores else []
        return [int(outputs[place].argmax()) for outputs in (targets, *said)]

    def _units(self, layer: int, place: int) -> Units:
        block = self._block_of[layer] if layer >= 0 else -1
        grouping = self._blocks[block].grouping if layer >= 0 else self._input
        indices = self._chosen[block + 1]
        output, gradient = self._trace.output(layer), self._trace.output_gradient(layer)
        values = None if output is None else grouping.values(output[place])
        strongest = None if values is None else int(np.abs(values).argmax())
        return Units(
            sides=grouping.sides,
            total=grouping.count,
            indices=indices,
            names=self._names(indices) if layer < 0 else (),
            activations=None if values is None else values[indices],
            gradients=None if gradient is None else grouping.values(gradient[place])[indices],
            strongest=None if values is None or strongest is None else (strongest, float(values[strongest])),
            silent=None if values is None else values.size - int(np.count_nonzero(values)),
        )

    def _edges(self, block: int) -> Array | None:
        """The weights between the units shown, (units before, units here); the largest one where there are several."""
        before, here = self._chosen[block], self._chosen[block + 1]
        weights = self._trace.parameter(self._blocks[block].layers[0], "weights", Quantity.WEIGHT)
        if weights is None or not self._blocks[block].weighted:
            return None
        grouping = self._blocks[block - 1].grouping if block else self._input
        edges: Array = extreme(by_units(weights, grouping.count))[before[:, None], here]
        return edges

    def _layer(self, number: int, place: int) -> LayerView:
        layer, block = self._trace.layers[number], self._block_of[number]
        return LayerView(
            name=layer.name,
            kind=layer.kind,
            described=layer.described,
            operation=layer.operation,
            block=block,
            input_shape=layer.input_shape,
            output_shape=layer.output_shape,
            parameters=tuple(self._parameter(kind, number) for kind in layer.parameters),
            units=self._units(number, place),
            edges=self._edges(block) if number == self._blocks[block].layers[0] else None,
        )

    def _parameter(self, kind: str, layer: int) -> ParameterView:
        values, gradients, updates = (
            self._trace.parameter(layer, kind, quantity)
            for quantity in (Quantity.WEIGHT, Quantity.GRADIENT, Quantity.UPDATE)
        )
        assert values is not None
        size = spread(values)
        before = None
        if updates is not None:
            before = spread(values - updates) if self._trace.reached(Phase.UPDATE) else size
        return ParameterView(
            kind=kind,
            count=values.size,
            values=size,
            gradients=None if gradients is None else spread(gradients),
            updates=None if updates is None else spread(updates),
            before=before,
        )

    def _passed(self, place: int) -> PassedError | None:
        """Of the layer that the last stage went back through, if it works on each number alone."""
        stage = self._trace.stages[self._trace.done - 1] if self._trace.done else None
        if stage is None or stage.phase is not Phase.BACKWARD or stage.part == 0:
            return None
        if not self._trace.layers[stage.part].operation.elementwise:
            return None
        came, went = (self._trace.output_gradient(layer) for layer in (stage.part, stage.part - 1))
        if came is None or went is None:
            return None
        grouping = self._blocks[self._block_of[stage.part]].grouping
        largest = int(np.abs(came[place]).argmax())
        where, unit = divmod(largest, grouping.count)
        row, column = divmod(where, grouping.sides[1]) if grouping.sides else (0, 0)
        return PassedError(
            unit=unit,
            place=(row, column) if grouping.sides else None,
            came=float(came[place].flat[largest]),
            went=float(went[place].flat[largest]),
        )

    def _errors(self, number: int, place: int) -> BlockErrors:
        block = self._blocks[number]
        first, last = block.layers[0], block.layers[-1]
        seen, total = self._trace, block.grouping.count
        batches = [seen.output(first), seen.output(last), seen.output_gradient(first), seen.output_gradient(last)]
        if not block.weighted:
            batches[0] = batches[2] = None
        rows = [None if batch is None else batch[place].reshape(-1) for batch in batches]
        # Of a map, all are of one place: where ∂L/∂a is largest, or what is known instead.
        telling = next((rows[i] for i in (3, 1, 0) if rows[i] is not None), None)
        places = None if telling is None else block.grouping.places(telling)
        if number == self.blocks - 1:
            indices = self._worst_outputs(place, total)
        elif rows[3] is None or places is None:
            indices = np.arange(min(total, LISTED_UNITS))
        else:
            indices = largest(np.abs(rows[3][places]), LISTED_UNITS)
        z, a, grad_z, grad_a = (None if row is None or places is None else row[places][indices] for row in rows)
        return BlockErrors(block.leader.name, block.is_of_maps, block.weighted, total, indices, z, a, grad_z, grad_a)

    def _worst_outputs(self, place: int, total: int) -> Array:
        """The output for the target's class, then those with the largest error; others in the order of their own."""
        own, scores = self._own_outputs(place), self._trace.scores
        if not self._task.class_names or not own or scores is None:
            return first_outputs(own, total, LISTED_UNITS)
        error = np.abs(scores.errors[place])
        return first_outputs([own[0], *largest(error, LISTED_UNITS).tolist()], total, LISTED_UNITS)
