"""The networks that are measured, and one training step of each of them: by nnviz, by bare products, and by others.

A step is a function without arguments that goes on training the same network on the same batch in memory; it returns
the loss that it began with, so that steps can be compared. Bare products have no loss.
"""

import importlib
import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.nn.convolution import Conv2d
from nnviz.nn.dropout import Dropout
from nnviz.nn.layers import Dense, Shape
from nnviz.nn.losses import CrossEntropy
from nnviz.nn.network import Network
from nnviz.nn.notation import parse
from nnviz.nn.optimizers import SGD, Adam, Optimizer
from nnviz.nn.workers import Workers

Step = Callable[[], Any]
OPTIMIZERS = ("SGD", "Adam")
VARIANTS = ("default", "foreach", "fused")
# Small enough that a network which trains for minutes on one batch stays about the same: where gradients come near
# zero, numbers become subnormal, and steps slow.
RATE = 1e-6


class Case(msgspec.Struct, frozen=True):
    """A network to measure, with the size of its batch."""

    name: str
    layers: str
    input_shape: Shape
    outputs: int
    batch: int

    @property
    def is_convolutional(self) -> bool:
        """Whether its inputs are pictures."""
        return len(self.input_shape) == 3

    def network(self, workers: Workers | None = None, *, by_chance: bool = True) -> Network:
        """The network at its first weights, always the same; where nothing is left to chance, without dropout."""
        layers = [*parse(self.layers), Dense(self.outputs)]
        for layer in layers:
            if isinstance(layer, Dropout) and not by_chance:
                layer.share = 0
        return Network(layers, CrossEntropy(), self.input_shape, np.random.default_rng(1), workers=workers)

    def examples(self) -> tuple[Array, Array]:
        """The batch: inputs (n, *input_shape) and classes (n,)."""
        generator = np.random.default_rng(2)
        inputs = generator.standard_normal((self.batch, *self.input_shape), np.float32)
        return inputs, generator.integers(self.outputs, size=self.batch)


CONVOLUTIONS = "conv 16 3x3 batchnorm relu, pool 2, conv 32 3x3 batchnorm relu, pool 2, dense 64 relu, dropout 0.3"
CASES = (
    Case("2-8-2", "dense 8 relu", (2,), 2, 16),
    Case("64-32-10", "dense 32 relu", (64,), 10, 32),
    Case("784-128-10", "dense 128 relu", (784,), 10, 64),
    Case("3072-256-64-2", "dense 256 relu, dense 64 relu", (3072,), 2, 64),
    Case("784-1024-1024-10", "dense 1024 relu, dense 1024 relu", (784,), 10, 128),
    Case("convolutional", CONVOLUTIONS, (32, 32, 3), 10, 32),
    Case("in grey", "conv 8 3x3 relu, pool 2, conv 16 3x3 relu, pool 2, dense 64 relu", (28, 28, 1), 10, 64),
)


def _near_dividing() -> Iterator[Case]:
    """Networks with batches around the size from which two workers divide what is done."""
    pools = "conv 8 3x3 relu, pool 2, conv 16 3x3 relu, pool 2"
    normalised = "conv 8 3x3 batchnorm relu, pool 2, conv 16 3x3 relu, pool 2, dense 32 relu, dropout 0.3"
    for name, layers, input_shape, outputs, batches in (
        ("2-8-2", "dense 8 relu", (2,), 2, (16,)),
        ("784-128-10", "dense 128 relu", (784,), 10, (64, 128, 256)),
        ("3072-64-32-2", "dense 64 relu, dense 32 relu", (3072,), 2, (16, 32, 48, 64, 96, 128)),
        ("784-256-256-10", "dense 256 relu, dense 256 relu", (784,), 10, (32, 64, 96, 128)),
        ("784-400-480-10", "dense 400 relu, dense 480 relu", (784,), 10, (8,)),
        ("784-512-512-10", "dense 512 relu, dense 512 relu", (784,), 10, (16, 32, 64)),
        ("784-720-640-10", "dense 720 relu, dense 640 relu", (784,), 10, (8,)),
        ("convolutions of 16×16", pools, (16, 16, 3), 2, (16, 32, 64, 128)),
        ("convolutions of 32×32", f"{pools}, dense 32 relu", (32, 32, 3), 2, (4, 8, 16, 20, 24, 32)),
        ("with batchnorm", normalised, (32, 32, 3), 2, (4, 8, 16, 20, 24, 32, 64)),
        ("in grey, 28×28", pools, (28, 28, 1), 10, (16, 32, 64)),
    ):
        for batch in batches:
            yield Case(name, layers, input_shape, outputs, batch)


