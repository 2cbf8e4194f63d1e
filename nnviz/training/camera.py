"""Camera: takes frames of a trainer."""

import math
import re
from functools import partial
from typing import Any

import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.shown_task import shown_task
from nnviz.frame.batch_view import EXAMPLES, BatchView
from nnviz.frame.example_view import FEATURES, NAME, PIXELS, ExampleView, TextView
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import EVERY_PART, Frame, FrameUpdate, Moment, Parts, Rates, State, Title, UpdateRuleView
from nnviz.frame.layer_views import LISTED_UNITS, BlockErrors, LayerView, ParameterView, PassedError, Units
from nnviz.frame.stages import Phase
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.unit_view import TERM_NAME, UnitView
from nnviz.nn.notation import describe
from nnviz.nn.optimizers import Nesterov
from nnviz.outside_text import apart, cut, printable, shown_names
from nnviz.training.blocks import blocks_of, by_units, input_grouping
from nnviz.training.curves import curves_of, only_in_training
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.evaluation import chosen_class
from nnviz.training.heatmaps import Heatmaps
from nnviz.training.outcome import Outcomes
from nnviz.training.reduction import extreme, largest, spread
from nnviz.training.shown_units import first_outputs, ranked_units, shown_units
from nnviz.training.surface import Surface
from nnviz.training.text_marks import text_view
from nnviz.training.trainer import Trainer
from nnviz.training.unit_views import UnitViews

# How much each input varies is measured on so many examples, and fewer where that would be more than so many numbers.
VARYING, VARYING_NUMBERS = 1024, 1 << 22
_OTHERS = re.compile(r" \+\d+$")


