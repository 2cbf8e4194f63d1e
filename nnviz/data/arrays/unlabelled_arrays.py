"""Examples in files of arrays, whose labels nobody has to know."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nnviz.array import Array
from nnviz.data.arrays.cifar import read_cifar
from nnviz.data.arrays.idx import read_idx
from nnviz.data.arrays.numpy_arrays import read_numpy
from nnviz.data.arrays.picture_arrays import prepared
from nnviz.data.arrays.stl10 import read_stl10
from nnviz.errors import InputError

READERS = {"idx": read_idx, "cifar": read_cifar, "stl10": read_stl10, "numpy": read_numpy}
"""Format → what reads the examples of each array or file by its name: pictures as bytes, or numbers (n, features)."""


class Examples(NamedTuple):
    """Examples (n, …) of one array, or of one file of a set, as a dataset stores them; and what it is called."""

    name: str
    inputs: Array


def read_examples(form: str, path: Path, shape: tuple[int, ...]) -> Iterator[Examples]:
    """All examples of a file or folder of one of the formats, each of the shape that a network reads.

    Pictures become squares where it reads squares.

    Raises InputError if a file cannot be read, or its examples cannot have that shape.
    """
    for name, stored in READERS[form](path):
        inputs = stored
        if stored.ndim == 4 and len(shape) == 3:
            height, width, channels = shape
            fits = stored.shape[1:3] == (height, width)
            inputs = prepared(stored, None if fits or height != width else height, channels == 1, path)
            if channels == 3 and inputs.shape[-1] == 1:
                inputs = inputs.repeat(3, axis=-1)
        if inputs.shape[1:] != shape:
            sizes = ["×".join(map(str, one)) for one in (stored.shape[1:], shape)]
            raise InputError(f"{path}: '{name}' holds examples of {sizes[0]}, and the network reads {sizes[1]}")
        yield Examples(name, inputs)
