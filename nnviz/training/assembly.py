"""From an experiment to a network, and to a trainer that is ready to run."""

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.augmentation import Augmentation
from nnviz.data.batches import Batches
from nnviz.data.cores import available_cores
from nnviz.data.dataset import Dataset
from nnviz.data.encoder import Encoder
from nnviz.data.reading import CACHED, Reading
from nnviz.data.sources import Source, open_source
from nnviz.data.standardization import Standardization
from nnviz.errors import InputError
from nnviz.experiment import Experiment, Net, Training, combine
from nnviz.frame import hill
from nnviz.frame.task import Task
from nnviz.nn.initializers import unit_normal
from nnviz.nn.layers import Dense, Flatten, Weighted
from nnviz.nn.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    MeanSquaredError,
    Output,
    QuadraticLoss,
    SummedBinaryCrossEntropy,
)
from nnviz.nn.network import Network, declare
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import SGD, Adam, AdamW, Momentum, Nesterov, Optimizer, RMSprop
from nnviz.nn.outputs import Identity, Logistic, Softmax
from nnviz.nn.parameters import Parameters
from nnviz.nn.scaled_error import ScaledSquaredError
from nnviz.nn.schedules import Cosine, Plateau, Schedule, StepDecay, WarmUp
from nnviz.nn.workers import OneWorker, TwoWorkers
from nnviz.outside_text import listed_names
from nnviz.training.engine import StepEngine
from nnviz.training.first_weights import begin_from_given, told_origin
from nnviz.training.memory import available_bytes
from nnviz.training.randomness import from_seed
from nnviz.training.trainer import Plan, Trainer
from nnviz.training.update_rule import UpdateRule
from nnviz.wording import integer, trimmed

ADAMW_DECAY = 0.01
PLATEAU_EPOCHS = 5


class Ending(msgspec.Struct, frozen=True):
    """How a network ends: the number of its outputs, its loss, and the target that stands for each class.

    target_table  (classes, outputs), None where the labels themselves are the targets
    hills         whether the targets are hills that stand for the labels
    bounds        the smallest and the largest number that the outputs can tell, None where there is no limit
    """

    outputs: int
    loss: Loss
    target_table: Array | None
    hills: bool = False
    bounds: tuple[float, float] | None = None


def ending(net: Net, task: Task) -> Ending:
    """The output layer, loss and targets that the data imply, as far as `net` does not choose among them.

    Raises InputError for a choice that the data do not allow.
    """
    classes = len(task.class_names)
    if net.output == "hill":
        return _hill(net, task)
    if net.output == "sigmoid":
        return _sigmoids(net, task)
    if not classes:
        if net.output is not None or net.loss not in (None, "mse"):
            raise InputError(
                "network: the targets are numbers, so output stays linear and loss is mse; for numbers from 0 to 1, "
                "output may be 'sigmoid', with any loss"
            )
        targets = task.targets
        loss = MeanSquaredError(Identity()) if targets is None else ScaledSquaredError(targets.mean, targets.deviation)
        return Ending(task.numbers, loss, None)
    if net.output == "single":
        if classes != 2:
            raise InputError(
                f"network.output: 'single' tells two classes apart, and here are {integer(classes)}; use 'softmax'"
            )
        table = np.zeros((2, 1))
        table[task.positive_class] = 1
        return Ending(1, _loss(net, Logistic(), BinaryCrossEntropy()), table)
    return Ending(classes, _loss(net, Softmax(), CrossEntropy()), np.eye(classes))


def _loss(net: Net, output: Output, cross_entropy: Loss) -> Loss:
    """The loss that `net` chooses for an output function that tells probabilities."""
    match net.loss:
        case "mse":
            return MeanSquaredError(output)
        case "quadratic":
            return QuadraticLoss(output)
        case _:
            return cross_entropy


def _sigmoids(net: Net, task: Task) -> Ending:
    """A sigmoid for each class, or for each number from 0 to 1."""
    outputs = len(task.class_names) or task.numbers
    if task.class_names:
        return Ending(outputs, _loss(net, Logistic(), SummedBinaryCrossEntropy()), np.eye(outputs))
    # Of numbers between 0 and 1, the best prediction costs nothing in squares, but a cross-entropy does not get to 0.
    squared = msgspec.structs.replace(net, loss=net.loss or "mse")
    return Ending(outputs, _loss(squared, Logistic(), SummedBinaryCrossEntropy()), None, bounds=(0.0, 1.0))


def _hill(net: Net, task: Task) -> Ending:
    """45 sigmoids for one number. Raises InputError where there are several, or classes."""
    if task.numbers != 1:
        what = f"{integer(task.numbers)} numbers to predict" if task.numbers else "classes"
        raise InputError(f"network.output: 'hill' is for one number to predict, and here are {what}")
    # The gradient of the squared error at a sigmoid, p · (1 − p) · (p − y), all but vanishes where a unit is sure and
    # wrong; that of the cross-entropy is p − y.
    loss = _loss(net, Logistic(), BinaryCrossEntropy())
    return Ending(hill.UNITS, loss, None, hills=True, bounds=(-1.0, 1.0))


