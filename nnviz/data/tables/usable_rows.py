"""The rows of a table that have as many cells as most, and what to say of the others."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from nnviz.array import Array
from nnviz.data.tables.column_readers import Reader
from nnviz.data.tables.delimited import DelimitedText
from nnviz.data.tables.dialect import LABELLED
from nnviz.errors import InputError
from nnviz.wording import LISTED_LINES, count, integer, listed_lines

MOST_CELLS = 1 << 28
MOST_WORDS = 2_000_000
"""Different ones, of all columns together."""
CHUNK_CELLS, CHUNK_ROWS = 1 << 15, 100
"""So many are read at a time, as they fit into a processor's cache, but not fewer rows than that."""


class UsableRows:
    """The rows of a table, as often as they are read, and what is left out of them."""

    def __init__(self, text: DelimitedText) -> None:
        self._text = text
        self._width = len(text.names)
        self._lines: list[Array] = []
        self._ragged, self._names, self._several = _Lines(), _Lines(), _Lines()

    def read(self, readers: dict[int, Reader]) -> None:
        """Let each of the readers, by the place of their columns, read its cells; others may go on in their place."""
        self._lines.clear()
        self._ragged, self._names, self._several = _Lines(), _Lines(), _Lines()
        rows = self._usable()
        size = max(CHUNK_ROWS, CHUNK_CELLS // self._width)
        read = 0
        while chunk := list(islice(rows, size)):
            lines, cells = zip(*chunk, strict=True)
            self._lines.append(np.array(lines, np.int64))
            read += len(cells)
            if read * self._width > MOST_CELLS:
                raise InputError(
                    f"{self._text.path}: more than {integer(MOST_CELLS)} cells, which are the most; give fewer rows"
                )
            columns = list(zip(*cells, strict=True))
            for place, reader in readers.items():
                readers[place] = reader.read(columns[place], lines)
            if sum(reader.words for reader in readers.values()) > MOST_WORDS:
                raise InputError(
                    f"{self._text.path}: more than {integer(MOST_WORDS)} different words; leave columns of texts out, "
                    "or give fewer rows"
                )
        if self._ragged.many > read:
            raise InputError(f"{self._text.path}: {self._told_ragged()}; most rows do not fit together as one table")
        if not read:
            raise InputError(
                f"{self._text.path}: there is no row below the names of the columns; give one for each example"
            )

    def lines(self) -> Array:
        """(n,) int64."""
        return np.concatenate(self._lines)

    def notes(self) -> Iterator[str]:
        """What to say of the rows that are left out."""
        if self._ragged.many:
            yield f"skipped {count(self._ragged.many, 'row')} ({self._told_ragged()})"
        if self._names.many:
            yield f"skipped {count(self._names.many, 'row')} ({self._names.told()}: the names of the columns again)"
        if self._several.many:
            rows = f"{count(self._several.many, 'row')} ({self._several.told()})"
            yield f"{rows} with several labels: the first one counts"

    def _told_ragged(self) -> str:
        return f"{self._ragged.told()}: not the {count(self._width, 'cell')} that the others have"

    def _usable(self) -> Iterator[tuple[int, list[str]]]:
        names = list(self._text.header.cells)
        for line, cells in self._text.rows():
            if len(cells) == self._width:
                if cells == names:
                    self._names.add(line)
                else:
                    yield line, cells
            elif self._text.dialect.delimiter == LABELLED:
                self._several.add(line)
                yield line, cells[: self._width]
            elif len(cells) > self._width and not any(cells[self._width :]):
                yield line, cells[: self._width]
            else:
                self._ragged.add(line)


class _Lines:
    """How many lines there are, and the first of them."""

    def __init__(self) -> None:
        self.many = 0
        self._first: list[int] = []

    def add(self, line: int) -> None:
        self.many += 1
        if self.many <= LISTED_LINES:
            self._first.append(line)

    def told(self) -> str:
        return listed_lines(self._first, self.many)
