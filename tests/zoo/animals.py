"""How the networks of the zoo are made: data drawn by a seed, and a trainer that something may have been done to."""

from collections.abc import Callable

import numpy as np

from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import combine
from nnviz.nn.network import Network
from nnviz.training.assembly import assemble
from nnviz.training.trainer import Trainer

Spoil = Callable[[Network], None]
GIVEN = "given"
NAMES = ("ant", "bee", "cow", "dog")


def classes(
    seed: int = 0,
    counts: tuple[int, ...] = (80, 80, 80),
    features: int = 6,
    apart: float = 2.0,
    spoil: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
    raw: bool = False,
) -> Dataset:
    """Gaussian blobs, `apart` deviations from each other; `raw` inputs are not standardised."""
    generator = np.random.default_rng((seed, 1))
    centres = generator.normal(size=(len(counts), features))
    centres *= apart / np.linalg.norm(centres, axis=1, keepdims=True)

    def split(share: float) -> tuple[np.ndarray, np.ndarray]:
        labels = np.repeat(np.arange(len(counts)), [max(round(many * share), 1) for many in counts])
        labels = generator.permutation(labels)
        return generator.normal(size=(len(labels), features)) + centres[labels], labels

    return _dataset(NAMES[: len(counts)], split, spoil, raw)


def numbers(
    seed: int = 0,
    spoil: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None,
    raw: bool = False,
) -> Dataset:
    """A smooth function of six numbers."""
    generator = np.random.default_rng((seed, 2))
    weights = generator.normal(size=6)

    def split(share: float) -> tuple[np.ndarray, np.ndarray]:
        x = generator.normal(size=(round(240 * share), 6))
        return x, np.sin(x @ weights)[:, None] + 0.5 * x[:, :1]

    return _dataset((), split, spoil, raw)


def pictures(seed: int = 0) -> Dataset:
    """8×8 pictures with a bright bar that lies or stands."""
    generator = np.random.default_rng((seed, 3))

    def split(count: int) -> Split:
        labels = np.arange(count) % 2
        inputs = generator.integers(0, 120, (count, 8, 8, 1))
        for picture, label, place in zip(inputs, labels, generator.integers(1, 7, count), strict=True):
            picture[(place, slice(None)) if label else (slice(None), place)] += 120
        return Split(inputs.astype(np.uint8), labels.astype(np.int64), [f"bar {i}" for i in range(count)])

    train = split(160)
    return Dataset("bars", ("standing", "lying"), train, split(60), split(60), Standardization.of(train.inputs))


def _dataset(names, split, spoil, raw) -> Dataset:
    parts = []
    for share in (1.0, 0.4, 0.4):
        inputs, labels = split(share)
        inputs, labels = spoil(inputs, labels) if spoil else (inputs, labels)
        kind = np.int64 if names else np.float64
        parts.append(
            Split(inputs.astype(np.float32), labels.astype(kind), [f"example {i}" for i in range(len(labels))])
        )
    width = parts[0].inputs.shape[1]
    scale = Standardization(np.zeros(width), np.ones(width)) if raw else Standardization.of(parts[0].inputs)
    return Dataset("zoo", names, *parts, scale, feature_names=tuple(f"x{i}" for i in range(width)))


def trainer(
    dataset: Dataset,
    layers: str = "dense 16 relu, dense 12 relu",
    spoil: Spoil | None = None,
    network: dict[str, str] | None = None,
    **training: object,
) -> Trainer:
    """A trainer of this network; `spoil` has its hands on the weights before the first step."""
    is_raw = not dataset.standardization.mean.any()
    tables = {
        "data": {"inputs": "raw"} if is_raw else {},
        "network": {"layers": layers, **(network or {})},
        "training": training,
        "stopping": {"epochs": None},
    }
    made = assemble(combine(tables), dataset)
    if spoil is not None:
        spoil(made.network)
        begin_with(made, made.network.parameters.values.copy())
    return made


def begin_with(made: Trainer, weights: np.ndarray) -> None:
    """Let these be the first weights, as if they had been given in a file."""
    made.network.parameters.values[...] = weights
    made.first = made.engine.state()
    made.restart()
    made.experiment = made.experiment.changed({"network": {"weights": GIVEN}})


def scaled(factor: float, *numbers: int) -> Spoil:
    """The weights of these weighted layers (all, if none are named) times a factor."""

    def spoil(network: Network) -> None:
        weighted = [layer for layer in network.layers if layer.kind in ("dense", "conv")]
        for number in numbers or range(len(weighted)):
            weighted[number].weights.values[...] *= factor

    return spoil


def filled(value: float, *numbers: int) -> Spoil:
    """The weights of these weighted layers, all the same."""

    def spoil(network: Network) -> None:
        weighted = [layer for layer in network.layers if layer.kind in ("dense", "conv")]
        for number in numbers or range(len(weighted)):
            weighted[number].weights.values[...] = value

    return spoil


def biased(value: object, number: int) -> Spoil:
    """The biases of a weighted layer."""

    def spoil(network: Network) -> None:
        [layer for layer in network.layers if layer.kind in ("dense", "conv")][number].biases.values[...] = value

    return spoil
