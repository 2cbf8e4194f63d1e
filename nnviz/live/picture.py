"""What of a watched batch is shown as a picture."""

import numpy as np

from nnviz.array import Array
from nnviz.frame.example_view import PIXELS

COLOURS = (1, 3)
"""Channels of what is shown as a picture."""
SMALLEST = 4
"""What has fewer places on a side is no picture."""


def picture(batch: Array, place: int) -> Array | None:
    """One of a batch (n, height, width, channels) between the lowest and highest number of all, thinned.

    None where that is no picture.
    """
    if batch.ndim != 4 or batch.shape[3] not in COLOURS or min(batch.shape[1:3]) < SMALLEST:
        return None
    step = -(-max(batch.shape[1:3]) // PIXELS)
    low, high = float(batch.min()), float(batch.max())
    scaled = (batch[place, ::step, ::step] - low) * (255 / (high - low) if high > low else 0)
    pixels: Array = np.nan_to_num(scaled).astype(np.uint8)
    return pixels
