"""The moment told in plain sentences, with the numbers of this very stage.

What matters most comes first: a small screen shows the first 230 characters or so.
"""

import math

import numpy as np

from nnviz.data.dataset import Array
from nnviz.training.frame import Frame, LayerView, State
from nnviz.training.stages import PROPOSE, Phase, training_step

LISTED_CLASSES = 5
LISTED_OUTPUTS = 3
NAME = 16


def tell(frame: Frame) -> list[str]:
    """What the last stage did, as sentences for somebody who learns how a network learns."""
    if frame.state is State.DIVERGED:
        return _diverged(frame)
    if frame.moment.done == 0:
        return _ready(frame)
    phase, part = training_step(frame.moment.depth)[frame.moment.done - 1]
    sentences = {
        Phase.FORWARD: _forward,
        Phase.LOSS: _loss,
        Phase.BACKWARD: _backward,
        Phase.UPDATE: _update,
    }[phase](frame, part)
    if frame.state is State.FINISHED:
        sentences = [f"Training is finished: {_why(frame)}. Space goes on all the same.", *sentences]
    return sentences


def _why(frame: Frame) -> str:
    moment = frame.moment
    return {
        "epochs": f"epoch {moment.epoch + 1:,} was the last one",
        "steps": f"step {moment.step + 1:,} was the last one",
        "seconds": "its time is over",
        "target loss": "the target loss is reached",
        "target accuracy": "the target accuracy is reached",
        "patience": "the loss has not improved for a while",
    }.get(frame.stopped_by or "", frame.stopped_by or "it was stopped")


def _ready(frame: Frame) -> list[str]:
    task, size = frame.task, frame.example.batch_size
    if frame.moment.step:
        begin = f"Training step {frame.moment.step + 1:,} is about to begin."
    else:
        asked = (
            f"tell {_listed(task.class_names)} apart"
            if task.class_names
            else f"predict {_count(task.numbers, 'number')}"
        )
        begin = f"An untrained network of {frame.title.parameters:,} weights and biases is about to learn to {asked}."
    keys = (
        f"Press f to send {_count(size, 'example')} forward, b to send the error back, u to update the weights, "
        "n for one stage at a time."
    )
    return [begin, keys, frame.title.notice] if frame.title.notice else [begin, keys]


def _diverged(frame: Frame) -> list[str]:
    loss = frame.batch_loss
    what = "loss" if loss is None or not math.isfinite(loss) else "size of the weights"
    return [
        f"Training diverged at step {frame.moment.step + 1:,}: the {what} is no finite number any more.",
        "Most often the learning rate is too high, and every update overshoots further than the last; "
        f"it is {_number(frame.learning_rate)} now.",
        "Press − to lower it and r to start again from the same weights.",
    ]


# Forward


def _forward(frame: Frame, part: int) -> list[str]:
    layer = frame.layers[part]
    units, values = layer.units, layer.units.activations
    if layer.kind != "dense":
        sentences = [f"Forward through {layer.name}: {_ACTIVATIONS.get(layer.kind, 'it passed the numbers on')}."]
    else:
        who = f"each of its {units.total:,} units" if units.total > 1 else "its one unit"
        inputs = _count(math.prod(layer.input_shape), "input")
        sums = f"{who} added up {inputs}, each times its weight, and a bias."
        if part == frame.moment.depth - 1:
            return [*_logits(frame, layer.name), sums[0].upper() + sums[1:]]
        sentences = [f"Forward through {layer.name}: {sums}"]
    if values is None or not len(values):
        return sentences
    if layer.kind == "relu":
        silent = int(np.count_nonzero(values == 0))
        return [*sentences, f"Silent for this example: {silent} of {_count(len(values), 'unit')} shown."]
    k = _strongest(values)
    return [*sentences, f"The strongest one shown, unit {int(units.indices[k])}, gave {_signed(float(values[k]))}."]


_ACTIVATIONS = {
    "relu": "what was below zero became 0, the rest stayed as it was",
    "leakyrelu": "what was below zero was cut to a hundredth, the rest stayed as it was",
    "sigmoid": "every number was squeezed between 0 and 1",
    "tanh": "every number was squeezed between −1 and 1",
}


