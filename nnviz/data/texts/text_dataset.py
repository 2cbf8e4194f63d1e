"""Texts with their labels, as the readers of tables and folders find them → Dataset of counts of n-grams."""

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.bounded import LIMIT
from nnviz.data.dataset import Dataset
from nnviz.data.encoding import Encoding
from nnviz.data.ngrams import NGrams
from nnviz.data.split import Skipped, Split
from nnviz.data.splitting import complete
from nnviz.data.standardization import Standardization
from nnviz.errors import InputError
from nnviz.wording import integer

LONGEST = 1 << 20
"""Characters of one text."""
# So many counts are squared at a time.
CHUNK = 1 << 20


class Texts(msgspec.Struct, frozen=True):
    """Some texts.

    labels  (n,) int64 places among the classes, or (n, 1) float32
    names   where each comes from
    """

    texts: Sequence[str]
    labels: Array
    names: Sequence[str]


def as_dataset(
    path: Path,
    name: str,
    parts: dict[str, Texts],
    encoding: Encoding,
    generator: np.random.Generator,
    notes: Sequence[str],
    skipped: Sequence[Skipped] = (),
    target_names: tuple[str, ...] = (),
    elsewhere: Collection[str] = (),
) -> Dataset:
    """The dataset of `parts`, which are `train` and maybe others; `generator` takes from `train` what is missing.

    Splits from `elsewhere` are empty. Raises InputError if there are more texts than memory should hold the counts of.
    """
    ngrams = encoding.ngrams or NGrams()
    count = sum(len(part.texts) for part in parts.values())
    if count * ngrams.buckets > LIMIT:
        raise InputError(
            f"{path}: {integer(count)} texts, and {integer(LIMIT // ngrams.buckets)} are the most; give fewer"
        )
    # Chosen before anything is counted, so that no count is copied.
    places = {
        role: Split(np.arange(len(part.texts)), part.labels, part.names, part.texts) for role, part in parts.items()
    }
    taken = complete(places, generator, elsewhere)
    splits = {
        role: Split(ngrams.counts(part.texts or ()), part.labels, part.names, part.texts)
        for role, part in places.items()
    }
    return Dataset(
        name=name,
        class_names=encoding.class_names,
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=standardization_of(np.asarray(splits["train"].inputs)),
        skipped=tuple(skipped),
        feature_names=ngrams.names(splits["train"].texts or ()),
        notes=tuple(notes),
        target_names=target_names,
        encoding=encoding,
        taken=taken,
    )


def standardization_of(counts: Array) -> Standardization:
    """The mean of each count (n, buckets) uint8, and its deviation, but never less than that of all counts together.

    Most n-grams are rare, and those of a deviation near 0 would else be enlarged until nothing else counted.
    """
    total, squares = (np.zeros(counts.shape[1]) for _ in range(2))
    size = max(1, CHUNK // counts.shape[1])
    for start in range(0, len(counts), size):
        numbers = counts[start : start + size].astype(np.float32)
        total += numbers.sum(axis=0)
        squares += np.square(numbers).sum(axis=0)
    mean = total / len(counts)
    variance = np.maximum(squares / len(counts) - np.square(mean), 0)
    least = variance.mean()
    return Standardization(mean, np.sqrt(np.maximum(variance, least)) if least > 0 else np.ones_like(mean))
