"""The arrays of an .npz file, or of files of one array each that belong together: names, headers, bytes.

Light to import: whoever makes arrays of the bytes needs NumPy.
"""

import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from nnviz.data.arrays.array_names import Paired, meaning_of, paired
from nnviz.data.arrays.npy_header import Header, read_header
from nnviz.data.arrays.set_names import is_array_file
from nnviz.data.bounded import AGAIN, BoundedFile, Readable, check_file, check_limit, faults_of
from nnviz.errors import InputError
from nnviz.wording import integer

# What np.savez writes; other methods unpack without a limit.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
FORM = "call the examples 'x' and their labels 'y', those of other splits 'x_val', 'y_val', 'x_test', 'y_test'"
LISTED = 12

Opened: TypeAlias = Callable[[], AbstractContextManager[tuple[Readable, int]]]
"""Opens the .npy file of an array, and says how many bytes it has."""


class StoredArrays(NamedTuple):
    """Arrays by name; `path` is what messages name, and `files` are where the arrays are."""

    path: Path
    opened: Mapping[str, Opened]
    files: Sequence[Path]

    def header(self, name: str) -> Header:
        """Raises InputError if there is none, or it announces what is not read."""
        with self.opened[name]() as (file, size):
            return read_header(self.path, name, file, size)

    def content(self, header: Header) -> bytearray:
        """The numbers of the array with that header. Raises InputError if they are not what it announces."""
        with self.opened[header.name]() as (readable, _):
            file = BoundedFile(self.path, readable, None)
            file.read(header.start, f"the first bytes of '{header.name}'")
            content = file.read(header.bytes, f"the numbers of '{header.name}'")
            file.end()
        return content

    def paired(self) -> Paired:
        """Which arrays are read as what. Raises InputError, telling what is there, if their names do not say it."""
        found = paired(self.opened)
        if found.collections:
            listed = ", ".join(found.collections)
            raise InputError(f"{self.path}: holds several sets of arrays: {listed}; give a file of one of them")
        if not found.pairs:
            lacking = ", and no examples with labels by their names" if self.opened else ""
            raise InputError(f"{self.path}: holds {self._listed()}{lacking}; {FORM}")
        return found

    def _listed(self) -> str:
        told = [self._told(name) for name in sorted(self.opened)[:LISTED]]
        more = len(self.opened) - LISTED
        return (", ".join(told) or "no array") + (f" and {integer(more)} more" if more > 0 else "")

    def _told(self, name: str) -> str:
        try:
            return str(self.header(name))
        except InputError:
            return f"'{name}'"


@contextmanager
def opened_arrays(path: Path) -> Iterator[StoredArrays]:
    """The arrays at `path`, an .npz file or a folder; or, of a file of a single array, those beside it that fit it.

    Raises InputError for what is wrong with a file, now or in reading from it while it is open.
    """
    if not path.is_dir():
        check_file(path)
        if path.suffix.lower() == ".npz":
            with _opened_zip(path) as arrays:
                if len(arrays.opened) != 1 or meaning_of(path.stem) is None:
                    yield arrays
                    return
        beside = {name: file for name, file in _files(path.parent).items() if file == path or _fits(name, path.stem)}
        yield _one_each(path, beside)
        return
    files = _files(path)
    if len(files) == 1 and (only := next(iter(files.values()))).suffix.lower() == ".npz":
        with _opened_zip(only) as arrays:
            yield arrays
        return
    several = [file.name for file in files.values() if file.suffix.lower() == ".npz" and _count(file) != 1]
    if several:
        raise InputError(f"{path}: holds several files of arrays, such as {several[0]}; give one of them")
    yield _one_each(path, files)


def holds_pictures(path: Path) -> bool:
    """Whether what is to be learnt from is pictures and not rows of numbers. Raises InputError if nobody can tell."""
    with opened_arrays(path) as arrays:
        pairs = arrays.paired().pairs
        return len(arrays.header(next(iter(pairs.values())).inputs).shape) != 2


def _files(folder: Path) -> dict[str, Path]:
    """The files of arrays in the folder, each called as its array is."""
    try:
        paths = sorted(folder / name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from None
    return {path.stem: path for path in paths if is_array_file(path.name) and path.is_file()}


def _one_each(path: Path, files: Mapping[str, Path]) -> StoredArrays:
    opened = {name: partial(_in_file, file) for name, file in files.items()}
    return StoredArrays(path, opened, list(files.values()))


def _fits(name: str, other: str) -> bool:
    """Whether files of arrays that are called so are about one thing."""
    one, another = meaning_of(name), meaning_of(other)
    return one is not None and another is not None and one.collection == another.collection


def _count(path: Path) -> int:
    with _opened_zip(path) as arrays:
        return len(arrays.opened)


@contextmanager
def _opened_zip(path: Path) -> Iterator[StoredArrays]:
    check_file(path)
    try:
        with faults_of(path), zipfile.ZipFile(path) as archive:
            members = _members(archive)
            yield StoredArrays(path, {name: partial(_in_zip, path, archive, name) for name in members}, [path])
    except InputError:
        raise
    except Exception as error:  # Zipfile raises whatever a damaged file makes it stumble over.
        raise InputError(f"{path}: no .npz file, or damaged ({error}); {AGAIN}") from None


def _members(archive: zipfile.ZipFile) -> Sequence[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


@contextmanager
def _in_zip(path: Path, archive: zipfile.ZipFile, name: str) -> Iterator[tuple[Readable, int]]:
    info = archive.getinfo(f"{name}.npy")
    check_limit(path, info.file_size, f"the numbers of '{name}'")
    if info.compress_type not in METHODS:
        raise InputError(f"{path}: '{name}' is packed in another way than np.savez_compressed does it; use that")
    with archive.open(info) as member:
        yield member, info.file_size


@contextmanager
def _in_file(path: Path) -> Iterator[tuple[Readable, int]]:
    """An .npy file, or an .npz file of one array."""
    if path.suffix.lower() == ".npz":
        with _opened_zip(path) as arrays, next(iter(arrays.opened.values()))() as opened:
            yield opened
        return
    check_file(path)
    with faults_of(path), path.open("rb") as file:
        yield file, os.fstat(file.fileno()).st_size
