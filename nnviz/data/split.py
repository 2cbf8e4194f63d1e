"""Split: some examples, as they are kept; and what was skipped on the way."""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.rows import Inputs, Rows


class Split(msgspec.Struct, frozen=True):
    """Some examples of a dataset.

    inputs  (n, height, width, channels) uint8 for images, (n, features) float32 otherwise; `Rows` where they stay in
            a file, or among those of other splits
    labels  (n,) int64, the index of each example's class; or (n, outputs) float32, the numbers to predict
    names   where each example comes from, such as a path inside its folder
    texts   that were counted, where the inputs are counts of n-grams (n, features) uint8
    """

    inputs: Inputs
    labels: Array
    names: Sequence[str]
    texts: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def select(self, indices: Sequence[int] | Array) -> "Split":
        """Those examples alone, in that order."""
        inputs = self.inputs.select(indices) if isinstance(self.inputs, Rows) else self.inputs[indices]
        texts = None if self.texts is None else [self.texts[i] for i in indices]
        return Split(inputs, self.labels[indices], [self.names[i] for i in indices], texts)


def joined(splits: Sequence[Split]) -> Split:
    """All examples of several splits of one source, at least one; what stays in a file stays there."""
    every = [split.inputs for split in splits]
    bases = [inputs.base for inputs in every if isinstance(inputs, Rows)]
    if len(bases) == len(every) and all(base is bases[0] for base in bases):
        places = [inputs.places for inputs in every if isinstance(inputs, Rows)]
        inputs: Inputs = Rows(bases[0], np.concatenate(places))
    else:
        inputs = np.concatenate([np.asarray(part) for part in every])
    texts = [text for split in splits for text in split.texts or ()]
    names = [name for split in splits for name in split.names]
    labels = np.concatenate([split.labels for split in splits])
    return Split(inputs, labels, names, texts if splits[0].texts is not None else None)


class Skipped(msgspec.Struct, frozen=True):
    """A file that is in the source and not in the dataset, or a row of a table, or an array of a file, and why.

    One of `count` files is a folder, called with a slash behind its name.
    """

    name: str
    reason: str
    kind: Literal["file", "row", "array"] = "file"
    count: int = 1