class Camera:
    """Takes frames of one trainer, at any stage.

    A frame is a function of its moment, and of what is asked for: a camera that has seen all of a run, and a new one
    of a trainer that was brought to the same moment by whatever way, take the same.
    """

    def __init__(self, trainer: Trainer, ranked: list[Array] | None = None) -> None:
        """`ranked` are the units that are to be shown first, of the input and of each block; None to find them."""
        self._trainer = trainer
        self._trace: StepTrace = EngineTrace(trainer.engine)
        self._blocks = blocks_of(self._trace)
        self._input = input_grouping(self._trace)
        self._block_of = [number for number, block in enumerate(self._blocks) for _ in block.layers]
        self._heatmaps = Heatmaps(self._trace, self._blocks)
        # One example alone has no place among others.
        is_plane = trainer.dataset.task.input_shape == (2,) and len(trainer.dataset.train) > 1
        self._surface = Surface(trainer) if is_plane else None
        self._outcomes = Outcomes(trainer)
        self._unit_views = UnitViews(self._trace, self._blocks, self._input, partial(_input_name, trainer.dataset))
        self._network = describe(trainer.network.layers[:-1])
        self._task = shown_task(trainer.dataset.task)
        self._feature_names = apart(shown_names(tuple(trainer.dataset.feature_names[:FEATURES])), NAME)
        self._only_in_training = only_in_training(trainer)
        # Of the input and of each block: the units that are shown, and the first of them, for the diagram.
        self.ranked = self._found() if ranked is None else ranked
        self._shown = shown_units(self._blocks)
        self._chosen = [ranked[: self._shown] for ranked in self.ranked]

    def _found(self) -> list[Array]:
        """The units with the strongest initial weights, of the input and of each block."""
        trainer = self._trainer
        initial = trainer.network.parameters.named(trainer.first.values)
        weights = [initial.get(f"{block.leader.name}.weights") for block in self._blocks]
        return ranked_units(_varying(trainer, self._input.count), self._blocks, weights)

    @property
    def blocks(self) -> int:
        """How many blocks can be focused."""
        return len(self._blocks)

    def take(self, focus: Focus, state: State, rates: Rates, outcome: bool = True) -> Frame:
        """A frame of this moment. A block that does not exist is moved to the nearest one; examples go round.

        Without its `outcome`, nothing is computed for it that the training step did not.
        """
        fields = self._fields(EVERY_PART if outcome else EVERY_PART - {"outcome"}, focus, rates)
        stopped_by = self._trainer.stopped_by if self._trainer.has_stopped else None
        return Frame(task=self._task, stages=self._trace.stages, state=state, stopped_by=stopped_by, **fields)

    def update(self, parts: Parts, focus: Focus, rates: Rates) -> FrameUpdate:
        """Those parts of the frame of this moment of a running training."""
        return FrameUpdate(self._fields(parts, focus, rates))

    def _fields(self, parts: Parts, focus: Focus, rates: Rates) -> dict[str, Any]:
        trainer, scores = self._trainer, self._trace.scores
        focus = self._within(focus)
        batch_size = len(self._trace.batch.indices)
        place = focus.example % batch_size
        fields: dict[str, Any] = {
            "moment": self._moment(),
            "focus": focus,
            "learning_rate": trainer.update_rule.learning_rate,
            "rate": trainer.update_rule.rate_at(self._trace.index),
            "batch_loss": scores.mean if scores else None,
            "worst": int(scores.each.argmax()) if scores else None,
            "outcome": self._outcomes.take(place) if "outcome" in parts else None,
        }
        if "title" in parts:
            fields["title"] = self._title()
        if "rates" in parts:
            fields["rates"] = rates
        if "update_rule" in parts:
            fields["update_rule"] = self._update_rule()
        if "said_wrong" in parts:
            fields["said_wrong"] = self._said_wrong()
        if "example" in parts:
            fields["example"] = self._example(place)
        if "errors" in parts:
            fields["errors"] = self._errors(focus.block, place)
        if "curves" in parts:
            fields["batch"] = None if trainer.history.training.steps else self._batch()
            position = trainer.steps_done if trainer.is_back else None
            fields["curves"] = curves_of(trainer.history, trainer.layers, position)
        if "surface" in parts:
            fields["surface"] = self._surface.take() if self._surface else None
        if "points" in parts:
            fields["points"] = self._surface.points(place) if self._surface else None
        if "unit" in parts:
            fields["unit"] = self._unit(focus, place)
        if "layers" in parts:
            self._choose_outputs(place)
            fields["input"] = self._units(-1, place)
            fields["layers"] = tuple(self._layer(i, place) for i in range(len(self._trace.layers)))
            fields["passed"] = self._passed(place)
        if "matrix" in parts:
            fields["matrix"] = self._heatmaps.take(focus, place, batch_size, self.ranked)
        return fields

    def _within(self, focus: Focus) -> Focus:
        """The focus on a block, and a unit, that there is."""
        block = min(max(focus.block, 0), self.blocks - 1)
        count, unit = self._blocks[block].grouping.count, focus.unit
        if unit is None:
            of_input = None if focus.input is None else min(max(focus.input, 0), self._input.count - 1)
            return replace(focus, block=block, input=of_input)
        return replace(focus, block=block, unit=min(max(unit, 0), count - 1))

    # Parts of a frame

    def _title(self) -> Title:
        trainer = self._trainer
        network = trainer.network
        return Title(
            dataset=printable(trainer.dataset.name),
            caveats=tuple(map(printable, trainer.dataset.caveats)),
            notice=printable(trainer.dataset.notice),
            network=self._network,
            loss=network.loss.name,
            output=network.loss.output.name,
            optimizer=trainer.update_rule.describe(self._trace.index),
            parameters=network.parameters.size,
            epochs=trainer.stopping.epochs,
            skipped=trainer.dataset.left_out,
            only_in_training=self._only_in_training,
            begins_from=trainer.begins_from,
            decimals=trainer.dataset.decimals,
        )

    def _batch(self) -> BatchView:
        """What each example of the batch costs."""
        scores, split = self._trace.scores, self._trainer.batches.split
        numbers = self._trace.batch.indices[:EXAMPLES].copy()
        return BatchView(
            numbers=numbers,
            labels=split.labels[numbers] if self._trainer.dataset.task.class_names else None,
            losses=None if scores is None else scores.each[:EXAMPLES].copy(),
        )

    def _said_wrong(self) -> int | None:
        dataset, scores = self._trainer.dataset, self._trace.scores
        if not dataset.task.class_names or scores is None:
            return None
        said = chosen_class(scores.prediction, dataset.task)
        return int(np.count_nonzero(said != self._trainer.batches.split.labels[self._trace.batch.indices]))

    def _unit(self, focus: Focus, place: int) -> UnitView | None:
        """The unit under the cursor: of the block, or else of the network's input."""
        if focus.unit is not None:
            return self._unit_views.take(focus.block, focus.unit, focus.input, place)
        return None if focus.input is None else self._unit_views.take_input(focus.input, place)

    def _moment(self) -> Moment:
        t, trace = self._trainer, self._trace
        place = t.batches.epochs.at(trace.index)
        return Moment(trace.index, place.epoch, place.batch, place.batches, trace.done, t.furthest, t.is_back)

    def _update_rule(self) -> UpdateRuleView:
        update_rule, step = self._trainer.update_rule, self._trace.index
        optimizer, penalty, clip = update_rule.optimizer, update_rule.penalty, update_rule.clip
        schedule, is_proposed = update_rule.schedule.kind_at(step), self._trace.proposed
        return UpdateRuleView(
            rule=optimizer.kind,
            momentum=getattr(optimizer, "momentum", None),
            ahead=isinstance(optimizer, Nesterov),
            decay=optimizer.weight_decay or None,
            penalty=penalty.value() if penalty else None,
            clip=clip.limit if clip else None,
            norm=clip.norm if clip and is_proposed else None,
            chosen=update_rule.followed_rate if is_proposed else update_rule.learning_rate,
            rate=optimizer.learning_rate if is_proposed else update_rule.rate_at(step),
            schedule=schedule if schedule != "constant" else None,
        )

    def _example(self, place: int) -> ExampleView:
        batch, scores = self._trace.batch, self._trace.scores
        split, task = self._trainer.batches.split, self._trainer.dataset.task
        number, seen, weights = int(batch.indices[place]), batch.seen, batch.weights
        stored = split.inputs[number] if seen is None else seen[place]
        is_picture = stored.ndim == 3
        logits = self._trace.output(len(self._trace.layers) - 1)
        target = batch.targets[place].copy()
        prediction = error = loss = said = told = None
        if scores is not None:
            prediction, error = (array[place].copy() for array in (scores.prediction, scores.errors))
            loss = float(scores.each[place])
            if task.class_names:
                said = int(chosen_class(prediction[None], task)[0])
            elif task.numbers == 1:
                told = float(task.told_numbers(prediction[None])[0, 0])
        return ExampleView(
            number=number,
            place=place,
            batch_size=len(batch.indices),
            name=printable(split.names[number]),
            label=int(split.labels[number]) if task.class_names else None,
            weight=None if weights is None else float(weights[place] / weights.sum()),
            pixels=_thinned(stored) if is_picture else None,
            augmented=seen is not None,
            features=None if is_picture else batch.inputs[place, :FEATURES].copy(),
            stored=None if is_picture else stored[:FEATURES].copy(),
            feature_names=self._feature_names,
            text=self._text(number, place),
            target=target,
            logits=None if logits is None else logits[place].copy(),
            prediction=prediction,
            error=error,
            loss=loss,
            said=said,
            wanted=float(split.labels[number, 0]) if task.numbers == 1 else None,
            told=told,
        )

    def _text(self, number: int, place: int) -> TextView | None:
        dataset, split = self._trainer.dataset, self._trainer.batches.split
        encoding = dataset.encoding
        if split.texts is None or encoding is None or encoding.ngrams is None:
            return None
        weighted = next((block for block in self._blocks if block.weighted), None)
        first = None if weighted is None else self._trace.parameter(weighted.layers[0], "weights", Quantity.WEIGHT)
        text, counts, inputs = split.texts[number], split.inputs[number], self._trace.batch.inputs[place]
        return text_view(text, encoding.ngrams, dataset.feature_names, counts, inputs, first)

    def _ngram_names(self, indices: Array) -> tuple[str, ...]:
        """The commonest n-gram of each input: beside a node, "+3" for the others would look like what it holds."""
        dataset = self._trainer.dataset
        if dataset.train.texts is None:
            return ()
        return tuple(cut(_OTHERS.sub("", dataset.feature_names[i]), NAME) for i in indices.tolist())

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
        count, task = self._blocks[-1].grouping.count, self._trainer.dataset.task
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
            names=self._ngram_names(indices) if layer < 0 else (),
            activations=None if values is None else values[indices],
            gradients=None if gradient is None else grouping.values(gradient[place])[indices],
            strongest=None if values is None or strongest is None else (strongest, float(values[strongest])),
            silent=None if values is None else values.size - int(np.count_nonzero(values)),
        )

    def _edges(self, block: int) -> Array | None:
        """The weights between the units shown, (units before, units here); the largest one where there are several."""
        before, here = self._chosen[block], self._chosen[block + 1]
        weights = self._trace.parameter(self._blocks[block].layers[0], "weights", Quantity.WEIGHT)
        if weights is None:
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
        if not self._trainer.dataset.task.class_names or not own or scores is None:
            return first_outputs(own, total, LISTED_UNITS)
        error = np.abs(scores.errors[place])
        return first_outputs([own[0], *largest(error, LISTED_UNITS).tolist()], total, LISTED_UNITS)


def _varying(trainer: Trainer, count: int) -> Array:
    """The variance of each unit (count,) of the input over some examples: most n-grams are rare, and a border is black.

    1 where a unit is a whole map.
    """
    if count != math.prod(trainer.dataset.task.input_shape):
        return np.ones(count, np.float32)
    examples = trainer.dataset.train.inputs[: min(VARYING, max(VARYING_NUMBERS // count, 2))]
    variance: Array = trainer.batches.encoder.inputs(examples).reshape(-1, count).var(axis=0)
    return variance


def _thinned(pixels: Array) -> Array:
    """A picture of at most `PIXELS` on a side, every k-th pixel of a larger one."""
    step = -(-max(pixels.shape[:2]) // PIXELS)
    return pixels[::step, ::step].copy()


def _input_name(dataset: Dataset, number: int) -> str:
    """What a number of the network's input is called; "" where it has no name."""
    names = dataset.feature_names
    return cut(printable(names[number]), TERM_NAME) if number < len(names) else ""
