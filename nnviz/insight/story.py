"""The moment told in plain sentences, with the numbers of this very stage.

What matters most comes first: a small screen shows the first 230 characters or so.
"""

import math

from nnviz.data.task import Targets
from nnviz.insight.layer_words import (
    ACTIVATIONS,
    backward_work,
    forward_outcome,
    forward_work,
    strongest,
    unit_word,
    weighted_sums,
)
from nnviz.training.frame import Frame, LayerView, State
from nnviz.training.stages import PROPOSE, Phase, training_step
from nnviz.wording import (
    SHORT,
    apart,
    count,
    listed,
    number,
    percent,
    short,
    signed,
    subtraction,
    trimmed,
)

LISTED_OUTPUTS = 3
LISTED_CLASSES = 5


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
            f"tell {_listed_classes(task.class_names)} apart"
            if task.class_names
            else f"predict {count(task.numbers, 'number')}"
        )
        begin = f"An untrained network of {frame.title.parameters:,} weights and biases is about to learn to {asked}."
    keys = (
        f"Press f to send {count(size, 'example')} forward, b to send the error back, u to update the weights, "
        "n for one stage at a time."
    )
    return [begin, keys, frame.title.notice] if frame.title.notice else [begin, keys]


def _diverged(frame: Frame) -> list[str]:
    loss = frame.batch_loss
    what = "loss" if loss is None or not math.isfinite(loss) else "size of the weights"
    return [
        f"Training diverged at step {frame.moment.step + 1:,}: the {what} is not a finite number any more.",
        "Most often the learning rate is too high, and every update overshoots further than the last; "
        f"it is {trimmed(frame.learning_rate)} now.",
        "Press − to lower it and r to start again from the same weights.",
    ]


# Forward


def _forward(frame: Frame, part: int) -> list[str]:
    layer = frame.layers[part]
    if part == frame.moment.depth - 1 and layer.kind == "dense":
        sums = weighted_sums(layer)
        return [*_logits(frame, layer.name), sums[0].upper() + sums[1:]]
    return [f"Forward through {layer.name}: {forward_work(layer)}", *forward_outcome(layer)]


def _logits(frame: Frame, name: str) -> list[str]:
    example, logits = frame.example, frame.example.logits
    if logits is None:
        return []
    targets = frame.task.in_units(len(logits))
    if targets is not None:
        return [_in_units(frame, name, targets)]

    def z(output: int) -> str:
        return f"z({_output_name(frame, output)}) = {signed(float(logits[output]))}"

    if len(logits) <= LISTED_OUTPUTS:
        told = f"{name} gave the {'logits' if len(logits) > 1 else 'logit'} {', '.join(map(z, range(len(logits))))}"
    else:
        highest, label = int(logits.argmax()), int(example.target.argmax())
        told = f"The highest of the {len(logits):,} logits that {name} gave is "
        told += f"the label's: {z(label)}" if highest == label else f"{z(highest)}; the label has {z(label)}"
    them, become = ("them", "probabilities") if len(logits) > 1 else ("it", "a probability")
    return [f"{told}.", f"The loss turns {them} into {become} by {frame.title.output}."]


def _in_units(frame: Frame, name: str, targets: Targets) -> str:
    """How the prediction of a number comes from its logit; of several, that of the first one."""
    logits = frame.example.logits
    if logits is None:
        return ""
    z, mean, deviation = float(logits[0]), targets.mean[0], targets.deviation[0]
    of = f" for {short(targets.names[0])}" if len(targets.names) > 1 else ""
    return (
        f"{name} gave z = {signed(z)}{of}, in deviations from the mean of the training targets: the prediction is "
        f"{number(mean)} + {number(deviation)} × z = {number(mean + deviation * z)}."
    )


# Loss


