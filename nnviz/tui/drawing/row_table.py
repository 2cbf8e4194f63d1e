"""Rows of texts as a table, the first column to the left and numbers to the right, where there is room for it."""

import msgspec
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

GAP = 2


class RowTable(msgspec.Struct, frozen=True):
    """The first of the rows has the headings. Where they are too wide, each row is told cell by cell: none is cut."""

    rows: list[list[str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(map(cell_len, column)) for column in zip(*self.rows, strict=True)]
        if sum(widths) + GAP * (len(widths) - 1) > options.max_width:
            headings = self.rows[0]
            for row in self.rows[1:]:
                cells = zip(headings, row, strict=True)
                yield Text(
                    " · ".join(f"{heading} {cell}".replace(" ", "\N{NO-BREAK SPACE}") for heading, cell in cells)
                )
            return
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
        for place, heading in enumerate(self.rows[0]):
            table.add_column(Text(heading), justify="right" if place else "left", no_wrap=True)
        for row in self.rows[1:]:
            table.add_row(*map(Text, row))
        yield table