def build_network(experiment: Experiment, task: Task) -> Network:
    """The experiment's network for this task, at its initial weights. Raises InputError."""
    end = ending(experiment.network, task)
    layers = [*parse(experiment.network.layers), Dense(end.outputs)]
    if experiment.network.initial == "normal":
        for layer in layers:
            if isinstance(layer, Weighted):
                layer.initializer = layer.bias_initializer = unit_normal
    generator = from_seed(experiment.training.seed).initialisation
    threads = experiment.training.threads or chosen_threads()
    workers = TwoWorkers() if threads == 2 else OneWorker()
    return Network(layers, end.loss, task.input_shape, generator, experiment.training.dtype, workers)


def chosen_threads() -> int:
    """How many threads compute where the experiment does not say: two where there are two cores.

    The second one takes a part in those products alone that are large enough to be worth it.
    """
    return min(2, available_cores())


def build_encoder(experiment: Experiment, task: Task, standardization: Standardization) -> Encoder:
    """What makes examples ready for the experiment's network to be judged by plain targets, all counting alike."""
    end = ending(experiment.network, task)
    return Encoder(standardization, end.target_table, experiment.training.dtype, hills=end.hills)


def build_batches(experiment: Experiment, dataset: Dataset) -> Batches:
    """The batches that the experiment trains on. Raises InputError if a setting does not fit the data."""
    training, task, randomness = experiment.training, dataset.task, from_seed(experiment.training.seed)
    end = ending(experiment.network, task)
    for split in (dataset.train, dataset.validation, dataset.test):
        refuse_untellable(experiment.network, end, split.labels)
    encoder = Encoder(
        dataset.standardization,
        _smoothed(end.target_table, training.label_smoothing),
        training.dtype,
        _class_weights(training, dataset),
        end.hills,
    )
    is_of_pictures = len(task.input_shape) == 3
    if experiment.data.augment and not is_of_pictures:
        raise InputError("data.augment: these examples are not pictures; leave it out")
    augment = Augmentation(experiment.data.augment, randomness.augmentation) if is_of_pictures else None
    return Batches(dataset.train, encoder, training.batch_size, randomness.shuffling, augment)


def refuse_untellable(net: Net, end: Ending, labels: Array) -> None:
    """Raises InputError if some of the labels (n, numbers) are beyond what the outputs can tell."""
    if end.bounds is None or not labels.size:
        return
    low, high = end.bounds
    furthest = next((n for n in (float(labels.max()), float(labels.min())) if not low <= n <= high), None)
    if furthest is not None:
        raise InputError(
            f"network.output: '{net.output}' is for numbers from {trimmed(low)} to {trimmed(high)}, and here is "
            f"{trimmed(furthest, 6)}; leave it out"
        )


def _smoothed(target_table: Array | None, share: float) -> Array | None:
    """Targets (classes, outputs) with a share of each spread over all classes (Szegedy et al. 2016)."""
    if not share:
        return target_table
    if target_table is None:
        raise InputError(
            "training.label_smoothing: the targets are numbers, and have no labels to smooth; leave it out"
        )
    smoothed: Array = target_table * (1 - share) + share / len(target_table)
    return smoothed


def _class_weights(training: Training, dataset: Dataset) -> Array | None:
    """How much an example of each class counts (classes,), None where all count the same."""
    chosen, names = training.class_weights, dataset.class_names
    if chosen is None:
        return None
    if not names:
        raise InputError("training.class_weights: the targets are numbers, and there are no classes; leave it out")
    if chosen == "balanced":
        counts = np.bincount(dataset.train.labels, minlength=len(names))
        return len(dataset.train) / (len(names) * np.maximum(counts, 1))
    unknown = [name for name in chosen if name not in names]
    if unknown:
        known = listed_names(names)
        raise InputError(f"training.class_weights: no class is called '{unknown[0]}'; there are {known}")
    return np.array([chosen.get(name, 1.0) for name in names])


def weight_decay(training: Training) -> float:
    """The weight decay that `training` asks for, or that comes with its optimizer."""
    if training.weight_decay is None:
        return ADAMW_DECAY if training.optimizer == "adamw" else 0.0
    return training.weight_decay


def build_optimizer(training: Training) -> Optimizer:
    """The optimizer that `training` names, not attached to any parameters yet."""
    rate, decay = training.learning_rate, weight_decay(training)
    match training.optimizer:
        case "adam":
            return Adam(rate, weight_decay=decay)
        case "adamw":
            return AdamW(rate, weight_decay=decay)
        case "rmsprop":
            return RMSprop(rate, weight_decay=decay)
        case "nesterov":
            return Nesterov(rate, training.momentum, decay)
        case "sgd":
            return Momentum(rate, training.momentum, decay) if training.momentum else SGD(rate, decay)


