"""Encoder: from stored examples to what the network reads."""

import numpy as np
import numpy.typing as npt

from nnviz.array import Array
from nnviz.data.standardization import Standardization
from nnviz.frame import hill


class Encoder:
    """Stored examples → what the network reads: standardised inputs, and targets as rows of numbers.

    `target_table` (classes, outputs) has the target of each class: the identity for one-hot targets. Without a
    table the labels are the targets, or the hills that stand for them if `hills` is true. `class_weights` (classes,)
    says how much an example of each class counts. Inputs become x · `scale` + `shift`, (channels,) or (columns,).
    """

    def __init__(
        self,
        standardization: Standardization,
        target_table: Array | None,
        dtype: npt.DTypeLike = np.float32,
        class_weights: Array | None = None,
        hills: bool = False,
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.scale = (1 / standardization.deviation).astype(self.dtype)
        self.shift = (-standardization.mean / standardization.deviation).astype(self.dtype)
        self.target_table = None if target_table is None else target_table.astype(self.dtype)
        self._hills = hills
        self._along_lines: tuple[tuple[int, ...], Array, Array] = (), self.scale, self.shift
        self.class_weights = None if class_weights is None else class_weights.astype(self.dtype)

    def inputs(self, stored: Array, out: Array | None = None) -> Array:
        """(n, *input_shape) as stored → the same shape, standardised, written to `out` where given."""
        scale, shift = self._along(stored.shape[1:][-2:])
        ready: Array = np.multiply(stored, scale, out=out, dtype=self.dtype)
        ready += shift
        return ready

    def _along(self, line: tuple[int, ...]) -> tuple[Array, Array]:
        """Scale and shift of a whole line of a picture: NumPy begins its inner loop anew for each."""
        if self._along_lines[0] != line:
            scale, shift = (np.broadcast_to(each, line).copy() for each in (self.scale, self.shift))
            self._along_lines = line, scale, shift
        return self._along_lines[1:]

    def targets(self, labels: Array) -> Array:
        """(n,) class indices or (n, outputs) numbers → (n, outputs)."""
        if self.target_table is None:
            return (hill.as_hills(labels) if self._hills else labels).astype(self.dtype)
        targets: Array = np.take(self.target_table, labels, axis=0)
        return targets

    def weights(self, labels: Array) -> Array | None:
        """(n,) class indices → how much each example counts (n,), None where all count the same."""
        return None if self.class_weights is None else np.take(self.class_weights, labels)
