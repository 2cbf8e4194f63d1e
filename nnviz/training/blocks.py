"""Blocks: the layers that share their units, which are shown as one."""

import math

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.frame.step_trace import LayerTraits, StepTrace
from nnviz.training.reduction import extreme


class Grouping(msgspec.Struct, frozen=True):
    """How the numbers of an input or output are grouped: a unit is one of them, or all those of one feature map.

    count  of units
    sides  (height, width) of a map; None where each number is a unit
    """

    count: int
    sides: tuple[int, int] | None

    @classmethod
    def of(cls, shape: tuple[int, ...], as_maps: bool) -> "Grouping":
        """The grouping of an output (or input) of that shape."""
        if as_maps and len(shape) == 3:
            return cls(shape[2], (shape[0], shape[1]))
        return cls(math.prod(shape), None)

    def maps(self, numbers: Array) -> Array:
        """One example's numbers, in whatever shape, as (height, width, units)."""
        height, width = self.sides or (1, 1)
        return numbers.reshape(height, width, self.count)

    def values(self, numbers: Array) -> Array:
        """One number a unit, of one example: (units,). Of a map it is the one of largest magnitude, with its sign."""
        # Row by row first: long rows are what NumPy is quick at.
        return numbers.reshape(-1) if self.sides is None else extreme(extreme(self.maps(numbers)))

    def places(self, numbers: Array) -> Array:
        """Where in one example's numbers, as one row, each unit has its number of largest magnitude: (units,)."""
        if self.sides is None:
            return np.arange(self.count)
        sizes = np.abs(numbers.reshape(-1, self.count))
        places: Array = sizes.argmax(axis=0) * self.count + np.arange(self.count)
        return places


class Block(msgspec.Struct, frozen=True):
    """A layer that makes new units, its leader, and the layers after it that work on each number alone.

    A network may also begin with such layers; there the first of them leads a block on the units of the input.

    layers  their numbers in the network, the leader's first
    """

    layers: tuple[int, ...]
    leader: LayerTraits
    grouping: Grouping

    @property
    def weighted(self) -> bool:
        """Whether the leader joins units by weights."""
        return self.leader.operation.weighted

    @property
    def is_of_maps(self) -> bool:
        """Whether each unit is, or stands for, one feature map."""
        return self.grouping.sides is not None or self.leader.operation.spatial


def input_grouping(trace: StepTrace) -> Grouping:
    """The units of a network's input: the channels of a picture that is looked at as maps, else its numbers."""
    leader = next((layer.operation for layer in trace.layers if not layer.operation.follows), None)
    return Grouping.of(trace.input_shape, as_maps=leader is not None and leader.spatial)


def blocks_of(trace: StepTrace) -> list[Block]:
    """The blocks of a network, in order."""
    groups: list[list[int]] = []
    for number, layer in enumerate(trace.layers):
        if groups and layer.operation.follows:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [_block(trace, group) for group in groups]


def _block(trace: StepTrace, group: list[int]) -> Block:
    leader = trace.layers[group[0]]
    leads = not leader.operation.follows
    grouping = Grouping.of(leader.output_shape, as_maps=True) if leads else input_grouping(trace)
    return Block(tuple(group), leader, grouping)


def by_units(weights: Array, before: int) -> Array:
    """Weights as (places, units before, units here); `before` says how many units come before them.

    The places are those of a kernel, or those of the maps that a dense layer reads; between single units there is one.
    """
    return weights.reshape(-1, before, weights.shape[-1])
