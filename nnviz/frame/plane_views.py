"""What a frame has of the plane, where an input is two numbers."""

import msgspec

from nnviz.array import Array

# Cells on a side, and points of the batch and others that are shown.
SURFACE_SIDE = 64
POINTS = 192


class SurfaceView(msgspec.Struct, frozen=True):
    """What the network says all over the plane, where an input is two numbers.

    To compute it is dear: whoever watches a training at full speed asks for it again `lasts` steps after `steps`. It is
    the number of training steps that take about a hundred times as long; it follows from the network's size.

    steps      finished training steps, whose weights it is of
    names      of the two inputs
    low, high  (x, y), the lower left corner and the upper right one, in the units that the inputs are stored in
    classes    (rows, columns) int16, the most likely class in the middle of each cell, the top row first; None for
               numbers
    values     (rows, columns) float32, the probability of the second of two classes, that of the most likely one of
               several, or the first of the numbers to predict
    targets    (lowest, highest) of the numbers to predict, None for classes
    """

    steps: int
    lasts: int
    names: tuple[str, ...]
    low: tuple[float, float]
    high: tuple[float, float]
    classes: Array | None
    values: Array
    targets: tuple[float, float] | None


class PointsView(msgspec.Struct, frozen=True):
    """Some training examples of the plane.

    points  (k, 2), those of the batch first, `batch` in all, and number `focused` is the focused example
    labels  (k,) their classes or numbers
    """

    points: Array
    labels: Array
    batch: int
    focused: int
