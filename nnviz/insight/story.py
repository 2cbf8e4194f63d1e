"""The moment told in plain sentences, with the numbers of this very stage.

What matters most comes first: a small screen shows the first 230 characters or so.
"""

import math

from nnviz.frame.examined import Examined
from nnviz.frame.frame import Frame, State
from nnviz.frame.operations import WeightedSums
from nnviz.frame.stages import Phase
from nnviz.frame.task import Task
from nnviz.insight.layer_words import (
    backward_work,
    forward_outcome,
    forward_work,
    largest_gradients,
    parameter,
    unit_word,
    weighted_sums,
)
from nnviz.insight.output_words import logits, loss, output_gradient
from nnviz.insight.update_words import parameters, update
from nnviz.outside_text import SHORT, apart, cut
from nnviz.wording import count, integer, listed, signed, trimmed

LISTED_CLASSES = 5
ORIGIN = 40
"""Cells of the place that first weights come from."""


def tell(frame: Frame) -> list[str]:
    """What the last stage did, as sentences for somebody who learns how a network learns."""
    if frame.state is State.DIVERGED:
        return _diverged(frame)
    if frame.examined is not None:
        return [_examined(frame, frame.examined), *_of_stage(frame)]
    return _of_stage(frame)


def _examined(frame: Frame, examined: Examined) -> str:
    number, step = integer(frame.example.number + 1), integer(frame.moment.step + 1)
    return f"This is {examined.split} example #{number}, which was never trained on; escape: back to step {step}."


def _of_stage(frame: Frame) -> list[str]:
    if frame.stage is None:
        return _ready(frame)
    phase, part = frame.stage
    sentences = {
        Phase.FORWARD: _forward,
        Phase.LOSS: loss,
        Phase.BACKWARD: _backward,
        Phase.UPDATE: update,
    }[phase](frame, part)
    if frame.state is State.FINISHED:
        sentences = [f"Training is finished: {_why(frame)}. Space goes on all the same.", *sentences]
    return sentences


def _why(frame: Frame) -> str:
    moment = frame.moment
    return {
        "epochs": f"epoch {integer(moment.epoch + 1)} was the last one",
        "steps": f"step {integer(moment.step + 1)} was the last one",
        "seconds": "its time is over",
        "target loss": "the target loss is reached",
        "target accuracy": "the target accuracy is reached",
        "patience": "the loss has not improved for a while",
    }.get(frame.stopped_by or "", frame.stopped_by or "it was stopped")


def _ready(frame: Frame) -> list[str]:
    task, size = frame.task, frame.example.batch_size
    if frame.moment.step:
        begin = f"Training step {integer(frame.moment.step + 1)} is about to begin."
    else:
        origin = frame.title.begins_from
        who = f"An untrained network of {parameters(frame)}"
        if origin is not None:
            who = f"A network of {parameters(frame)}, which begins with {cut(origin, ORIGIN)},"
        begin = f"{who} is about to learn to {purpose(task)}."
    keys = (
        f"Press f to send {count(size, 'example')} forward, b to send the error back, u to update the weights, "
        "n for one stage at a time."
    )
    return [begin, *filter(None, (*frame.title.caveats, keys, frame.title.notice))]


def purpose(task: Task) -> str:
    """What a network is to do: "tell cat and dog apart", "predict 2 numbers"."""
    names = task.class_names
    return f"tell {_listed_classes(names)} apart" if names else f"predict {count(task.numbers, 'number')}"


def _diverged(frame: Frame) -> list[str]:
    mean = frame.batch_loss
    what = "loss" if mean is None or not math.isfinite(mean) else "size of the weights"
    return [
        f"Training diverged at step {integer(frame.moment.step + 1)}: the {what} is not a finite number any more.",
        "Most often the learning rate is too high, and every update overshoots further than the last; "
        f"it is {trimmed(frame.learning_rate)} now.",
        "Press − to lower it and r to start again from the same weights.",
    ]


# Forward


def _forward(frame: Frame, part: int) -> list[str]:
    layer = frame.layers[part]
    if part == len(frame.layers) - 1 and isinstance(layer.operation, WeightedSums):
        sums = weighted_sums(layer)
        return [*logits(frame, layer.name), sums[0].upper() + sums[1:]]
    return [
        f"Forward through {layer.name}: {forward_work(layer, frame.example.batch_size)}",
        *forward_outcome(layer, frame.title.decimals),
    ]


# Backward


def _backward(frame: Frame, part: int) -> list[str]:
    layer = frame.layers[part]
    largest = largest_gradients(layer, frame.title.decimals)
    if part == len(frame.layers) - 1:
        sentences = [
            f"Backprop begins: {output_gradient(frame, layer)} says how the loss changes with this logit.",
            f"Every weight of {layer.name} gets its gradient, input × ∂L/∂z summed over the batch: {largest}.",
        ]
    elif layer.operation.weighted:
        over = "all places of the map and the batch" if layer.operation.spatial else "the batch"
        sentences = [
            f"Backprop through {layer.name}: each weight's gradient is input × ∂L/∂z, summed over {over}: {largest}."
        ]
        if part > 0:
            before = frame.layers[part - 1].name
            each = "number" if layer.operation.spatial else "unit"
            sentences.append(f"The error goes on to {before}: each {each} gets the sum of w × ∂L/∂z over all it fed.")
    else:
        sentences = [f"Backprop through {layer.name}: {backward_work(layer, frame.example.batch_size)}."]
        if largest:
            sentences.append(f"The gradient of each of its {layer.parameters[0].kind} is {largest}.")
        sentences += _passed(frame, part)
    if part == 0:
        sentences.append("Backprop is done.")
    return sentences


def _passed(frame: Frame, part: int) -> list[str]:
    """What became of one number of the error, where a layer works on each number alone."""
    passed, layer = frame.passed, frame.layers[part]
    if passed is None:
        return []
    where = f"{unit_word(layer)} {integer(passed.unit)}"
    if passed.place is not None:
        row, column = passed.place
        where += f", row {integer(row)}, column {integer(column)}"
    came, went = _slope(frame, part), _slope(frame, part - 1)
    before, after = (signed(slope, decimals=frame.title.decimals) for slope in (passed.came, passed.went))
    return [f"At {where}, {came} = {before} became {went} = {after}."]


def _slope(frame: Frame, part: int) -> str:
    """What the derivative of the loss by a layer's output is called: a is what its block gives, z its weighted sums."""
    layers, layer = frame.layers, frame.layers[part]
    if part + 1 == len(layers) or layers[part + 1].block != layer.block:
        return "∂L/∂a"
    return "∂L/∂z" if parameter(layer, "weights") else f"∂L/∂({layer.name})"


def _listed_classes(names: tuple[str, ...]) -> str:
    return listed(apart(names, SHORT)) if len(names) <= LISTED_CLASSES else count(len(names), "class")
