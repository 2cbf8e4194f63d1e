"""Camera: takes frames of a trainer."""

import math
import re
from functools import partial
from typing import Any

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.shown_task import shown_task
from nnviz.frame.batch_view import EXAMPLES, BatchView
from nnviz.frame.example_view import FEATURES, NAME, PIXELS, ExampleView, TextView
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import EVERY_PART, Frame, FrameUpdate, Moment, Parts, Rates, State, Title, UpdateRuleView
from nnviz.frame.step_trace import StepTrace
from nnviz.frame.unit_view import TERM_NAME
from nnviz.nn.notation import describe
from nnviz.nn.optimizers import Nesterov
from nnviz.outside_text import apart, cut, printable, shown_names
from nnviz.training.blocks import blocks_of, input_grouping
from nnviz.training.curves import curves_of, only_in_training
from nnviz.training.engine_trace import EngineTrace
from nnviz.training.evaluation import chosen_class
from nnviz.training.outcome import Outcomes
from nnviz.training.shown_units import ranked_units
from nnviz.training.step_views import StepViews
from nnviz.training.surface import Surface
from nnviz.training.text_marks import text_view
from nnviz.training.trainer import Trainer

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
        # One example alone has no place among others.
        is_plane = trainer.dataset.task.input_shape == (2,) and len(trainer.dataset.train) > 1
        self._surface = Surface(trainer) if is_plane else None
        self._outcomes = Outcomes(trainer)
        self._network = describe(trainer.network.layers[:-1])
        self._task = shown_task(trainer.dataset.task)
        self._feature_names = apart(shown_names(tuple(trainer.dataset.feature_names[:FEATURES])), NAME)
        self._only_in_training = only_in_training(trainer)
        self.ranked = self._found() if ranked is None else ranked
        # Of the data, not of this camera: what knows itself by a way round is not gone when nobody has it any more.
        names = partial(_input_name, trainer.dataset), partial(_ngram_names, trainer.dataset)
        task = trainer.dataset.task
        self._views = StepViews(self._trace, task, self._blocks, self._input, self.ranked, *names)

    def _found(self) -> list[Array]:
        """The units with the strongest initial weights, of the input and of each block."""
        trainer = self._trainer
        initial = trainer.network.parameters.named(trainer.first.values)
        weights = [initial.get(f"{block.leader.name}.weights") for block in self._blocks]
        return ranked_units(_varying(trainer, self._input.count), self._blocks, weights)

    @property
    def blocks(self) -> int:
        """How many blocks can be focused."""
        return self._views.blocks

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
        focus = self._views.within(focus)
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
        if "curves" in parts:
            fields["batch"] = None if trainer.history.training.steps else self._batch()
            position = trainer.steps_done if trainer.is_back else None
            fields["curves"] = curves_of(trainer.history, trainer.layers, position)
        if "surface" in parts:
            fields["surface"] = self._surface.take() if self._surface else None
        if "points" in parts:
            fields["points"] = self._surface.points(place) if self._surface else None
        return fields | self._views.fields(parts, focus, place)

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


def _ngram_names(dataset: Dataset, indices: Array) -> tuple[str, ...]:
    """The commonest n-gram of each input: beside a node, "+3" for the others would look like what it holds."""
    if dataset.train.texts is None:
        return ()
    return tuple(cut(_OTHERS.sub("", dataset.feature_names[i]), NAME) for i in indices.tolist())


def _varying(trainer: Trainer, count: int) -> Array:
    """The variance of each unit (count,) of the input over some examples: most n-grams are rare, and a border is black.

    1 where a unit is a whole map.
    """
    if count != math.prod(trainer.dataset.task.input_shape):
        return np.ones(count, np.float32)
    examples = trainer.dataset.train.inputs[: min(VARYING, max(VARYING_NUMBERS // count, 2))]
    if examples.dtype == np.uint8:
        # In whole numbers, which are exact and take a third of the time.
        spread = _spread(examples) * trainer.batches.encoder.scale.astype(np.float64) ** 2
        return spread.reshape(count).astype(np.float32)
    variance: Array = trainer.batches.encoder.inputs(examples).reshape(-1, count).var(axis=0)
    return variance


def _spread(examples: Array) -> Array:
    """The variance of each number over at most `VARYING` examples (n, …) uint8: E[x²] − E[x]²."""
    n = len(examples)
    sums = examples.sum(axis=0, dtype=np.uint32).astype(np.float64)
    squares = np.multiply(examples, examples, dtype=np.uint16).sum(axis=0, dtype=np.uint32)
    spread: Array = (n * squares.astype(np.float64) - sums**2) / n**2
    return spread


def _thinned(pixels: Array) -> Array:
    """A picture of at most `PIXELS` on a side, every k-th pixel of a larger one."""
    step = -(-max(pixels.shape[:2]) // PIXELS)
    return pixels[::step, ::step].copy()


def _input_name(dataset: Dataset, number: int) -> str:
    """What a number of the network's input is called; "" where it has no name."""
    names = dataset.feature_names
    return cut(printable(names[number]), TERM_NAME) if number < len(names) else ""
