"""IDX, the format of MNIST and its successors → Dataset.

A file is the bytes 0 0, one for the type of its numbers, one for how many dimensions it has, then the length of each
as a big-endian 32-bit number, then the numbers. Images have three dimensions: their number, height and width; labels
have one. Labels of QMNIST have a second one, of eight columns, the first of which is the class. Any file may be packed
with gzip. EMNIST keeps its images transposed, and the characters of its classes in a file of text.
"""

import math
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.array_names import ROLES
from nnviz.data.arrays.idx_names import Kind, collections, key_of, meaning_of
from nnviz.data.arrays.labelled_arrays import Part, as_dataset
from nnviz.data.arrays.picture_arrays import as_bytes, prepared, scale_of
from nnviz.data.arrays.strays import strays
from nnviz.data.bounded import AGAIN, BoundedFile, bounded
from nnviz.data.dataset import Dataset
from nnviz.errors import InputError
from nnviz.wording import count

Files = dict[Kind, Path]

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"
MAPPING_BYTES = 1 << 16
TRANSPOSED = "emnist"
UPRIGHT = "EMNIST keeps its pictures transposed; here they are upright"
EXTENDED = "of the columns of labels, the first is the class"


def open_idx(path: Path, image_size: int | None, grayscale: bool, generator: np.random.Generator) -> Dataset:
    """Pictures (n, height, width, 1) uint8, or squares of `image_size`; a class is called as its number.

    `path` is a folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and maybe the same of other splits, or
    one file of such a set, which lies beside it. A split for validation is taken from `train`, and one for test, where
    they are not there. `grayscale` changes nothing.

    Raises InputError if a file is missing, damaged, no IDX file or too large, does not fit the others, or there are
    several sets.
    """
    folder = path if path.is_dir() else path.parent
    collection, splits = _set(path)
    files = {role: _pair(folder, one) for role, one in splits.items()}
    upright = not collection.startswith(TRANSPOSED)
    parts = {role: _part(*pair, upright) for role, pair in files.items()}
    train = parts["train"].inputs
    for role, part in parts.items():
        if part.inputs.shape[1:] != train.shape[1:]:
            raise InputError(
                f"{path}: train has pictures of {_size(train)}, {role} of {_size(part.inputs)}; give one set"
            )
    ready = {
        role: part._replace(inputs=prepared(part.inputs, image_size, grayscale, path)) for role, part in parts.items()
    }
    notes = [] if upright else [UPRIGHT]
    if any(part.labels.ndim == 2 for part in ready.values()):
        notes.append(EXTENDED)
        ready = {
            role: part._replace(labels=part.labels.reshape(len(part.labels), -1)[:, 0]) for role, part in ready.items()
        }
    mapping = folder / f"{collection}-mapping.txt"
    class_names: Sequence[str] = ()
    if mapping.is_file():
        characters = _characters(mapping)
        ready = {role: part._replace(labels=_named(part, characters, mapping)) for role, part in ready.items()}
        class_names = list(characters.values())
    read = {mapping, *(file for pair in files.values() for file in pair)}
    return as_dataset(path, ready, generator, class_names, notes, strays(folder, read) if path.is_dir() else ())


def read_idx(path: Path) -> Iterator[tuple[str, Array]]:
    """The pictures (n, height, width, 1) of a file, or of each file of images in a folder, by the name of the file.

    Raises InputError if one cannot be read.
    """
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        meaning = meaning_of(file.name)
        if meaning is not None and (meaning.kind == "images" or file == path):
            yield file.name, _pictures(file, not meaning.collection.startswith(TRANSPOSED))