def _loss(frame: Frame, _part: int) -> list[str]:
    example, task = frame.example, frame.task
    if example.prediction is None or example.error is None or example.loss is None or frame.batch_loss is None:
        return []
    k = _telling_output(frame)
    p, y, error = (float(array[k]) for array in (example.prediction, example.target, example.error))
    what = f"this {apart(task.class_names, SHORT)[example.label]}" if example.label is not None else "this example"
    prediction, difference = subtraction(p, y, error)
    if task.class_names:
        smoothed = 0 < y < 1
        wanted = f"The label, smoothed, says {number(y)}" if smoothed else f"The label says {y:.0f}"
        said = f"p({_output_name(frame, k)}) = {prediction}"
    else:
        said = prediction if len(example.target) == 1 else f"{_output_name(frame, k)} = {prediction}"
        wanted = f"The target is {number(y)}"
    hill = []
    if example.told is not None and example.wanted is not None and len(example.target) > 1:
        hill = [f"The hill of units means {number(example.told)}; it should mean {number(example.wanted)}."]
        what, said = "the unit that is furthest off", f"({_output_name(frame, k)}) {prediction}"
    mean = f"the mean over the batch of {example.batch_size}, {number(frame.batch_loss)}, is the loss."
    if _is_weighted(frame):
        mean = f"{percent(example.share)} of the mean, {number(frame.batch_loss)}, by the weight of its class."
    if example.batch_size == 1:
        mean = "alone in its batch, it makes the loss."
    return [
        *hill,
        f"The network gave {what} {said}. {wanted}, so the error of the node is {difference}.",
        f"That costs a {frame.title.loss} of {_formula(frame, k)} = {number(example.loss)}; {mean}",
    ]


def _formula(frame: Frame, k: int) -> str:
    """How the loss of one example comes from its prediction."""
    outputs = len(frame.example.target)
    targets = frame.task.in_units(outputs)
    if targets is not None:
        scaled = f"((p − y) / {number(targets.deviation[k])})²"
        return scaled if outputs == 1 else f"Σ ((p − y) / deviation)² / {outputs}"
    if "entropy" not in frame.title.loss:
        return "(p − y)²" if outputs == 1 else f"Σ (p − y)² / {outputs}"
    if frame.title.output == "sigmoid" and outputs > 1:
        return f"−Σ (y ln p + (1 − y) ln(1 − p)) / {outputs}"
    p = f"p({_output_name(frame, k)})"
    if 0 < frame.example.target[k] < 1:
        return "−Σ y ln p" if outputs > 1 else f"−y ln {p} − (1 − y) ln(1 − {p})"
    return f"−ln {p}" if frame.example.target[k] else f"−ln(1 − {p})"


def _is_weighted(frame: Frame) -> bool:
    return not math.isclose(frame.example.share * frame.example.batch_size, 1, rel_tol=1e-6)


def _telling_output(frame: Frame) -> int:
    """The output to tell of: the label's; for numbers, the one that is furthest from its target."""
    example = frame.example
    if frame.task.class_names or example.error is None:
        return int(example.target.argmax())
    return strongest(example.error)


# Backward


def _backward(frame: Frame, part: int) -> list[str]:
    layer = frame.layers[part]
    gradients = layer.units.gradients
    largest = f"at most {number(layer.gradients.largest)} in size" if layer.gradients is not None else ""
    if part == frame.moment.depth - 1:
        sentences = [
            f"Backprop begins at the output: {_output_gradient(frame, layer)} "
            f"says how the loss changes with this {'output' if frame.title.output == 'linear' else 'logit'}.",
            f"Every weight of {layer.name} gets its gradient, its input × that, summed over the batch: {largest}.",
        ]
    elif layer.kind in ("dense", "conv"):
        over = "summed over the batch" if layer.kind == "dense" else "summed over all places of the map and the batch"
        unit = "unit" if layer.kind == "dense" else "place"
        sentences = [
            f"Backprop through {layer.name}: every weight gets its gradient, ∂L/∂w = its input × ∂L/∂z of its {unit}, "
            f"{over}: {largest}."
        ]
        if part > 0:
            before = frame.layers[part - 1].name
            each = "unit" if layer.kind == "dense" else "number"
            sentences.append(
                f"The error goes on to {before}: each {each} there gets the sum of w × ∂L/∂z over all it fed."
            )
    else:
        sentences = [f"Backprop through {layer.name}: {backward_work(layer)}."]
        passed = frame.layers[part - 1].units.gradients if part else None
        if gradients is not None and passed is not None and len(gradients):
            k = strongest(gradients)
            if layer.kind in ACTIVATIONS:
                sentences.append(
                    f"At {unit_word(layer)} {int(layer.units.indices[k])}, ∂L/∂a = {signed(float(gradients[k]))} "
                    f"became ∂L/∂z = {signed(float(passed[k]))}."
                )
    if part == 0:
        sentences.append("Backprop is done.")
    return sentences


