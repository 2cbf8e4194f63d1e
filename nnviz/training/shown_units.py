"""Which units are shown, where a network has more than a screen can hold."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.frame.layer_views import EDGES, UNITS
from nnviz.frame.matrix_views import TILES
from nnviz.training.blocks import Block
from nnviz.training.reduction import largest


def ranked_units(varying: Array, blocks: list[Block], initial: list[Array | None]) -> list[Array]:
    """Units of the input and of each block, those with the strongest initial weights first; at most `TILES` of each.

    The strength of a unit is the sum of squares of the weights that come in, times that of those that go out; of a unit
    of the input, how much it varies over the examples, `varying` (units,), times that of those that go out. Blocks
    that hand each unit on alone, such as pooling, show the same units as what comes before them. All outputs are there
    for a reason: they are in their own order.

    `initial` are the weights of each block (None for one without) that the run began with, and not those of the
    moment: whoever comes to a moment, by whatever way, knows them, so that it shows the same units; and a diagram whose
    nodes change places while one watches cannot be read. The price is that a unit that grows strong later may not be
    among those shown.
    """
    strengths: list[Array] = [varying]
    owners = [0]
    for block, values in zip(blocks, initial, strict=True):
        if values is not None:
            # A row for each number that comes in: those of one unit (a map has many) are added up.
            weights = values.reshape(-1, block.grouping.count)
            outgoing = np.einsum("ij,ij->i", weights, weights).reshape(-1, len(strengths[-1])).sum(axis=0)
            strengths[-1] = strengths[-1] * outgoing
            strengths.append(np.einsum("ij,ij->j", weights, weights))
        elif block.grouping.count != len(strengths[-1]):
            # A layer of somebody else's, that makes units in a way of its own.
            strengths.append(np.ones(block.grouping.count, np.float32))
        owners.append(len(strengths) - 1)
    ranked = [largest(strength, TILES) for strength in strengths]
    ranked[-1] = np.arange(min(len(strengths[-1]), TILES))
    return [ranked[owner] for owner in owners]


def first_outputs(wanted: list[int], outputs: int, count: int) -> Array:
    """So many of all outputs: those that are wanted first, then the others in their own order."""
    return np.array([*dict.fromkeys([*wanted, *range(min(outputs, count))])][:count])


def shown_units(blocks: list[Block]) -> int:
    """How many units of each block a diagram gets: fewer in a deep network, whose frame would grow too large."""
    weighted = sum(block.weighted for block in blocks)
    return min(UNITS, math.isqrt(EDGES // max(weighted, 1)))
