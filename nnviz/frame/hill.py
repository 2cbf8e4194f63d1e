"""One number between −1 and 1 as a hill of activation over a row of units, and back.

The representation is ALVINN's (D. A. Pomerleau, "ALVINN: An Autonomous Land Vehicle in a Neural Network", Advances in
Neural Information Processing Systems 1, 1989), which steered by 45 units: each stands for one direction, the target
is a hill of activation around the right one, and the direction that is told is the centre of mass of the hill around
the most active unit. Two directions that are both likely then make two hills, and not a straight line between them.
"""

import numpy as np

from nnviz.array import Array

UNITS = 45
# The outermost units stand for a little more than ±1, so that a hill at the end of the scale is whole.
MARGIN = 4
DIRECTIONS = (np.arange(UNITS) - UNITS // 2) / (UNITS // 2 - MARGIN)
"""The number that each unit stands for: (UNITS,)."""

# In units. So wide, the units next to the right one are at 0.88, 0.61, 0.32 and 0.14.
DEVIATION = 2.0
# So many units on either side of the peak belong to its hill.
REACH = 4


def as_hills(numbers: Array) -> Array:
    """Numbers (n, 1) from −1 to 1 → the activations wanted of the units (n, UNITS), from 0 to 1."""
    distance = (DIRECTIONS - numbers.astype(np.float64)) / (DIRECTIONS[1] - DIRECTIONS[0])
    hills: Array = np.exp(-np.square(distance) / (2 * DEVIATION**2))
    return hills


def as_numbers(activations: Array) -> Array:
    """Activations of the units (n, UNITS) → the number that each row means (n, 1), from −1 to 1."""
    peaks = activations.argmax(axis=1)[:, None]
    is_near = np.abs(np.arange(UNITS) - peaks) <= REACH
    mass = np.where(is_near, activations.astype(np.float64), 0.0)
    # Where no unit is active at all, none is more likely than another.
    numbers: Array = (mass @ DIRECTIONS)[:, None] / np.maximum(mass.sum(axis=1, keepdims=True), 1e-300)
    return np.clip(numbers, -1, 1)
