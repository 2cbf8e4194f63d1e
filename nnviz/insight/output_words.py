"""What is told of the outputs: their logits, prediction and error, the loss that comes of it, and its derivative."""

import math

from nnviz.frame.frame import Frame
from nnviz.frame.layer_views import LayerView
from nnviz.frame.task import Targets
from nnviz.insight.layer_words import strongest
from nnviz.outside_text import SHORT, apart, short
from nnviz.wording import in_unit, integer, number, percent, published_subtraction, signed, subtraction

LISTED_OUTPUTS = 3
QUADRATIC, SUMMED = "quadratic loss", "summed binary cross-entropy"
"""The losses that sum over the outputs; of the others of sigmoids, it is the mean."""


def logits(frame: Frame, name: str) -> list[str]:
    """What the last layer gave."""
    example, given = frame.example, frame.example.logits
    if given is None:
        return []
    if frame.in_units is not None:
        return [_in_units(frame, name, frame.in_units)]

    def z(output: int) -> str:
        z = signed(float(given[output]), decimals=frame.title.decimals)
        return f"z({output_name(frame, output)}) = {z}"

    if len(given) <= LISTED_OUTPUTS:
        told = f"{name} gave the {'logits' if len(given) > 1 else 'logit'} {', '.join(map(z, range(len(given))))}"
    else:
        highest, label = int(given.argmax()), int(example.target.argmax())
        told = f"The highest of the {integer(len(given))} logits that {name} gave is "
        told += f"the label's: {z(label)}" if highest == label else f"{z(highest)}; the label has {z(label)}"
    return [f"{told}.", f"The loss turns {_into(frame, len(given))} by {frame.title.output}."]


def _into(frame: Frame, outputs: int) -> str:
    """What becomes of so many logits."""
    if outputs == frame.task.numbers:
        return f"{'each' if outputs > 1 else 'it'} into a number between 0 and 1"
    if outputs == 1:
        return "it into a probability"
    return "them into probabilities" if frame.title.output == "softmax" else "each into a probability of its own"


def _in_units(frame: Frame, name: str, targets: Targets) -> str:
    """How the prediction of a number comes from its logit; of several, that of the first one."""
    if frame.example.logits is None:
        return ""
    z, mean, deviation = float(frame.example.logits[0]), targets.mean[0], targets.deviation[0]
    of = f" for {short(targets.names[0])}" if len(targets.names) > 1 else ""
    return (
        f"{name} gave z = {signed(z)}{of}, in deviations from the mean of the training targets: the prediction is "
        f"{number(mean)} + {number(deviation)} × z = {in_unit(mean + deviation * z, targets.decimals(0))}."
    )


def loss(frame: Frame, _part: int) -> list[str]:
    """The prediction beside the target, and what its error costs."""
    example, task = frame.example, frame.task
    if example.prediction is None or example.error is None or example.loss is None or frame.batch_loss is None:
        return []
    k = telling_output(frame)
    p, y, error = (float(array[k]) for array in (example.prediction, example.target, example.error))
    decimals = None if frame.in_units is None else task.decimals(k)
    published = frame.title.decimals
    difference = (
        subtraction(p, y, error, decimals) if published is None else published_subtraction(p, y, error, published)
    )
    return [
        *_hill(frame),
        f"The network gave {_said(frame, k, difference.minuend)}. {_wanted(frame, k, difference.subtrahend)}, so the "
        f"error of the node is {difference.words}.",
        f"That costs a {frame.title.loss} of {_formula(frame, k)} = {number(example.loss, decimals=published)}; "
        f"{_mean(frame)}",
        *_answers(frame),
    ]


def _answers(frame: Frame) -> list[str]:
    """Where each class is answered for alone: how many are said to be there, and which one counts."""
    said, prediction = frame.example.said, frame.example.prediction
    if said is None or prediction is None or frame.title.output != "sigmoid" or len(prediction) == 1:
        return []
    yes = int((prediction >= 0.5).sum())
    many = f"{integer(yes)} of {integer(len(prediction))} {'says' if yes == 1 else 'say'} yes (p from 0.5 on)"
    return [f"{many}; the largest, p({output_name(frame, said)}) = {number(float(prediction[said]))}, counts."]


def _hill(frame: Frame) -> list[str]:
    example, decimals = frame.example, frame.task.decimals(0)
    if example.told is None or example.wanted is None or len(example.target) == 1:
        return []
    told, wanted = in_unit(example.told, decimals), in_unit(example.wanted, decimals)
    return [f"The hill of units means {told}; it should mean {wanted}."]