def _logits(frame: Frame, name: str) -> list[str]:
    example, logits = frame.example, frame.example.logits
    if logits is None:
        return []
    if frame.title.output == "linear":
        shown = ", ".join(_signed(float(z)) for z in logits[:LISTED_OUTPUTS])
        more = ", …" if len(logits) > LISTED_OUTPUTS else ""
        return [f"What {name} gave is the prediction itself: {shown}{more}."]

    def z(output: int) -> str:
        return f"z({_output_name(frame, output)}) = {_signed(float(logits[output]))}"

    if len(logits) <= LISTED_OUTPUTS:
        told = f"{name} gave the {'logits' if len(logits) > 1 else 'logit'} {', '.join(map(z, range(len(logits))))}"
    else:
        highest, label = int(logits.argmax()), int(example.target.argmax())
        told = f"The highest of the {len(logits):,} logits that {name} gave is "
        told += f"the label's: {z(label)}" if highest == label else f"{z(highest)}; the label has {z(label)}"
    them, become = ("them", "probabilities") if len(logits) > 1 else ("it", "a probability")
    return [f"{told}.", f"The loss turns {them} into {become} by {frame.title.output}."]


# Loss


def _loss(frame: Frame, _part: int) -> list[str]:
    example, task = frame.example, frame.task
    if example.prediction is None or example.error is None or example.loss is None or frame.batch_loss is None:
        return []
    k = _telling_output(frame)
    p, y, error = (float(array[k]) for array in (example.prediction, example.target, example.error))
    what = f"this {_short(task.class_names[example.label])}" if example.label is not None else "this example"
    prediction, subtraction = _subtraction(p, y, error)
    if task.class_names:
        said, wanted = f"p({_output_name(frame, k)}) = {prediction}", f"The label says {y:.0f}"
    else:
        said = prediction if len(example.target) == 1 else f"{_output_name(frame, k)} = {prediction}"
        wanted = f"The target is {_number(y)}"
    mean = f"the mean over the batch of {example.batch_size}, {_number(frame.batch_loss, 3)}, is the loss."
    if example.batch_size == 1:
        mean = "alone in its batch, it makes the loss."
    return [
        f"The network gave {what} {said}. {wanted}, so the error of the node is {subtraction}.",
        f"That costs a {frame.title.loss} of {_formula(frame, k)} = {_number(example.loss, 3)}; {mean}",
    ]


def _formula(frame: Frame, k: int) -> str:
    """How the loss of one example comes from its prediction."""
    outputs = len(frame.example.target)
    if "entropy" not in frame.title.loss:
        return "(p − y)²" if outputs == 1 else f"Σ (p − y)² / {outputs}"
    p = f"p({_output_name(frame, k)})"
    return f"−ln {p}" if frame.example.target[k] else f"−ln(1 − {p})"


def _telling_output(frame: Frame) -> int:
    """The output to tell of: the label's; for numbers, the one that is furthest from its target."""
    example = frame.example
    if frame.task.class_names or example.error is None:
        return int(example.target.argmax())
    return _strongest(example.error)


def _subtraction(p: float, y: float, error: float) -> tuple[str, str]:
    """p, and "p − y = error", with as many decimals as it takes to see the error."""
    decimals = next((d for d in range(2, 7) if abs(error) * 10**d >= 0.5), 2)
    minuend, subtrahend = _fixed(p, decimals), _fixed(y, 0 if y.is_integer() else decimals)
    difference = f"{error:+.{decimals}f}"
    if max(abs(p), abs(y)) < 1e6 and float(difference) != 0:
        exact = round(round(p, decimals) - round(y, decimals), decimals) == float(difference)
        difference = difference.replace("-", "−")
    else:
        exact, difference = error == 0, _signed(error)
    if y < 0:
        subtrahend = f"({subtrahend})"
    return minuend, f"{minuend} − {subtrahend} {'=' if exact else '≈'} {difference}"


def _fixed(value: float, decimals: int) -> str:
    """Exactly so many decimals, unless the number is too large for that, or none."""
    return f"{value:.{decimals}f}".replace("-", "−") if abs(value) < 1e6 else _number(value)


# Backward


def _backward(frame: Frame, part: int) -> list[str]:
    layer = frame.layers[part]
    gradients = layer.units.gradients
    largest = f"at most {_number(layer.gradients.largest)} in size" if layer.gradients is not None else ""
    if part == frame.moment.depth - 1:
        sentences = [
            f"Backprop begins at the output: {_output_gradient(frame, layer)} "
            f"says how the loss changes with this {'output' if frame.title.output == 'linear' else 'logit'}.",
            f"Every weight of {layer.name} gets its gradient, its input × that, summed over the batch: {largest}.",
        ]
    elif layer.parameters:
        sentences = [
            f"Backprop through {layer.name}: every weight gets its gradient, ∂L/∂w = its input × ∂L/∂z of its unit, "
            f"summed over the batch: {largest}."
        ]
        if part > 0:
            before = frame.layers[part - 1].name
            sentences.append(
                f"The error goes on to {before}: each unit there gets the sum of w × ∂L/∂z over all it fed."
            )
    else:
        sentences = [f"Backprop through {layer.name}: {_GATES.get(layer.kind, 'the error goes on')}."]
        passed = frame.layers[part - 1].units.gradients if part else None
        if gradients is not None and passed is not None and len(gradients):
            k = _strongest(gradients)
            sentences.append(
                f"At unit {int(layer.units.indices[k])}, ∂L/∂a = {_signed(float(gradients[k]))} "
                f"became ∂L/∂z = {_signed(float(passed[k]))}."
            )
    if part == 0:
        sentences.append("Backprop is done.")
    return sentences


