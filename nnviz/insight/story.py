"""The moment told in plain sentences, with the numbers of this very stage."""

import numpy as np

from nnviz.training.frame import Frame, LayerView, State
from nnviz.training.stages import APPLY, Phase, Stage, training_step


def tell(frame: Frame) -> list[str]:
    """What the last stage did, as sentences for somebody who learns how a network learns."""
    if frame.state is State.DIVERGED:
        return _diverged(frame)
    if frame.moment.done == 0:
        return _ready(frame)
    stage = training_step(frame.moment.depth)[frame.moment.done - 1]
    sentences = {
        Phase.FORWARD: _forward,
        Phase.LOSS: _loss,
        Phase.BACKWARD: _backward,
        Phase.UPDATE: _update,
    }[stage.phase](frame, stage)
    if frame.state is State.FINISHED:
        sentences = [f"Training is finished: {_why(frame)}. Space goes on all the same.", *sentences]
    return sentences


def _why(frame: Frame) -> str:
    moment = frame.moment
    return {
        "epochs": f"all {moment.epoch + 1} epochs are done",
        "steps": f"all {moment.step + 1} training steps are done",
        "seconds": "its time is over",
        "target loss": "the target loss is reached",
        "target accuracy": "the target accuracy is reached",
        "patience": "the validation loss has not improved for a while",
    }.get(frame.stopped_by or "", frame.stopped_by or "it was stopped")


def _ready(frame: Frame) -> list[str]:
    task, title = frame.task, frame.title
    asked = f"tell {_listed(task.class_names)} apart" if task.class_names else "predict a number"
    sentences = [
        f"A network with {title.parameters:,} random weights is about to learn to {asked}.",
        f"{frame.example.batch_size} examples wait for the first training step; one of them is shown.",
        "Press f to send them forward, b to send the error back, u to update the weights, n for one stage at a time.",
    ]
    return [*sentences, frame.title.notice] if title.notice else sentences


def _listed(names: tuple[str, ...]) -> str:
    if len(names) > 5:
        return f"{len(names)} classes"
    return ", ".join(names[:-1]) + f" and {names[-1]}"


def _forward(frame: Frame, stage: Stage) -> list[str]:
    layer = frame.layers[stage.part]
    values = layer.units.activations
    if layer.kind == "dense":
        inputs = int(np.prod(layer.input_shape))
        sentences = [
            f"Forward through {layer.name}: each of its {layer.units.total:,} units added up its {inputs:,} inputs, "
            "each times its weight, and its bias."
        ]
    else:
        sentences = [f"Forward through {layer.name}: {_ACTIVATIONS.get(layer.kind, 'it passed the numbers on')}."]
    if stage.part == frame.moment.depth - 1 and frame.example.logits is not None:
        logits = ", ".join(
            f"{name} {_signed(z)}"
            for name, z in zip(
                frame.task.output_names(len(frame.example.target)), frame.example.logits[:6], strict=False
            )
        )
        sentences.append(f"These sums are the logits z ({logits}); the loss turns them into a prediction.")
    elif values is not None and layer.kind == "relu":
        silent = int(np.count_nonzero(values == 0))
        sentences.append(f"Of the {len(values)} units shown, {silent} are silent for this example.")
    elif values is not None and len(values):
        k = int(np.nan_to_num(np.abs(values)).argmax())
        sentences.append(
            f"The strongest one shown, unit {int(layer.units.indices[k])}, gave {_signed(float(values[k]))}."
        )
    return sentences


_ACTIVATIONS = {
    "relu": "what was below zero became 0, the rest stayed as it was",
    "leakyrelu": "what was below zero was cut to a hundredth, the rest stayed as it was",
    "sigmoid": "every number was squeezed between 0 and 1",
    "tanh": "every number was squeezed between −1 and 1",
}


