"""Trainings by chance: any data, any network, any kind of output, at any stage; and the frames of them.

Everything is drawn from Python's own generator, which hypothesis seeds: its own draws are for the most part the
simplest there are, and the simplest networks have no layers.
"""

from random import Random
from string import ascii_lowercase
from typing import Any

import numpy as np
from hypothesis import note
from hypothesis import strategies as st
from msgspec.structs import replace

from nnviz.data.dataset import Dataset
from nnviz.data.encoding import Encoding
from nnviz.data.ngrams import NGrams
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import Experiment, combine
from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Frame, Rates, State
from nnviz.training.assembly import assemble
from nnviz.training.camera import Camera
from nnviz.training.trainer import Trainer

MOST_LAYERS, MOST_UNITS, MOST_MAPS = 25, 300, 64
EXAMPLES = 6
# A network that takes longer than a moment tells no more than a small one.
MOST_WEIGHTS = 300_000
FOLLOWERS = ("relu", "leakyrelu", "sigmoid", "tanh", "batchnorm", "dropout 0.3")
WORDS = ("one", "two", "tres", "四", "cinq", "🦜")
# Without digits, so that whatever looks like a number on screen is one.
NAMES = (
    lambda k: _letters(k),
    lambda k: f"a very long name of class {_letters(k)}",
    lambda k: f"鳥{_letters(k)}",
    lambda k: f"{_letters(k)} is a name that nobody could show whole",
    lambda k: "x" * (k + 1),
    lambda k: f"\x1b[{k}m\u202e[/b]鳥\u0301\n{k}",
)
SIZES = (1e-30, 1e-3, 1.0, 1e4, 1e12)


