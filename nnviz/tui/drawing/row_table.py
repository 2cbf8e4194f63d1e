"""Rows of texts as a table: the first column to the left, numbers to the right."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

GAP = 2


def row_table(rows: Sequence[Sequence[str]]) -> Table:
    """The first row has the headings."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for place, heading in enumerate(rows[0]):
        table.add_column(Text(heading), justify="right" if place else "left", no_wrap=True)
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    return table
