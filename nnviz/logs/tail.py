"""Tail: a file that grows while it is read, from where reading stopped the last time."""

import os
from pathlib import Path

from nnviz.data.bounded import faults_of

CHUNK = 1 << 21
"""Bytes that are read at a time."""
CUT = "its last record is cut, and the rest is waited for"
HEAD = 256
"""A file whose first bytes have changed was written anew."""


class Tail:
    """What has been added to a file since the last time.

    offset  of the first byte that was not taken yet
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self._file: tuple[int, int] | None = None
        self._head = b""

    def is_anew(self) -> bool:
        """Whether the file is another one than before, or shorter, or begins otherwise; it is read from its start then.

        Raises InputError if it cannot be read, which everything here does.
        """
        with faults_of(self.path), self.path.open("rb") as file:
            found = os.fstat(file.fileno())
            head = file.read(HEAD)
        identity = (found.st_dev, found.st_ino)
        known = self._file is not None
        begins_alike = head.startswith(self._head[: self.offset])
        anew = known and (identity != self._file or found.st_size < self.offset or not begins_alike)
        if anew:
            self.offset = 0
        self._file, self._head = identity, head
        return anew

    def more(self, most: int = CHUNK) -> bytes:
        """At most so many of the bytes that were not taken yet; they stay where they are until `take`."""
        with faults_of(self.path), self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(most)

    def take(self, count: int) -> None:
        """So many of those bytes are done with."""
        self.offset += count

    def lines(self) -> list[bytes]:
        """Whole lines that were not taken yet, without their ends; none if there is none.

        The last one, if it has no end yet, may be half of a line: `rest` shows it.
        """
        most = CHUNK
        while True:
            found = self.more(most)
            end = found.rfind(b"\n") + 1
            if end or len(found) < most:
                break
            most *= 2
        self.take(end)
        return [line.rstrip(b"\r") for line in found[:end].split(b"\n")[:-1]]

    def is_done(self) -> bool:
        """Whether all that is there was taken."""
        return not self.more(1)

    def rest(self) -> bytes:
        """What stands behind the last end of a line."""
        return self.more()