def _said(frame: Frame, k: int, p: str) -> str:
    """To whom or what the network gave a prediction, and that."""
    example, task = frame.example, frame.task
    if example.label is not None:
        what, said = f"this {apart(task.class_names, SHORT)[example.label]}", f"p({output_name(frame, k)}) = {p}"
        # Only what is too small for the network's numbers is 0, and a loss from logits knows better.
        return f"{what} {said if p != '0' else said.replace('=', '≈')}"
    if len(example.target) == 1:
        return f"this example {p}"
    if example.wanted is not None:
        return f"the unit that is furthest off ({output_name(frame, k)}) {p}"
    return f"this example {output_name(frame, k)} = {p}"


def _wanted(frame: Frame, k: int, y: str) -> str:
    if not frame.task.class_names:
        return f"The target is {y}"
    return f"The label, smoothed, says {y}" if 0 < frame.example.target[k] < 1 else f"The label says {y}"


def _mean(frame: Frame) -> str:
    """What the loss of the example makes of that of the batch."""
    example, mean = frame.example, frame.batch_loss
    if example.loss is None or mean is None:
        return ""
    if example.batch_size == 1:
        return "alone in its batch, it makes the loss."
    if example.weight is None:
        return f"the mean over the batch of {integer(example.batch_size)}, {number(mean)}, is the loss."
    part = example.weight * example.loss
    of = f", {percent(part / mean)}" if mean and math.isfinite(part / mean) else ""
    return (
        f"by the weight of its class it makes {number(example.weight)} × {number(example.loss)} = {number(part)} of "
        f"the loss, {number(mean)}{of}."
    )


def _formula(frame: Frame, k: int) -> str:
    """How the loss of one example comes from its prediction."""
    outputs, targets = len(frame.example.target), frame.in_units
    if targets is not None:
        scaled = f"((p − y) / {number(targets.deviation[k])})²"
        return scaled if outputs == 1 else f"Σ ((p − y) / deviation)² / {integer(outputs)}"
    if frame.title.loss == QUADRATIC:
        return "(p − y)² / 2" if outputs == 1 else "Σ (p − y)² / 2"
    if "entropy" not in frame.title.loss:
        return "(p − y)²" if outputs == 1 else f"Σ (p − y)² / {integer(outputs)}"
    if frame.title.output == "sigmoid" and outputs > 1:
        total = "−Σ (y ln p + (1 − y) ln(1 − p))"
        return total if frame.title.loss == SUMMED else f"{total} / {integer(outputs)}"
    p = f"p({output_name(frame, k)})"
    if 0 < frame.example.target[k] < 1:
        return "−Σ y ln p" if outputs > 1 else f"−y ln {p} − (1 − y) ln(1 − {p})"
    return f"−ln {p}" if frame.example.target[k] else f"−ln(1 − {p})"


def telling_output(frame: Frame) -> int:
    """The output to tell of: the label's; for numbers, the one that is furthest from its target."""
    example = frame.example
    if frame.task.class_names or example.error is None:
        return int(example.target.argmax())
    return strongest(example.error)


def output_gradient(frame: Frame, layer: LayerView) -> str:
    """∂L/∂z of the output that is told of, with the formula where there is a short one."""
    k, units = telling_output(frame), layer.units
    if units.gradients is None or k not in units.indices:
        return "∂L/∂z"
    outputs = len(frame.example.target)
    name = f"∂L/∂z({output_name(frame, k)})" if outputs > 1 or frame.task.class_names else "∂L/∂z"
    formula = _gradient_formula(frame, k)
    slope = signed(float(units.gradients[units.indices == k][0]), decimals=frame.title.decimals)
    return f"{name} ={f' {formula} =' if formula else ''} {slope}"


def _gradient_formula(frame: Frame, k: int) -> str:
    """How ∂L/∂z comes from the prediction; of a squared error behind a softmax there is no short way to say it."""
    example, output = frame.example, frame.title.output
    outputs, size = len(example.target), example.batch_size
    targets = frame.in_units
    if "entropy" in frame.title.loss:
        error, divisors = "(p − y)", [] if output == "softmax" or frame.title.loss == SUMMED else [outputs]
    elif output == "softmax":
        return ""
    elif frame.title.loss == QUADRATIC:
        error, divisors = "(p − y) p (1 − p)", []
    elif output == "sigmoid":
        error, divisors = "2 (p − y) p (1 − p)", [outputs]
    else:
        error, divisors = "2 (p − y)", [outputs]
    below = [number(targets.deviation[k])] if targets is not None else []
    below += [integer(divisor) for divisor in ([] if example.weight is not None else [size]) + divisors if divisor > 1]
    divided = f" / {below[0]}" if len(below) == 1 else f" / ({' × '.join(below)})" if below else ""
    if example.weight is not None and size > 1:
        return f"{number(example.weight)} × {error}{divided}"
    return f"{error}{divided}" if divided or error != "(p − y)" else "p − y"


def output_name(frame: Frame, output: int) -> str:
    return apart(frame.task.output_names(len(frame.example.target)), SHORT)[output]
