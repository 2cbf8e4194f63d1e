"""The text of a table (CSV, TSV; plain or gzip): its encoding, delimiter, quotes and header, and then its rows.

The rows are read by the standard library's csv: it costs nothing to import, and it knows cells with delimiters, quotes
and line breaks inside. Everything after that is NumPy.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from nnviz.data.text_file import BOM, encoding_of, read_content
from nnviz.errors import InputError

LONGEST_ROW = 1 << 20
MOST_COLUMNS = 10_000
SAMPLE_ROWS = 200
DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
"""The comma comes last: it is written inside of cells and numbers, too."""
CONSISTENT = 0.9
UNCUT = "\x1f"
"""The delimiter of a table with one column: no text has it."""

# The cells of tab-separated text that begin with a quote, up to where they end if a quote does not count.
_BEGUN_BY_QUOTE = re.compile(rb'(?:^|(?<=[\t\r\n]))"([^\t\r\n]*)')

# Beside these, a cell where the others are numbers may be one of the second: as words, they could mean something.
BLANKS = frozenset({"", "?", "na", "n/a", "#n/a", "<na>", "nan", "null"})
NO_NUMBERS = BLANKS | {"none", "-", ".", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "-nan"}


class DelimitedText(msgspec.Struct, frozen=True):
    """The text of a table whose form is known.

    content     the text as it was stored, in `encoding`
    quoted      whether a cell may stand in quotes
    names       of the columns, each its own: those of the header, or column 1, column 2, …
    has_header  whether the first row is names
    """

    path: Path
    content: bytes
    encoding: str
    delimiter: str
    quoted: bool
    names: tuple[str, ...]
    has_header: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of how it is written."""
        return ("read as Latin-1, because it is not UTF-8",) if self.encoding == "latin-1" else ()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line that it begins in, cells without space around them) of each row below the header, of any length.

        Rows without any text are left out. Raises InputError naming the line where the text cannot be a table.
        """
        rows = _rows(self.path, self.content, self.encoding, self.delimiter, self.quoted)
        if self.has_header:
            next(rows)
        return rows


def read_delimited(path: Path, fewest_columns: int = 2) -> DelimitedText:
    """Find out how the table in the file is written; with one column, if that may be, nothing stands between cells.

    Raises InputError if the file cannot be read, is not text or too large, or has fewer columns.
    """
    content = read_content(path)
    encoding = encoding_of(path, content)
    uncut = fewest_columns == 1 and _is_uncut(path, content, encoding)
    delimiter = UNCUT if uncut else _delimiter(path, content, encoding)
    quoted = delimiter != "\t" or _has_consistent_quotes(content)
    sample = _sample(path, content, encoding, delimiter, quoted)
    width = Counter(map(len, sample)).most_common(1)[0][0]
    if width < fewest_columns:
        raise InputError(
            f"{path}: there is only one column; a table has one for the target and at least one more, with "
            f"{', '.join(DELIMITERS.values())} between them"
        )
    if width > MOST_COLUMNS:
        raise InputError(f"{path}: {width:,} columns, and {MOST_COLUMNS:,} are the most; take some away")
    has_header = _has_header([row for row in sample if len(row) == width], sample[0])
    names = sample[0] if has_header else [""] * width
    return DelimitedText(path, content, encoding, delimiter, quoted, _distinct(names), has_header)


def is_number(cell: str) -> bool:
    """Whether the cell is written as a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


class _Lines:
    """The lines of a text, in pieces that csv can put together to rows, but never to an endless one."""

    def __init__(self, path: Path, content: bytes, encoding: str) -> None:
        self._path = path
        self._file = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
        self._begun = 0
        self._length = 0
        self.count = 0

    def begin_row(self) -> int:
        """The number of the line that the next row begins in."""
        self._length = 0
        self._begun = self.count + 1
        return self._begun

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(LONGEST_ROW + 1):
            self.count += 1
            self._length += len(line)
            if self._length > LONGEST_ROW:
                raise InputError(
                    f"{self._path}: the row that begins in line {self._begun:,} has more than {LONGEST_ROW:,} "
                    "characters; look there for a quotation mark that is not closed"
                )
            yield line


