"""Examples that are alike: those of which some or several splits hold the same inputs twice."""

import math
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.split import Split

# Of a larger split, so many examples are looked at, evenly over all of it.
MOST = 100_000
# Examples of more numbers than that are told apart by so many of them first.
LOOKED_AT = 64
PORTION = 1024


class Place(NamedTuple):
    """An example: the number of its split, and its own in there, both from 0."""

    split: int
    example: int


def looked_through(split: Split) -> Array:
    """The places (n,) of the examples that are compared: all of a split, or `MOST` at most."""
    return np.arange(0, len(split), max(-(-len(split) // MOST), 1))


def alike(splits: Sequence[Split]) -> list[list[Place]]:
    """The examples that have the same inputs, number for number: of each such group, where they are, in order."""
    first: dict[bytes, Place] = {}
    groups: dict[bytes, list[Place]] = {}
    for number, split in enumerate(splits):
        for example, key in _keys(split):
            place = Place(number, example)
            if (before := first.setdefault(key, place)) is not place:
                groups.setdefault(key, [before]).append(place)
    return [group for found in groups.values() for group in _same(splits, found)]


def _keys(split: Split) -> Iterator[tuple[int, bytes]]:
    """Each example that is looked at, with what the same ones have in common, and some others maybe too."""
    width = math.prod(split.inputs.shape[1:])
    # By chance, since what lies evenly may be all border.
    columns = np.sort(np.random.default_rng(width).permutation(width)[:LOOKED_AT])
    chosen = looked_through(split)
    for start in range(0, len(chosen), PORTION):
        places = chosen[start : start + PORTION]
        rows = _rows(split, places)
        yield from zip(places.tolist(), _bytes(rows[:, columns] if width > LOOKED_AT else rows), strict=True)


def _rows(split: Split, places: Array) -> Array:
    """(n, width), the inputs of some examples."""
    rows: Array = split.inputs[places].reshape(len(places), -1)
    return rows


def _bytes(rows: Array) -> Iterator[bytes]:
    """Of each row; 0 is 0, whatever its sign."""
    whole = np.ascontiguousarray(rows if rows.dtype == np.uint8 else rows + 0.0)
    return map(bytes, whole.view(np.uint8))


def _same(splits: Sequence[Split], found: list[Place]) -> list[list[Place]]:
    """Those of them that are the same in all numbers."""
    groups: dict[bytes, list[Place]] = {}
    for place in found:
        (row,) = _bytes(_rows(splits[place.split], np.array([place.example])))
        groups.setdefault(blake2b(row).digest(), []).append(place)
    return [group for group in groups.values() if len(group) > 1]
