"""What reads the cells of a column of a table, some at a time, and finds out by all of them what the column is."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from nnviz.array import Array
from nnviz.data.tables.columns import Column, Numbers, Words
from nnviz.data.tables.number_form import (
    BLANKS,
    NO_NUMBERS,
    PLAIN,
    Evidence,
    NumberForm,
    best_form,
    is_like_number,
    is_number,
    only_decimal,
    signs_of,
)
from nnviz.wording import LISTED_LINES

LARGEST, SMALLEST = 1e30, 1e-30
"""What is beyond or below these in size counts as blank, or as 0: float32 could not calculate with it."""
MOSTLY = 0.5
"""A column is tried as numbers if so many of its first cells are like some."""
ODD = 0.02
"""Words beside numbers count as blank if they are at most that share of the cells that are not blank."""
ODD_WORDS, ODD_AMONG = 2, 20
"""So few different words stand for what is missing, such as "unknown", if the numbers have so many values."""
NUMBERS_BESIDE_ONE = 9
"""So many numbers make a single word beside them a blank."""
THREE_DIGITS = 3
"""Behind a mark that may stand between thousands."""
PLAIN_SIGNS = frozenset("01+-.,'eE ")


class Reader(ABC):
    """Reads the cells of one column."""

    words: int = 0
    """Different ones that it has to remember."""

    @abstractmethod
    def read(self, cells: Sequence[str], lines: Sequence[int]) -> "Reader":
        """Read some more cells, which stand in these lines. Returns what is to read the next ones."""

    @abstractmethod
    def column(self) -> Column:
        """What was read."""

    def again(self, evidence: Evidence) -> "Reader | None":  # noqa: ARG002
        """What has to read the column once more, from its first cell on; None if this one has read it well."""
        return None

    def decimal(self) -> str:
        """The decimal mark, if the column can have only one; else nothing."""
        return ""


class PlainReader(Reader):
    """Reads cells that are numbers as a computer writes them, or blank."""

    def __init__(self) -> None:
        self._arrays: list[Array] = []
        self._fraction = self._three_digits = self._small = self._large = False

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> Reader:
        values = _plain(cells)
        if values is not None:
            if not self._fraction:
                self._look_at(values, cells)
            self._arrays.append(_compact(values))
            return self
        # What begins as numbers is read again from its first row on.
        return TurnedReader() if self._arrays else _written_or_words(cells).read(cells, lines)

    def again(self, evidence: Evidence) -> Reader | None:
        """Where all fractions have three digits they may be thousands, such as 1.692 beside 543."""
        if not self._three_digits or self._fraction or evidence.known == PLAIN:
            return None
        may_be = evidence.known is not None or set(evidence.decimals) == {","} or (self._small and not self._large)
        return WrittenReader(PLAIN) if may_be else None

    def decimal(self) -> str:
        return "." if self._fraction else ""

    def column(self) -> Column:
        return Numbers(_joined(self._arrays))

    def _look_at(self, values: Array, cells: Sequence[str]) -> None:
        """Whether there are whole numbers below 1,000 and above, and fractions that are not just three digits."""
        size = np.abs(values[~np.isnan(values)])
        whole = size == np.floor(size)
        self._small |= bool((whole & (size < 1000)).any())
        self._large |= bool((whole & (size >= 1000)).any())
        fractions = size[~whole]
        if len(fractions):
            behind = {len(cell) - cell.find(".") - 1 for cell in cells if "." in cell}
            self._fraction = behind != {THREE_DIGITS} or fractions.min() < 1 or fractions.max() >= 1000
            self._three_digits = not self._fraction


class TurnedReader(Reader):
    """Waits for a column to be read again."""

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> Reader:  # noqa: ARG002
        return self

    def again(self, evidence: Evidence) -> Reader | None:  # noqa: ARG002
        return WrittenReader(PLAIN)

    def column(self) -> Column:
        raise AssertionError("it is read again")


class WrittenReader(Reader):
    """Reads numbers as people write them, in a form that is settled or may yet turn out to be another."""

    def __init__(self, form: NumberForm, settled: bool = False) -> None:
        self._form = form
        self._settled = settled
        self._arrays: list[Array] = []
        self._signs = Counter[str]()
        self._values = set[float]()
        self._sample: tuple[str, float] | None = None
        self._odd: list[tuple[str, int]] = []
        self._odds = 0

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> Reader:
        signs = Counter(map(signs_of, cells))
        self._signs += signs
        values = self._all_at_once(cells, signs)
        if values is None:
            values = self._one_by_one(cells, lines)
        if len(self._values) < ODD_AMONG:
            self._values.update(np.unique(values[~np.isnan(values)])[:ODD_AMONG].tolist())
        if self._sample is None:
            numbers = ((cell, self._form.number(cell)) for cell in cells)
            people = ((cell, n) for cell, n in numbers if n is not None and not (is_number(cell) and float(cell) == n))
            self._sample = next(people, None)
        self._arrays.append(_compact(_bounded(values)))
        return self

    def again(self, evidence: Evidence) -> Reader | None:
        if self._settled:
            return None
        form = self._settled_form(evidence)
        if form is None:
            return WordReader()
        return None if form == self._form else WrittenReader(form, settled=True)

    def decimal(self) -> str:
        return only_decimal(self._said())

    def column(self) -> Column:
        return Numbers(_joined(self._arrays), self._form, self._sample, tuple(self._odd), self._odds)

    def _said(self) -> dict[str, int]:
        return {signs: many for signs, many in self._signs.items() if signs.lower() not in NO_NUMBERS}

    def _settled_form(self, evidence: Evidence) -> NumberForm | None:
        """The form in which all cells are read but a few odd words, None if they are words."""
        said = self._said()
        found = best_form(said, evidence)
        if found is None:
            return None
        form, read = found
        odd = sum(said.values()) - read
        kinds = [signs for signs in said if form.number(signs) is None]
        has_no_digits = not any(map(str.isdecimal, "".join(kinds)))
        is_missing = len(kinds) <= ODD_WORDS and has_no_digits and len(self._values) >= ODD_AMONG and odd <= read
        is_single = odd == 1 and read >= NUMBERS_BESIDE_ONE
        return form if odd <= ODD * (read + odd) or is_single or is_missing else None

    def _all_at_once(self, cells: Sequence[str], signs: Collection[str]) -> Array | None:
        """(n,) float64, if nothing stands in the cells but digits and marks, in this form."""
        form = self._form
        if form.prefix or form.suffix or not all(PLAIN_SIGNS.issuperset(each) and form.reads(each) for each in signs):
            return None
        text = "\n".join(cells)
        if form.thousands:
            text = text.replace(form.thousands, "")
        return np.array(text.replace(",", ".").split("\n"), np.float64)

    def _one_by_one(self, cells: Sequence[str], lines: Sequence[int]) -> Array:
        """(n,) float64, NaN for blanks and words; these are remembered."""
        numbers: dict[str, float | None] = {cell: self._form.number(cell) for cell in set(cells)}
        for cell, line in zip(cells, lines, strict=True):
            if numbers[cell] is None and cell.lower() not in NO_NUMBERS:
                self._odds += 1
                if self._odds <= LISTED_LINES:
                    self._odd.append((cell, line))
        return np.array([np.nan if (number := numbers[cell]) is None else number for cell in cells], np.float64)


class WordReader(Reader):
    """Reads words."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._arrays: list[Array] = []
        self._sample = ("", 0)

    def read(self, cells: Sequence[str], lines: Sequence[int]) -> Reader:
        codes = self._codes
        self._arrays.append(
            np.array([-1 if cell.lower() in BLANKS else codes.setdefault(cell, len(codes)) for cell in cells], np.int32)
        )
        self.words = len(codes)
        if not self._sample[1]:
            words = ((cell, line) for cell, line in zip(cells, lines, strict=True) if _is_word(cell))
            self._sample = next(words, self._sample)
        return self

    def column(self) -> Column:
        return Words(_joined(self._arrays), list(self._codes), self._sample)


