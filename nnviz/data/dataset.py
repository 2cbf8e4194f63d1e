"""A dataset: examples with their targets, in three splits, as they are kept and as the network reads them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from nnviz.data import hill
from nnviz.data.image_sums import total_sums
from nnviz.data.rows import Array as Array
from nnviz.data.rows import Inputs, Rows, rows_of

if TYPE_CHECKING:
    from nnviz.data.tables.table_encoding import TableEncoding

# So many bytes of inputs are made ready at a time, where a batch is smaller.
AHEAD_BYTES = 1 << 18

# What deviates by less than that share of its mean is constant, as far as float32 can tell.
CONSTANT = 1e-9


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
        # Rounding alone leaves a constant that is no power of two with a little deviation.
        return cls(mean, np.where(deviation > CONSTANT * np.abs(mean), deviation, 1.0))


class Skipped(msgspec.Struct, frozen=True):
    """A file that is in the source and not in the dataset, or a row of a table, and why."""

    name: str
    reason: str
    kind: Literal["file", "row"] = "file"


class Targets(msgspec.Struct, frozen=True):
    """What is to be predicted where targets are numbers: the name, the mean and the deviation of each, in its own unit.

    They are measured on the training split; a constant has deviation 1.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, labels: Array, names: tuple[str, ...] = ()) -> "Targets":
        """Measure labels (n, outputs); without names, they are output 0, output 1, …"""
        measured = Standardization.of(labels)
        names = names or tuple(f"output {k}" for k in range(labels.shape[1]))
        return cls(names, tuple(measured.mean.tolist()), tuple(measured.deviation.tolist()))

    def decimals(self, output: int) -> int:
        """How many decimals show a hundredth of the deviation: 2 for miles per gallon, none for prices of houses."""
        deviation = self.deviation[output]
        return min(max(0, 2 - math.floor(math.log10(deviation))), 9) if math.isfinite(deviation) else 0


class Task(msgspec.Struct, frozen=True):
    """What the data ask of a network: the shape of an input, and what is to be said of it.

    `class_names` is empty when the targets are `numbers` real numbers.
    """

    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    numbers: int = 0
    targets: Targets | None = None

    def fits(self, other: "Task") -> bool:
        """Whether networks for the other task do this one, whatever the `targets` of the two are called and measure."""
        return msgspec.structs.replace(other, targets=self.targets) == self

    @property
    def positive_class(self) -> int:
        """The class that a single output calls 1: the second, unless its name only says that it is not the first."""
        first, second = self.class_names[:2]
        stripped = second.lower().removeprefix("non").removeprefix("not").removeprefix("no").lstrip(" -_")
        return 0 if stripped == first.lower() else 1

    @property
    def target_name(self) -> str | None:
        """The name of the one number to predict; None where there are several, or classes, or it has no name."""
        return self.targets.names[0] if self.targets is not None and self.numbers == 1 else None

    def is_hill(self, outputs: int) -> bool:
        """Whether so many outputs tell the one number to predict by a hill of activation."""
        return self.numbers == 1 and outputs == hill.UNITS

    def in_units(self, outputs: int) -> Targets | None:
        """The targets, where each of so many outputs is one of them in its own unit; None for classes and hills."""
        return self.targets if outputs == self.numbers else None

    def told_numbers(self, predictions: Array) -> Array:
        """Predictions (n, outputs) → the numbers (n, numbers) that each means, in their own unit."""
        return hill.as_numbers(predictions) if self.is_hill(predictions.shape[1]) else predictions

    def output_names(self, outputs: int) -> tuple[str, ...]:
        """What each of a network's outputs stands for; a single one for two classes is named by the positive one."""
        if outputs == len(self.class_names):
            return self.class_names
        if self.class_names:
            return (self.class_names[self.positive_class],)
        if self.is_hill(outputs):
            return tuple(f"{direction:+.2f}".replace("-", "−") for direction in hill.DIRECTIONS)
        if self.targets is not None:
            return self.targets.names
        return tuple(f"output {k}" for k in range(outputs))


