"""Trained networks by chance, of every kind of layer and of answer, and what nnviz says of examples with them."""

from random import Random
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from nnviz.array import Array
from nnviz.experiment import combine
from nnviz.export.blueprint import Answer, Blueprint, blueprint_of
from nnviz.runs.trained_network import TrainedNetwork
from nnviz.training.assembly import build_encoder, build_network
from nnviz.training.evaluation import class_probabilities, logits_of
from tests.tui import chance

MOST_LAYERS = 6
KINDS = {
    *("dense", "conv", "pool", "globalpool", "flatten", "batchnorm", "dropout"),
    *("relu", "leakyrelu", "sigmoid", "tanh"),
}
ANSWERS = set(Answer)
SEEDS = range(48)
"""Among these, each kind of layer and of answer comes; a test says so."""


class Drawn(NamedTuple):
    """A network, examples as they are stored, and the answer to each.

    unit  what a difference of an answer is to be seen beside: 1 for probabilities
    """

    blueprint: Blueprint
    stored: Array
    answers: Array
    unit: Array

    def fed(self) -> Array:
        """The examples as PyTorch and ONNX get them: pictures with their channels first, from 0 to 1."""
        if self.stored.ndim == 2:
            return self.stored.astype(np.float32)
        return np.ascontiguousarray(self.stored.transpose(0, 3, 1, 2), np.float32) / np.float32(255)

    def furthest(self, answers: Array) -> float:
        """How far other answers are from these ones at most, in units."""
        assert answers.shape == self.answers.shape
        return float((np.abs(answers - self.answers) / self.unit).max())


def drawn(seed: int, dtype: str = "float32") -> Drawn:
    """A network whose every number is drawn, so that no bias is 0 and no mean that of another.

    Every other one reads pictures, by convolutions.
    """
    random, generator = Random(seed), np.random.default_rng(seed)
    data, choices = chance.dataset(random)
    while seed % 2 and len(data.task.input_shape) != 3:
        data, choices = chance.dataset(random)
    task = data.task
    if seed % 8 == 4:
        # Runs of old do not have what the targets measure.
        task = replace(task, targets=None)
    layers = chance.small_network(random, data.task.input_shape, MOST_LAYERS)
    while seed % 2 and "conv" not in layers:
        layers = chance.small_network(random, data.task.input_shape, MOST_LAYERS)
    table: dict[str, Any] = {"network": {"layers": layers, **choices}, "training": {"dtype": dtype, "threads": 1}}
    experiment = combine(table)
    network = build_network(experiment, task)
    parameters = network.parameters
    parameters.values *= generator.uniform(0.5, 1.5, parameters.size)
    parameters.values += generator.normal(0, 0.05, parameters.size)
    parameters.statistics[...] = generator.uniform(0.5, 2, parameters.statistics.size)
    encoder = build_encoder(experiment, task, data.standardization)
    trained = TrainedNetwork(
        experiment, task, network.for_evaluation(), encoder, data.standardization, seed, data.encoding
    )
    stored = data.train.inputs[:]
    answers = said(trained, stored)
    deviation = getattr(network.loss.output, "deviation", 1.0)
    # A number is as exact as the largest one that it is made of.
    unit = np.array(1.0) if data.class_names else np.abs(answers).max(axis=0) + deviation
    return Drawn(blueprint_of(trained, "drawn"), stored, answers, unit)


def said(trained: TrainedNetwork, stored: Array) -> Array:
    """What `nnviz predict` tells of examples as they are stored."""
    task, loss = trained.task, trained.network.loss
    logits = logits_of(trained.network, stored, trained.encoder)
    predictions = loss.predict(logits)
    if task.class_names:
        return class_probabilities(predictions, task, loss.predict(-logits))
    return task.told_numbers(predictions)
