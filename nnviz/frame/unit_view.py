"""What a frame has of the unit under the cursor: how its number came about, and how the error comes back to it."""

import math
from collections.abc import Sequence

import msgspec

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.operations import Operation

# Bounds that keep a frame small however large the network is: terms of a sum that are listed, numbers of a picture on a
# side, and characters of a name.
TERMS = 24
PICTURE_SIDE = 48
TERM_NAME = 40


def summed_up(numbers: Sequence[float]) -> float:
    """The sum of numbers, rounded once; where one is not finite, what floats make of it."""
    try:
        return math.fsum(numbers)
    except (OverflowError, ValueError):
        return float(sum(numbers))


class Term(msgspec.Struct, frozen=True):
    """One product of a sum: `factor` · `weight` = `product`, in float64.

    index  of the number that `factor` belongs to, in the flattened output of its layer
    name   of that number, where it is one of the network's inputs and has one; else empty
    """

    index: int
    name: str
    factor: float
    weight: float
    product: float


class Sum(msgspec.Struct, frozen=True):
    """A sum of products, the largest first.

    others  the sum of those that are not listed, `other_count` in all
    bias    what is added besides; None where nothing is
    total   what the training step's own buffers say that it comes to
    """

    terms: tuple[Term, ...]
    others: float
    other_count: int
    bias: float | None
    total: float


class Passing(msgspec.Struct, frozen=True):
    """What a layer that follows the sums did to the unit's number.

    came, gave  the number before and after it; gave is None where the step has not come so far
    slope       of an activation function there
    factor      of dropout: 0 for who is left out, 1 / (1 − share) for others
    mean, variance, scale, shift  of batch normalisation
    """

    name: str
    operation: Operation
    came: float
    gave: float | None
    slope: float | None = None
    factor: float | None = None
    mean: float | None = None
    variance: float | None = None
    scale: float | None = None
    shift: float | None = None


class FromLoss(msgspec.Struct, frozen=True, tag=True):
    """The derivative of the loss: the error p − y times a number that is the same for all."""


class FromOutput(msgspec.Struct, frozen=True, tag=True):
    """The derivative of the output function: of each prediction by the logit."""

    output: str


class Link(msgspec.Struct, frozen=True):
    """∂L/∂(a number), told by those of the next layer up: a sum of products ∂L/∂(number there) · slope.

    layer   whose output has the number, at `index` of its flattened output; one past the last layer's is a prediction
    how     what lies between: the operation of the layer above, or the loss
    above   the layer whose numbers the terms count; of batch normalisation they are ∂L/∂y itself, its mean over the
            batch, and the mean of ∂L/∂y · x̂
    """

    layer: int
    index: int
    how: Operation | FromLoss | FromOutput
    above: int
    sum: Sum


class WeightView(msgspec.Struct, frozen=True):
    """The weight under the cursor: ∂L/∂w = Σ over the batch (and, of a map, all places) of ∂L/∂z · what came in.

    It may also be the unit's bias, of which what came in is 1; or the scale or shift of a normalisation: what comes
    into a scale is the normalised number, and z is what the normalisation gives.

    layer, kind, at  number `at` of the arrays of that kind of a layer's: weights, biases, scales or shifts
    input     which of the unit's numbers: its weights come first
    weights, numbers  how many weights the unit has, and how many numbers in all
    name      of the input that it weighs, where that has one
    value     before this step's update, and `update`, once it is proposed
    a, grad_z  of this example, where the unit has one sum alone; else None
    share     this example's part of the gradient
    others    that of the other examples, `other_count` of them
    gradient  as the step's own buffers have it
    """

    layer: int
    kind: str
    at: tuple[int, ...]
    input: int
    weights: int
    numbers: int
    name: str
    value: float
    update: float | None
    a: float | None
    grad_z: float | None
    share: float | None
    others: float | None
    other_count: int
    gradient: float | None


class Picture(msgspec.Struct, frozen=True):
    """Numbers that lie in a plane, (height, width) float32, each that of largest magnitude of what it stands for.

    what    the quantity of the unit's weights, or its activations
    marked  (row, column) in `cells` of the place that is told of, or of the weight under the cursor
    """

    what: Quantity
    cells: Array
    marked: tuple[int, int] | None


class UnitView(msgspec.Struct, frozen=True):
    """A unit of a block for the focused example, or of the network's input (`block` −1).

    Of a feature map all numbers are those of one place: where ∂L/∂a is of largest magnitude, or a until that is known.

    place     (row, column) of that place; None where a unit is one number
    value     what the block's first layer gave, or the input's number
    sum       how that comes about; of an input, what it adds to the units of the first block; None where there is none
    cell      of a pool: the numbers of the cell row by row, and `winner`, which of them was kept
    passings  the layers of the block after its first one
    links     from the lowest layer of the block whose gradient is known, layer by layer, up to the loss; each link goes
              on where the one before has its largest term
    weight    None where the unit has no numbers that training changes
    """

    block: int
    unit: int
    total: int
    name: str
    place: tuple[int, int] | None
    value: float | None
    sum: Sum | None
    cell: tuple[float, ...]
    winner: int | None
    passings: tuple[Passing, ...]
    links: tuple[Link, ...]
    weight: WeightView | None
    pictures: tuple[Picture, ...]
