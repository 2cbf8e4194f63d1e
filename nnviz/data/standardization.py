"""Standardisation: stored numbers brought to mean 0 and deviation 1."""

import math

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.image_sums import total_sums
from nnviz.data.rows import Inputs

# What deviates by less than that share of its mean is constant, as far as float32 can tell.
CONSTANT = 1e-9


class Standardization(msgspec.Struct, frozen=True):
    """What turns stored numbers into inputs of mean 0 and deviation 1: (x − mean) / deviation.

    One number per channel for images, one per column for features; float64, measured on the training split.
    """

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, inputs: Inputs) -> "Standardization":
        """Measure it: over all pixels of a channel, or over all values of a column. A constant keeps deviation 1."""
        if inputs.dtype == np.uint8:
            return cls.of_sums(total_sums(inputs), inputs.shape)
        numbers = inputs[:]
        axes = tuple(range(numbers.ndim - 1))
        return cls._of(numbers.mean(axis=axes, dtype=np.float64), numbers.var(axis=axes, dtype=np.float64))

    @classmethod
    def none_of(cls, inputs: Inputs) -> "Standardization":
        """What leaves stored numbers as they are, but for pixels of bytes, which become numbers from 0 to 1."""
        size = 255.0 if inputs.dtype == np.uint8 and len(inputs.shape) == 4 else 1.0
        return cls(np.zeros(inputs.shape[-1]), np.full(inputs.shape[-1], size))

    @classmethod
    def of_sums(cls, sums: Array, shape: tuple[int, ...]) -> "Standardization":
        """The same of images of bytes (n, height, width, channels), from Σx and Σx² of each channel, (2, channels)."""
        count = math.prod(shape[:-1])
        # Python's whole numbers have no limit, so that only the last division rounds.
        pairs = [(total, count * squares - total**2) for total, squares in zip(*sums.tolist(), strict=True)]
        mean = np.array([total / count for total, _ in pairs])
        return cls._of(mean, np.array([spread / count**2 for _, spread in pairs]))

    @classmethod
    def _of(cls, mean: Array, variance: Array) -> "Standardization":
        deviation = np.sqrt(variance)
        # Rounding alone leaves a constant that is not a power of two with a little deviation.
        return cls(mean, np.where(deviation > CONSTANT * np.abs(mean), deviation, 1.0))
