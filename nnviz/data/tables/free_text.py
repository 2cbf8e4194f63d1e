"""Which column of a table is free text. Light to import."""

from collections.abc import Sequence

from nnviz.data.tables.delimited import TEXT, DelimitedText
from nnviz.data.tables.dialect import LABELLED

WORDS, WORDS_OF_TWO = 5, 2
DISTINCT = 0.75
LETTERS = 0.5
"""A column is free text if its cells have so many words in the mean, so many are different, and so much is letters.

Beside one other column alone, two words are enough."""


def free_text_column(text: DelimitedText) -> str | None:
    """The column of free text, as the first rows show it: of several the longest one, and None if there is none."""
    if text.dialect.delimiter == LABELLED:
        return TEXT
    columns = zip(*(cells for _, cells in text.sample), strict=True)
    filled = {name: cells for name, cells in zip(text.names, columns, strict=False) if any(cells)}
    fewest = WORDS_OF_TWO if len(filled) == 2 else WORDS
    found = {name: _words(cells) for name, cells in filled.items() if _is_free_text(cells, fewest)}
    return max(found, key=lambda name: found[name], default=None)


def _is_free_text(cells: Sequence[str], fewest: int) -> bool:
    if _words(cells) < fewest or len(set(cells)) < DISTINCT * len(cells):
        return False
    joined = "".join(cells)
    return sum(map(str.isalpha, joined)) >= LETTERS * len(joined)


def _words(cells: Sequence[str]) -> float:
    """Of a cell, in the mean."""
    return sum(len(cell.split()) for cell in cells) / len(cells)
