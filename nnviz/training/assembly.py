"""From an experiment to a network, and to a trainer that is ready to run."""

from dataclasses import dataclass

import numpy as np

from nnviz.data.dataset import Array, Batches, Dataset, Encoder, Standardization, Task
from nnviz.data.sources import open_source
from nnviz.errors import InputError
from nnviz.experiment import Experiment, Net, Training
from nnviz.nn.layers import Dense
from nnviz.nn.losses import BinaryCrossEntropy, CrossEntropy, Identity, Logistic, Loss, MeanSquaredError, Softmax
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import SGD, Adam, Optimizer
from nnviz.training.randomness import from_seed
from nnviz.training.trainer import Trainer


@dataclass(frozen=True)
class Ending:
    """How a network ends: the number of its outputs, its loss, and the target that stands for each class.

    target_table  (classes, outputs), None where the labels themselves are the targets
    """

    outputs: int
    loss: Loss
    target_table: Array | None


def ending(net: Net, task: Task) -> Ending:
    """The output layer, loss and targets that the data imply, as far as `net` does not choose among them.

    Raises InputError for a choice that the data do not allow.
    """
    classes = len(task.class_names)
    if not classes:
        if net.output is not None or net.loss == "cross-entropy":
            raise InputError("network: the targets are numbers, so output stays linear and loss is mse")
        return Ending(task.numbers, MeanSquaredError(Identity()), None)
    if net.output == "single":
        if classes != 2:
            raise InputError(f"network.output: 'single' tells two classes apart, and here are {classes}; use 'softmax'")
        table = np.zeros((2, 1))
        table[task.positive_class] = 1
        return Ending(1, MeanSquaredError(Logistic()) if net.loss == "mse" else BinaryCrossEntropy(), table)
    return Ending(classes, MeanSquaredError(Softmax()) if net.loss == "mse" else CrossEntropy(), np.eye(classes))


def build_network(experiment: Experiment, task: Task) -> Network:
    """The experiment's network for this task, at its initial weights. Raises InputError."""
    end = ending(experiment.network, task)
    layers = [*parse(experiment.network.layers), Dense(end.outputs)]
    generator = from_seed(experiment.training.seed).initialisation
    return Network(layers, end.loss, task.input_shape, generator, experiment.training.dtype)


def build_encoder(experiment: Experiment, task: Task, standardization: Standardization) -> Encoder:
    """What makes examples ready for the experiment's network."""
    return Encoder(standardization, ending(experiment.network, task).target_table, experiment.training.dtype)


def build_optimizer(training: Training) -> Optimizer:
    """The optimizer that `training` names, not attached to any parameters yet."""
    if training.optimizer == "adam":
        return Adam(training.learning_rate)
    return SGD(training.learning_rate, training.momentum)


def open_dataset(experiment: Experiment) -> Dataset:
    """The examples that the experiment names. Raises InputError."""
    return open_source(experiment.data, from_seed(experiment.training.seed).splitting)


def assemble(experiment: Experiment, dataset: Dataset) -> Trainer:
    """A trainer at its first step. Raises InputError if network, output and data do not fit each other."""
    network = build_network(experiment, dataset.task)
    encoder = build_encoder(experiment, dataset.task, dataset.standardization)
    shuffling = from_seed(experiment.training.seed).shuffling
    batches = Batches(dataset.train, encoder, experiment.training.batch_size, shuffling)
    return Trainer(dataset, network, build_optimizer(experiment.training), encoder, batches, experiment.stopping)
