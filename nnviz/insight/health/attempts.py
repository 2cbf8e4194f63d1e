"""Attempts: what a machine can try against an ailment.

A remedy makes of one experiment another one. From the difference of the two come both the words and what is tried, so
that they cannot differ. A remedy that finds nothing to change gives the experiment back as it is.
"""

from collections.abc import Callable, Iterable

from nnviz.experiment import HIGHEST_RATE, LOWEST_RATE, Experiment, Tables
from nnviz.frame.health_view import Alert
from nnviz.insight.experiment_words import told_changes
from nnviz.nn.activations import ReLU, Sigmoid, Tanh
from nnviz.nn.convolution import Conv2d
from nnviz.nn.dropout import Dropout
from nnviz.nn.layers import Dense, Layer
from nnviz.nn.normalization import BatchNorm
from nnviz.nn.notation import describe, parse

Remedy = Callable[[Experiment], Experiment]

USUAL_RATES = {"sgd": 0.01, "nesterov": 0.01, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001}
"""PyTorch's and Keras's own, which nnviz has as well for sgd."""
USUAL_MOMENTUM = 0.9
# A rate that far below the usual one was chosen for gradients of another size.
TINY = 0.02
FEW_LAYERS = 3
ENOUGH_IN_A_BATCH = 16
MUCH_DROPOUT, USUAL_DROPOUT = 0.5, 0.2


def to_try(experiment: Experiment, by_hand: str, *remedies: Remedy) -> tuple[str, Tables]:
    """What to try, as a sentence, and the changes of the experiment that it names first, if there are any.

    by_hand  what a person may do besides; as a part of a sentence
    """
    after = experiment
    for remedy in remedies:
        after = remedy(after)
    words = "; or ".join(filter(None, [told_changes(experiment, after), by_hand]))
    return f"{words[0].upper()}{words[1:]}.", experiment.differences(after)


# Rates


def slower(experiment: Experiment) -> Experiment:
    """A tenth of the learning rate, and no more than the usual one of the optimizer; no more than usual momentum."""
    training = experiment.training
    rate = max(min(USUAL_RATES[training.optimizer], training.learning_rate / 10), LOWEST_RATE)
    return experiment.with_training(learning_rate=rate, momentum=min(training.momentum, USUAL_MOMENTUM))


def at_rate(experiment: Experiment, rate: float) -> tuple[str, Tables]:
    """What to try, where a better learning rate is known."""
    return to_try(experiment, "", lambda before: before.with_training(learning_rate=rate))


def faster(experiment: Experiment) -> Experiment:
    """Ten times the learning rate, and no less than the usual one of the optimizer."""
    training = experiment.training
    rate = max(USUAL_RATES[training.optimizer], training.learning_rate * 10)
    return experiment.with_training(learning_rate=min(rate, HIGHEST_RATE))


def no_slower_than_usual(experiment: Experiment) -> Experiment:
    """The usual learning rate where it is below that."""
    training = experiment.training
    return experiment.with_training(learning_rate=max(training.learning_rate, USUAL_RATES[training.optimizer]))


def _not_tiny(experiment: Experiment) -> Experiment:
    """The usual learning rate where it was chosen for gradients of a size that they will not have any more."""
    training = experiment.training
    usual = USUAL_RATES[training.optimizer]
    return experiment if training.learning_rate >= TINY * usual else experiment.with_training(learning_rate=usual)


def unhindered(experiment: Experiment) -> Experiment:
    """Without what holds updates back; a higher learning rate where nothing does."""
    training = experiment.training
    free = experiment.with_training(clip=None, warmup=0.0)
    return free if training.clip or training.warmup else faster(experiment)


def clipped(experiment: Experiment) -> Experiment:
    """Gradients no longer than 1."""
    clip = experiment.training.clip
    return experiment.with_training(clip=1.0 if clip is None or clip > 1 else clip / 10)


# The network