def _written_or_words(cells: Sequence[str]) -> Reader:
    """What is to read a column that begins with these cells, some of which are not plain numbers."""
    said = [cell for cell in cells if cell.lower() not in NO_NUMBERS]
    signs = Counter(map(signs_of, said))
    found = best_form(signs, Evidence((), ","))
    if found is None or found[1] < MOSTLY * len(said):
        return WordReader()
    return WrittenReader(found[0])


def _plain(cells: Sequence[str]) -> Array | None:
    """(n,) float64, NaN where blank, or None if one of the cells is not a number as a computer writes it."""
    try:
        values = np.array(cells, np.float64)
        if "_" in "".join(cells):  # Python takes 1_000 for a number.
            return None
    except ValueError:
        try:
            values = np.array([np.nan if cell.lower() in NO_NUMBERS else float(cell) for cell in cells], np.float64)
        except ValueError:
            return None
        if "_" in "".join(cells):
            return None
    return _bounded(values)


def _bounded(values: Array) -> Array:
    """The same without what float32 could not calculate with."""
    size = np.abs(values)
    values[~(size <= LARGEST)] = np.nan
    values[size < SMALLEST] = 0
    return values


def _compact(values: Array) -> Array:
    """The same numbers in few bytes, where they are small whole ones."""
    if values[0] % 1 != 0:
        return values
    low, high = values.min(), values.max()
    kind = np.uint8 if low >= 0 and high < 1 << 8 else np.int16
    if not (low >= -(1 << 15) and high < 1 << 15):
        return values
    small = values.astype(kind)
    return small if (small == values).all() else values


def _joined(arrays: list[Array]) -> Array:
    whole = np.concatenate(arrays)
    arrays.clear()
    return whole


def _is_word(cell: str) -> bool:
    return cell.lower() not in NO_NUMBERS and not is_like_number(cell)
