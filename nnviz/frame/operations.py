"""What a layer does to what comes in, whatever it is called."""

from enum import StrEnum
from typing import ClassVar

import msgspec


class Activation(StrEnum):
    """A function of one number."""

    RELU = "relu"
    LEAKY_RELU = "leakyrelu"
    SIGMOID = "sigmoid"
    TANH = "tanh"


class _Operation(msgspec.Struct, frozen=True, tag=True):
    """
    weighted     each number that it gives is a sum of others, each times its weight
    spatial      what it gives is feature maps, or stands for one each
    elementwise  it works on each number alone
    follows      it makes no new units, but works on those of the layer before it, or only reshapes them
    """

    weighted: ClassVar[bool] = False
    spatial: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    follows: ClassVar[bool] = False


class WeightedSums(_Operation, frozen=True, tag=True):
    """Every unit adds up all that comes in, read as one row, each number times its weight.

    Weights are (inputs, units).
    """

    biased: bool
    weighted: ClassVar[bool] = True


class Convolution(_Operation, frozen=True, tag=True):
    """A kernel for each map is slid over all maps that come in, `stride` numbers at a time.

    Weights are (size, size, maps before, maps); around the input lie `padding` rings of zeros.
    """

    biased: bool
    size: int
    stride: int
    padding: int
    weighted: ClassVar[bool] = True
    spatial: ClassVar[bool] = True


class LargestOfCells(_Operation, frozen=True, tag=True):
    """Of every cell of size × size numbers of a map the largest one; what fills no whole cell is left out."""

    size: int
    spatial: ClassVar[bool] = True


class MeanOfMaps(_Operation, frozen=True, tag=True):
    """Of every map its mean."""

    spatial: ClassVar[bool] = True


class Function(_Operation, frozen=True, tag=True):
    """An activation function."""

    activation: Activation
    elementwise: ClassVar[bool] = True
    follows: ClassVar[bool] = True


class LeavingOut(_Operation, frozen=True, tag=True):
    """By chance a `share` of the numbers becomes 0, and the others are divided by 1 − share."""

    share: float
    elementwise: ClassVar[bool] = True
    follows: ClassVar[bool] = True


class Normalisation(_Operation, frozen=True, tag=True):
    """Each unit, or map, is brought to mean 0 and variance 1 over the batch, then scaled and shifted.

    `epsilon` is added to the variance.
    """

    epsilon: float
    follows: ClassVar[bool] = True


class Reshaping(_Operation, frozen=True, tag=True):
    """Maps as one row of numbers."""

    follows: ClassVar[bool] = True


class Custom(_Operation, frozen=True, tag=True):
    """What it does stands in the code of whoever wrote it: what comes in and what it gives is all that is known."""


Operation = (
    WeightedSums
    | Convolution
    | LargestOfCells
    | MeanOfMaps
    | Function
    | LeavingOut
    | Normalisation
    | Reshaping
    | Custom
)
