"""Takes frames of a watched training: of its last recorded step, or of the one in which it is stopped."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn
from torch.optim import Optimizer

from nnviz.array import Array
from nnviz.frame.example_view import FEATURES, ExampleView
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import EVERY_PART, Frame, FrameUpdate, Moment, Parts, Rates, State, Title, UpdateRuleView
from nnviz.frame.stages import Phase
from nnviz.frame.task import Task
from nnviz.live.own_example import OwnExample
from nnviz.live.past import Past
from nnviz.live.picture import picture
from nnviz.live.recorder import is_compiled
from nnviz.live.recording import Recording
from nnviz.live.structure import Structure
from nnviz.live.tensors import is_spread
from nnviz.live.trace import WatchedTrace
from nnviz.outside_text import printable
from nnviz.training.blocks import blocks_of, input_grouping
from nnviz.training.shown_units import ranked_units
from nnviz.training.step_views import StepViews
from nnviz.wording import count, integer, trimmed


class WatchedCamera:
    """Takes frames of one structure of a model."""

    def __init__(
        self,
        name: str,
        model: nn.Module,
        optimizers: Sequence[Optimizer],
        structure: Structure,
        of: Recording,
        steps_before: int = 0,
        classes: Sequence[str] = (),
    ) -> None:
        self.name, self._model, self._optimizers = name, model, optimizers
        self.structure, self._steps_before = structure, steps_before
        self.trace = WatchedTrace(structure, of)
        self._classes = tuple(classes)
        # What the training's own function shows of the focused example; None where there is none.
        self.own: OwnExample | None = None
        # Whether parameters were put in the place of others while it was watched.
        self.are_replaced = False
        self.task = self._found_task()
        blocks, of_input = blocks_of(self.trace), input_grouping(self.trace)
        weights = [self.trace.parameter(block.layers[0], "weights", Quantity.WEIGHT) for block in blocks]
        weights = [each if block.weighted else None for block, each in zip(blocks, weights, strict=True)]
        # The units that are shown first, of the input and of each block.
        self.ranked = ranked_units(_varying(self.trace.batch.inputs, of_input.count), blocks, weights)
        self._views = StepViews(self.trace, self.task, blocks, of_input, self.ranked, lambda _: "", lambda _: ())

    @property
    def blocks(self) -> int:
        """How many blocks can be focused."""
        return self._views.blocks

    def _found_task(self) -> Task:
        reading, shape = self.trace.reading, self.trace.input_shape
        if reading is None:
            return Task(shape, (), self.trace.batch.targets.shape[1])
        if reading.labels is None:
            return Task(shape, (), reading.targets.shape[1])
        classes = max(reading.targets.shape[1], 2)
        names = self._classes if len(self._classes) == classes else tuple(f"class {k}" for k in range(classes))
        return Task(shape, names)

    def take(self, focus: Focus, state: State, past: Past, steps: int, rates: Rates) -> Frame:
        """A whole frame; `steps` is how many training steps are finished."""
        fields = self._fields(EVERY_PART, focus, past, steps, rates)
        return Frame(task=self.task, stages=self.trace.stages, state=state, stopped_by=None, **fields)

    def update(self, parts: Parts, focus: Focus, past: Past, steps: int, rates: Rates) -> FrameUpdate:
        """Those parts of a frame."""
        return FrameUpdate(self._fields(parts, focus, past, steps, rates))

    def _fields(self, parts: Parts, focus: Focus, past: Past, steps: int, rates: Rates) -> dict[str, Any]:
        trace, reading = self.trace, self._reading
        focus = self._views.within(focus)
        place = focus.example % len(trace.batch.indices)
        rate = self._rate()
        fields: dict[str, Any] = {
            "moment": Moment(trace.index, 0, 0, 0, trace.done, steps, False),
            "focus": focus,
            "learning_rate": rate,
            "rate": trace.recording.rates[0] if trace.recording.rates else rate,
            "batch_loss": trace.recording.loss if trace.reached(Phase.LOSS) else None,
            "worst": None if reading is None else int(reading.each.argmax()),
            "outcome": None,
            "batch": None,
            "surface": None,
            "points": None,
        }
        if "title" in parts:
            fields["title"] = self._title(past)
        if "rates" in parts:
            fields["rates"] = rates
        if "update_rule" in parts:
            fields["update_rule"] = self._update_rule()
        if "said_wrong" in parts:
            fields["said_wrong"] = self._said_wrong()
        if "example" in parts:
            fields["example"] = self._example(place)
        if "curves" in parts:
            fields["curves"] = past.curves()
        return fields | self._views.fields(parts, focus, place)

    @property
    def _reading(self) -> Any:
        return self.trace.reading if self.trace.reached(Phase.LOSS) else None

    def _rate(self) -> float:
        return float(self._optimizers[0].param_groups[0]["lr"])

    def _title(self, past: Past) -> Title:
        recording, reading = self.trace.recording, self.trace.reading
        kinds = " + ".join(type(each).__name__ for each in self._optimizers)
        return Title(
            dataset=printable(self.name),
            caveats=tuple(self._caveats(past)),
            notice="",
            network=printable(type(self._model).__name__),
            loss="loss" if reading is None else reading.name,
            output="linear" if reading is None else reading.output,
            optimizer=f"{kinds} lr {trimmed(self._rate())}",
            parameters=sum(each.numel() for each in recording.parameters.values()),
            epochs=None,
            skipped=0,
            only_in_training=(),
            is_watched=True,
        )

    def _caveats(self, past: Past) -> list[str]:
        """What is to be known of how the model was looked at."""
        recording, told = self.trace.recording, ["This is a PyTorch training that is watched, in its own process."]
        if self._steps_before:
            made = count(self._steps_before, "step")
            told.append(f"It went on after {made} of its own: here, steps are counted from there.")
        if recording.is_compiled or any(map(is_compiled, self._model.modules())):
            told.append("What torch.compile has compiled is not looked into: of it, parameters alone are shown.")
        if recording.passes > 1:
            told.append("This step has several passes: gradients are of all, activations and the loss of the last one.")
        if past.unheard:
            told.append(
                f"To hear of each would slow such short steps: the loss curve has {integer(past.losses)} losses of "
                f"{count(past.history.training.steps, 'step')}, each in place of those before it. With out= it has all."
            )
        if past.left_out:
            often = "at least " * bool(past.unheard) + count(past.left_out, "time")
            told.append(
                f"Gradients were thrown away before an update {often}, as a GradScaler does where one is not finite: "
                "no curve has the losses of those passes."
            )
        if any(map(is_spread, recording.parameters.values())):
            told.append(
                "The parameters are spread over several processes: what is shown of them is this process's part."
            )
        classes = len(self.task.class_names)
        if self._classes and classes and self.task.class_names != self._classes:
            told.append(f"watch was told the names of {len(self._classes)} classes, and there are {classes}.")
        if recording.is_averaged:
            told.append("Several processes train: gradients may be the mean of all, so no example's share is told.")
        own = {*map(id, recording.parameters.values())}
        groups = [group for optimizer in self._optimizers for group in optimizer.param_groups]
        if own.isdisjoint(id(each) for group in groups for each in group["params"]):
            told.append("The optimizer has none of the model's parameters: make it after what replaces them.")
        if self.are_replaced:
            told.append(
                "The model's parameters were replaced after watch was called: a step where that was is not shown."
            )
        if self.trace.reading is None:
            told.append("What the targets are cannot be read off this loss, so predictions and errors are not told.")
        elif self.trace.scores is None:
            told.append("The value that backward was called on has more in it than the loss of the examples.")
        return told

    def _update_rule(self) -> UpdateRuleView:
        recording, group = self.trace.recording, self._optimizers[0].param_groups[0]
        norm, used = recording.norm, recording.used
        is_clipped = norm is not None and used is not None and used < norm * (1 - 1e-4)
        rate = recording.rates[0] if recording.rates else self._rate()
        return UpdateRuleView(
            rule=type(self._optimizers[0]).__name__,
            momentum=float(group["momentum"]) if group.get("momentum") else None,
            ahead=bool(group.get("nesterov", False)),
            decay=float(group["weight_decay"]) if group.get("weight_decay") else None,
            penalty=None,
            clip=used if is_clipped else None,
            norm=norm if is_clipped else None,
            chosen=rate,
            rate=rate,
            schedule=None,
        )

    def _said_wrong(self) -> int | None:
        reading = self._reading
        if reading is None or reading.labels is None:
            return None
        return int(np.count_nonzero(chosen(reading.prediction) != reading.labels))

    def _example(self, place: int) -> ExampleView:
        trace, reading = self.trace, self._reading
        own = self.own if self.own is not None and self.own.place == place else None
        inputs = trace.batch.inputs[place]
        pixels = picture(trace.batch.inputs, place) if own is None else own.pixels
        logits = trace.output(len(trace.layers) - 1)
        row = None if trace.recording.inputs is None else inputs.reshape(-1)[:FEATURES].copy()
        labels = None if trace.reading is None else trace.reading.labels
        target = trace.batch.targets[place].copy()
        return ExampleView(
            number=place,
            place=place,
            batch_size=len(trace.batch.indices),
            name="",
            label=None if labels is None else int(labels[place]),
            weight=None,
            pixels=pixels,
            augmented=False,
            features=own.features if own else row if pixels is None else None,
            stored=row if own is None and pixels is None else None,
            feature_names=own.names if own else (),
            text=own.text if own else None,
            target=target,
            logits=None if logits is None or logits.ndim != 2 else logits[place].copy(),
            prediction=None if reading is None else reading.prediction[place].copy(),
            error=None if reading is None else reading.errors[place].copy(),
            loss=None if reading is None else float(reading.each[place]),
            said=None if reading is None or labels is None else int(chosen(reading.prediction[place : place + 1])[0]),
            wanted=float(target[0]) if labels is None and len(target) == 1 else None,
            told=float(reading.prediction[place, 0])
            if reading is not None and labels is None and len(target) == 1
            else None,
            is_own=own is not None,
        )


def chosen(prediction: Array) -> Array:
    """The class that each prediction (n, outputs) means; of a single output, 1 from one half on."""
    if prediction.shape[1] > 1:
        most: Array = prediction.argmax(axis=1)
        return most
    return (prediction[:, 0] >= 0.5).astype(np.int64)


def _varying(inputs: Array, count: int) -> Array:
    """The variance of each unit (count,) of the input over the batch; 1 where a unit is a whole map."""
    rows = inputs.reshape(len(inputs), -1)
    varying: Array = rows.var(axis=0) if rows.shape[1] == count else np.ones(count, np.float32)
    return varying
