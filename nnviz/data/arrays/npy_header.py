"""What an .npy file says of its array, found without unpacking it and without NumPy: light, and safe to ask.

Such a file has a short header, a Python dictionary as text, before its numbers. An .npz file is a zip of them.
"""

import ast
import math
import re
import struct
import warnings
from pathlib import Path
from typing import NamedTuple

from nnviz.data.bounded import AGAIN, Readable
from nnviz.errors import InputError

# Floats, whole numbers, yes or no, texts. Objects would need pickle, which may run anything.
KINDS = re.compile(r"[<>|=]?(f[248]|[iu][1248]|b1|[US]\d{1,6})")
HEADER_BYTES = 4096
SHOWN = 40
_SIGNATURE = b"\x93NUMPY"


class Header(NamedTuple):
    """One array: its type as NumPy writes it, such as `<f4`, and where its `stored` bytes start in its file."""

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


def read_header(path: Path, name: str, file: Readable, size: int) -> Header:
    """The header of the array `name`, whose .npy file has that size; `path` is what a message names.

    Raises InputError if it is none, or announces anything but plain numbers or texts.
    """
    text, start = _header_text(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of the parser, which would write to stderr what it finds odd.
            fields = ast.literal_eval(text)
        dtype, fortran_order, shape = fields["descr"], fields["fortran_order"], tuple(fields["shape"])
    except Exception:  # The parser, too, stumbles in many ways.
        raise InputError(f"{path}: '{name}' has no header of an .npy file; {AGAIN}") from None
    if not all(type(length) is int and length >= 0 for length in shape):
        raise InputError(f"{path}: '{name}' has the shape {shape}; {AGAIN}")
    if dtype == "|O":
        raise InputError(
            f"{path}: '{name}' holds |O, objects of Python (pickle), which are never loaded; store plain numbers or "
            "texts, not objects"
        )
    if not isinstance(dtype, str) or not KINDS.fullmatch(dtype):
        raise InputError(f"{path}: '{name}' holds {str(dtype)[:SHOWN]}; store plain numbers or texts, not objects")
    return Header(name, dtype, bool(fortran_order), shape, start, size - start)


def _header_text(file: Readable) -> tuple[str, int]:
    """The header of an .npy file and where it ends; nothing of it where it is none."""
    first = file.read(12)
    if len(first) < 12 or first[:6] != _SIGNATURE or first[6] not in (1, 2, 3):
        return "", 0
    length_format, start = ("<H", 10) if first[6] == 1 else ("<I", 12)
    (length,) = struct.unpack_from(length_format, first, 8)
    if length > HEADER_BYTES:
        return "", 0
    header = first[start:] + file.read(max(0, start + length - 12))
    return header[:length].decode("latin-1").strip(), start + length
