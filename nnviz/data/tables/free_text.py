"""Which column of a table is free text. Light to import."""

from collections.abc import Sequence
from itertools import islice

from nnviz.data.tables.delimited import SAMPLE_ROWS, DelimitedText

WORDS = 5
DISTINCT = 0.75
LETTERS = 0.5
"""A column is free text if its cells have so many words in the mean, so many are different, and so much is letters."""


def free_text_column(text: DelimitedText) -> str | None:
    """The column of free text, as the first rows show it; None if there is none, or there are several."""
    rows = (cells for _, cells in text.rows() if len(cells) == len(text.names))
    columns = zip(*islice(rows, SAMPLE_ROWS), strict=True)
    found = [name for name, cells in zip(text.names, columns, strict=False) if _is_free_text(cells)]
    return found[0] if len(found) == 1 else None


def _is_free_text(cells: Sequence[str]) -> bool:
    words = sum(len(cell.split()) for cell in cells) / len(cells)
    if words < WORDS or len(set(cells)) < DISTINCT * len(cells):
        return False
    joined = "".join(cells)
    return sum(map(str.isalpha, joined)) >= LETTERS * len(joined)
