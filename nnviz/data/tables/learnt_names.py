"""The names of a table's columns, where it is known which of them a network has learnt from. Light to import."""

import re
from collections.abc import Collection

from msgspec.structs import replace

from nnviz.data.tables.delimited import DelimitedText

_NUMBERED = re.compile(r"column \d+")


def with_learnt_names(text: DelimitedText, needed: Collection[str]) -> DelimitedText:
    """The same table, whose first row is names if it has those that are `needed`, however few rows follow it.

    If all that are needed are numbers of columns, the network has learnt from a table without names, and this one has
    none either.
    """
    _, first = next(text.rows(), (0, []))
    if not text.has_header and needed and set(needed) <= set(first):
        names = (cell if cell in needed else f"column {number}" for number, cell in enumerate(first, start=1))
        return replace(text, names=tuple(names), has_header=True)
    if text.has_header and not set(needed) <= set(text.names) and all(map(_NUMBERED.fullmatch, needed)):
        return replace(text, names=tuple(f"column {number + 1}" for number in range(len(text.names))), has_header=False)
    return text
