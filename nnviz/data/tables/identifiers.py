"""Columns of a table that must not be learnt from: what counts the rows, and what tells each of them from all others.

In a table that is sorted by class, the number of a row gives its class away.
"""

import re
from collections.abc import Collection, Mapping

import numpy as np

from nnviz.data.tables.columns import Column, Numbers

FEWEST_COUNTED = 10
DENSE = 0.8
"""Rows that count may have been taken away, but no more than leaves that share."""
FEWEST_IDS = 50
"""Whole numbers without a name are ids if none comes twice among so many rows, where measured ones would."""
IDS = {
    *("id", "ids", "idx", "index", "key", "uuid", "guid", "no", "nr", "number", "num", "serial", "row", "rows"),
    *("obs", "observation", "record", "instance", "unnamed"),
}
"""The last word of the names of columns that number or name rows."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def identifiers(columns: Mapping[str, Column], named: Collection[str]) -> dict[str, str]:
    """The columns that number or name the rows, and how; `named` are those that the table itself gives a name."""
    found = {}
    for place, (name, column) in enumerate(columns.items()):
        if isinstance(column, Numbers) and (why := _why(column, name, name in named, place)):
            found[name] = why
    return found


def _why(column: Numbers, name: str, is_named: bool, place: int) -> str:
    values = column.values
    # The first few tell most columns of millions of fractions.
    if (values[:FEWEST_IDS] % 1 != 0).any() or (values % 1 != 0).any():
        return ""
    is_id = _is_id(name) if is_named else place == 0
    first, last, many = float(values[0]), float(values[-1]), len(values)
    steps = np.diff(values.astype(np.float64))
    counts = many >= FEWEST_COUNTED and bool((steps >= 1).all()) and many >= DENSE * (last - first + 1)
    if counts and (first == 1 or is_id):
        return "counts the rows"
    may_be = is_id and (is_named or many >= FEWEST_IDS)
    return "another number in each row" if may_be and len(np.unique(values)) == many > 2 else ""


def _is_id(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return name.strip() == "#" or (bool(words) and (words[-1] in IDS or words[0] in ("id", "unnamed")))