class Dataset(msgspec.Struct, frozen=True, dict=True):
    """Examples with their targets, split for training, validation and test.

    `class_names` is empty when the targets are numbers. `validation` and `test` may be empty splits.
    `skipped` names what could not be read; `notice` says in one sentence what to look for. `taken` names the splits
    that the source did not come with, and that were taken from its training examples. `filled` counts, by the name of
    an input, how many of its numbers stand for a blank cell of a table.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    standardization: Standardization
    skipped: tuple[Skipped, ...] = ()
    notice: str = ""
    feature_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    encoding: "TableEncoding | None" = None
    taken: tuple[str, ...] = ()
    filled: Mapping[str, int] = {}

    @property
    def task(self) -> Task:
        """What a network for these examples has to fit."""
        shape = self.train.inputs.shape[1:]
        if self.class_names:
            return Task(shape, self.class_names)
        return Task(shape, (), self.train.labels.shape[1], self._targets)

    @cached_property
    def _targets(self) -> Targets:
        return Targets.of(self.train.labels, self.target_names)


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


class Encoder:
    """Stored examples → what the network reads: standardised inputs, and targets as rows of numbers.

    `target_table` (classes, outputs) has the target of each class: the identity for one-hot targets. Without a
    table the labels are the targets, or the hills that stand for them if `hills` is true. `class_weights` (classes,)
    says how much an example of each class counts.
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
        self._scale = (1 / standardization.deviation).astype(self.dtype)
        self._shift = (-standardization.mean / standardization.deviation).astype(self.dtype)
        self._table = None if target_table is None else target_table.astype(self.dtype)
        self._hills = hills
        self._weights = None if class_weights is None else class_weights.astype(self.dtype)

    def inputs(self, stored: Array, out: Array | None = None) -> Array:
        """(n, *input_shape) as stored → the same shape, standardised, written to `out` where given."""
        ready: Array = np.multiply(stored, self._scale, out=out, dtype=self.dtype)
        ready += self._shift
        return ready

    def targets(self, labels: Array) -> Array:
        """(n,) class indices or (n, outputs) numbers → (n, outputs)."""
        if self._table is None:
            return (hill.as_hills(labels) if self._hills else labels).astype(self.dtype)
        targets: Array = np.take(self._table, labels, axis=0)
        return targets

    def weights(self, labels: Array) -> Array | None:
        """(n,) class indices → how much each example counts (n,), None where all count the same."""
        return None if self._weights is None else np.take(self._weights, labels)


class Augment(Protocol):
    """Changes the pictures of a batch (n, height, width, channels) uint8, always alike at the same place of a run."""

    def __call__(self, stored: Array, epoch: int, batch: int) -> Array:
        """The changed pictures, same shape and type."""


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
        self.batch_size = min(batch_size, len(split))
        self.per_epoch = -(-len(split) // self.batch_size)
        self._entropy = entropy
        self._augment = augment
        self._epoch = -1
        self._first = 0
        self._ready: list[Batch] = []
        batch_bytes = self.batch_size * math.prod(split.inputs.shape[1:]) * encoder.dtype.itemsize
        # Augmentation is made batch by batch; without it, small batches are made ready many at a time.
        self._ahead = 1 if augment else max(1, min(AHEAD_BYTES // batch_bytes, self.per_epoch))
        room = self._ahead * self.batch_size
        # Pictures stay bytes, and where they are, until they are needed; numbers are made ready once for all epochs.
        self._pictures = split.inputs.dtype == np.uint8
        self._source = rows_of(split.inputs if self._pictures else encoder.inputs(split.inputs[:]))
        self._stored = np.empty((room, *split.inputs.shape[1:]), split.inputs.dtype)
        self._inputs = np.empty((room, *split.inputs.shape[1:]), encoder.dtype)

    def load(self, epoch: int, batch: int) -> Batch:
        """The batch at that place, both counted from 0. Its arrays may be overwritten by the next call."""
        place = batch - self._first
        if epoch != self._epoch or not 0 <= place < len(self._ready):
            self._make_ready(epoch, batch)
            place = 0
        return self._ready[place]

    def _make_ready(self, epoch: int, batch: int) -> None:
        """This batch and those that follow it."""
        if epoch != self._epoch:
            self._order = np.random.default_rng((self._entropy, epoch)).permutation(len(self.split))
            self._epoch = epoch
        self._first, size = batch, self.batch_size
        indices = self._order[batch * size : (batch + self._ahead) * size]
        n = len(indices)
        inputs, seen = self._inputs[:n], None
        if self._pictures:
            stored = self._source.take(indices, out=self._stored[:n])
            if self._augment is not None:
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
