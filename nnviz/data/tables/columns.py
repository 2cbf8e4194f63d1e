"""The columns of a table, as numbers or as words."""

from typing import TypeAlias

import msgspec
import numpy as np

from nnviz.array import Array
from nnviz.data.tables.number_form import PLAIN, NumberForm


class Numbers(msgspec.Struct):
    """A column whose cells are numbers or blank.

    values  (n,) of the smallest type that holds them all exactly; float64 and NaN where blank
    form    how they are written
    sample  a cell that a computer would write otherwise, and its number, if there is one
    odd     the first cells that are words, and the lines that they stand in; they count as blank
    odds    how many these are
    part_of the column of lists of numbers that this one is a part of, empty if it is none
    """

    values: Array
    form: NumberForm = PLAIN
    sample: tuple[str, float] | None = None
    odd: tuple[tuple[str, int], ...] = ()
    odds: int = 0
    part_of: str = ""

    @property
    def blank(self) -> Array:
        """(n,) bool, where there is nothing."""
        return np.isnan(self.values)


class Words(msgspec.Struct):
    """A column in which cells are neither numbers nor blank.

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


Column: TypeAlias = Numbers | Words


class Columns(msgspec.Struct, frozen=True):
    """The columns of a table, by name and in order, and the line (n,) int64 that each row begins in.

    notes  what to say of rows and cells that are not as the others
    """

    by_name: dict[str, Column]
    lines: Array
    notes: tuple[str, ...]