NEAR_DIVIDING = tuple(_near_dividing())


def find(name: str) -> Case:
    """The network of that name."""
    return next(case for case in CASES if case.name == name)


def available(package: str) -> bool:
    """Whether this package is there to be measured."""
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


def build_optimizer(name: str, rate: float) -> Optimizer:
    """The optimizer of nnviz that is called so, in its plainest form."""
    return SGD(rate) if name == "SGD" else Adam(rate)


def nnviz_step(
    case: Case, optimizer: str, workers: Workers | None = None, rate: float = RATE, *, by_chance: bool = True
) -> Step:
    """What a Trainer computes in a step, without the Trainer."""
    return step_of(case.network(workers, by_chance=by_chance), build_optimizer(optimizer, rate), *_targets(case))


def _targets(case: Case) -> tuple[Array, Array]:
    inputs, labels = case.examples()
    return inputs, np.eye(case.outputs, dtype=inputs.dtype)[labels]


def step_of(network: Network, optimizer: Optimizer, inputs: Array, targets: Array) -> Step:
    """A step of this network and optimizer on this batch."""
    parameters = network.parameters
    optimizer.attach(parameters.values, workers=network.workers)
    is_by_chance = any(isinstance(layer, Dropout) for layer in network.layers)
    steps = count()

    def step() -> float:
        if is_by_chance:
            network.at_step(next(steps))
        loss = network.loss.forward(network.forward(inputs), targets).mean
        network.backward()
        optimizer.step(parameters.gradients)
        if parameters.statistics.size:
            parameters.statistics[...] = parameters.following
        return loss

    return step


def products(case: Case) -> dict[tuple[str, str], Step]:
    """The matrix products that a step cannot do without, by layer and purpose, in the order of their shapes.

    Convolutions are the products of their unrolled inputs and gradients, which are in memory as wholes.
    """
    generator = np.random.default_rng(3)

    def matrix(rows: int, columns: int) -> Array:
        return generator.standard_normal((rows, columns), np.float32)

    def product(a: Array, b: Array) -> Step:
        return partial(np.dot, a, b, out=np.empty((len(a), b.shape[1]), a.dtype))

    steps = {}
    layers = case.network().layers
    for layer in layers:
        if isinstance(layer, Dense):
            rows, inputs, outputs = case.batch, layer.inputs, layer.outputs
        elif isinstance(layer, Conv2d):
            rows = case.batch * math.prod(layer.output_shape[:2])
            inputs, outputs = layer.size**2 * layer.channels, layer.outputs
        else:
            continue
        x, weights, gradient = matrix(rows, inputs), matrix(inputs, outputs), matrix(rows, outputs)
        steps[layer.name, "forward"] = product(x, weights)
        steps[layer.name, "parameters"] = product(x.T, gradient)
        if layer is layers[0]:
            continue
        if isinstance(layer, Conv2d):
            places, inputs = case.batch * math.prod(layer.input_shape[:2]), layer.size**2 * outputs
            steps[layer.name, "input"] = product(matrix(places, inputs), matrix(inputs, layer.channels))
        else:
            steps[layer.name, "input"] = product(gradient, weights.T)
    return steps


