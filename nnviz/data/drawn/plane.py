"""Points of the plane, placed by code: two classes that a shape tells apart, or a number for every place.

A point is (x, y), both from −1 to 1 or so; then chance pushes it aside.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization

FEATURE_NAMES = ("x", "y")
TARGET_NAMES = ("height",)
EXAMPLES = 1000
SHARES = {"train": 1.0, "validation": 0.25, "test": 0.5}
"""How many examples for each use, of `examples`; for each there are others."""

GAP = 0.1
TURNS = 1.25
HEAP = 0.25
FREQUENCY = 3.0


class Plane(NamedTuple):
    """Points of some kind.

    class_names  empty where a number is to be predicted
    noise        where the user does not choose: the deviation of what chance adds to a point, or to its number
    place        takes the class of each point (n,) and a generator; returns the points (n, 2)
    """

    class_names: tuple[str, ...]
    noise: float
    notice: str
    place: Callable[[Array, np.random.Generator], Array]


def anywhere(labels: Array, generator: np.random.Generator) -> Array:
    """All over the square, whatever the class."""
    return generator.uniform(-1, 1, (len(labels), 2))


def xor(labels: Array, generator: np.random.Generator) -> Array:
    """Class 0 where x and y have the same sign, class 1 where their signs are mixed; a gap along the axes."""
    sizes = generator.uniform(GAP, 1, (len(labels), 2))
    x_sign = generator.choice([-1.0, 1.0], len(labels))
    points: Array = sizes * np.stack([x_sign, x_sign * (1 - 2 * labels)], axis=1)
    return points


def circles(labels: Array, generator: np.random.Generator) -> Array:
    """Class 0 in a disc, class 1 in a ring around it, both filled evenly."""
    inner, outer = np.where(labels, 0.7, 0.0), np.where(labels, 1.0, 0.45)
    radius = np.sqrt(generator.uniform(inner**2, outer**2))
    return radius[:, None] * _directions(generator.uniform(0, 2 * np.pi, len(labels)))


def spiral(labels: Array, generator: np.random.Generator) -> Array:
    """Two arms from the middle outwards, each the other one turned by half."""
    way = generator.uniform(0.06, 1, len(labels))
    return way[:, None] * _directions(2 * np.pi * TURNS * way + np.pi * labels)


def gauss(labels: Array, generator: np.random.Generator) -> Array:
    """Two round heaps, on the lower left and on the upper right."""
    middle = np.where(labels, 0.4, -0.4)[:, None]
    return middle + HEAP * generator.normal(size=(len(labels), 2))


def waves(points: Array) -> Array:
    """The number at each point (n, 2), from −1 to 1, of a surface with hills and hollows: (n,)."""
    x, y = points.T
    heights: Array = np.sin(FREQUENCY * x) * np.cos(FREQUENCY * y)
    return heights


def _directions(angles: Array) -> Array:
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


PLANES = {
    "xor": Plane(
        ("equal", "mixed"),
        0.03,
        "No straight line parts these two (--network '' stays at one half): watch the border bend into a cross.",
        xor,
    ),
    "circles": Plane(
        ("disc", "ring"),
        0.05,
        "Watch the border close around the disc: it takes at least three hidden units, one for each side.",
        circles,
    ),
    "spiral": Plane(
        ("arm A", "arm B"),
        0.02,
        "Watch the border wind itself up; a smaller network cannot follow it all the way.",
        spiral,
    ),
    "gauss": Plane(
        ("left", "right"),
        0.05,
        "One straight line is enough (--network '' does it): watch it turn between the heaps, then sharpen.",
        gauss,
    ),
    "waves": Plane(
        (),
        0.03,
        "Each point has a height to predict: watch the flat surface fold itself into hills and hollows.",
        anywhere,
    ),
}
"""Name → its points. A notice is short, so that it is all on screen where a run begins."""


def open_plane(name: str, examples: int | None, noise: float | None) -> Dataset:
    """The points of that name: inputs (n, 2) float32, labels (n,) int64 or (n, 1) float32.

    The same arguments give the same points, and with another `noise` each point is pushed the same way, further.
    """
    plane = PLANES[name]
    strength = plane.noise if noise is None else noise

    def split(use: str) -> Split:
        count = max(1, round((examples or EXAMPLES) * SHARES[use]))
        generator = np.random.default_rng((1969, list(PLANES).index(name), list(SHARES).index(use)))
        return _split(plane, use, count, strength, generator)

    train = split("train")
    return Dataset(
        name=name,
        class_names=plane.class_names,
        train=train,
        validation=split("validation"),
        test=split("test"),
        standardization=Standardization.of(train.inputs),
        notice=plane.notice,
        feature_names=FEATURE_NAMES,
        target_names=() if plane.class_names else TARGET_NAMES,
    )


def _split(plane: Plane, use: str, count: int, noise: float, generator: np.random.Generator) -> Split:
    classes = generator.permutation(np.arange(count) % 2)
    points = plane.place(classes, generator)
    if plane.class_names:
        points = points + noise * generator.normal(size=points.shape)
        names = [f"{use}/{plane.class_names[label]}-{i:04}" for i, label in enumerate(classes, start=1)]
        return Split(points.astype(np.float32), classes, names)
    heights = waves(points) + noise * generator.normal(size=count)
    names = [f"{use}/point-{i:04}" for i in range(1, count + 1)]
    return Split(points.astype(np.float32), heights[:, None].astype(np.float32), names)
