"""The words of the lesson: the four steps of learning, one key at a time, for somebody who has never seen a network.

A passage fits into the three lines that a terminal of 80×24 has for it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from nnviz.frame.frame import Frame
from nnviz.frame.operations import WeightedSums
from nnviz.frame.stages import Phase
from nnviz.insight.output_words import output_name, telling_output
from nnviz.insight.story import purpose
from nnviz.outside_text import SHORT, apart
from nnviz.wording import change, count, integer, number, signed

UNKNOWN = "not known"
LARGE = 1e6


class Passage(NamedTuple):
    """A part of the lesson.

    pane     the pane that it is about
    key      the one key that goes on
    words    what it says, with the frame's own numbers
    reached  whether what the key does has been done; None where the key does nothing else than to go on
    """

    pane: str
    key: str
    words: Callable[[Frame], str]
    reached: Callable[[Frame], bool] | None = None


def _label(frame: Frame) -> str:
    label = frame.example.label
    return "one of them" if label is None else f"labelled {apart(frame.task.class_names, SHORT)[label]}"


def _network(frame: Frame) -> str:
    knows = "are given" if frame.title.begins_from else "are random, so it knows nothing yet"
    return (
        f"A network, which is to {purpose(frame.task)}: layers of units (dots), joined by weights (lines). Its weights "
        f"{knows}. Press n to send {count(frame.example.batch_size, 'example')} into the first layer."
    )


def _example(frame: Frame) -> str:
    first = frame.layers[0]
    how = ", where each unit added them up, each times its weight" if isinstance(first.operation, WeightedSums) else ""
    return (
        f"This example is {_label(frame)}. Its {count(math.prod(first.input_shape), 'number')} went into the first "
        f"layer{how}. Press f to go on to the last layer."
    )


def _forward(frame: Frame) -> str:
    guess = "" if frame.title.begins_from or frame.moment.step else " With random weights that is a guess."
    return f"Step 1, the forward pass, is done: p is what the network says, here {_p(frame)}.{guess} Press enter."


def _p(frame: Frame) -> str:
    k, prediction = telling_output(frame), frame.example.prediction
    return f"p({output_name(frame, k)}) = {UNKNOWN if prediction is None else number(float(prediction[k]))}"


def _truth(frame: Frame) -> str:
    k, example = telling_output(frame), frame.example
    y = float(example.target[k])
    wanted = integer(int(y)) if y.is_integer() and abs(y) < LARGE else number(y)
    error = UNKNOWN if example.error is None else signed(float(example.error[k]))
    return (
        f"Step 2, the ground truth: y is what was wanted, {wanted} for {output_name(frame, k)}. The error of an output "
        f"is p − y, here {error}: above 0 is too much, below 0 too little. Press enter."
    )


def _loss(frame: Frame) -> str:
    own, batch = (UNKNOWN if loss is None else number(loss) for loss in (frame.example.loss, frame.batch_loss))
    return (
        f"All errors of an example make one number, its loss: {own} for this one (▶), {batch} for the batch, all of "
        "them together. The smaller, the better. Whose fault is it? Press b to send the error back."
    )


def _backward(_: Frame) -> str:
    return (
        "Step 3, backprop: the error went back through all layers. Each cell is a weight's gradient ∂L/∂w: how the "
        "loss would change if that weight grew a little, which is its blame. Press u to change the weights."
    )


def _update(frame: Frame) -> str:
    outcome, before = frame.outcome, frame.batch_loss
    helped = "."
    if outcome is not None and outcome.again is not None and before is not None:
        helped = f": for the same examples the loss is {change(before, outcome.again.batch_loss).words}."
    return (
        f"Step 4, the update: each weight moved a little against its gradient{helped} Press e to do so with all "
        "examples, batch by batch."
    )


def _curve(frame: Frame) -> str:
    return (
        f"That makes {count(frame.moment.furthest, 'training step')}, each of them these four. The curve has the loss "
        "of each; where it falls, the network learns. Press enter."
    )


def _test(_: Frame) -> str:
    return (
        "Has it learnt, or only remembered? Press t to test it on examples that it never trained on. There, enter on "
        "one of its mistakes looks into it, and escape comes back."
    )


def _end(_: Frame) -> str:
    return (
        "That is all: four steps, again and again. space trains on, p goes back a stage, comma and full stop choose "
        "another example, ? explains every key and word. Press enter to end the lesson."
    )


LESSON: tuple[Passage, ...] = (
    Passage("network", "n", _network, lambda frame: frame.has_begun(Phase.FORWARD)),
    Passage("example", "f", _example, lambda frame: frame.has_reached(Phase.LOSS)),
    Passage("prediction", "enter", _forward),
    Passage("errors", "enter", _truth),
    Passage("loss", "b", _loss, lambda frame: frame.has_reached(Phase.BACKWARD)),
    Passage("heatmap", "u", _backward, lambda frame: frame.has_reached(Phase.UPDATE)),
    Passage("prediction", "e", _update, lambda frame: frame.moment.furthest > max(1, frame.moment.batches - 1)),
    Passage("loss", "enter", _curve),
    Passage("prediction", "t", _test),
    Passage("network", "enter", _end),
)
