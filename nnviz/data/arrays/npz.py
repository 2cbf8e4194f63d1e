"""An .npz file with the arrays `x` and `y`, and maybe `x_test`, `y_test` and `class_names` → Dataset.

`x` is pictures (n, height, width) or (n, height, width, 1 or 3) of bytes, or numbers (n, features). `y` is a whole
number or a text for the class of each, or floats (n,) or (n, outputs) to be predicted. `class_names` are texts; whole
numbers in `y` count them from 0 on.
"""

import zipfile
from pathlib import Path

import numpy as np

from nnviz.array import Array
from nnviz.data.arrays.labelled_arrays import Part, as_dataset
from nnviz.data.arrays.npz_headers import Header, opened_npz, read_headers
from nnviz.data.arrays.npz_shapes import PAIRS, check_headers
from nnviz.data.arrays.picture_arrays import prepared
from nnviz.data.bounded import BoundedFile
from nnviz.data.dataset import Dataset
from nnviz.errors import InputError

NAMES = ("x", "y", "x_test", "y_test", "class_names")


def open_npz(path: Path, image_size: int | None, grayscale: bool, generator: np.random.Generator) -> Dataset:
    """Pictures (n, height, width, 1 or 3) uint8, or squares of `image_size`, or gray; or (n, features) float32.

    A split for validation is taken from `x`, and one for test if there is no `x_test`.

    Raises InputError if the file is damaged or too large, an array is missing, of another type or shape, does not fit
    the others, or holds a number that is not finite.
    """
    with opened_npz(path) as archive:
        headers = read_headers(path, archive, NAMES)
        check_headers(path, headers)
        arrays = {name: _read(path, archive, header) for name, header in headers.items()}
    parts = {}
    for role, (x, y) in zip(("train", "test"), PAIRS, strict=True):
        if x in arrays:
            inputs = _inputs(path, x, arrays[x], image_size, grayscale)
            parts[role] = Part(inputs, _labels(path, y, arrays[y]), f"{path}: '{y}'")
    return as_dataset(path, parts, generator, _class_names(path, arrays))


def _read(path: Path, archive: zipfile.ZipFile, header: Header) -> Array:
    with archive.open(f"{header.name}.npy") as member:
        file = BoundedFile(path, member, None)
        file.read(header.start, f"the first bytes of '{header.name}'")
        content = file.read(header.bytes, f"the numbers of '{header.name}'")
        file.end()
    numbers: Array = np.frombuffer(content, np.dtype(header.dtype))
    return numbers.reshape(header.shape[::-1]).T if header.fortran_order else numbers.reshape(header.shape)


def _inputs(path: Path, name: str, stored: Array, image_size: int | None, grayscale: bool) -> Array:
    """(n, height, width[, channels]) uint8 → with channels, made ready; (n, features) → float32."""
    if stored.ndim == 2:
        return _finite(path, name, stored)
    pictures = np.ascontiguousarray(stored if stored.ndim == 4 else stored[..., None])
    return prepared(pictures, image_size, grayscale, path)


def _labels(path: Path, name: str, stored: Array) -> Array:
    """Floats → (n, outputs) float32; whole numbers and texts (n,) stay what they are."""
    if stored.dtype.kind == "f":
        return _finite(path, name, stored).reshape(len(stored), -1)
    return _texts(path, name, stored) if stored.dtype.kind in "US" else stored


def _finite(path: Path, name: str, stored: Array) -> Array:
    """As float32. Raises InputError naming the first number that is none, or too large to be one."""
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(stored, np.float32)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        place = np.unravel_index(wrong.argmax(), wrong.shape)
        where = ", ".join(str(int(i)) for i in place)
        raise InputError(f"{path}: '{name}'[{where}] is {stored[place]}, no finite float32; leave that example out")
    return numbers


def _texts(path: Path, name: str, stored: Array) -> Array:
    """Texts (n,) as Python knows them. Raises InputError if one is not Unicode."""
    try:
        texts = [text.decode() if isinstance(text, bytes) else text for text in stored.tolist()]
        "".join(texts).encode()
    except (ValueError, SystemError):  # NumPy's own, for a letter beyond the last one.
        raise InputError(f"{path}: '{name}' holds a text that is not Unicode; store texts as NumPy does") from None
    return np.array(texts)


def _class_names(path: Path, arrays: dict[str, Array]) -> list[str]:
    """One name for each class, none where none are given. Raises InputError if one comes twice, or has no use."""
    if "class_names" not in arrays:
        return []
    if arrays["y"].dtype.kind == "f":
        raise InputError(f"{path}: there are 'class_names', but 'y' holds floats; store the classes as whole numbers")
    names: list[str] = _texts(path, "class_names", arrays["class_names"]).tolist()
    if len(set(names)) < len(names):
        raise InputError(f"{path}: 'class_names' has one name twice; give each class a name of its own")
    return names
