"""IDX, the format of MNIST and its successors → Dataset.

A file of images is the four bytes 0 0 8 3, then the number of images, their height and their width as big-endian
32-bit numbers, then a byte for each pixel. A file of labels is 0 0 8 1, their number, and a byte for each. Any of
them may be packed with gzip.
"""

import math
import struct
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.labelled_arrays import Part, as_dataset
from nnviz.data.arrays.picture_arrays import prepared
from nnviz.data.bounded import AGAIN, BoundedFile, bounded
from nnviz.data.dataset import Dataset
from nnviz.data.formats import idx_key
from nnviz.errors import InputError

PREFIXES = {"train": "train", "test": "t10k"}
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"


def open_idx(path: Path, image_size: int | None, grayscale: bool, generator: np.random.Generator) -> Dataset:
    """Pictures (n, height, width, 1) uint8, or squares of `image_size`; a class is called as its number.

    `path` is a folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and maybe the same of `t10k`, or one
    file of such a pair, beside which the other one lies. A split for validation is taken from `train`, and one for
    test if there is none. `grayscale` changes nothing.

    Raises InputError if a file is missing, damaged, no IDX file or too large, or does not fit the others.
    """
    parts = {role: _part(images, labels) for role, (images, labels) in _pairs(path).items()}
    train = parts["train"].inputs
    for part in parts.values():
        if part.inputs.shape[1:] != train.shape[1:]:
            raise InputError(
                f"{path}: train has pictures of {_size(train)}, t10k of {_size(part.inputs)}; give one set"
            )
    ready = {
        role: part._replace(inputs=prepared(part.inputs, image_size, grayscale, path)) for role, part in parts.items()
    }
    return as_dataset(path, ready, generator)


def _pairs(path: Path) -> dict[str, tuple[Path, Path]]:
    """Split → the file of its images and that of its labels."""
    if not path.is_dir():
        return {"train": _pair(path.parent, idx_key(path.name), path)}
    present = _by_key(path)
    prefixes = {role: prefix for role, prefix in PREFIXES.items() if role == "train" or _any(present, prefix)}
    return {role: _pair(path, f"{prefix}-{IMAGES}") for role, prefix in prefixes.items()}


def _any(present: dict[str, Path], prefix: str) -> bool:
    return f"{prefix}-{IMAGES}" in present or f"{prefix}-{LABELS}" in present


def _pair(folder: Path, key: str, given: Path | None = None) -> tuple[Path, Path]:
    """The files of images and labels, one of which goes by that name. Raises InputError if one is missing."""
    present = _by_key(folder)
    if given is not None:
        present[key] = given
    images_key = key.replace("labels", "images").replace("idx1", "idx3")
    labels_key = key.replace("images", "labels").replace("idx3", "idx1")
    for needed in (images_key, labels_key):
        if needed not in present:
            raise InputError(f"{folder}: there is no {needed} or {needed}.gz; put it there")
    return present[images_key], present[labels_key]


def _by_key(folder: Path) -> dict[str, Path]:
    """What is in the folder, by the name that an IDX file would have. An unpacked file wins over its packed copy."""
    try:
        paths = sorted(folder.iterdir(), key=lambda path: (path.suffix.lower() != ".gz", path.name))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from None
    return {idx_key(path.name): path for path in paths}


def _part(images: Path, labels: Path) -> Part:
    pixels, numbers = _read(images, 3, "images"), _read(labels, 1, "labels")
    if len(pixels) != len(numbers):
        raise InputError(f"{images}: {len(pixels):,} images, but {len(numbers):,} labels in {labels}; give a pair")
    return Part(pixels[..., None], numbers, str(labels))


def _read(path: Path, dimensions: int, what: str) -> Array:
    """The whole file as an array of bytes with so many dimensions."""
    with bounded(path) as file:
        shape = _shape(file, dimensions, what)
        content = file.read(math.prod(shape), f"the {_written(shape)} {what} that its header announces")
        file.end()
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(file: BoundedFile, dimensions: int, what: str) -> tuple[int, ...]:
    """The header's lengths. Raises InputError if it is none, or a length is 0."""
    expected = bytes((0, 0, 8, dimensions))
    magic = bytes(file.read(4, "the numbers of an IDX header"))
    if magic != expected:
        raise InputError(
            f"{file.path}: starts with the bytes {magic.hex(' ')}, and an IDX file of {what} with "
            f"{expected.hex(' ')}; {AGAIN}"
        )
    shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions, "the numbers of an IDX header"))
    if 0 in shape:
        raise InputError(f"{file.path}: empty: its header announces {_written(shape)} {what}; {AGAIN}")
    return shape


def _size(pictures: Array) -> str:
    return _written(pictures.shape[1:3])


def _written(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
