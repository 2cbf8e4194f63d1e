"""The healthy ones: what the rules have to leave alone."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from nnviz.data.dataset import Dataset
from nnviz.data.sources import find_source, suggested
from nnviz.experiment import combine
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.trainer import Trainer
from tests.zoo.animals import classes, numbers, pictures, trainer


class Healthy(NamedTuple):
    """A network that learns: how it is made by a seed, and for how many steps it is watched."""

    name: str
    make: Callable[[int], Trainer]
    steps: int = 400


@cache
def _opened(name: str) -> Dataset:
    return open_dataset(combine({"data": {"source": name}}))


def built_in(name: str, layers: str | None = None, steps: int = 400) -> Healthy:
    """A built-in source with the settings that nnviz suggests for it, or with other layers."""

    def make(seed: int) -> Trainer:
        asked = {"data": {"source": name}, "training": {"seed": seed}}
        changed = {"network": {"layers": layers}} if layers else {}
        return assemble(combine(suggested(find_source(name)), asked, changed), _opened(name))

    return Healthy(f"{name}, {layers or 'as suggested'}", make, steps)


HEALTHY = (
    *(built_in(name) for name in ("pets", "people", "road", "language", "xor", "circles", "spiral", "gauss", "waves")),
    built_in("pets", "conv 8 3x3 batchnorm relu, pool 2, dense 32 relu", 200),
    built_in("circles", "dense 16 tanh, dense 16 tanh"),
    built_in("gauss", "dense 8 sigmoid"),
    built_in("xor", "dense 8 relu, dense 8 relu"),
    Healthy("blobs", lambda s: trainer(classes(s), seed=s)),
    Healthy("blobs, adam", lambda s: trainer(classes(s), optimizer="adam", learning_rate=3e-3, seed=s)),
    Healthy(
        "blobs, batchnorm", lambda s: trainer(classes(s), "dense 16 batchnorm relu, dense 12 batchnorm relu", seed=s)
    ),
    Healthy("blobs, dropout", lambda s: trainer(classes(s), "dense 32 relu dropout 0.3", seed=s)),
    Healthy("numbers", lambda s: trainer(numbers(s), "dense 32 tanh, dense 16 tanh", seed=s)),
    Healthy(
        "numbers, adam",
        lambda s: trainer(numbers(s), "dense 32 relu, dense 16 relu", optimizer="adam", learning_rate=3e-3, seed=s),
    ),
    Healthy("bars", lambda s: trainer(pictures(s), "conv 8 3x3 relu, pool 2, dense 16 relu", seed=s)),
)
SEEDS = (0, 1)
