"""The rows of a table → its columns, as numbers or as words."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.tables.delimited import BLANKS, NO_NUMBERS, DelimitedText, is_number
from nnviz.errors import InputError

MOST_CELLS = 60_000_000
MOST_WORDS = 2_000_000
"""Different ones, of all columns together."""
CHUNK_CELLS = 1 << 18
LARGEST, SMALLEST = 1e30, 1e-30
"""What is beyond or below these in size counts as blank, or as 0: float32 could not calculate with it."""
NAMED_LINES = 3


class Numbers(msgspec.Struct):
    """A column whose cells are numbers or blank: values (n,) float64, NaN where blank."""

    values: Array

    @property
    def blank(self) -> Array:
        """(n,) bool, where there is nothing."""
        return np.isnan(self.values)


class Words(msgspec.Struct):
    """A column in which some cell is neither a number nor blank.

    codes   (n,) int32, the place of each cell's word in `words`, −1 where blank
    sample  a cell that is not a number and the line that it stands in
    """

    codes: Array
    words: list[str]
    sample: tuple[str, int]

    @property
    def blank(self) -> Array:
        """(n,) bool, where there is nothing."""
        blank: Array = self.codes < 0
        return blank


Column = Numbers | Words


class Columns(msgspec.Struct, frozen=True):
    """The columns of a table, by name and in order, and the line (n,) int64 that each row begins in.

    ragged  what to say of the rows that have another number of cells, and are left out
    """

    by_name: dict[str, Column]
    lines: Array
    ragged: str


def read_columns(text: DelimitedText, words: Collection[str] = ()) -> Columns:
    """Read all rows of the table; the columns named in `words` are words, whatever their cells are.

    Raises InputError naming the line if the text is not a table, if it is too large, or most rows are ragged.
    """
    places = {place for place, name in enumerate(text.names) if name in words}
    while True:
        reading = _Reading(text, places)
        reading.run()
        # A column that begins as numbers, and goes on as words, is read again as words from its first row on.
        if not reading.turned:
            return reading.columns()
        places |= reading.turned


def listed_lines(lines: Sequence[int], count: int) -> str:
    """`line 7`, or `lines 7, 9, 12 and 5 more`: the first lines of `count`."""
    shown = ", ".join(f"{line:,}" for line in lines[:NAMED_LINES])
    more = f" and {count - NAMED_LINES:,} more" if count > NAMED_LINES else ""
    return f"line{'s' if count > 1 else ''} {shown}{more}"


class _Parts(msgspec.Struct):
    """What is read of one column so far."""

    arrays: list[Array] = []
    codes: dict[str, int] | None = None
    sample: tuple[str, int] = ("", 0)


class _Reading:
    """One pass through the rows, in which the columns at `words` are words."""

    def __init__(self, text: DelimitedText, words: Collection[int]) -> None:
        self._text = text
        self._parts = [_Parts(codes={} if place in words else None) for place in range(len(text.names))]
        self._lines: list[Array] = []
        self._rows = 0
        self._words = 0
        self._ragged = 0
        self._ragged_lines: list[int] = []
        self.turned: set[int] = set()

    def run(self) -> None:
        for chunk in self._chunks():
            lines, rows = zip(*chunk, strict=True)
            self._lines.append(np.array(lines, np.int64))
            self._rows += len(rows)
            if self._rows * len(self._parts) > MOST_CELLS:
                raise InputError(
                    f"{self._text.path}: more than {MOST_CELLS:,} cells, which are the most; give fewer rows"
                )
            for place, cells in enumerate(zip(*rows, strict=True)):
                self._read(place, cells, lines)

    def _chunks(self) -> Iterator[list[tuple[int, list[str]]]]:
        rows = self._usable()
        size = max(1, CHUNK_CELLS // len(self._parts))
        while chunk := list(islice(rows, size)):
            yield chunk

    def _usable(self) -> Iterator[tuple[int, list[str]]]:
        for line, cells in self._text.rows():
            if len(cells) == len(self._parts):
                yield line, cells
                continue
            self._ragged += 1
            if self._ragged <= NAMED_LINES:
                self._ragged_lines.append(line)

    def _read(self, place: int, cells: Sequence[str], lines: Sequence[int]) -> None:
        if place in self.turned:
            return
        parts = self._parts[place]
        if parts.codes is None:
            numbers = self._numbers(cells)
            if numbers is not None:
                parts.arrays.append(numbers)
                return
            if parts.arrays:
                self.turned.add(place)
                parts.arrays.clear()
                return
            parts.codes = {}
        self._encode(parts, cells, lines)

    def _numbers(self, cells: Sequence[str]) -> Array | None:
        """(n,) float64, or None if one of the cells is a word."""
        try:
            values = np.array(cells, np.float64)
            if "_" in "".join(cells):  # Python takes 1_000 for a number.
                return None
        except ValueError:
            comma = self._text.delimiter == ";"
            found = [_number(cell, comma) for cell in cells]
            if None in found:
                return None
            values = np.array(found, np.float64)
        size = np.abs(values)
        values[~(size <= LARGEST)] = np.nan
        values[size < SMALLEST] = 0
        return values

    def _encode(self, parts: _Parts, cells: Sequence[str], lines: Sequence[int]) -> None:
        codes = parts.codes
        assert codes is not None
        before = len(codes)
        parts.arrays.append(
            np.array([-1 if cell.lower() in BLANKS else codes.setdefault(cell, len(codes)) for cell in cells], np.int32)
        )
        self._words += len(codes) - before
        if self._words > MOST_WORDS:
            raise InputError(
                f"{self._text.path}: more than {MOST_WORDS:,} different words; leave columns of texts out, or give "
                "fewer rows"
            )
        if not parts.sample[1]:
            words = ((cell, line) for cell, line in zip(cells, lines, strict=True) if not _is_no_word(cell))
            parts.sample = next(words, parts.sample)

    def columns(self) -> Columns:
        """What was read. Raises InputError if it is not most of the rows."""
        width, path = len(self._parts), self._text.path
        ragged = ""
        if self._ragged:
            what = f"{listed_lines(self._ragged_lines, self._ragged)}: not the {width:,} cells that the others have"
            if self._ragged > self._rows:
                raise InputError(f"{path}: {what}; most rows do not fit together as one table")
            ragged = f"skipped {_rows(self._ragged)} ({what})"
        if not self._rows:
            raise InputError(f"{path}: there is no row below the names of the columns; give one for each example")
        columns = map(_column, self._parts)
        return Columns(dict(zip(self._text.names, columns, strict=True)), np.concatenate(self._lines), ragged)


def _column(parts: _Parts) -> Column:
    whole = np.concatenate(parts.arrays)
    parts.arrays.clear()
    return Numbers(whole) if parts.codes is None else Words(whole, list(parts.codes), parts.sample)


def _number(cell: str, comma: bool) -> float | None:
    """The cell's number, NaN for a blank, None for a word; where semicolons are between cells, 1,5 is a number."""
    if cell.lower() in NO_NUMBERS:
        return np.nan
    if is_number(cell):
        return float(cell)
    if comma and is_number(cell.replace(",", ".", 1)):
        return float(cell.replace(",", ".", 1))
    return None


def _is_no_word(cell: str) -> bool:
    return is_number(cell) or cell.lower() in NO_NUMBERS


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