def scaled_weights(experiment: Experiment) -> Experiment:
    """First weights by chance, scaled by the number of inputs."""
    net = experiment.network
    if net.weights is None and net.initial != "normal":
        return experiment
    return _not_tiny(experiment.changed({"network": {"initial": "scaled", "weights": None}}))


def normalised(experiment: Experiment) -> Experiment:
    """Batch normalisation after each layer with weights but the last, where batches are large enough for it."""
    layers: list[Layer] = []
    for layer in parse(experiment.network.layers):
        if layers and isinstance(layers[-1], Dense | Conv2d) and not isinstance(layer, BatchNorm):
            layers.append(BatchNorm())
        layers.append(layer)
    return enough_in_a_batch(_with_layers(experiment, layers))


def rectified(experiment: Experiment) -> Experiment:
    """ReLU instead of sigmoid and tanh."""
    kinds = (Sigmoid, Tanh)
    found = [ReLU() if isinstance(layer, kinds) else layer for layer in parse(experiment.network.layers)]
    return _with_layers(experiment, found)


def shallower(experiment: Experiment) -> Experiment:
    """No more than the first few layers with weights, and what follows them."""
    layers, left = [], FEW_LAYERS
    for layer in parse(experiment.network.layers):
        left -= isinstance(layer, Dense | Conv2d)
        if left < 0:
            break
        layers.append(layer)
    return _with_layers(experiment, layers)


def _less_dropped(experiment: Experiment) -> Experiment:
    """A usual dropout instead of one that leaves hardly anything."""
    layers = parse(experiment.network.layers)
    found = [layer for layer in layers if isinstance(layer, Dropout) and layer.share > MUCH_DROPOUT]
    for layer in found:
        layer.share = USUAL_DROPOUT
    return experiment.changed({"network": {"layers": describe(layers)}}) if found else experiment


def _with_layers(experiment: Experiment, layers: Iterable[Layer]) -> Experiment:
    """Weights that were given fit no other layers than theirs."""
    text = describe(list(layers))
    if text == describe(parse(experiment.network.layers)):
        return experiment
    return _not_tiny(experiment.changed({"network": {"layers": text, "weights": None}}))


# What it is trained on, and with


def standardised(experiment: Experiment) -> Experiment:
    """Inputs of mean 0 and deviation 1."""
    if experiment.data.inputs != "raw":
        return experiment
    return _not_tiny(experiment.changed({"data": {"inputs": "standardized"}}))


def balanced(experiment: Experiment) -> Experiment:
    """All classes alike in sum."""
    return experiment.with_training(class_weights="balanced")


def enough_in_a_batch(experiment: Experiment) -> Experiment:
    """Batches from which a mean can be told."""
    return experiment.with_training(batch_size=max(experiment.training.batch_size, ENOUGH_IN_A_BATCH))


def unpunished(experiment: Experiment) -> Experiment:
    """No penalty on large weights, and no decay of them."""
    decay = None if not experiment.training.weight_decay else 0.0
    return experiment.with_training(l1=0.0, l2=0.0, weight_decay=decay)


def unburdened(experiment: Experiment) -> Experiment:
    """Without what keeps it from learning, penalties and much dropout; at another learning rate where there is none."""
    free = unpunished(_less_dropped(experiment))
    if free != experiment:
        return free
    is_slow = experiment.training.learning_rate < USUAL_RATES[experiment.training.optimizer]
    return faster(experiment) if is_slow else slower(experiment)


def stopped_early(experiment: Experiment) -> Experiment:
    """An end where the validation loss turns."""
    return experiment.changed({"stopping": {"patience": 2}})


# Where it begins


def begins_at(alert: Alert) -> int:
    """After how many training steps of a run an attempt begins to differ from it.

    Half-way to where the alert began, if nothing but the learning rate is another one: of layers, what is read last
    before it is later than that. At the beginning, if it takes another network or other examples.
    """
    return alert.step // 2 if is_of_rate(alert) else 0


def is_of_rate(alert: Alert) -> bool:
    """Whether nothing but the learning rate changes."""
    return {name: list(table) for name, table in alert.changes.items()} == {"training": ["learning_rate"]}
