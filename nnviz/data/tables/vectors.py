"""Columns of which each cell is a list of numbers, such as the pixels of a picture → a column for each place in it."""

import re
from collections.abc import Collection, Sequence

import numpy as np

from nnviz.array import Array
from nnviz.data.tables.columns import Column, Columns, Numbers, Words
from nnviz.data.tables.number_form import is_number
from nnviz.outside_text import excerpt
from nnviz.wording import count

LOOKED_AT = 20
MOST_NUMBERS = 1 << 28

_BETWEEN = re.compile(r"[\[\]\s,;]+")


def spread(columns: Columns, but: Collection[str]) -> Columns:
    """The columns, where each that holds as many numbers in each cell is as many columns, if it is none of those `but`.

    They are called `pixels 1`, `pixels 2`, …
    """
    by_name: dict[str, Column] = {}
    notes = list(columns.notes)
    for name, column in columns.by_name.items():
        numbers = _numbers(column) if isinstance(column, Words) and name not in but else None
        if numbers is None:
            by_name[name] = column
            continue
        notes.append(f"each cell of {excerpt(name)} is {count(numbers.shape[1], 'number')}, an input each")
        by_name |= {f"{name} {place}": Numbers(each, part_of=name) for place, each in enumerate(numbers.T, start=1)}
    return Columns(by_name, columns.lines, tuple(notes))


def _numbers(column: Words) -> Array | None:
    """(n, k) float32, NaN where blank, or None if cells are not k numbers each."""
    lengths = {len(numbers) if (numbers := _listed(word)) else 0 for word in column.words[:LOOKED_AT]}
    length = max(lengths, default=0)
    if lengths != {length} or length < 2 or length * len(column.codes) > MOST_NUMBERS:
        return None
    rows = np.full((len(column.words) + 1, length), np.nan, np.float32)
    for place, word in enumerate(column.words):
        try:
            rows[place] = np.array(_BETWEEN.sub(" ", word).split(), np.float32)
        except ValueError:
            return None
    found: Array = rows[column.codes]
    return np.where(np.isfinite(found), found, np.float32(np.nan))


def _listed(cell: str) -> Sequence[str]:
    """The numbers in a cell with blanks or commas between, none if there is anything else."""
    parts = _BETWEEN.sub(" ", cell).split()
    return parts if all(map(is_number, parts)) else ()
