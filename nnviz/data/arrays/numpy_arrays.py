"""NumPy's files → Dataset: an .npz file of examples and labels, or .npy files, or .npz files of one array each.

Examples are pictures (n, height, width) or (n, height, width, 1 or 3), or numbers (n, features). Labels are a whole
number or a text for the class of each, one-hot rows, or floats (n,) or (n, outputs) to be predicted. What is what, and
of which split, the arrays' names say: see `array_names`.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.array_labels import NOTES as LABEL_NOTES
from nnviz.data.arrays.array_labels import Labels, Task, finite, form_of, in_form, texts
from nnviz.data.arrays.array_names import Paired, is_of_inputs
from nnviz.data.arrays.array_shapes import check_headers, check_inputs, has_channels_first
from nnviz.data.arrays.labelled_arrays import Part, as_dataset
from nnviz.data.arrays.npy_header import Header
from nnviz.data.arrays.picture_arrays import CHANNELS_FIRST, as_bytes, prepared, scale_of
from nnviz.data.arrays.picture_arrays import NOTES as SCALE_NOTES
from nnviz.data.arrays.stored_arrays import StoredArrays, opened_arrays
from nnviz.data.arrays.strays import strays
from nnviz.data.dataset import Dataset
from nnviz.data.split import Skipped
from nnviz.errors import InputError

Arrays: TypeAlias = dict[str, Array]


class Wanted(NamedTuple):
    """What the examples are to become: squares of `image_size` unless it is None, gray, labels as `task` says."""

    image_size: int | None
    grayscale: bool
    task: Task | None = None


def open_numpy(path: Path, wanted: Wanted, generator: np.random.Generator) -> Dataset:
    """Pictures (n, height, width, 1 or 3) uint8, or squares of the wanted size, or gray; or (n, features) float32.

    Pictures of numbers from 0 to 1, or from −1 to 1, are made bytes. Arrays of the validation and the test split are
    used where they are; else `generator` takes them from the training examples. Arrays that are not read are named.

    Raises InputError if a file is damaged or too large, no array has the name of examples or labels, one is of another
    type or shape, does not fit the others, or holds a number that is not finite.
    """
    with opened_arrays(path) as stored:
        paired = stored.paired()
        needed = {*chain.from_iterable(paired.pairs.values()), paired.class_names} - {None}
        headers = {name: stored.header(name) for name in sorted(filter(None, needed))}
        check_headers(stored.path, headers, paired)
        arrays = {name: _read(stored, header) for name, header in headers.items()}
    inputs, notes = _inputs(stored.path, arrays, paired, wanted)
    labels, more = _labels(stored.path, arrays, paired, wanted.task)
    parts = {
        role: Part(inputs[role], labels[role], f"{stored.path}: '{pair.labels}'") for role, pair in paired.pairs.items()
    }
    class_names = _class_names(stored.path, arrays, paired, parts["train"])
    skipped = [Skipped(f"'{name}'", reason, "array") for name, reason in sorted(paired.unread.items())]
    skipped += strays(path, stored.files) if path.is_dir() else ()
    return as_dataset(path, parts, generator, class_names, [*notes, *more], skipped)


def read_numpy(path: Path) -> Iterator[tuple[str, Array]]:
    """The examples of each array that holds some, by its name; those of the only one there is, whatever its name.

    Raises InputError if there is none, or one cannot be read.
    """
    with opened_arrays(path) as stored:
        names = [name for name in stored.opened if len(stored.opened) == 1 or is_of_inputs(name)]
        if not names:
            stored.paired()
        for name in names:
            header = stored.header(name)
            check_inputs(stored.path, header)
            where = f"{stored.path}: '{name}'"
            array = _read(stored, header)
            yield name, finite(where, array) if array.ndim == 2 else as_bytes(array, scale_of(array, where), where)


def _read(stored: StoredArrays, header: Header) -> Array:
    numbers: Array = np.frombuffer(stored.content(header), np.dtype(header.dtype))
    return numbers.reshape(header.shape[::-1]).T if header.fortran_order else numbers.reshape(header.shape)


def _inputs(path: Path, arrays: Arrays, paired: Paired, wanted: Wanted) -> tuple[Arrays, list[str]]:
    """Split → its examples: pictures with channels, made ready; or (n, features) float32. And what to say of them."""
    names = {role: pair.inputs for role, pair in paired.pairs.items()}
    train = arrays[names["train"]]
    if train.ndim == 2:
        return {role: finite(f"{path}: '{name}'", arrays[name]) for role, name in names.items()}, []
    scale = scale_of(train, f"{path}: '{names['train']}'")
    turned = CHANNELS_FIRST if train.ndim == 4 and has_channels_first(train.shape[1:]) else None
    notes = [*filter(None, (SCALE_NOTES.get(scale), turned))]
    pictures = {role: as_bytes(arrays[name], scale, f"{path}: '{name}'") for role, name in names.items()}
    return {role: prepared(one, wanted.image_size, wanted.grayscale, path) for role, one in pictures.items()}, notes


def _labels(path: Path, arrays: Arrays, paired: Paired, task: Task | None) -> tuple[Arrays, list[str]]:
    """Split → its labels, read as those to train on; and what to say of them."""
    stored = {role: Labels(arrays[pair.labels], f"{path}: '{pair.labels}'") for role, pair in paired.pairs.items()}
    form = form_of(stored["train"], task)
    note = LABEL_NOTES.get(form) if task is None else None
    return {role: in_form(labels, form) for role, labels in stored.items()}, [note] if note else []


def _class_names(path: Path, arrays: Arrays, paired: Paired, train: Part) -> list[str]:
    """One name for each class, none where none are given. Raises InputError if one comes twice, or has no use."""
    name = paired.class_names
    if name is None:
        return []
    if train.labels.ndim == 2:
        raise InputError(
            f"{path}: there are '{name}', but {train.where} holds floats; store the classes as whole numbers"
        )
    names: list[str] = texts(f"{path}: '{name}'", arrays[name]).tolist()
    if len(set(names)) < len(names):
        raise InputError(f"{path}: '{name}' has one name twice; give each class a name of its own")
    return names
