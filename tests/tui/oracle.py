"""A training step in plain NumPy, written anew: dense layers, any activation function, output and loss."""

from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.training.trainer import Trainer

ACTIVATE = {
    "relu": lambda z: z * (z > 0),
    "leakyrelu": lambda z: np.where(z > 0, z, z / 100),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}
SLOPE = {
    "relu": lambda z: 1.0 * (z > 0),
    "leakyrelu": lambda z: np.where(z > 0, 1.0, 0.01),
    "sigmoid": lambda z: ACTIVATE["sigmoid"](z) * (1 - ACTIVATE["sigmoid"](z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
}


class Step(NamedTuple):
    """What one training step computes, for the whole batch (n, …).

    given, slopes  what the input and each layer gave, and ∂L/∂(the same)
    weights, biases, grad_weights, grad_biases  by the name of the layer
    prediction, errors, losses  of each example; `loss` is their mean
    """

    given: list[Array]
    slopes: list[Array]
    weights: dict[str, Array]
    biases: dict[str, Array]
    grad_weights: dict[str, Array]
    grad_biases: dict[str, Array]
    prediction: Array
    errors: Array
    losses: Array

    @property
    def loss(self) -> float:
        return float(self.losses.mean())


def recompute(trainer: Trainer, inputs: Array, targets: Array) -> Step:
    """A step of these inputs (n, …) and targets (n, outputs), with the parameters as they are."""
    named = {name: array.copy() for name, array in trainer.network.parameters.named().items()}
    weights, biases = (
        {name.partition(".")[0]: array for name, array in named.items() if name.endswith(kind)}
        for kind in ("weights", "biases")
    )
    layers = [(layer.name, layer.kind) for layer in trainer.network.layers]
    given = [inputs.reshape(len(inputs), -1).astype(float)]
    for name, kind in layers:
        x = given[-1]
        given.append(x @ weights[name] + biases[name] if kind == "dense" else ACTIVATE[kind](x))
    prediction, losses, slope = _judged(trainer, given[-1], targets.astype(float))
    slopes, grad_weights, grad_biases = [slope], {}, {}
    for place in reversed(range(len(layers))):
        name, kind = layers[place]
        x, slope = given[place], slopes[0]
        if kind == "dense":
            grad_weights[name], grad_biases[name] = x.T @ slope, slope.sum(axis=0)
            slopes.insert(0, slope @ weights[name].T)
        else:
            slopes.insert(0, slope * SLOPE[kind](x))
    errors = prediction - targets
    return Step(given, slopes, weights, biases, grad_weights, grad_biases, prediction, errors, losses)


def _judged(trainer: Trainer, z: Array, y: Array) -> tuple[Array, Array, Array]:
    """(prediction, the loss of each example, ∂(mean loss)/∂z)."""
    n, outputs = y.shape
    targets = trainer.dataset.task.targets
    if targets is not None and trainer.network.loss.name == "scaled squared error":
        mean, deviation = np.array(targets.mean), np.array(targets.deviation)
        p = mean + deviation * z
        return p, (((p - y) / deviation) ** 2).mean(axis=1), 2 * (p - y) / deviation / (n * outputs)
    loss = trainer.network.loss
    if loss.output.name == "softmax":
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        if loss.name == "cross-entropy":
            return p, -(y * np.log(p)).sum(axis=1), (p - y) / n
        losses, back = _squared(loss.name, p, y)
        return p, losses, p * (back - (back * p).sum(axis=1, keepdims=True))
    p = 1 / (1 + np.exp(-z))
    if loss.name == "binary cross-entropy":
        return p, -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=1), (p - y) / (n * outputs)
    if loss.name == "summed binary cross-entropy":
        return p, -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1), (p - y) / n
    losses, back = _squared(loss.name, p, y)
    return p, losses, back * p * (1 - p)


def _squared(name: str, p: Array, y: Array) -> tuple[Array, Array]:
    """(the loss of each example, ∂(mean loss)/∂p)."""
    if name == "quadratic loss":
        return ((p - y) ** 2).sum(axis=1) / 2, (p - y) / len(p)
    return ((p - y) ** 2).mean(axis=1), 2 * (p - y) / p.size