def products_step(case: Case) -> Step:
    """All of these products, one after the other."""
    steps = list(products(case).values())

    def step() -> None:
        for product in steps:
            product()

    return step


def torch_step(
    case: Case,
    optimizer: str,
    variant: str = "default",
    rate: float = RATE,
    *,
    channels_last: bool = False,
    by_chance: bool = True,
) -> Step:
    """The same network at the same weights in PyTorch, run eagerly."""
    import torch

    inputs, labels = case.examples()
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    model: Any = torch.nn.Sequential(*_modules(case.network(by_chance=by_chance)))
    if case.is_convolutional:
        order = torch.channels_last if channels_last else torch.contiguous_format
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=order)
        model = model.to(memory_format=order)
    options: dict[str, Any] = {} if variant == "default" else {variant: True}
    torch_optimizer = getattr(torch.optim, optimizer)(model.parameters(), lr=rate, **options)
    cross_entropy = torch.nn.functional.cross_entropy

    def step() -> Any:
        torch_optimizer.zero_grad()
        loss: Any = cross_entropy(model(x), y)
        loss.backward()
        torch_optimizer.step()
        return loss.detach()

    return step


def _modules(network: Network) -> list[Any]:
    import torch
    from torch import nn

    values = network.parameters.named()
    modules: list[Any] = []
    pictures = len(network.input_shape) == 3
    for layer in network.layers:
        channels = layer.input_shape[-1]
        if isinstance(layer, Dense):
            weights = values[f"{layer.name}.weights"]
            if pictures:
                # PyTorch flattens feature maps channel by channel, nnviz place by place.
                modules.append(nn.Flatten())
                weights = weights.reshape(*layer.input_shape, -1).transpose(2, 0, 1, 3).reshape(layer.inputs, -1)
                pictures = False
            modules.append(nn.Linear(layer.inputs, layer.outputs, bias=layer.biased))
            modules[-1].weight.data = torch.tensor(np.ascontiguousarray(weights.T))
        elif isinstance(layer, Conv2d):
            padding = layer.size // 2
            modules.append(nn.Conv2d(channels, layer.outputs, layer.size, padding=padding, bias=layer.biased))
            weights = values[f"{layer.name}.weights"].transpose(3, 2, 0, 1)
            modules[-1].weight.data = torch.tensor(np.ascontiguousarray(weights))
        elif isinstance(layer, Dropout):
            modules.append(nn.Dropout(layer.share))
        else:
            modules.append(
                {"relu": nn.ReLU(), "pool": nn.MaxPool2d(2), "batchnorm": nn.BatchNorm2d(channels)}[layer.kind]
            )
        if isinstance(layer, Dense | Conv2d) and layer.biased:
            modules[-1].bias.data = torch.tensor(values[f"{layer.name}.biases"])
    return modules


def sklearn_step(case: Case, optimizer: str, rate: float = RATE) -> Step:
    """The same dense network at the same weights as an MLPClassifier; two classes are one sigmoid output to it."""
    from sklearn.neural_network import MLPClassifier  # type: ignore[import-untyped, import-not-found, unused-ignore]

    inputs, labels = case.examples()
    network = case.network()
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    model = MLPClassifier(
        [layer.outputs for layer in dense[:-1]],
        solver=optimizer.lower(),
        alpha=0,
        batch_size=case.batch,
        learning_rate_init=1e-12,
        momentum=0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    model.partial_fit(inputs, labels, classes=np.arange(case.outputs))
    model._optimizer.learning_rate = model._optimizer.learning_rate_init = rate
    if case.outputs > 2:
        for layer, weights, biases in zip(dense, model.coefs_, model.intercepts_, strict=True):
            weights[...], biases[...] = network.parameters.named()[f"{layer.name}.weights"], 0

    def step() -> Any:
        model.partial_fit(inputs, labels)
        return model.loss_

    return step
