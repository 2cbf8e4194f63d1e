"""CsvReader: a table of text that grows by a row now and then, each column a curve; what differs is in `CsvFormat`.

Only whole lines are read: of a number whose line has no end yet, digits may still be missing.
"""

import csv
import math
from collections.abc import Sequence
from typing import NamedTuple

from nnviz.errors import InputError
from nnviz.logs.logged_run import LoggedRun
from nnviz.logs.naming import TRAIN, metric_and_split
from nnviz.logs.rows import NO_TIME, Rows
from nnviz.logs.tail import Tail
from nnviz.outside_text import excerpt
from nnviz.wording import count, integer

DELIMITERS = ",;\t|"
MISSING = {"", "na", "n/a", "none", "null", "-"}
WAITING = "its last line has no end yet, and is waited for"


class CsvFormat(NamedTuple):
    """Which columns of a table are no curves.

    kind   who wrote it
    axis   what its x counts: step, epoch or row
    x      the column with it; None where the rows are counted
    time   the column with seconds, None if there is none
    """

    kind: str
    axis: str
    x: str | None
    time: str | None = None


class Header(NamedTuple):
    """The first line of a table."""

    delimiter: str
    names: tuple[str, ...]


def header_of(line: bytes) -> Header | None:
    """The names of a table's columns, without blanks around them; None if the line is not such a header."""
    try:
        text = line.decode("utf-8-sig").rstrip("\r")
    except UnicodeDecodeError:
        return None
    if not text.strip() or not text.replace("\t", " ").isprintable():
        return None
    delimiter = max(DELIMITERS, key=text.count)
    names = tuple(cell.strip() for cell in _cells(text, delimiter))
    if not all(names[1:]) or any(_number(name) is not None for name in names):
        return None
    return Header(delimiter, names)


class CsvReader:
    """One table, read from where it was."""

    def __init__(self, run: LoggedRun, layout: CsvFormat) -> None:
        self.runs = [run]
        self._tail = Tail(run.source)
        self._layout = layout
        self._header: Header | None = None
        self._line = 0

    def read(self) -> None:
        """Take the rows that were added. Raises InputError if it cannot be read, or is not a table of numbers."""
        (run,) = self.runs
        if self._tail.is_anew():
            run.forget()
            self._header, self._line = None, 0
        while lines := self._tail.lines():
            rows = Rows()
            for line in lines:
                self._line += 1
                self._take(run, rows, line)
            rows.record(run)
        run.waiting = WAITING if self._tail.rest().strip() else ""

    def _take(self, run: LoggedRun, rows: Rows, line: bytes) -> None:
        if self._header is None:
            self._header = header_of(line)
            if self._header is None:
                raise InputError(f"{run.source}: its first line is not a header of names; it is not a log")
            return
        names = self._header.names
        cells = [cell.strip() for cell in _cells(line.decode("utf-8-sig", "replace"), self._header.delimiter)]
        if not line.strip() or tuple(cells) == names:
            return
        if len(cells) != len(names):
            cells_there = count(len(cells), "cell")
            run.note(f"line {integer(self._line)} has {cells_there} and not {integer(len(names))}; it is left out")
            return
        values = [self._value(cell) for cell in cells]
        found = dict(zip(names, values, strict=True))
        x = self._line - 2 if self._layout.x is None else found.get(self._layout.x)
        if x is None or not math.isfinite(x):
            run.note(f"line {integer(self._line)} has no {excerpt(self._layout.x or '')}; it is left out")
            return
        time = found.get(self._layout.time) if self._layout.time else None
        for name, value in self._curves(names, values):
            metric, split = metric_and_split(name)
            has_twin = f"val_{name}" in names
            rows.add(
                name, x, value, NO_TIME if time is None else time, (metric, TRAIN if has_twin and not split else split)
            )

    def _curves(self, names: Sequence[str], values: Sequence[float | None]) -> list[tuple[str, float]]:
        no_curves = (self._layout.x, self._layout.time)
        curves, seen = [], set[str]()
        for column, (name, value) in enumerate(zip(names, values, strict=True), 1):
            own = f"{name} (column {integer(column)})" if name in seen else name
            seen.add(name)
            if value is not None and name and name not in no_curves:
                curves.append((own, value))
        return curves

    def _value(self, cell: str) -> float | None:
        assert self._header is not None
        # Where a comma parts no cells it is the decimal point of half of the world.
        return _number(cell if self._header.delimiter == "," else cell.replace(",", "."))


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def _number(cell: str) -> float | None:
    if cell.lower() in MISSING or "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None
