"""STL-10 in its binary form → Dataset.

`train_X.bin` and `test_X.bin` hold pictures of 96×96, each as its red plane, its green one and its blue one, and each
plane column by column; `train_y.bin` and `test_y.bin` a byte for the class of each, from 1 on. The lines of
`class_names.txt` are the names of the classes. `unlabeled_X.bin` is not read.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.class_list import class_list
from nnviz.data.arrays.labelled_arrays import Part, as_dataset
from nnviz.data.arrays.picture_arrays import prepared
from nnviz.data.arrays.strays import strays
from nnviz.data.bounded import AGAIN, bounded
from nnviz.data.dataset import Dataset
from nnviz.errors import InputError
from nnviz.wording import count, integer

SIDE = 96
PIXELS = 3 * SIDE * SIDE
CLASSES = 10
NAMES = "class_names.txt"
TURNED = "STL-10 keeps its pictures column by column; here they are upright"


def open_stl10(folder: Path, image_size: int | None, grayscale: bool, generator: np.random.Generator) -> Dataset:
    """Pictures (n, 96, 96, 3) uint8, or squares of `image_size`, or (…, 1) in grayscale.

    Without its file of names a class is called as its number. A split for validation is taken from the training file,
    and one for test if there is no test file. What else is there is named.

    Raises InputError if a file is missing, damaged, too large or cannot be read.
    """
    files = {role: (folder / f"{role}_X.bin", folder / f"{role}_y.bin") for role in ("train", "test")}
    if not any(path.exists() for path in files["test"]):
        del files["test"]
    parts = {}
    for role, (images, labels) in files.items():
        pictures, numbers = _pictures(images), _bytes(labels, 1, "labels")[:, 0]
        if len(pictures) != len(numbers):
            raise InputError(
                f"{images}: {count(len(pictures), 'picture')}, but {count(len(numbers), 'label')} in {labels}; {AGAIN}"
            )
        wrong = np.flatnonzero((numbers < 1) | (numbers > CLASSES))
        if len(wrong):
            raise InputError(
                f"{labels}: class {numbers[wrong[0]]} at byte {integer(wrong[0])}, and they are 1 to 10; {AGAIN}"
            )
        parts[role] = Part(prepared(pictures, image_size, grayscale, images), numbers - 1, str(labels))
    names = class_list(folder / NAMES, CLASSES) or [str(number) for number in range(1, CLASSES + 1)]
    read = {folder / NAMES, *(path for pair in files.values() for path in pair)}
    return as_dataset(folder, parts, generator, names, [TURNED], strays(folder, read))


def read_stl10(folder: Path) -> Iterator[tuple[str, Array]]:
    """The pictures (n, 96, 96, 3) of the two files with labels, by the name of the file. Raises InputError."""
    for path in [folder / f"{role}_X.bin" for role in ("train", "test")]:
        if path.exists():
            yield path.name, _pictures(path)


def _pictures(path: Path) -> Array:
    """(n, 96, 96, 3)."""
    planes = _bytes(path, PIXELS, "pictures").reshape(-1, 3, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 3, 2, 1))


def _bytes(path: Path, length: int, what: str) -> Array:
    """The whole file as rows (n, length) uint8. Raises InputError if they are not whole ones."""
    with bounded(path) as file:
        if file.size is None:
            raise InputError(f"{path}: packed with gzip; unpack it")
        if not file.size or file.size % length:
            raise InputError(
                f"{path}: {count(file.size, 'byte')} are not a whole number of {what} of {count(length, 'byte')}; "
                f"{AGAIN}"
            )
        content = file.read(file.size, f"{integer(file.size // length)} {what}")
        file.end()
    return np.frombuffer(content, np.uint8).reshape(-1, length)
