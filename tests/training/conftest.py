"""A small dataset of numbers, and trainers for it."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import Experiment, combine
from nnviz.training.assembly import assemble
from nnviz.training.trainer import Trainer

FEATURES = 6
CLASSES = ("ant", "bee", "cow")


def _split(generator: np.random.Generator, count: int) -> Split:
    labels = np.arange(count) % len(CLASSES)
    inputs = generator.normal(size=(count, FEATURES)) + labels[:, None] * 0.7
    return Split(inputs.astype(np.float32), labels.astype(np.int64), [f"example {i}" for i in range(count)])


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Three classes that overlap; 50 examples make batches of 8 end an epoch with one of 2."""
    generator = np.random.default_rng(5)
    train, validation, test = (_split(generator, count) for count in (50, 21, 21))
    return Dataset("blobs", CLASSES, train, validation, test, Standardization.of(train.inputs))


@pytest.fixture
def make_experiment() -> Callable[..., Experiment]:
    """An experiment of a small network; keywords change [training], `stopping` is that table."""

    def make(layers: str = "dense 7 tanh, dense 5 relu", stopping: dict[str, object] | None = None, **training: object):
        tables = {"network": {"layers": layers}, "training": {"batch_size": 8, **training}, "stopping": stopping or {}}
        return combine(tables)

    return make


@pytest.fixture
def make_trainer(dataset: Dataset, make_experiment: Callable[..., Experiment]) -> Callable[..., Trainer]:
    """A trainer at its first step, for the experiment that the same keywords make."""
    return lambda **settings: assemble(make_experiment(**settings), dataset)


@pytest.fixture(scope="session")
def picture_dataset() -> Dataset:
    """Two classes of 9×8 pictures; 22 of them make batches of 8 end an epoch with one of 6."""
    generator = np.random.default_rng(6)

    def split(count: int) -> Split:
        labels = np.arange(count) % 2
        inputs = generator.integers(0, 180, (count, 9, 8, 3)) + 70 * labels[:, None, None, None]
        return Split(inputs.astype(np.uint8), labels.astype(np.int64), [f"picture {i}" for i in range(count)])

    train, validation, test = split(22), split(10), split(10)
    return Dataset("patches", ("dark", "light"), train, validation, test, Standardization.of(train.inputs))


@pytest.fixture
def make_picture_trainer(
    picture_dataset: Dataset, make_experiment: Callable[..., Experiment]
) -> Callable[..., Trainer]:
    """A trainer of a network with every kind of layer, on changed pictures; keywords as those of `make_experiment`."""
    layers = (
        "conv 4 3x3 batchnorm relu dropout 0.2, pool 2, conv 3 2x2 stride 2 padding 0 tanh, flatten, dense 5 batchnorm "
        "leakyrelu dropout 0.5, dense 4 sigmoid"
    )

    def make(**settings: object) -> Trainer:
        experiment = make_experiment(**{"layers": layers, **settings})
        changed = msgspec.structs.replace(experiment.data, augment=("flip", "shift", "rotate", "brightness"))
        return assemble(msgspec.structs.replace(experiment, data=changed), picture_dataset)

    return make
