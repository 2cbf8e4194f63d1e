"""Where the rows of a table begin, and what its columns are called: found by the types of what stands below."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from nnviz.data.tables.dialect import COMMENTS, FIRST_ROWS, Row, is_comment
from nnviz.data.tables.number_form import NO_NUMBERS, is_like_number, is_number
from nnviz.outside_text import excerpt
from nnviz.wording import count, integer, listed, listed_lines

NUMERIC = 0.9
"""A column is one of numbers if so many of its cells are."""
PROGRESSION = 3
"""So many numbers that grow by the same step, such as years, can be names."""
NUMBERED = re.compile(r"column \d+")
KNOWN_NAMES = {"label", "class", "target", "category", "text", "sentence", "review", "message"}
"""No value is called so, where nothing else tells names from values."""

Cells = Sequence[str]


class Header(NamedTuple):
    """What stands above the rows of a table.

    names  of the columns, each its own
    cells  what stands above the columns, nothing where there are no names
    line   the line that the first row begins in
    notes  what to say of names, and of what else is above the rows
    """

    names: tuple[str, ...]
    cells: tuple[str, ...]
    line: int
    notes: tuple[str, ...]


def find_header(sample: Sequence[Row], needed: Collection[str] = ()) -> Header:
    """The header of the table that begins with these rows, at least one.

    It is above the first row that is like most others. If it has not all names that are `needed`, it is the row that
    has them, however few rows follow; or there is none, if all that are needed are numbers of columns.
    """
    width = Counter(len(cells) for _, cells in sample if not is_comment(cells) or len(sample) == 1).most_common(1)
    rows = _Rows([cells for _, cells in sample], width[0][0] if width else len(sample[0][1]))
    first = rows.first()
    names = rows.names(rows.candidates(first))
    if not set(needed) <= set(_distinct(names.names)):
        named = rows.named(needed)
        if named is not None:
            first, names = named + 1, rows.names([named])
        elif all(map(NUMBERED.fullmatch, needed)):
            first, names = rows.first_fitting(), _Names(())
    line = sample[first][0] if first < len(sample) else sample[-1][0] + 1
    notes = _notes(sample[:first], line, names)
    return Header(_distinct(names.names or [""] * rows.width), tuple(names.names), line, tuple(notes))


class _Names(NamedTuple):
    """Names of columns, none if there are none; the places of the rows that they are from, and what is odd."""

    names: Cells
    used: Collection[int] = ()
    odd: str = ""


class _Rows:
    """The first rows of a table, of which most have `width` cells."""

    def __init__(self, cells: Sequence[Cells], width: int) -> None:
        self.cells = cells
        self.width = width
        as_wide = [each for each in cells if len(each) == width]
        columns = list(zip(*as_wide[len(as_wide) // 2 :], strict=True))
        self._numeric = [_is_numeric(column) for column in columns]
        # The cells up to the last column that is not blank.
        self._filled = max((place for place, column in enumerate(columns, start=1) if any(column)), default=width)

    def named(self, needed: Collection[str]) -> int | None:
        """The place of the row that has all names that are needed."""
        found = (place for place, cells in enumerate(self.cells[:FIRST_ROWS]) if set(needed) <= set(cells))
        return next(found, None)

    def first_fitting(self) -> int:
        """The place of the first row that has as many cells as most."""
        return next((i for i, cells in enumerate(self.cells) if self._fitted(cells)), 0)

    def first(self) -> int:
        """The place of the first row that is like most others, and not names."""
        has_names = False
        for place, cells in enumerate(self.cells[:FIRST_ROWS]):
            fitted = self._fitted(cells)
            if not fitted:
                continue
            # Below names, what has a number is a row.
            if (has_names and any(map(is_number, fitted))) or not self._is_names(fitted, self.cells[place + 1 :]):
                return place
            has_names = has_names or not is_comment(cells)
        return self.first_fitting()

    def candidates(self, first: int) -> list[int]:
        """The places of the rows above the first one that may be names: next to it and as long as it, else one."""
        above = range(first - 1, -1, -1)
        fitting = list(takewhile(lambda i: self._may_name(self._fitted(self.cells[i])), above))
        if fitting:
            return fitting[::-1]
        near = (self.width - 1, self.width + 1)
        found = (i for i in above if len(_trimmed(self.cells[i])) in near and self._may_name(self.cells[i]))
        commented = (i for i in above if self._fitted(_uncommented(self.cells[i])))
        return [i for i in (next(found, next(commented, None)),) if i is not None]

    def names(self, places: Sequence[int]) -> _Names:
        """The names that these rows are: one of them if that has a name for each column, else all together."""
        if len(places) == 1:
            return self._from_one(places[0])
        rows = {i: self._fitted(self.cells[i]) or () for i in places}
        whole = [i for i, cells in rows.items() if all(cells[: self._filled]) and _differ(cells[: self._filled])]
        if whole:
            return _Names(rows[whole[0]], whole[:1])
        joined = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*rows.values(), strict=True)]
        return _Names(joined, places) if places else _Names(())

    def _from_one(self, place: int) -> _Names:
        cells = self.cells[place]
        fitted = self._fitted(_uncommented(cells) if is_comment(cells) else cells)
        if fitted:
            longer = len(cells) > len(fitted)
            return _Names(fitted, [place], "the names end in one more that is blank, which is left out" * longer)
        cells = _trimmed(cells)
        if len(cells) > self.width:
            odd = f"the names are one more than the columns: '{excerpt(cells[-1])}', the last one, is left out"
            return _Names(cells[: self.width], [place], odd)
        firsts = [row[0] for row in self.cells[place + 1 :] if len(row) == self.width]
        # R writes the names of rows first, and no name above them.
        where = "first" if len(set(firsts)) == len(firsts) else "last"
        odd = f"the names are one fewer than the columns: the {where} column has none"
        return _Names(["", *cells] if where == "first" else [*cells, ""], [place], odd)

    def _fitted(self, cells: Cells) -> Cells:
        """The cells if they are as many as most rows have, apart from blank ones at the end; else none."""
        if len(cells) > self.width:
            cells = [*cells[: self.width], *_trimmed(cells[self.width :])]
        elif self.width > len(cells) >= self._filled:
            cells = [*cells, *[""] * (self.width - len(cells))]
        return cells if len(cells) == self.width else ()

    def _may_name(self, cells: Cells) -> bool:
        """Whether more than a title is in a row that is no comment."""
        return bool(cells) and not is_comment(cells) and 2 * sum(map(bool, cells)) >= self._filled

    def _is_names(self, cells: Cells, below: Sequence[Cells]) -> bool:
        """Whether a row, with as many cells as most, is not like those below it.

        It is if it has words above numbers, or numbers that count where those below do not. If it has only words above
        words, none of them may come again, and some column has to have values that do, so that this means something.
        """
        rows = [fitted for row in below if (fitted := self._fitted(row)) and fitted != cells]
        if not rows:
            return False
        numbers = {place: float(cell) for place, cell in enumerate(cells) if is_number(cell) and _says(cell)}
        columns = list(zip(*rows, strict=True))
        words = [place for place, cell in enumerate(cells) if _says(cell) and _is_word(cell, columns[place])]
        uncertain = words if len(numbers) >= PROGRESSION else [*words, *numbers]
        if any(cells[place] in columns[place] for place in uncertain) or not _counts(list(numbers.values())):
            return False
        if any(self._numeric[place] for place in words):
            return True
        if numbers:
            again = (_counts([float(row[place]) for place in numbers if is_number(row[place])]) for row in rows[:3])
            return len(numbers) >= PROGRESSION and not all(again)
        means = any(2 * len(set(columns[i])) <= len(rows) or cells[i].lower() in KNOWN_NAMES for i in words)
        return bool(words) and _differ([cells[place] for place in words]) and means


def _is_word(cell: str, below: Cells) -> bool:
    """Whether a cell is not a number; `2nd floor` is none above numbers without a unit."""
    return not is_like_number(cell) or (_has_letters(cell) and not any(map(_has_letters, below)))


def _has_letters(cell: str) -> bool:
    return not is_number(cell) and any(map(str.isalpha, cell))


def _is_numeric(column: Cells) -> bool:
    said = [cell for cell in column if _says(cell)]
    return sum(map(is_like_number, said)) >= NUMERIC * len(said) > 0


def _says(cell: str) -> bool:
    """Whether the cell is neither blank nor what stands for a number that is missing."""
    return cell.lower() not in NO_NUMBERS


def _counts(numbers: Sequence[float]) -> bool:
    """Whether numbers grow by the same step; a single one has to be whole, and two by 1."""
    if len(numbers) < PROGRESSION:
        return all(n.is_integer() for n in numbers) and (len(numbers) < 2 or numbers[1] - numbers[0] == 1)
    step = numbers[1] - numbers[0]
    return step != 0 and all(abs(b - a - step) <= 1e-6 * abs(step) for a, b in pairwise(numbers))


def _differ(cells: Cells) -> bool:
    return len(set(cells)) == len(cells)


def _trimmed(cells: Cells) -> Cells:
    """Without blank cells at the end."""
    length = next((place for place in range(len(cells), 0, -1) if cells[place - 1]), 0)
    return cells[:length]


def _uncommented(cells: Cells) -> Cells:
    """A comment's cells without the sign that makes it one."""
    return [cells[0].lstrip("".join(COMMENTS)).strip(), *cells[1:]]


def _notes(above: Sequence[Row], line: int, names: _Names) -> list[str]:
    """What to say of the rows above the one that begins in that line."""
    notes = [names.odd] if names.odd else []
    last = max(names.used, default=len(above))
    unused = [place for place in range(len(above)) if place not in names.used]
    before, behind = [i for i in unused if i < last], [above[i][0] for i in unused if i > last]
    if before:
        what = (
            f"the names, which are in line {integer(above[last][0])},"
            if names.used
            else f"the first row, in line {integer(line)},"
        )
        notes.append(f"{count(len(before), 'line')} above {what} {'is' if len(before) == 1 else 'are'} left out")
    if behind:
        notes.append(f"{listed_lines(behind, len(behind))}, between the names and the first row, left out")
    if len(names.used) > 1:
        notes.append(f"the names are put together from lines {listed([integer(above[i][0]) for i in names.used])}")
    return notes


def _distinct(names: Cells) -> tuple[str, ...]:
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
