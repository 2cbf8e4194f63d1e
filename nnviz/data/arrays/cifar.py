"""CIFAR-10 and CIFAR-100 in their binary form → Dataset.

A file is a row of records: one byte for the class (two in CIFAR-100: 20 coarse classes, then 100 fine ones), then
3072 bytes of a picture of 32×32 in its red plane, its green one and its blue one.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.class_list import class_list
from nnviz.data.arrays.labelled_arrays import Part, as_dataset
from nnviz.data.arrays.picture_arrays import prepared
from nnviz.data.arrays.set_names import CIFAR_10_FILE
from nnviz.data.arrays.strays import strays
from nnviz.data.bounded import AGAIN, bounded
from nnviz.data.dataset import Dataset
from nnviz.errors import InputError
from nnviz.wording import count, integer

SIDE = 32
PIXELS = 3 * SIDE * SIDE


class Kind(NamedTuple):
    """One of the two sets: its files, how many bytes of a record are labels, and its classes, by the last of these."""

    train: str
    test: str
    names: str
    label_bytes: int
    classes: int


CIFAR_10 = Kind("data_batch_[0-9]*.bin", "test_batch.bin", "batches.meta.txt", 1, 10)
CIFAR_100 = Kind("train.bin", "test.bin", "fine_label_names.txt", 2, 100)


def open_cifar(folder: Path, image_size: int | None, grayscale: bool, generator: np.random.Generator) -> Dataset:
    """Pictures (n, 32, 32, 3) uint8, or squares of `image_size`, or (…, 1) in grayscale.

    Those batches of CIFAR-10 are read that are there. Without its file of names a class is called as its number. A
    split for validation is taken from the training files, and one for test if there is no test file. What else is there
    is named.

    Raises InputError if there is no training file, or a file is damaged, too large or cannot be read.
    """
    kind, files = _files(folder)
    if not files["train"]:
        raise InputError(f"{folder}: there is no {kind.train.replace('[0-9]*', '1')}; put it there")
    parts = {role: _part(paths, kind, image_size, grayscale) for role, paths in files.items() if paths}
    class_names = class_list(folder / kind.names, kind.classes) or [str(number) for number in range(kind.classes)]
    read = {folder / kind.names, *files["train"], *files["test"]}
    return as_dataset(folder, parts, generator, class_names, skipped=strays(folder, read))


def read_cifar(folder: Path) -> Iterator[tuple[str, Array]]:
    """The pictures (n, 32, 32, 3) of each file of records, by the name of the file. Raises InputError."""
    kind, files = _files(folder)
    for path in chain.from_iterable(files.values()):
        yield path.name, _pictures(_records(path, kind)[:, kind.label_bytes :])


def _files(folder: Path) -> tuple[Kind, dict[str, list[Path]]]:
    """Which of the two sets it is, and split → its files, as far as they are there. Raises InputError."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from None
    kind = CIFAR_10 if any(CIFAR_10_FILE.fullmatch(name) for name in names) else CIFAR_100
    return kind, {"train": sorted(folder.glob(kind.train)), "test": sorted(folder.glob(kind.test))}


def _part(paths: list[Path], kind: Kind, image_size: int | None, grayscale: bool) -> Part:
    """The records of all these files."""
    records = [_records(path, kind) for path in paths]
    pictures = [
        prepared(_pictures(rows[:, kind.label_bytes :]), image_size, grayscale, path)
        for path, rows in zip(paths, records, strict=True)
    ]
    labels = np.concatenate([rows[:, kind.label_bytes - 1] for rows in records])
    return Part(np.concatenate(pictures), labels, str(paths[0].parent / kind.train))


def _records(path: Path, kind: Kind) -> Array:
    """(n, bytes of a record) uint8. Raises InputError if the file does not hold whole ones, or a wrong label."""
    length = kind.label_bytes + PIXELS
    with bounded(path) as file:
        if file.size is None:
            raise InputError(f"{path}: packed with gzip; unpack it")
        if not file.size or file.size % length:
            raise InputError(
                f"{path}: {count(file.size, 'byte')} are not a whole number of records of {count(length, 'byte')}; "
                f"{AGAIN}"
                if file.size
                else f"{path}: empty; {AGAIN}"
            )
        content = file.read(file.size, count(file.size // length, "record"))
        file.end()
    records = np.frombuffer(content, np.uint8).reshape(-1, length)
    wrong = np.flatnonzero(records[:, kind.label_bytes - 1] >= kind.classes)
    if len(wrong):
        byte = int(wrong[0]) * length + kind.label_bytes - 1
        raise InputError(
            f"{path}: class {content[byte]} at byte {integer(byte)}, and there are {kind.classes}, from 0 on; {AGAIN}"
        )
    return records


def _pictures(planes: Array) -> Array:
    """(n, 3072) in planes → (n, 32, 32, 3)."""
    return np.ascontiguousarray(planes.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))