def _rows(path: Path, content: bytes, encoding: str, delimiter: str, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(path, content, encoding)
    # Strict, because an open quote would else swallow all rows that follow it.
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )
    # Millions of cells of a table without any spaces are not asked for theirs.
    is_padded = any(space.encode() in content for space in " \t" if space != delimiter)
    line = lines.begin_row()
    try:
        for row in reader:
            cells = [cell.strip() for cell in row] if is_padded else row
            if any(cells):
                yield line, cells
            line = lines.begin_row()
    except csv.Error as error:
        raise InputError(f"{path}: line {line:,}: {_readable(str(error))}") from None


def _readable(fault: str) -> str:
    """What csv says of a row, in words that say what to do."""
    if "field larger" in fault:
        return "a cell has more than 131,072 characters; look there for a quotation mark that is not closed"
    return f"a quotation mark is not closed, or stands inside of a cell ({fault}); write it twice there"


def _delimiter(path: Path, content: bytes, encoding: str) -> str:
    """The delimiter that cuts the rows of a sample into most alike numbers of cells."""
    alike = {}
    for delimiter in DELIMITERS:
        try:
            widths = Counter(map(len, _sample(path, content, encoding, delimiter, quoted=True)))
        except InputError:
            widths = Counter(map(len, _sample(path, content, encoding, delimiter, quoted=False)))
        width, count = widths.most_common(1)[0]
        alike[delimiter] = count / widths.total() if width > 1 else 0.0
        if alike[delimiter] >= CONSISTENT:
            return delimiter
    return max(alike, key=lambda delimiter: alike[delimiter])


def _is_uncut(path: Path, content: bytes, encoding: str) -> bool:
    """Whether nothing that could cut it stands in the first row, which holds the names."""
    firsts = (_sample(path, content, encoding, delimiter, quoted=False)[0] for delimiter in DELIMITERS)
    return all(len(first) == 1 for first in firsts)


def _sample(path: Path, content: bytes, encoding: str, delimiter: str, quoted: bool) -> list[list[str]]:
    """The first rows, at least one."""
    sample: list[list[str]] = []
    room = LONGEST_ROW
    for _, cells in _rows(path, content, encoding, delimiter, quoted):
        sample.append(cells)
        room -= sum(map(len, cells)) + len(cells)
        if len(sample) == SAMPLE_ROWS or room < 0:
            break
    # What is not text but delimiters was found to be not empty, and has no row.
    return sample or [[""]]


def _has_consistent_quotes(content: bytes) -> bool:
    """Whether every cell of tab-separated text that begins with a quote ends with one.

    Otherwise quotes are part of the text, as in messages: to heed them would merge rows.
    """
    return all(found[1].endswith(b'"') for found in _BEGUN_BY_QUOTE.finditer(content.removeprefix(BOM)))


def _has_header(sample: Sequence[Sequence[str]], first: Sequence[str]) -> bool:
    """Whether the first row is the names of the columns.

    It is if one of its words stands over numbers. If not, it is as long as it has no number, none of its words comes
    again below it, and some column has values that come again, so that this means something.
    """
    below = sample[1:]
    if not below or len(first) != len(below[0]):
        return False
    columns = [[cell for cell in column if cell.lower() not in BLANKS] for column in zip(*below, strict=True)]
    words = [cell.lower() not in NO_NUMBERS and not is_number(cell) for cell in first]
    if any(word and column and all(map(_may_be_number, column)) for word, column in zip(words, columns, strict=True)):
        return True
    if not all(words) or len(set(first)) < len(first):
        return False
    again = any(cell in column for cell, column in zip(first, columns, strict=True))
    return not again and any(2 * len(set(column)) <= len(column) for column in columns)


def _may_be_number(cell: str) -> bool:
    return is_number(cell) or cell.lower() in NO_NUMBERS or is_number(cell.replace(",", ".", 1))


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """A name for each column; what is called as one before it gets a number."""
    taken: set[str] = set()
    distinct = []
    for number, given in enumerate(names, start=1):
        name = fresh = given or f"column {number}"
        again = 2
        while fresh in taken:
            fresh = f"{name} ({again})"
            again += 1
        taken.add(fresh)
        distinct.append(fresh)
    return tuple(distinct)