_GATES = {
    "relu": "the error passes where the unit was on and stops where it was off",
    "leakyrelu": "the error passes where the unit was on, and a hundredth of it where it was off",
    "sigmoid": "the error is multiplied by a (1 − a), which is small where the unit was nearly 0 or 1",
    "tanh": "the error is multiplied by 1 − a², which is small where the unit was nearly −1 or 1",
}


def _output_gradient(frame: Frame, layer: LayerView) -> str:
    """∂L/∂z of the output that is told of, with the formula where there is a short one."""
    k, shown = _telling_output(frame), layer.units.gradients
    if shown is None or k >= len(shown):
        return "∂L/∂z"
    outputs, size = len(frame.example.target), frame.example.batch_size
    name = f"∂L/∂z({_output_name(frame, k)})" if outputs > 1 or frame.task.class_names else "∂L/∂z"
    value = _signed(float(shown[k]))
    if "entropy" in frame.title.loss:
        return f"{name} = {f'(p − y) / {size}' if size > 1 else 'p − y'} = {value}"
    if frame.title.output == "linear":
        terms = size * outputs
        return f"{name} = 2 (p − y){f' / {terms}' if terms > 1 else ''} = {value}"
    return f"{name} = {value}"


# Update


def _update(frame: Frame, part: int) -> list[str]:
    most = max(frame.layers, key=_relative_update)
    change = f"by {_percent(_relative_update(most))} of its weights' size"
    if part == PROPOSE:
        return [
            f"{_rule(frame)}; lr is {_number(frame.learning_rate)} now. Nothing has changed yet.",
            f"{most.name} would change most: {change}.",
        ]
    sentences = [
        f"The update has landed: Δw was added to each of the {frame.title.parameters:,} weights and biases. "
        f"{most.name} changed most: {change}."
    ]
    if frame.batch_loss is not None:
        wrong = frame.said_wrong
        missed = "" if wrong is None else f" (said wrong: {wrong} of {frame.example.batch_size})"
        sentences.append(f"Before it, the loss of this batch was {_number(frame.batch_loss, 3)}{missed}.")
    if frame.moment.batch == frame.moment.batches - 1:
        sentences.append(f"Epoch {frame.moment.epoch + 1:,} is over: it used every training example once.")
    return sentences


def _rule(frame: Frame) -> str:
    name, *settings = frame.title.optimizer.split()
    if name == "Adam":
        return "Adam proposes Δw = −lr × the gradient's running mean / its running size"
    if "momentum" in settings:
        return f"{name} proposes Δw = −lr × v, where v = {settings[-1]} × the last v + ∂L/∂w"
    return f"{name} proposes Δw = −lr × ∂L/∂w"


def _relative_update(layer: LayerView) -> float:
    """The size of a layer's update as a share of its weights'; a layer without weights is less than any other."""
    if layer.updates is None or layer.weights is None:
        return -1.0
    return layer.updates.rms / layer.weights.rms if layer.weights.rms else 0.0


# Words and numbers


def _listed(names: tuple[str, ...]) -> str:
    if len(names) > LISTED_CLASSES:
        return f"{len(names):,} classes"
    return ", ".join(map(_short, names[:-1])) + f" and {_short(names[-1])}"


def _short(name: str) -> str:
    return name if len(name) <= NAME else name[: NAME - 1] + "…"


def _output_name(frame: Frame, output: int) -> str:
    return _short(frame.task.output_names(len(frame.example.target))[output])


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _strongest(values: Array) -> int:
    return int(np.nan_to_num(np.abs(values)).argmax())


def _number(value: float, decimals: int = 2) -> str:
    """So many decimals, or two significant digits where these would show hardly any; 1e−9 and 2.5e9 at the ends."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= 1e6:
        text = f"{size:.3g}"
    elif size >= 0.95 * 10 ** (1 - decimals) or size == 0:
        text = f"{size:,.{decimals}f}"
    else:
        text = f"{size:.2g}"
    mantissa, _, exponent = text.partition("e")
    text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return (f"−{text}" if value < 0 else text).replace("-", "−")


def _signed(value: float) -> str:
    return f"+{_number(value)}" if value > 0 else _number(value)


def _percent(share: float) -> str:
    return f"{_number(100 * share)}%"
