"""Batches: the order in which training goes through a split, and each batch made ready."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, Protocol, Self

import numpy as np

from nnviz.array import Array
from nnviz.data.encoder import Encoder
from nnviz.data.epochs import Epochs
from nnviz.data.rows import rows_of
from nnviz.data.split import Split
from nnviz.experiment import NO_CHOICES, Choices

# So many bytes of inputs are made ready at a time, where a batch is smaller.
AHEAD_BYTES = 1 << 18


class Batch(NamedTuple):
    """What one training step works on: positions in the split, inputs and targets ready for the network.

    weights  (n,) how much each example counts, None where all count the same
    seen     (n, height, width, channels) uint8, the pictures as augmentation left them, None without it
    """

    indices: Array
    inputs: Array
    targets: Array
    weights: Array | None = None
    seen: Array | None = None


class Augment(Protocol):
    """Changes the pictures of a batch (n, height, width, channels) uint8, always alike at the same place of a run."""

    @property
    def changes(self) -> Collection[str]:
        """What it changes; none leaves the pictures as they are."""

    def by(self, changes: Collection[str]) -> Self:
        """The same, but for other changes."""

    def __call__(self, stored: Array, epoch: int, batch: int) -> Array:
        """The changed pictures, same shape and type."""


class BatchSource(Protocol):
    """What training steps get their batches from."""

    split: Split
    encoder: Encoder
    epochs: Epochs

    @property
    def changes_pictures(self) -> bool:
        """Whether pictures are shown changed."""

    def choose(self, chosen: Choices) -> None:
        """Go by these choices from the next batch on that is asked for, and for all else by what it began with."""

    def resize(self, later: Sequence[tuple[int, int]]) -> None:
        """Have batches of other sizes, each from a training step on; before the first, as it began."""

    def load(self, step: int) -> Batch:
        """The batch of a training step, from 0. Its arrays may be overwritten by the next call."""


class Batches:
    """The order in which training goes through a split, one shuffle an epoch, and each batch made ready.

    The order of an epoch follows from `entropy` and the epoch's number alone, so that any batch of the run can be
    made again. The last batch of an epoch holds what is left over.
    """

    def __init__(
        self, split: Split, encoder: Encoder, batch_size: int, entropy: int, augment: Augment | None = None
    ) -> None:
        self.split = split
        self.encoder = encoder
        self._size = min(batch_size, len(split))
        self.epochs = Epochs(len(split), batch_size)
        self._entropy = entropy
        self._begun_with = self._augment = augment
        self._chosen: Choices = NO_CHOICES
        self._epoch = -1
        # The training step of the first batch that is ready.
        self._first = 0
        self._ready: list[Batch] = []
        # Pictures stay bytes, and where they are, until they are needed; numbers are made ready once for all epochs.
        self._pictures = split.inputs.dtype == np.uint8
        self._source = rows_of(split.inputs if self._pictures else encoder.inputs(split.inputs[:]))
        self._make_room(self._size)

    def _make_room(self, size: int) -> None:
        """Have room for batches of that size. Small ones are made ready many at a time."""
        shape = self.split.inputs.shape[1:]
        batches = -(-len(self.split) // size)
        self._most_ahead = max(1, min(AHEAD_BYTES // (size * math.prod(shape) * self.encoder.dtype.itemsize), batches))
        self._room = size
        self._stored = np.empty((self._most_ahead * size, *shape), self.split.inputs.dtype)
        self._inputs = np.empty((self._most_ahead * size, *shape), self.encoder.dtype)

    @property
    def changes_pictures(self) -> bool:
        """Whether pictures are shown changed."""
        return self._augment is not None and bool(self._augment.changes)

    def choose(self, chosen: Choices) -> None:
        """Go by these choices from the next batch on that is asked for, and for all else by what it began with."""
        if chosen is not self._chosen:
            self._chosen, self._ready = chosen, []
            begun = self._begun_with
            self._augment = begun if begun is None or "augment" not in chosen else begun.by(chosen["augment"])

    def resize(self, later: Sequence[tuple[int, int]]) -> None:
        """Have batches of other sizes, each from a training step on; before the first, as it began."""
        self.epochs, self._ready = Epochs(len(self.split), self._size, later), []

    def load(self, step: int) -> Batch:
        """The batch of a training step, from 0. Its arrays may be overwritten by the next call."""
        place = step - self._first
        if not 0 <= place < len(self._ready):
            self._make_ready(step)
            place = 0
        return self._ready[place]

    def _make_ready(self, step: int) -> None:
        """The batch of a training step, and those that follow it in its epoch."""
        epoch, batch, _, start, size = self.epochs.at(step)
        if epoch != self._epoch:
            self._order = np.random.default_rng((self._entropy, epoch)).permutation(len(self.split))
            self._epoch = epoch
        if size != self._room:
            self._make_room(size)
        self._first = step
        # Augmentation is made batch by batch.
        ahead = 1 if self.changes_pictures else self._most_ahead
        indices = self._order[start : start + ahead * size]
        n = len(indices)
        inputs, seen = self._inputs[:n], None
        if self._pictures:
            stored = self._source.take(indices, out=self._stored[:n])
            if self._augment is not None and self.changes_pictures:
                stored = seen = self._augment(stored, epoch, batch)
            self.encoder.inputs(stored, out=inputs)
        else:
            self._source.take(indices, out=inputs)
        labels = self.split.labels[indices]
        parts = (indices, inputs, self.encoder.targets(labels), self.encoder.weights(labels), seen)
        self._ready = list(map(Batch, *(_portions(part, size, n) for part in parts)))


def _portions(array: Array | None, size: int, n: int) -> Iterable[Array | None]:
    """An array of n rows, `size` rows at a time, the last portion maybe fewer."""
    if array is None:
        return repeat(None, -(-n // size))
    whole = n // size * size
    # To go along an axis takes half the time of as many slices.
    portions = [*array[:whole].reshape(-1, size, *array.shape[1:])]
    return portions if whole == n else [*portions, array[whole:]]


def in_order(split: Split, encoder: Encoder, size: int) -> Iterator[Batch]:
    """The whole split in its stored order, `size` examples at a time: for evaluation."""
    for start in range(0, len(split), size):
        indices = np.arange(start, min(start + size, len(split)))
        yield Batch(
            indices,
            encoder.inputs(split.inputs[start : start + size]),
            encoder.targets(split.labels[start : start + size]),
        )
