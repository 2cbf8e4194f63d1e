"""Room for a network's buffers."""

import math

import numpy as np
import numpy.typing as npt

from nnviz.array import Array

# NumPy asks the system for huge pages where an array takes 4 MB or more; without them, a step through thirty buffers of
# one or two MB each loses a tenth of its time to looking pages up.
BLOCK = 6 << 20
# What is left of the last blocks may still be filled.
BEGUN = 2
LARGE = 1 << 22
SMALL = 1 << 16
ALIGNMENT = 64


class Buffers:
    """Arrays of middling size, side by side in large blocks; small and large ones are left to NumPy.

    A block is given back when the last array in it is.
    """

    def __init__(self) -> None:
        self._rests: list[Array] = []
        self._scratch = np.empty(0, np.uint8), np.empty(0, np.uint8)

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array of that shape; what is in it is left to chance."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        if not SMALL <= size < LARGE:
            return np.empty(shape, dtype)
        place = next((place for place, rest in enumerate(self._rests) if len(rest) >= size), None)
        if place is None:
            block = np.empty(BLOCK, np.uint8)
            self._rests = [*self._rests, block[-block.ctypes.data % ALIGNMENT :]][-BEGUN:]
            place = -1
        room = self._rests[place]
        self._rests[place] = room[size + -size % ALIGNMENT :]
        return room[:size].view(dtype).reshape(shape)

    def zeros(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array of zeros of that shape."""
        array = self.empty(shape, dtype)
        array[...] = 0
        return array

    def scratch(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> tuple[Array, Array]:
        """An array of that shape for each of two workers, who keep nothing in it from one call to the next.

        Whoever asks gets the same memory, as far as it is large enough: so it stays in the processor's cache.
        """
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        if size > len(self._scratch[0]):
            # Of the same pictures, a pool asks for a quarter more than batch normalisation did.
            more = (size + size // 4,)
            self._scratch = self.empty(more, np.uint8), self.empty(more, np.uint8)
        first, second = (room[:size].view(dtype).reshape(shape) for room in self._scratch)
        return first, second