def build_schedule(experiment: Experiment, per_epoch: int) -> Schedule:
    """The schedule of the learning rate, where an epoch has so many training steps. Raises InputError."""
    training, stopping = experiment.training, experiment.stopping
    ends = [stopping.steps, stopping.epochs and stopping.epochs * per_epoch]
    steps = min((end for end in ends if end), default=None)
    schedule = Schedule()
    if training.schedule == "cosine":
        if steps is None:
            raise InputError("training.schedule: 'cosine' has to know where the run ends; give --epochs or --steps")
        schedule = Cosine(steps)
    elif training.schedule == "step":
        if training.drop_every is None and steps is None:
            raise InputError(
                "training.schedule: 'step' has to know how often, or where the run ends; "
                "give --drop-every, --epochs or --steps"
            )
        every = training.drop_every * per_epoch if training.drop_every else -(-(steps or 1) // 3)
        schedule = StepDecay(every, training.drop)
    elif training.schedule == "plateau":
        schedule = Plateau(training.drop_every or PLATEAU_EPOCHS, training.drop)
    warmup = round(training.warmup * per_epoch)
    return WarmUp(warmup, schedule) if warmup else schedule


def open_dataset(experiment: Experiment, reading: Reading = CACHED, source: Source | None = None) -> Dataset:
    """The examples that the experiment names; `source` is what was found of them already. Raises InputError."""
    generator = from_seed(experiment.training.seed).splitting
    dataset = open_source(experiment.data, generator, reading=reading, source=source)
    if experiment.data.inputs == "raw":
        return msgspec.structs.replace(dataset, standardization=Standardization.none_of(dataset.train.inputs))
    return dataset


def declared(experiment: Experiment, task: Task) -> tuple[Parameters, int]:
    """The parameters of the experiment's network for this task, without room for them, and how many numbers an example
    fills in training: what each layer gives, and the gradient of what it gets. Raises InputError.
    """
    layers = [*parse(experiment.network.layers), Dense(ending(experiment.network, task).outputs)]
    parameters = declare(layers, task.input_shape)
    # To flatten is to look at the same numbers in another way; nothing asks for the gradient of the network's input.
    filling = [layer for layer in layers if not isinstance(layer, Flatten)]
    given = sum(math.prod(layer.output_shape) for layer in filling)
    return parameters, given + sum(math.prod(layer.input_shape) for layer in filling if layer is not layers[0])


def _refuse_too_large(experiment: Experiment, dataset: Dataset) -> None:
    """Raises InputError if what training needs in any case is more than memory holds.

    That is the parameters in all their copies, and what a batch fills.
    """
    training = experiment.training
    parameters, numbers = declared(experiment, dataset.task)
    # Values, gradients and updates, and those of the first, the last good and the best state, with what the optimizer
    # remembers of each number.
    copies = 6 + 4 * len(build_optimizer(training).memory)
    batch = min(training.batch_size, len(dataset.train))
    needed = (parameters.size * copies + batch * numbers) * np.dtype(training.dtype).itemsize
    available = available_bytes()
    if needed > available:
        raise InputError(
            f"network: its {integer(parameters.size)} parameters, and what a batch of {integer(batch)} fills, would "
            f"take {integer(-(-needed >> 20))} MB to train, and there are {integer(available >> 20)} MB of memory; "
            "give it fewer units, or a smaller --batch-size"
        )


def build_plan(experiment: Experiment, rule: UpdateRule, task: Task) -> Plan:
    """What the experiment is to have otherwise on its way. Raises InputError for what the run has nothing of."""
    plan: dict[int, list[tuple[str, str, Any]]] = {}
    for change in experiment.training.changes:
        name, _, key = change.key.partition(".")
        of_optimizer = {"training": {"optimizer": experiment.training.optimizer}}
        asked: Any = getattr(combine(of_optimizer, {name: {key: change.value}}), name)
        if not has(key, rule, task):
            raise InputError(f"training.changes: this run has no {key}, and cannot change it on its way; leave it out")
        value = weight_decay(asked) if key == "weight_decay" else getattr(asked, key)
        plan.setdefault(change.step, []).append((name, key, value))
    return plan


def has(key: str, rule: UpdateRule, task: Task) -> bool:
    """Whether a run by that rule on these data has what the key is about, so that it can change it on its way."""
    if key == "momentum":
        return isinstance(rule.optimizer, Momentum)
    return key != "augment" or len(task.input_shape) == 3


def assemble(experiment: Experiment, dataset: Dataset, weights_copy: Path | None = None) -> Trainer:
    """A trainer at its first step. Raises InputError if network, output and data do not fit each other.

    Where there is a `weights_copy`, it is what is left of the file of first weights that the experiment names.
    """
    training = experiment.training
    _refuse_too_large(experiment, dataset)
    network = build_network(experiment, dataset.task)
    begin_from_given(network, experiment.network, weights_copy)
    encoder = build_encoder(experiment, dataset.task, dataset.standardization)
    batches = build_batches(experiment, dataset)
    schedule = build_schedule(experiment, batches.epochs.end_of(1))
    update_rule = UpdateRule(build_optimizer(training), schedule, training.l1, training.l2, training.clip)
    engine = StepEngine(network, update_rule, batches)
    plan = build_plan(experiment, update_rule, dataset.task)
    return Trainer(dataset, engine, encoder, experiment, told_origin(experiment.network), plan)
