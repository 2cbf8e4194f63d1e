"""Focus: what somebody looks at."""

from enum import StrEnum

import msgspec


class Quantity(StrEnum):
    """What the matrix of the focused layer can show."""

    GRADIENT = "gradient"
    WEIGHT = "weight"
    UPDATE = "update"
    ACTIVATION = "activation"


class Focus(msgspec.Struct, frozen=True):
    """What is looked at.

    example   of the batch, counted round and round
    block     its number
    quantity  of the block's weights, or of what it gives
    unit      of the block, or None for none
    input     of the numbers that come into that unit, the one whose weight is looked at; None for the strongest. After
              them are counted its bias, and the scale and shift of a normalisation.
              Without a unit it is a unit of the network's own input, or None for none
    zoom      (row, column) of the number of the block's matrix that is looked at among its neighbours, each for itself;
              None for the whole matrix
    """

    example: int = 0
    block: int = 0
    quantity: Quantity = Quantity.GRADIENT
    unit: int | None = None
    input: int | None = None
    zoom: tuple[int, int] | None = None
