"""Blocks: the layers that share their units, which are shown as one."""

import math

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.nn.layers import Layer, Shape, Weighted
from nnviz.nn.network import Network
from nnviz.nn.notation import FOLLOWERS
from nnviz.nn.parameters import Parameter
from nnviz.training.reduction import extreme

OF_MAPS = ("conv", "pool", "globalpool")
# What changes no unit, or only the shape that they are in, belongs to the layer before it.
FOLLOWING = (*FOLLOWERS, "flatten")


class Grouping(msgspec.Struct, frozen=True):
    """How the numbers of an input or output are grouped: a unit is one of them, or all those of one feature map.

    count  of units
    sides  (height, width) of a map; None where each number is a unit
    """

    count: int
    sides: tuple[int, int] | None

    @classmethod
    def of(cls, shape: Shape, as_maps: bool) -> "Grouping":
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
    leader: Layer
    grouping: Grouping

    @property
    def weights(self) -> Parameter | None:
        """The leader's weights, if it joins units by weights."""
        return self.leader.weights if isinstance(self.leader, Weighted) else None

    @property
    def biases(self) -> Parameter | None:
        """What the leader adds to its weighted sums, if it does."""
        return self.leader.biases if isinstance(self.leader, Weighted) else None

    @property
    def is_of_maps(self) -> bool:
        """Whether each unit is, or stands for, one feature map."""
        return self.grouping.sides is not None or self.leader.kind in OF_MAPS


def input_grouping(network: Network) -> Grouping:
    """The units of a network's input: the channels of a picture that is looked at as maps, else its numbers."""
    leader = next((layer for layer in network.layers if layer.kind not in FOLLOWING), None)
    return Grouping.of(network.input_shape, as_maps=leader is not None and leader.kind in OF_MAPS)


def blocks_of(network: Network) -> list[Block]:
    """The blocks of a network, in order."""
    groups: list[list[int]] = []
    for number, layer in enumerate(network.layers):
        if groups and layer.kind in FOLLOWING:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [_block(network, group) for group in groups]


def _block(network: Network, group: list[int]) -> Block:
    leader = network.layers[group[0]]
    leads = leader.kind not in FOLLOWING
    grouping = Grouping.of(leader.output_shape, as_maps=True) if leads else input_grouping(network)
    return Block(tuple(group), leader, grouping)


def by_units(weights: Array, before: int) -> Array:
    """Weights as (places, units before, units here); `before` says how many units come before them.

    The places are those of a kernel, or those of the maps that a dense layer reads; between single units there is one.
    """
    return weights.reshape(-1, before, weights.shape[-1])
