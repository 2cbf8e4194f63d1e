"""What an .npz file says of its arrays, found without unpacking them and without NumPy: light, and safe to ask.

Such a file is a zip of .npy files, each of which has a short header, a Python dictionary as text, before its numbers.
"""

import ast
import math
import re
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from nnviz.data.bounded import AGAIN, check_file, check_limit, faults_of
from nnviz.errors import InputError

# Floats, whole numbers, yes or no, texts. Objects would need pickle, which may run anything.
KINDS = re.compile(r"[<>|=]?(f[248]|[iu][1248]|b1|[US]\d{1,6})")
HEADER_BYTES = 4096
# What np.savez writes; other methods unpack without a limit.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Header(NamedTuple):
    """One array: its type as NumPy writes it, such as `<f4`, and where its `stored` bytes start in its member."""

    name: str
    dtype: str
    fortran_order: bool
    shape: tuple[int, ...]
    start: int
    stored: int

    @property
    def kind(self) -> str:
        """The letter of its kind: f float, i and u whole number, b yes or no, U and S text."""
        return self.dtype.lstrip("<>|=")[0]

    @property
    def bytes(self) -> int:
        """How many bytes an array of this type and shape takes."""
        size = int(self.dtype.lstrip("<>|=")[1:])
        return math.prod(self.shape) * (4 * size if self.kind == "U" else size)

    def __str__(self) -> str:
        return f"'{self.name}' of type {self.dtype} and shape {self.shape}"


@contextmanager
def opened_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    """The file's zip. Raises InputError for what is wrong with it, now or in reading from it while it is open."""
    check_file(path)
    try:
        with faults_of(path), zipfile.ZipFile(path) as archive:
            yield archive
    except InputError:
        raise
    except Exception as error:  # Zipfile raises whatever a damaged file makes it stumble over.
        raise InputError(f"{path}: no .npz file, or damaged ({error}); {AGAIN}") from None


def read_headers(path: Path, archive: zipfile.ZipFile, names: tuple[str, ...]) -> dict[str, Header]:
    """The headers of those of the named arrays that are there. Raises InputError."""
    present = set(archive.namelist())
    return {name: _header(path, archive, name) for name in names if f"{name}.npy" in present}


def holds_pictures(path: Path) -> bool:
    """Whether the file's `x` is pictures and not rows of numbers. Raises InputError if that cannot be told."""
    with opened_npz(path) as archive:
        x = read_headers(path, archive, ("x",)).get("x")
    if x is None:
        raise InputError(f"{path}: there is no array 'x' in it; store the examples as 'x', and their classes as 'y'")
    return len(x.shape) != 2


def _header(path: Path, archive: zipfile.ZipFile, name: str) -> Header:
    info = archive.getinfo(f"{name}.npy")
    check_limit(path, info.file_size, f"the numbers of '{name}'")
    if info.compress_type not in METHODS:
        raise InputError(f"{path}: '{name}' is packed in another way than np.savez_compressed does it; use that")
    with archive.open(info) as member:
        text, start = _header_text(member)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of the parser, which would write to stderr what it finds odd.
            fields = ast.literal_eval(text)
        dtype, fortran_order, shape = fields["descr"], fields["fortran_order"], tuple(fields["shape"])
    except Exception:  # The parser, too, stumbles in many ways.
        raise InputError(f"{path}: '{name}' has no header of an .npy file; {AGAIN}") from None
    if not all(type(length) is int and length >= 0 for length in shape):
        raise InputError(f"{path}: '{name}' has the shape {shape}; {AGAIN}")
    if not isinstance(dtype, str) or not KINDS.fullmatch(dtype):
        raise InputError(f"{path}: '{name}' holds {dtype}; store plain numbers or texts, not objects")
    return Header(name, dtype, bool(fortran_order), shape, start, info.file_size - start)


def _header_text(member: IO[bytes]) -> tuple[str, int]:
    """The header of an .npy file and where it ends; nothing of it where it is none."""
    first = member.read(12)
    if len(first) < 12 or first[:6] != b"\x93NUMPY" or first[6] not in (1, 2):
        return "", 0
    length_format, start = ("<H", 10) if first[6] == 1 else ("<I", 12)
    (length,) = struct.unpack_from(length_format, first, 8)
    if length > HEADER_BYTES:
        return "", 0
    header = first[start:] + member.read(start + length - 12)
    return header.decode("latin-1").strip(), start + length
