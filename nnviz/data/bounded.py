"""Bytes of a file, plain or gzip: as many as were announced, or one clear error."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from nnviz.errors import InputError
from nnviz.wording import count, integer

LIMIT = 1 << 30
"""Bytes of examples that are read from one file at most."""

GZIP = b"\x1f\x8b"
CHUNK = 1 << 20
AGAIN = "the file is damaged; get it again"


class Readable(Protocol):
    """What a plain file, an unpacked one and a member of a zip have in common."""

    def read(self, count: int, /) -> bytes:
        """At most so many bytes, none at the end."""

    def tell(self) -> int:
        """How many were read so far."""


class BoundedFile:
    """A file that is read from its start to its end, never further than its format says that there is something.

    size  its length in bytes, None where it is compressed and only reading tells
    """

    def __init__(self, path: Path, file: Readable, size: int | None) -> None:
        self.path = path
        self.size = size
        self._file = file

    def read(self, length: int, what: str) -> bytearray:
        """The next `length` bytes. Raises InputError if they are more than the limit, or more than there are.

        Memory is taken as bytes arrive, so that a header that lies costs nothing.
        """
        check_limit(self.path, length, what)
        start = self._file.tell()
        if self.size is not None and self.size - start < length:
            raise self._short(length, start, self.size - start, what)
        content = bytearray()
        while len(content) < length:
            chunk = self._file.read(min(CHUNK, length - len(content)))
            if not chunk:
                raise self._short(length, start, len(content), what)
            content += chunk
        return content

    def end(self) -> None:
        """Raises InputError if anything follows what has been read."""
        end = self._file.tell()
        if self._file.read(1):
            raise InputError(f"{self.path}: goes on after byte {integer(end)}, where it should end; {AGAIN}")

    def _short(self, length: int, start: int, found: int, what: str) -> InputError:
        return InputError(
            f"{self.path}: too short: {what} take {count(length, 'byte')} from byte {integer(start)} on, "
            f"and {integer(found)} are there; {AGAIN}"
        )


@contextmanager
def bounded(path: Path) -> Iterator[BoundedFile]:
    """Open the file for reading; what is gzip, whatever it is called, is unpacked on the way.

    Raises InputError for what goes wrong in opening it, or in reading from it while it is open.
    """
    check_file(path)
    with faults_of(path), path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if not packed:
            yield BoundedFile(path, file, _size(file))
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield BoundedFile(path, unpacked, None)


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Turn the errors of reading and unpacking the file into InputError."""
    try:
        yield
    except EOFError:
        raise InputError(f"{path}: its compressed content is cut short; {AGAIN}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked ({error}); {AGAIN}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None


def check_file(path: Path) -> None:
    """Raises InputError if there is no regular file, such as a pipe, which would be waited for without end."""
    if not os.path.isfile(path):
        raise InputError(f"{path}: {'not a file' if os.path.exists(path) else 'no such file'}; put it there")


def check_limit(path: Path, length: int, what: str) -> None:
    """Raises InputError if so many bytes are more than the limit."""
    if length > LIMIT:
        raise InputError(
            f"{path}: {what} take {count(length, 'byte')}, and {integer(LIMIT)} are the most that are read; give fewer"
        )


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size
