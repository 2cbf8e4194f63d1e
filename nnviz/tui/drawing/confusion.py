"""Which class was taken for which: the whole table where there is room for it, else the worst of it."""

from collections.abc import Iterator

import msgspec
import numpy as np
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from nnviz.array import Array
from nnviz.outside_text import apart
from nnviz.wording import count, integer, whole_percent

MOST_CLASSES = 12
# Widths of the name of a row where names have to be cut, of the shortest name of a column, and between columns.
NAME, SHORTEST, GAP = 12, 4, 2
LISTED = 8
TAKEN_FOR = "taken for"


class Confusion(msgspec.Struct, frozen=True):
    """Rows of `counts` (classes, classes) are labels, columns what the network said; as wide as there is room."""

    counts: Array
    names: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        table = self._table(width)
        if table is not None:
            yield _heading("Confusion", "rows: what the label says · columns: what the network said")
            yield table
            return
        yield _heading("Confused most often", "examples of one class that were taken for another")
        yield from self._pairs(width)
        yield Text()
        yield _heading("Lowest recall", "how many examples of a class were recognised")
        yield from self._missed(width)

    def _table(self, width: int) -> Table | None:
        """All counts, or None where there is no room for them. Names of columns are cut more than those of rows."""
        names, digits = self.names, cell_len(integer(self.counts.max()))
        rows = columns = names
        whole = max(map(cell_len, names)) + sum(max(cell_len(name), digits) + GAP for name in names) + GAP
        if whole > width:
            rows = apart(names, NAME)
            room = (width - max(map(cell_len, rows)) - GAP) // len(names) - GAP
            if len(names) > MOST_CLASSES or room < max(SHORTEST, digits):
                return None
            columns = apart(names, room)
        table = Table(box=None, padding=(0, 1))
        table.add_column("", no_wrap=True)
        for column in columns:
            table.add_column(Text(column), justify="right", no_wrap=True)
        for i, name in enumerate(rows):
            cells = [Text(integer(many), style="bold" if i == j else "") for j, many in enumerate(self.counts[i])]
            table.add_row(Text(name, style="bold"), *cells)
        return table

    def _pairs(self, width: int) -> Iterator[RenderableType]:
        wrong = self.counts * (1 - np.eye(len(self.names), dtype=self.counts.dtype))
        order = np.argsort(-wrong, axis=None, kind="stable")[:LISTED]
        pairs = [divmod(int(place), len(self.names)) for place in order if wrong.flat[place]]
        if not pairs:
            yield Text("No class was taken for another.")
            return
        shares = [f"{integer(wrong[label, said])} of {integer(self.counts[label].sum())}" for label, said in pairs]
        names = apart(self.names, (width - len(TAKEN_FOR) - max(map(len, shares)) - 3 * GAP) // 2)
        told = zip(pairs, shares, strict=True)
        yield _listing([(names[label], TAKEN_FOR, names[said], share) for (label, said), share in told], numbers=1)
        others = int(np.count_nonzero(wrong)) - len(pairs)
        if others:
            mistakes = int(wrong.sum() - sum(wrong[pair] for pair in pairs))
            yield Text(f"… {count(others, 'other pair')}, {count(mistakes, 'example')}", style="dim")

    def _missed(self, width: int) -> Iterator[RenderableType]:
        totals, right = self.counts.sum(axis=1), self.counts.diagonal()
        there = np.flatnonzero(totals)
        recall = right / np.maximum(totals, 1)
        # Of classes with the same recall, those with more examples come first.
        order = there[np.lexsort((-totals[there], recall[there]))]
        shares = [f"{integer(right[k])} of {integer(totals[k])}" for k in order[:LISTED]]
        names = apart(self.names, width - max(map(len, shares)) - len("100%") - 2 * GAP)
        told = zip(order, shares, strict=False)
        yield _listing([(names[k], share, whole_percent(recall[k])) for k, share in told], numbers=2)
        rest, without = order[LISTED:], len(totals) - len(there)
        perfect = np.count_nonzero(recall[rest] == 1)
        others = count(len(rest), "other class")
        notes = [f"{others}, {integer(perfect)} without a mistake"] if len(rest) else []
        notes += [f"{integer(without)} without an example"] if without else []
        if notes:
            yield Text("… " + " · ".join(notes), style="dim")


def _heading(title: str, told: str) -> Text:
    return Text.assemble((title, "bold"), f"   {told}")


def _listing(rows: list[tuple[str, ...]], numbers: int) -> Table:
    """Rows of texts in columns, the last `numbers` of which hold numbers."""
    table = Table.grid(padding=(0, GAP, 0, 0))
    for place in range(len(rows[0])):
        table.add_column(justify="left" if place < len(rows[0]) - numbers else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table