def _loss(frame: Frame, stage: Stage) -> list[str]:  # noqa: ARG001
    example, task = frame.example, frame.task
    if example.prediction is None or example.error is None:
        return []
    names = frame.task.output_names(len(frame.example.target))
    shown = int(np.argmax(example.target)) if len(names) > 1 else 0
    p, y, error = (float(array[shown]) for array in (example.prediction, example.target, example.error))
    what = f"this {task.class_names[example.label]}" if example.label is not None else "this example"
    said = f"p({names[shown]}) = {p:.2f}" if task.class_names else f"{p:.3f}"
    sentences = [
        f"The network gave {what} {said}. The {'label' if task.class_names else 'target'} says {y:g}, so the error of "
        f"the node is {_number(p)} − {y:g} = {_signed(error)}."
    ]
    if example.loss is not None and frame.batch_loss is not None:
        sentences.append(f"That costs a {frame.title.loss} of {example.loss:.3f}{_formula(frame, p)};")
        sentences.append(
            f"the mean over the {example.batch_size} examples of the batch is {frame.batch_loss:.3f}: the loss."
        )
    return sentences


def _formula(frame: Frame, p: float) -> str:
    """Where the example's loss comes from, for the loss that can be said in a few signs."""
    if frame.title.loss == "cross-entropy" and p > 0:
        return f" = −ln {p:.2f}"
    return ""


def _backward(frame: Frame, stage: Stage) -> list[str]:
    layer = frame.layers[stage.part]
    if stage.part == frame.moment.depth - 1:
        sentences = [
            f"Backprop begins: ∂L/∂z says how the loss changes with each output (the mean over "
            f"{frame.example.batch_size} examples makes it {frame.example.batch_size} times smaller than for one)."
        ]
    elif layer.parameters:
        sentences = [f"The error came back to {layer.name}."]
    else:
        sentences = [f"The error came back through {layer.name}: {_GATES.get(layer.kind, 'times its slope')}."]
    if layer.parameters and layer.gradients is not None:
        sentences.append(
            f"Each weight of {layer.name} gets its blame, ∂L/∂w = its input × the error it fed, summed over the batch; "
            f"the largest is {_number(layer.gradients.largest)} in size."
        )
    if stage.part == 0:
        sentences.append("Backprop is done: every weight knows its share in the loss.")
    return sentences


_GATES = {
    "relu": "it passes where the unit was on and stops where it was off",
    "leakyrelu": "it passes where the unit was on, and a hundredth of it where it was off",
    "sigmoid": "times a (1 − a), which is small where the unit was nearly 0 or 1",
    "tanh": "times 1 − a², which is small where the unit was nearly −1 or 1",
}


def _update(frame: Frame, stage: Stage) -> list[str]:
    trained = [layer for layer in frame.layers if layer.updates is not None]
    if not trained:
        return []
    most = max(trained, key=lambda layer: _relative_update(layer))
    rate = f"learning rate {frame.learning_rate:g}"
    if stage.part != APPLY:
        return [
            f"{frame.title.optimizer.split()[0]} proposes an update Δw against each weight's gradient ({rate}). "
            "Nothing has changed yet.",
            f"{most.name} would change most: by {_relative_update(most):.2%} of its weights' size.",
        ]
    wrong = frame.said_wrong
    sentences = [
        f"The update has landed: {frame.title.parameters:,} weights moved a little against their gradients ({rate}), "
        f"those of {most.name} most, by {_relative_update(most):.2%} of their size."
    ]
    if frame.batch_loss is not None:
        missed = f", with {wrong} of {frame.example.batch_size} examples wrong" if wrong is not None else ""
        sentences.append(f"The loss before it was {frame.batch_loss:.3f}{missed}.")
    if frame.moment.batch == frame.moment.batches - 1:
        sentences.append(f"Epoch {frame.moment.epoch + 1} is over: every training example was used once more.")
    return sentences


def _relative_update(layer: LayerView) -> float:
    if layer.updates is None or layer.weights is None or not layer.weights.rms:
        return 0.0
    return layer.updates.rms / layer.weights.rms


def _diverged(frame: Frame) -> list[str]:
    return [
        f"Training diverged at step {frame.moment.step + 1}: the loss is no finite number any more.",
        f"Mostly the learning rate ({frame.learning_rate:g}) is too high: every update overshot further than the last.",
        "Press − to lower it and r to start again from the same weights.",
    ]


def _number(value: float) -> str:
    """Two decimals, or more where these would only show zeros."""
    size = abs(value)
    text = f"{size:.2f}" if size >= 0.095 or size == 0 else f"{size:.2g}"
    return f"−{text}" if value < 0 else text


def _signed(value: float) -> str:
    return f"+{_number(value)}" if value > 0 else _number(value)
