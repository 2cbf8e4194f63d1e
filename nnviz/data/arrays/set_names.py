"""Sets of files of arrays that are known by the names of these files. Light to import."""

import re
from collections.abc import Sequence
from typing import Literal

from nnviz.data.arrays.idx_names import is_of_a_set

SUFFIXES = (".npz", ".npy")
CIFAR_10_FILE = re.compile(r"(data_batch_\d+|test_batch)\.bin")
CIFAR_100_FILE = re.compile(r"(train|test)\.bin")
STL_10_FILE = re.compile(r"(train|test)_[Xy]\.bin")


def set_in(files: Sequence[str], folders: Sequence[str]) -> Literal["idx", "cifar", "stl10"] | None:
    """The set that lies in a folder with these files and folders, None if they are called as those of none."""
    # A file of MNIST may be unpacked to a folder of its name.
    names = (*files, *folders)
    if any(map(is_of_a_set, names)):
        return "idx"
    if any(map(CIFAR_10_FILE.fullmatch, names)):
        return "cifar"
    if any(map(STL_10_FILE.fullmatch, names)):
        return "stl10"
    # Other people's files, too, are called train.bin, and may lie beside folders of images.
    return "cifar" if not folders and any(map(CIFAR_100_FILE.fullmatch, files)) else None


def is_array_file(name: str) -> bool:
    """Whether a file of that name is one of NumPy's."""
    return name.lower().endswith(SUFFIXES)
