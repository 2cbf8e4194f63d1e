"""Digests: whether examples are those that a run was trained on, and numbers those that it had."""

import hashlib
import math
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.split import Split

# Of larger data, so many bytes of inputs are looked at, in examples that lie evenly over all of them: to read a
# gigabyte for each run would take longer than many a training does.
MOST_BYTES = 256 << 20
PIECE = 8 << 20
# Digests of earlier runs, of names and labels alone, have nothing before them.
KIND = "inputs:"


class Origin(NamedTuple):
    """The digests of the examples that a run learns from, and of those that it is judged by."""

    trained_on: str
    judged_on: str


def origin_of(dataset: Dataset) -> Origin:
    """Both."""
    return Origin(digest(dataset.train), digest(dataset.validation) + digest(dataset.test))


def digest(split: Split) -> str:
    """The same for the same examples in the same order: their inputs, labels and names."""
    found = _of_names_and_labels(split)
    inputs = split.inputs
    found.update(f"{inputs.shape} {inputs.dtype.str}".encode())
    size = max(1, math.prod(inputs.shape[1:]) * inputs.dtype.itemsize)
    apart = max(1, -(-size * len(split) // MOST_BYTES))
    reach = max(1, PIECE // size) * apart
    for start in range(0, len(split), reach):
        found.update(np.ascontiguousarray(inputs[start : start + reach : apart]).reshape(-1).view(np.uint8).data)
    return KIND + found.hexdigest()


def is_of(split: Split, written: str | None) -> bool:
    """Whether a digest that was written down, maybe by an earlier nnviz, is that of these examples."""
    if written is None or written.startswith(KIND):
        return written == digest(split)
    return written == _of_names_and_labels(split).hexdigest()


def _of_names_and_labels(split: Split) -> "hashlib._Hash":
    found = hashlib.sha256("\0".join(split.names).encode(errors="surrogateescape"))
    found.update(np.ascontiguousarray(split.labels).tobytes())
    return found


def digest_of_numbers(values: Array, statistics: Array) -> str:
    """Of the numbers of a network."""
    found = hashlib.blake2b(values.data, digest_size=8)
    found.update(statistics.data)
    return found.hexdigest()
