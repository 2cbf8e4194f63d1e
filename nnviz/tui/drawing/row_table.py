"""Rows of texts as a table, the first column to the left and numbers to the right, where there is room for it."""

import msgspec
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

GAP = 2


class RowTable(msgspec.Struct, frozen=True):
    """The first of the rows has the headings, and no cell is cut.

    Where they are too wide, the columns that there is no room for stand below, with the first one again. A single row,
    or where not even two columns fit, is told cell by cell.
    """

    rows: list[list[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(map(cell_len, column)) for column in zip(*self.rows, strict=True)]
        parts = _parts(widths, options.max_width)
        is_narrow = widths[0] + GAP + max(widths[1:], default=0) > options.max_width
        if is_narrow or (len(parts) > 1 and len(self.rows) == 2):
            headings = self.rows[0]
            for row in self.rows[1:]:
                cells = zip(headings, row, strict=True)
                yield Text(
                    " · ".join(f"{heading} {cell}".replace(" ", "\N{NO-BREAK SPACE}") for heading, cell in cells)
                )
            return
        for number, part in enumerate(parts):
            if number:
                yield Text()
            yield self._table([0, *part])

    def _table(self, columns: list[int]) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
        for place in columns:
            table.add_column(Text(self.rows[0][place]), justify="right" if place else "left", no_wrap=True)
        for row in self.rows[1:]:
            table.add_row(*(Text(row[place]) for place in columns))
        return table


def _parts(widths: list[int], room: int) -> list[list[int]]:
    """The columns behind the first one, as many beside it as there is room for."""
    parts: list[list[int]] = [[]]
    left = room - widths[0]
    for place, width in enumerate(widths[1:], 1):
        if parts[-1] and GAP + width > left:
            parts.append([])
            left = room - widths[0]
        parts[-1].append(place)
        left -= GAP + width
    return parts
