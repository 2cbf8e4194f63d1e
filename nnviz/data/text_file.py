"""A file of text, plain or gzip, if it is text and not too large: all of it, or line by line."""

import codecs
import gzip
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nnviz.data.bounded import CHUNK, GZIP, check_file, faults_of
from nnviz.errors import InputError
from nnviz.wording import integer

LONGEST_TEXT, LONGEST_UNPACKED = 1 << 30, 1 << 28
"""Bytes of a file, and of one that is packed: a small one may unpack to no end."""
PEEKED = 1024
BOM = b"\xef\xbb\xbf"
NAMES = {"latin-1": "Latin-1", "cp1252": "Windows-1252"}
"""What encodings other than UTF-8 are called."""

# No text has these: they are what files of bytes begin with.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Characters of Windows-1252, such as € and curved quotes, where Latin-1 has none; and the five that it lacks.
_WINDOWS, _NO_WINDOWS = re.compile(rb"[\x80-\x9f]"), re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


class TextFile(msgspec.Struct, frozen=True):
    """A file of text that is read line by line, as often as it is needed, and never held as a whole.

    packed    whether it is gzip
    encoding  by which all of it can be decoded
    errors    what to do where that is not so: strict is to refuse it
    """

    path: Path
    packed: bool
    encoding: str
    errors: str = "strict"

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of its encoding."""
        name = NAMES.get(self.encoding)
        return (f"read as {name}, because it is not UTF-8",) if name else ()

    @contextmanager
    def opened(self) -> Iterator[io.TextIOWrapper]:
        """Its text, with line ends as they were written. Raises InputError if it cannot be read any longer."""
        try:
            with faults_of(self.path), _unpacked(self.path, self.packed) as file:
                yield io.TextIOWrapper(file, self.encoding, self.errors, newline="")
        except UnicodeError:
            raise InputError(f"{self.path}: it has changed while it was read; open it again") from None


def find_text(path: Path) -> TextFile:
    """Look through the whole file. Raises InputError if it cannot be read, or is empty, too large or no text."""
    packed = _is_packed(path)
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding, blank = "", True
    try:
        for chunk in _chunks(path, packed):
            encoding = encoding or _utf_8(chunk)
            blank = not decoder.decode(chunk).strip() and blank
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        encoding, blank = _single_byte(_chunks(path, packed)), False
    if blank:
        raise InputError(f"{path}: the file is empty; give one with a row for each example")
    return TextFile(path, packed, encoding)


def guess_text(path: Path) -> TextFile:
    """The file as it is if it is like most, of which nothing was looked through. Raises InputError if there is none."""
    return TextFile(path, _is_packed(path), "utf-8-sig", "replace")


def read_content(path: Path) -> bytes:
    """The bytes of the file. Raises InputError if it cannot be read, or is empty, too large or no text."""
    content = b"".join(_chunks(path, _is_packed(path)))
    if not content.strip():
        raise InputError(f"{path}: the file is empty; give one with a row for each example")
    return content


def looks_like_text(path: Path) -> bool:
    """Whether the file begins as one of text does, and not as one of bytes; not whether it holds any."""
    # What is no file, such as a pipe, would be waited for without end.
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return not _NO_TEXT.search(file.read(PEEKED))
    except OSError:
        return False


def encoding_of(path: Path, content: bytes) -> str:
    """UTF-8, with or without a byte order mark; whatever is not UTF-8 can be read as Latin-1 or Windows-1252."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return _single_byte([content])
    except MemoryError:
        raise InputError(f"{path}: too large for the memory here; give fewer rows") from None
    return _utf_8(content)


def _utf_8(content: bytes) -> str:
    """UTF-8, with or without a byte order mark."""
    return "utf-8-sig" if content.startswith(BOM) else "utf-8"


def _single_byte(chunks: Iterable[bytes]) -> str:
    """Windows-1252 if that has a character for each byte, and Latin-1 has not."""
    windows = False
    for chunk in chunks:
        if _NO_WINDOWS.search(chunk):
            return "latin-1"
        windows = windows or bool(_WINDOWS.search(chunk))
    return "cp1252" if windows else "latin-1"


def _is_packed(path: Path) -> bool:
    """Whether the file is gzip, whatever it is called."""
    check_file(path)
    with faults_of(path), path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


@contextmanager
def _unpacked(path: Path, packed: bool) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    with path.open("rb") as file:
        if not packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked


def _chunks(path: Path, packed: bool) -> Iterator[bytes]:
    """The bytes of the file in pieces. Raises InputError if they are too many, or no text."""
    length, most = 0, LONGEST_UNPACKED if packed else LONGEST_TEXT
    with faults_of(path), _unpacked(path, packed) as file:
        while chunk := file.read(CHUNK):
            if not length:
                _check_text(path, chunk)
            length += len(chunk)
            if length > most:
                instead = "give fewer rows" + ", or unpack it" * packed
                raise InputError(f"{path}: more than {integer(most)} bytes of text, which are the most; {instead}")
            yield chunk


def _check_text(path: Path, first: bytes) -> None:
    found = _NO_TEXT.search(first)
    if found:
        raise InputError(
            f"{path}: no text (byte {integer(found.start())} is {first[found.start()]}); save it as UTF-8 text"
        )
