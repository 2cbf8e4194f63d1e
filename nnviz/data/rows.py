"""Rows: some rows of an array that stay where they are, such as a split of images in a file mapped into memory."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nnviz.array import Array


class Rows:
    """Rows of `base` (m, …) at `places` (n,), in that order. Only what is asked for is copied."""

    def __init__(self, base: Array, places: Array) -> None:
        self.base = base
        self.places = places

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, …)."""
        return (len(self.places), *self.base.shape[1:])

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return self.base.ndim

    @property
    def dtype(self) -> "np.dtype[Any]":
        """The type of the numbers."""
        return self.base.dtype

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, which: Any) -> Array:
        """One row, or a copy of several, by a number, a slice, or an array of numbers or booleans."""
        rows: Array = self.base[self.places[which]]
        return rows

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("rows of another array cannot become an array without a copy")
        return self[:] if dtype is None else self[:].astype(dtype)

    def select(self, indices: "npt.ArrayLike") -> "Rows":
        """Those rows alone, in that order; nothing of them is copied."""
        return Rows(self.base, self.places[np.asarray(indices, np.int64)])

    def take(self, indices: Array, out: Array) -> Array:
        """Those rows, written to `out` (len(indices), …)."""
        return np.take(self.base, self.places[indices], axis=0, out=out, mode="clip")


Inputs: TypeAlias = Array | Rows


def rows_of(inputs: Inputs) -> Rows:
    """All rows of an array."""
    return inputs if isinstance(inputs, Rows) else Rows(inputs, np.arange(len(inputs)))
