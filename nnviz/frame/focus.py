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
    """What is looked at: an example of the batch (counted round and round), a block's number, a quantity."""

    example: int = 0
    block: int = 0
    quantity: Quantity = Quantity.GRADIENT
