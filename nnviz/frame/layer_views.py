"""What a frame has of each layer."""

import msgspec

from nnviz.array import Array
from nnviz.frame.operations import Operation

# Bounds that keep a frame small however large the network is.
UNITS = 24
LISTED_UNITS = 64
# Weights between the units of a diagram, in all.
EDGES = 12_288


class Units(msgspec.Struct, frozen=True):
    """Some units of one layer's output (or of the input), those whose weights were the strongest at the start first.

    Of the last layer's they are the focused example's own class and the one that was said, then the first ones.

    A unit is one number of the output. Where the output is feature maps, a unit is a map, and what is told of it is
    its number of largest magnitude, with its sign.

    sides        (height, width) of a map, None where a unit is one number
    indices      (k,) places in the layer's flattened output or numbers of maps, `total` of them in all
    names        (k,) of an input that counts n-grams, else empty
    activations  (k,) of the focused example: what the layer gave
    gradients    (k,) ∂L/∂(the same numbers)
    strongest    of all units, shown or not: the number of the one whose activation is of largest magnitude, and that
    silent       how many of all units are exactly 0
    """

    sides: tuple[int, int] | None
    total: int
    indices: Array
    names: tuple[str, ...]
    activations: Array | None
    gradients: Array | None
    strongest: tuple[int, float] | None
    silent: int | None


class Spread(msgspec.Struct, frozen=True):
    """The size of many numbers: root of their mean square, and the largest magnitude."""

    rms: float
    largest: float


class ParameterView(msgspec.Struct, frozen=True):
    """One array of a layer's parameters.

    kind       weights, biases, scales or shifts
    count      of its numbers
    values, gradients, updates  how large they are
    before     how large the values were before this step's update; known with the update
    """

    kind: str
    count: int
    values: Spread
    gradients: Spread | None
    updates: Spread | None
    before: Spread | None


class LayerView(msgspec.Struct, frozen=True):
    """One layer.

    kind     what such layers are called; what it does is its `operation`
    block    the layers of a block share their units: a layer that makes new ones, and those after it that work on each
             number alone (activation functions, batch normalisation, dropout) or only reshape (flatten)
    edges    (units before, units here), the weights between the units shown; where a pair of units has several, as in a
             kernel, the one of largest magnitude. None for a layer that joins no units by weights
    parameters  its arrays, weights first
    """

    name: str
    kind: str
    described: str
    operation: Operation
    block: int
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: tuple[ParameterView, ...]
    units: Units
    edges: Array | None


class PassedError(msgspec.Struct, frozen=True):
    """One number of a layer that works on each number alone, on the way back: that of the largest ∂L/∂(its output).

    unit      its unit, and `place` where in a feature map (row, column); None where the unit is one number
    came      ∂L/∂(the layer's output) there, and `went`, ∂L/∂(its input)
    """

    unit: int
    place: tuple[int, int] | None
    came: float
    went: float


class BlockErrors(msgspec.Struct, frozen=True):
    """The error that reached each unit of the focused block, for the focused example, the largest first.

    Of the outputs for classes, the one of the target comes before all others; numbers are in their own order. Units are
    ordered by ∂L/∂a.

    Of a feature map, all numbers are those of one place: where ∂L/∂a is of largest magnitude, or a until that is known.

    of_maps           whether the units are feature maps (or stand for one each)
    weighted          whether the block begins with weighted sums
    indices           (k,) units, `total` in all
    z, grad_z         (k,) these sums, before any batch normalisation, and ∂L/∂z; None in a block without
    a, grad_a         (k,) what the block's last layer gave, and ∂L/∂a
    """

    name: str
    of_maps: bool
    weighted: bool
    total: int
    indices: Array
    z: Array | None
    a: Array | None
    grad_z: Array | None
    grad_a: Array | None
