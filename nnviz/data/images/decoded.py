"""Images: the images of some files as squares of bytes, in memory or in a file that is mapped into it."""

from collections.abc import Sequence

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.rows import Rows
from nnviz.data.split import Split
from nnviz.data.standardization import Standardization

NOT_NOW = "could not be read now"
"""So begins what is said of a file that may be sound: something was in the way that may pass."""


class Images(msgspec.Struct, frozen=True):
    """The images of n files, as `nnviz.data.images.image_files` makes them squares.

    pixels    (n, size, size, 3 or 1) uint8, zeros where a file holds no usable image
    sums      (n, 2, 3 or 1) int64, Σx and Σx² of each image
    unusable  place → what is wrong with that file
    notes     what there is to say of the cache
    """

    pixels: Array
    sums: Array
    unusable: dict[int, str]
    notes: tuple[str, ...] = ()

    @property
    def may_change(self) -> bool:
        """Whether the same files, read again, may give other images."""
        return any(reason.startswith(NOT_NOW) for reason in self.unusable.values())

    def rows(self, places: Sequence[int] | Array) -> Rows:
        """The images at those places, which stay where they are."""
        return Rows(self.pixels, np.asarray(places, np.int64))

    def standardization(self, split: Split) -> Standardization:
        """That of a split of these images, without a look at their pixels."""
        assert isinstance(split.inputs, Rows)
        return Standardization.of_sums(self.sums[split.inputs.places].sum(axis=0), split.inputs.shape)
