"""Makes the source `bench-plane` known: two classes of points in the plane, for the smallest network there is.

A folder on PYTHONPATH that holds a `sitecustomize` is the one way into the trainer's process, which is started by its
module's name, without another code path in the program that is measured.
"""

import numpy as np

from nnviz.data import sources
from nnviz.data.dataset import Dataset
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization
from nnviz.experiment import Data

NAME = "bench-plane"


def open_plane(data: Data) -> Dataset:  # noqa: ARG001
    """1,024 + 256 + 256 points, labelled by whether they lie inside of a circle."""
    generator = np.random.default_rng(0)

    def split(use: str, count: int) -> Split:
        points = generator.normal(size=(count, 2)).astype(np.float32)
        labels = (np.hypot(*points.T) < 1.18).astype(np.int64)
        return Split(points, labels, [f"{use}/{i}" for i in range(count)])

    train = split("train", 1024)
    validation, test = split("validation", 256), split("test", 256)
    return Dataset(NAME, ("outside", "inside"), train, validation, test, Standardization.of(train.inputs))


sources.BUILT_IN[NAME] = open_plane
