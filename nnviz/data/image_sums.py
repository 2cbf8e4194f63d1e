"""Σx and Σx² of images of bytes, exactly: what the mean and the deviation of any choice of them follow from."""

import math

import numpy as np

from nnviz.array import Array
from nnviz.data.rows import Inputs

# So many numbers are float64 at a time: they stay in the cache of the processor.
PORTION = 1 << 14


def image_sums(images: Array) -> Array:
    """Images (n, height, width, channels) uint8 → Σx and Σx² of each one's channels, (n, 2, channels) int64."""
    n, channels = len(images), images.shape[-1]
    pixels = images.reshape(n, math.prod(images.shape[1:-1]), channels)
    sums = np.empty((n, 2, channels), np.int64)
    ones = np.ones(pixels.shape[1])
    step = max(1, PORTION // max(1, len(ones) * channels))
    for start in range(0, n, step):
        # Whole numbers below 2⁵³ are exact in float64, in which a matrix product is many times faster than a sum.
        values = pixels[start : start + step].astype(np.float64)
        sums[start : start + step, 0] = ones @ values
        sums[start : start + step, 1] = ones @ np.square(values, out=values)
    return sums


def total_sums(images: Inputs) -> Array:
    """Σx and Σx² of each channel over all images (n, height, width, channels) uint8: (2, channels) int64."""
    total = np.zeros((2, images.shape[-1]), np.int64)
    step = max(1, PORTION // max(1, math.prod(images.shape[1:])))
    for start in range(0, len(images), step):
        total += image_sums(images[start : start + step]).sum(axis=0)
    return total