def _set(path: Path) -> tuple[str, dict[str, Files]]:
    """What the set is about, and split → its files. Raises InputError if there are several, or none to train on."""
    folder = path if path.is_dir() else path.parent
    try:
        found = collections(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from None
    meaning = None if path.is_dir() else meaning_of(path.name)
    if meaning is not None:
        # Of a packed file and its unpacked copy, the one that was given is read.
        splits = found.setdefault(meaning.collection, {})
        splits.setdefault(meaning.role or "train", {})[meaning.kind] = path
        found = {meaning.collection: splits}
    if len(found) > 1:
        raise InputError(f"{folder}: holds several sets: {', '.join(sorted(found))}; give a file of one of them")
    ((collection, splits),) = found.items() or [("", {})]
    if len(splits) == 1:
        # What comes without examples to train on may be tested on, or trained on if somebody wants that.
        splits = {"train": next(iter(splits.values()))}
    elif "train" not in splits:
        needed = "-".join(filter(None, (collection, "train", IMAGES)))
        raise InputError(f"{folder}: there is no {needed} or {needed}.gz; put it there")
    return collection, {role: splits[role] for role in ROLES if role in splits}


def _pair(folder: Path, files: Files) -> tuple[Path, Path]:
    """The file of images and that of labels. Raises InputError if one is missing."""
    if len(files) == 2:
        return files["images"], files["labels"]
    ((kind, path),) = files.items()
    beginning = key_of(path.name).partition(kind)[0]
    needed = beginning + (LABELS if kind == "images" else IMAGES)
    raise InputError(f"{folder}: there is no {needed} or {needed}.gz; put it there")


def _part(images: Path, labels: Path, upright: bool) -> Part:
    """Pictures (n, height, width, 1) with their labels (n,), or (n, columns)."""
    pixels, numbers = _pictures(images, upright), _read(labels, (1, 2), "labels")
    if len(pixels) != len(numbers):
        raise InputError(
            f"{images}: {count(len(pixels), 'image')}, but {count(len(numbers), 'label')} in {labels}; give a pair"
        )
    if numbers.dtype.kind == "f":
        raise InputError(f"{labels}: labels that are no whole numbers; give one for the class of each image")
    return Part(pixels, numbers, str(labels))


def _pictures(path: Path, upright: bool) -> Array:
    """(n, height, width, 1) uint8, turned if they are not kept upright."""
    stored = _read(path, (3,), "images")
    pictures = as_bytes(stored, scale_of(stored, str(path)), str(path))
    return pictures if upright else np.ascontiguousarray(pictures.swapaxes(1, 2))


def _characters(path: Path) -> dict[int, str]:
    """Class → its characters: of the line `1 65 97`, Aa. Raises InputError if the file is not made of such lines."""
    with bounded(path) as file:
        if file.size is None or file.size > MAPPING_BYTES:
            raise InputError(f"{path}: not a list of characters; {AGAIN}, or take it away")
        content = file.read(file.size, "characters of classes")
    found = {}
    try:
        for line in filter(str.strip, content.decode().splitlines()):
            number, *codes = map(int, line.split())
            found[number] = "".join(map(chr, codes))
        "".join(found.values()).encode()
    except (ValueError, OverflowError):
        raise InputError(f"{path}: not a class and the codes of its characters in each line; {AGAIN}") from None
    if not all(found.values()) or len(set(found.values())) < len(found):
        raise InputError(f"{path}: does not give each class characters of its own; {AGAIN}, or take it away")
    return found


def _named(part: Part, characters: dict[int, str], mapping: Path) -> Array:
    """(n,) numbers of classes → their characters. Raises InputError if one has none."""
    unknown = sorted(set(np.unique(part.labels).tolist()) - characters.keys())
    if unknown:
        raise InputError(f"{part.where}: a label is {unknown[0]}, which has no character in {mapping}; {AGAIN}")
    return np.array([characters[label] for label in part.labels.tolist()])


def _read(path: Path, dimensions: Sequence[int], what: str) -> Array:
    """The whole file as an array, with one of these numbers of dimensions."""
    with bounded(path) as file:
        dtype, shape = _header(file, dimensions, what)
        size = math.prod(shape) * dtype.itemsize
        content = file.read(size, f"the {_written(shape)} {what} that its header announces")
        file.end()
    return np.frombuffer(content, dtype).reshape(shape)


def _header(file: BoundedFile, dimensions: Sequence[int], what: str) -> tuple["np.dtype[np.generic]", tuple[int, ...]]:
    """The type of the numbers and how many there are. Raises InputError if it is no header, or a length is 0."""
    magic = bytes(file.read(4, "the numbers of an IDX header"))
    if magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] not in dimensions:
        expected = bytes((0, 0, 8, dimensions[0]))
        raise InputError(
            f"{file.path}: starts with the bytes {magic.hex(' ')}, and an IDX file of {what} with "
            f"{expected.hex(' ')}; {AGAIN}"
        )
    shape = struct.unpack(f">{magic[3]}I", file.read(4 * magic[3], "the numbers of an IDX header"))
    if 0 in shape:
        raise InputError(f"{file.path}: empty: its header announces {_written(shape)} {what}; {AGAIN}")
    return np.dtype(TYPES[magic[2]]), shape


def _size(pictures: Array) -> str:
    return _written(pictures.shape[1:3])


def _written(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