def _output_gradient(frame: Frame, layer: LayerView) -> str:
    """∂L/∂z of the output that is told of, with the formula where there is a short one."""
    k, units = _telling_output(frame), layer.units
    if units.gradients is None or k not in units.indices:
        return "∂L/∂z"
    outputs, size = len(frame.example.target), frame.example.batch_size
    name = f"∂L/∂z({_output_name(frame, k)})" if outputs > 1 or frame.task.class_names else "∂L/∂z"
    value = signed(float(units.gradients[units.indices == k][0]))
    if "entropy" in frame.title.loss:
        if _is_weighted(frame):
            return f"{name} = {number(frame.example.share)} × (p − y) = {value}"
        return f"{name} = {f'(p − y) / {size}' if size > 1 else 'p − y'} = {value}"
    targets = frame.task.in_units(outputs)
    if targets is not None:
        deviation, terms = number(targets.deviation[k]), size * outputs
        return f"{name} = 2 (p − y) / {f'({deviation} × {terms})' if terms > 1 else deviation} = {value}"
    return f"{name} = {value}"


# Update


def _update(frame: Frame, part: int) -> list[str]:
    most = max(frame.layers, key=_relative_update)
    change = f"by {percent(_relative_update(most))} of its weights' size"
    if part == PROPOSE:
        return [
            f"{_rule(frame)}; {_rate(frame)}. Nothing has changed yet.",
            *_extras(frame),
            f"{most.name} would change most: {change}.",
        ]
    sentences = [
        f"The update has landed: Δw was added to each of the {frame.title.parameters:,} weights and biases. "
        f"{most.name} changed most: {change}."
    ]
    if frame.batch_loss is not None:
        wrong = frame.said_wrong
        missed = "" if wrong is None else f" (said wrong: {wrong} of {frame.example.batch_size})"
        sentences.append(f"Before it, the loss of this batch was {number(frame.batch_loss)}{missed}.")
    if frame.moment.batch == frame.moment.batches - 1:
        sentences.append(f"Epoch {frame.moment.epoch + 1:,} is over: it used every training example once.")
    return sentences


def _rule(frame: Frame) -> str:
    update_rule = frame.update_rule
    if update_rule.rule in ("Adam", "AdamW"):
        return f"{update_rule.rule} proposes Δw = −lr × the gradient's running mean / its running size"
    if update_rule.rule == "RMSprop":
        return "RMSprop proposes Δw = −lr × ∂L/∂w / the gradient's running size"
    if update_rule.momentum:
        kept = f"{update_rule.momentum:g}"
        step = f"(∂L/∂w + {kept} × v)" if update_rule.ahead else "v"
        return f"{update_rule.rule} proposes Δw = −lr × {step}, where v = {kept} × the last v + ∂L/∂w"
    return f"{update_rule.rule} proposes Δw = −lr × ∂L/∂w"


def _rate(frame: Frame) -> str:
    if frame.rate == frame.learning_rate:
        return f"lr is {trimmed(frame.rate)} now"
    schedule = frame.update_rule.schedule or "warm-up"
    return f"lr is {trimmed(frame.rate)} now ({schedule}, of {trimmed(frame.learning_rate)})"


def _extras(frame: Frame) -> list[str]:
    """What else has a say in the update."""
    update_rule, sentences = frame.update_rule, []
    if update_rule.penalty is not None:
        sentences.append(f"Large weights cost {number(update_rule.penalty)} more, whose derivative is added to ∂L/∂w.")
    if update_rule.clip is not None and update_rule.norm is not None and update_rule.norm > update_rule.clip:
        sentences.append(f"The gradient, {number(update_rule.norm)} long, was shortened to {number(update_rule.clip)}.")
    if update_rule.decay is not None:
        sentences.append(f"Weight decay takes lr × {update_rule.decay:g} of its size off every weight besides.")
    return sentences


def _relative_update(layer: LayerView) -> float:
    """The size of a layer's update as a share of its weights'; a layer without weights is less than any other."""
    if layer.updates is None or layer.weights is None:
        return -1.0
    return layer.updates.rms / layer.weights.rms if layer.weights.rms else 0.0


def _output_name(frame: Frame, output: int) -> str:
    return apart(frame.task.output_names(len(frame.example.target)), SHORT)[output]


def _listed_classes(names: tuple[str, ...]) -> str:
    return listed(apart(names, SHORT)) if len(names) <= LISTED_CLASSES else count(len(names), "class")
