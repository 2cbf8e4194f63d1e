"""Array: a NumPy array of any shape and type; and which number of several stands for them."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

ALIKE = 1e-5
"""What differs by no more than such a share of itself may differ by the rounding of a processor alone."""


def larger(highs: Array, lows: Array) -> Array:
    """Of the highest and the lowest of some numbers, element by element, the one of larger magnitude.

    Where they are opposites, as ∂L/∂z of two classes are, it is the highest, whichever is larger by rounding.
    """
    return np.where(highs >= -lows * (1 - ALIKE), highs, lows)


def strongest(values: Array) -> int:
    """The place, along all of them, of the number of largest magnitude, and of numbers that are alike the first."""
    sizes = np.abs(values).reshape(-1)
    sizes = np.where(np.isnan(sizes), 0, sizes)
    return int((sizes >= sizes.max() * (1 - ALIKE)).argmax())
