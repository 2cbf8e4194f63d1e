"""The text of a table: how its rows are cut into cells, the names of its columns, and then its rows."""

import io
from collections.abc import Collection, Iterator
from itertools import dropwhile
from pathlib import Path

import msgspec

from nnviz.data.tables.dialect import (
    LABELLED,
    Dialect,
    Head,
    Row,
    all_rows,
    find_dialect,
    head_of,
    with_quotes_as_text,
)
from nnviz.data.tables.header import Header, find_header
from nnviz.data.text_file import TextFile, find_text, guess_text
from nnviz.errors import InputError
from nnviz.wording import integer

MOST_COLUMNS = 10_000
LABEL, TEXT = "label", "text"
"""What the columns of labelled lines are called."""


class DelimitedText(msgspec.Struct, frozen=True):
    """The text of a table whose form is known.

    header  what stands above its rows, and the names of its columns, each its own: given ones, or column 1, column 2, …
    sample  the first rows below the header, as long as any
    """

    file: TextFile
    dialect: Dialect
    header: Header
    sample: tuple[Row, ...]

    @property
    def path(self) -> Path:
        """The file's."""
        return self.file.path

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return self.header.names

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of how it is written."""
        chosen = ("line 1, which says what is between cells, left out",) if self.dialect.chosen else ()
        return (*self.file.notes, *chosen, *self.header.notes)

    def rows(self) -> Iterator[Row]:
        """Each row below the header, of any length.

        Rows without any text are left out. Raises InputError naming the line where the text cannot be a table.
        """
        return dropwhile(lambda row: row[0] < self.header.line, all_rows(self.file, self.dialect))


def read_delimited(path: Path, fewest_columns: int = 2, needed: Collection[str] = ()) -> DelimitedText:
    """Find out how the table in the file is written; with one column, if that may be, nothing stands between cells.

    A row that has all the names that are `needed` is that of names. Raises InputError if the file cannot be read, is
    not text or too large, or has fewer columns.
    """
    file = find_text(path)
    head = head_of(file)
    dialect = find_dialect(head, fewest_columns, needed)
    with file.opened() as text:
        dialect = with_quotes_as_text(text, dialect)
    return _delimited(file, head, dialect, needed)


def peek(path: Path) -> DelimitedText:
    """The same as far as the beginning of the file tells. Raises InputError."""
    file = guess_text(path)
    head = head_of(file)
    dialect = with_quotes_as_text(io.StringIO(head.text, newline=""), find_dialect(head))
    return _delimited(file, head, dialect)


def _delimited(file: TextFile, head: Head, dialect: Dialect, needed: Collection[str] = ()) -> DelimitedText:
    sample = head.sample(dialect)
    if dialect.delimiter == LABELLED:
        header = Header((LABEL, TEXT), (), 1, ())
    else:
        header = find_header(sample, needed)
    width = len(header.names)
    if width > MOST_COLUMNS:
        raise InputError(
            f"{file.path}: {integer(width)} columns, and {integer(MOST_COLUMNS)} are the most; take some away"
        )
    below = tuple(row for row in sample if row[0] >= header.line and len(row[1]) == width)
    return DelimitedText(file, dialect, header, below)
