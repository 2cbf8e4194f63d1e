"""How a tensor of PyTorch lies in memory, and how it becomes an array in the order that frames have.

PyTorch has channels before places, frames have them after; a sequence (length, features) is a map one number wide,
whose channels are the features. What was flattened from maps is counted as the maps that it was.
"""

import math
from enum import Enum, auto
from typing import NamedTuple

import numpy as np

from nnviz.array import Array


class Order(Enum):
    """What the dimensions of a batch are, after the batch's own."""

    ROW = auto()
    SEQUENCE = auto()
    CHANNELS_FIRST = auto()
    MAPS = auto()
    FOLDED = auto()
    FLAT = auto()


class Layout(NamedTuple):
    """The order of a tensor without its batch; `maps` is (channels, height, width) of what was flattened."""

    order: Order
    maps: tuple[int, int, int] = (0, 0, 0)

    def array(self, batch: Array) -> Array:
        """(n, …) as frames have it: (n, units), (n, height, width, maps). A view, where that can be."""
        match self.order:
            case Order.SEQUENCE:
                return batch[:, :, None, :]
            case Order.CHANNELS_FIRST:
                return batch.transpose(0, 2, 1)[:, :, None, :]
            case Order.MAPS:
                return batch.transpose(0, 2, 3, 1)
            case Order.FOLDED:
                folded = batch.reshape(len(batch), *self.maps).transpose(0, 2, 3, 1)
                return folded.reshape(len(batch), -1)
        return batch.reshape(len(batch), -1)

    def shape(self, batch: Array) -> tuple[int, ...]:
        """The shape of one example."""
        return self.array(batch[:1]).shape[1:]

    def rows(self, weights: Array) -> Array:
        """Weights (inputs, units) of what reads a tensor of this layout, in the order of its numbers."""
        if self.order is not Order.FOLDED:
            return weights
        units = weights.shape[1]
        return weights.reshape(*self.maps, units).transpose(1, 2, 0, 3).reshape(math.prod(self.maps), units)


ROW, MAPS, FLAT = Layout(Order.ROW), Layout(Order.MAPS), Layout(Order.FLAT)
SEQUENCE, CHANNELS_FIRST = Layout(Order.SEQUENCE), Layout(Order.CHANNELS_FIRST)


def layout_of(dimensions: int, channels_first: bool = False) -> Layout:
    """The layout of a tensor with so many dimensions, the batch's among them."""
    if dimensions == 3:
        return CHANNELS_FIRST if channels_first else SEQUENCE
    return {2: ROW, 4: MAPS}.get(dimensions, FLAT)


def batched(numbers: Array, n: int) -> Array | None:
    """Numbers as (n, …), where the batch is their first or second dimension, or a part of it; None where it is none."""
    if numbers.ndim and numbers.shape[0] == n:
        return numbers
    if numbers.ndim > 1 and numbers.shape[1] == n:
        return numbers.swapaxes(0, 1)
    if numbers.ndim > 1 and numbers.shape[0] % n == 0:
        return numbers.reshape(n, numbers.shape[0] // n, *numbers.shape[1:])
    return None


def plain(numbers: Array) -> Array:
    """In float32, or float64 where they are."""
    return numbers if numbers.dtype in (np.float32, np.float64) else numbers.astype(np.float32)