def _letters(number: int) -> str:
    return (_letters(number // 26 - 1) if number >= 26 else "") + ascii_lowercase[number % 26]


def network(random: Random, shape: tuple[int, ...]) -> str:
    """Layers in any legal order, of 1 to 300 units or 1 to 64 maps, 25 at most, for inputs of that shape."""
    parts: list[str] = []
    left = random.choice([0, 1, 2, 3, 4, 6, 9, MOST_LAYERS])
    weights = 0
    while left > 0:
        kinds = ["dense", "dense", "flatten", "batchnorm", "dropout"]
        if len(shape) == 3:
            kinds += ["conv", "conv", "conv", "pool", "pool", "globalpool", "flatten"]
        part, shape, more = _layer(random, random.choice(kinds), shape)
        weights += more
        if weights > MOST_WEIGHTS:
            break
        followers = random.choices(FOLLOWERS, k=min(random.choice([0, 1, 1, 2]), left - 1))
        parts.append(" ".join([part, *followers]))
        left -= 1 + len(followers)
    return ", ".join(parts)


def small_network(random: Random, shape: tuple[int, ...], most: int) -> str:
    """The same with so many layers at most; through many that normalise, a rounding becomes a large number."""
    while True:
        layers = network(random, shape)
        words = layers.replace(",", " ").split()
        if sum(word.isalpha() and word not in ("stride", "padding") for word in words) <= most:
            return layers


def _layer(random: Random, kind: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...], int]:
    """(its notation, the shape of what it gives, its weights)."""
    size = int(np.prod(shape))
    if kind == "dense":
        units = random.randint(1, random.choice([12, MOST_UNITS]))
        return f"dense {units}", (units,), size * units
    if kind == "conv":
        return _conv(random, *shape)
    if kind == "pool":
        side = random.randint(1, min(4, *shape[:2]))
        return f"pool {side}", (shape[0] // side, shape[1] // side, shape[2]), 0
    if kind == "globalpool":
        return kind, (shape[2],), 0
    if kind == "flatten":
        return kind, (size,), 0
    return ("dropout 0.2" if kind == "dropout" else kind), shape, 0


def _conv(random: Random, height: int, width: int, before: int) -> tuple[str, tuple[int, ...], int]:
    maps, stride = random.randint(1, random.choice([12, MOST_MAPS])), random.randint(1, 3)
    kernel = random.randint(1, min(5, height, width))
    padding = random.randint(0, kernel - 1)
    text = f"conv {maps} {kernel}x{kernel} stride {stride} padding {padding}"
    sides = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
    return text, (*sides, maps), kernel**2 * before * maps


def dataset(random: Random) -> tuple[Dataset, dict[str, Any]]:
    """A few examples of any kind, and the `output` and `loss` of a network for them."""
    generator = np.random.default_rng(random.getrandbits(32))
    kind = random.choice(["pictures", "pictures", "features", "plane", "texts"])
    more: dict[str, Any] = {}
    ngrams = texts = None
    if kind == "pictures":
        sides = random.randint(1, 14), random.randint(1, 14), random.choice([1, 3])
        inputs = generator.integers(0, 256, (EXAMPLES, *sides), np.uint8)
    elif kind == "texts":
        ngrams = NGrams(buckets=64)
        texts = [" ".join(random.choices(WORDS, k=random.randint(0, 300))) for _ in range(EXAMPLES)]
        inputs = ngrams.counts(texts)
        more["feature_names"] = ngrams.names(texts)
    else:
        features = 2 if kind == "plane" else random.choice([1, 3, 40, 300])
        inputs = (generator.normal(size=(EXAMPLES, features)) * random.choice(SIZES)).astype(np.float32)
        if random.random() < 0.5:
            more["feature_names"] = tuple(map(random.choice(NAMES), range(features)))
    class_names, labels, choices = _targets(random, generator)
    if ngrams is not None:
        more["encoding"] = Encoding(class_names=class_names, ngrams=ngrams)
    if not class_names and random.random() < 0.5:
        count = labels.shape[1]
        more["target_names"] = ("steering",) if count == 1 else tuple(map(random.choice(NAMES), range(count)))
    split = Split(inputs, labels, [f"example {k}" for k in range(EXAMPLES)], texts)
    return Dataset("some data", class_names, split, split, split, Standardization.of(inputs), **more), choices


def _targets(random: Random, generator: np.random.Generator) -> tuple[tuple[str, ...], Any, dict[str, Any]]:
    """(names of classes, labels, what is chosen of the output)."""
    classes = random.choice([0, 0, 2, 2, 3, 10, 70])
    if classes:
        choices = {"output": random.choice([None, "sigmoid", *["single"] * (classes == 2)])}
        choices["loss"] = random.choice([None, "mse", "quadratic"])
        return tuple(map(random.choice(NAMES), range(classes))), generator.integers(0, classes, EXAMPLES), choices
    output = random.choice([None, "hill", "sigmoid"])
    if output == "sigmoid":
        labels = generator.uniform(0, 1, (EXAMPLES, random.choice([1, 12]))).astype(np.float32)
        return (), labels, {"output": output, "loss": random.choice([None, "mse", "quadratic", "cross-entropy"])}
    count, size = (1, 1.0) if output else (random.choice([1, 1, 12]), random.choice(SIZES))
    return (), (generator.uniform(-1, 1, (EXAMPLES, count)) * size).astype(np.float32), {"output": output}


def experiment(random: Random) -> tuple[Experiment, Dataset]:
    """A network and its training, and the data that they are for."""
    data, choices = dataset(random)
    training = {
        "batch_size": random.randint(1, EXAMPLES),
        "seed": random.getrandbits(16),
        "learning_rate": random.choice([1e-12, 0.01, 0.01, 1e20]),
        "dtype": random.choice(["float32", "float64"]),
        "threads": 1,
    }
    table = {"layers": network(random, data.task.input_shape), **choices}
    return combine({"network": table, "training": training, "stopping": {"epochs": 3}}), data


def trainer(random: Random) -> Trainer:
    """A trainer at any stage of its first steps."""
    made = assemble(*experiment(random))
    steps = random.choice([0, 0, 0, 1, 3])
    with np.errstate(all="ignore"):
        for _ in range(steps):
            made.step()
        for _ in range(random.randint(0, len(made.engine.stages))):
            if made.stopped_by is None:
                made.advance()
    return made


def frame(random: Random) -> Frame:
    """A frame of such a trainer."""
    seen = trainer(random)
    focus = Focus(random.randint(0, 9), random.randint(0, 9), random.choice(list(Quantity)))
    pointed = Random(repr(focus))
    focus = replace(focus, unit=pointed.choice([None, pointed.randint(0, 99)]))
    focus = replace(focus, input=pointed.choice([None, pointed.randint(0, 99)]))
    state = State.DIVERGED if seen.stopped_by == "diverged" else random.choice(list(State))
    rates = random.choice([Rates(), Rates(12_345.6, 1e9)])
    with np.errstate(all="ignore"):
        taken = Camera(seen).take(focus, state, rates)
    note(f"{taken.title.network!r} · {taken.task} · {taken.moment} · {taken.focus}")
    return taken


RANDOMS = st.randoms(use_true_random=True)


def pictures(height: int, width: int) -> Dataset:
    """A few pictures of two classes."""
    inputs = np.random.default_rng(0).integers(0, 256, (EXAMPLES, height, width, 3), np.uint8)
    split = Split(inputs, np.arange(EXAMPLES) % 2, [f"picture {k}" for k in range(EXAMPLES)])
    return Dataset("pictures", ("dark", "light"), split, split, split, Standardization.of(inputs))
