"""Arrays with labels, as the readers of files of arrays find them → Dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.dataset import Dataset
from nnviz.data.split import Skipped, Split
from nnviz.data.splitting import complete
from nnviz.data.standardization import Standardization
from nnviz.errors import InputError
from nnviz.wording import count, integer

MOST_CLASSES = 1000
SHOWN = 40


class Part(NamedTuple):
    """Some examples of a source, as they are stored there.

    inputs  (n, height, width, channels) uint8 or (n, features) float32
    labels  (n,) values of any kind, one for each class; or (n, outputs) float32, the numbers to predict
    where   what a message calls the labels, such as a file's path
    """

    inputs: Array
    labels: Array
    where: str


def as_dataset(
    path: Path,
    parts: dict[str, Part],
    generator: np.random.Generator,
    class_names: Sequence[str] = (),
    notes: Sequence[str] = (),
    skipped: Sequence[Skipped] = (),
) -> Dataset:
    """The dataset of `parts`, which are `train` and maybe others; `generator` takes from `train` what is missing.

    Labels are positions in `class_names` if they are whole numbers, and else among its names. Without `class_names`
    the classes are the labels that occur in `train`, in their order, called as they are written.

    Raises InputError if a part is empty, `train` has fewer than two classes, there are more classes than 1000, or a
    label is none of them.
    """
    for part in parts.values():
        if not len(part.inputs):
            raise InputError(f"{part.where}: holds no examples; give at least one of each class")
    train = parts["train"]
    classes: Array | None = None
    if train.labels.ndim == 1:
        classes = _classes(train, class_names)
        class_names = class_names or [str(name) for name in classes.tolist()]
    splits = {role: _split(part, role, classes) for role, part in parts.items()}
    taken = complete(splits, generator)
    return Dataset(
        name=path.resolve().name,
        class_names=tuple(class_names) if classes is not None else (),
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        standardization=Standardization.of(splits["train"].inputs),
        skipped=tuple(skipped),
        notes=tuple(notes),
        taken=taken,
    )


def _classes(train: Part, class_names: Sequence[str]) -> Array:
    """The label of each class, by which it is known in the file."""
    found = np.unique(train.labels)
    if len(found) < 2:
        raise InputError(f"{train.where}: every label is {_shown(found[0])}; two classes are needed to tell apart")
    count = len(class_names) or len(found)
    if count > MOST_CLASSES:
        raise InputError(
            f"{train.where}: {integer(count)} different labels, and {integer(MOST_CLASSES)} classes are the most; "
            "numbers to be predicted have to be stored as floats, or asked for with --task regress"
        )
    if not class_names:
        return found
    return np.array(class_names) if train.labels.dtype.kind == "U" else np.arange(len(class_names))


def _split(part: Part, role: str, classes: Array | None) -> Split:
    names = [f"{role} {i}" for i in range(len(part.inputs))]
    labels = part.labels if classes is None else _positions(part, classes)
    return Split(part.inputs, labels, names)


def _positions(part: Part, classes: Array) -> Array:
    """(n,) labels → the position of each among the classes (n,) int64. Raises InputError naming one that is not."""
    order = np.argsort(classes)
    nearest = np.searchsorted(classes, part.labels, sorter=order).clip(max=len(classes) - 1)
    positions: Array = order[nearest].astype(np.int64)
    unknown = np.flatnonzero(classes[positions] != part.labels)
    if len(unknown):
        i = unknown[0]
        known = f"{count(len(classes), 'class')}, {_shown(classes[0])} to {_shown(classes[-1])}"
        raise InputError(f"{part.where}: label {integer(i)} is {_shown(part.labels[i])}, which is none of the {known}")
    return positions


def _shown(label: object) -> str:
    """A label as a message may show it: a damaged file may have very long ones."""
    text = str(label)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
