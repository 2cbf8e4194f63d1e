"""Kernels and feature maps as a grid of small heatmaps."""

from functools import cached_property

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from nnviz.array import Array, strongest
from nnviz.frame.focus import Quantity
from nnviz.frame.matrix_views import TilesView
from nnviz.frame.operations import LargestOfCells, MeanOfMaps, Operation
from nnviz.tui.drawing.grid import heatmap, levels, magnitudes, number, pixel, span, stretched
from nnviz.tui.drawing.palette import LEVELS, Palette
from nnviz.tui.drawing.tiling import Tiling, tile, tile_any
from nnviz.wording import integer, signed

NOT_YET = {
    Quantity.GRADIENT: "The gradient is known once backprop has come here: press b",
    Quantity.UPDATE: "The update is known once backprop is done: press b, then n",
    Quantity.ACTIVATION: "The feature maps are known once the forward pass has come here: press f",
}
KERNELS = {Quantity.GRADIENT: "Gradient ∂L/∂W", Quantity.WEIGHT: "Kernels W", Quantity.UPDATE: "Update ΔW"}
MAPS = {
    Quantity.GRADIENT: "Gradient ∂L/∂a · {}",
    Quantity.WEIGHT: "Weights · {}",
    Quantity.UPDATE: "Update · {}",
    Quantity.ACTIVATION: "Feature maps · {}",
}
# Lines from which on one is spent on the numbers of the maps before.
ROOM_FOR_HEAD = 6


def _work(operation: Operation) -> str:
    """What a layer without weights does to the maps that come in."""
    match operation:
        case LargestOfCells():
            return "it only keeps the largest number of each cell"
        case MeanOfMaps():
            return "it only takes the mean of each map"
    return "it works on each number alone"


class TilesSheet:
    """Kernels or feature maps on `width` × `height` cells of the screen, in the order of their own numbers.

    Of a pool the maps before it are shown, with the numbers marked that it kept, as long as there is room for that.
    """

    def __init__(self, tiles: TilesView, width: int, height: int, colourless: bool) -> None:
        self._view = tiles
        self._room = (width, height)
        self._shows_before = False
        self._tiling: Tiling | None = None
        if tiles.cells is None:
            return
        if tiles.before is not None:
            self._tiling = self._tile_before(tiles.before, colourless)
            self._shows_before = self._tiling is not None
        if self._tiling is None:
            self._tiling = tile_any(self._count, tiles.cells.shape[2:], self._label, self._head, self._room)

    def _tile_before(self, before: Array, colourless: bool) -> Tiling | None:
        sides = before.shape[1], before.shape[2]
        if self._view.kept is None:
            return tile_any(self._count, sides, self._label, self._head, self._room)
        # An even factor has a middle for the mark; a single pixel only has its colour.
        steps = [8, 6, 4, 2] if colourless else [8, 6, 4, 2, 1]
        return tile(self._count, sides, self._label, self._head, self._room, steps)

    @property
    def _count(self) -> tuple[int, int]:
        view = self._view
        return len(view.rows), 1 if view.columns is None else len(view.columns)

    @property
    def _label(self) -> int:
        return len(str(self._view.shape[0] - 1)) + 1

    @property
    def _head(self) -> int:
        return 1 if self._view.columns is not None and self._room[1] >= ROOM_FOR_HEAD else 0

    # In words

    @property
    def title(self) -> str:
        """What is seen."""
        view = self._view
        if view.columns is not None:
            height, width = view.sides
            before, after = map(integer, reversed(view.shape))
            title = f"{KERNELS[view.quantity]} · {view.name} · {height}×{width}, {before}→{after}"
            return self._first_fitting(f"{title} maps", title)
        if view.kept is not None and self._shows_before:
            return f"Before {view.name} · what it kept stands out"
        title = f"Before {view.name}" if self._shows_before else MAPS[view.quantity].format(view.name)
        if view.quantity in (Quantity.WEIGHT, Quantity.UPDATE):
            return title
        return self._first_fitting(f"{title} of this example", title)

    @property
    def missing(self) -> str | None:
        """Why there is nothing to see, where that is so."""
        view = self._view
        if view.columns is None and view.quantity in (Quantity.WEIGHT, Quantity.UPDATE):
            return f"{view.name} has no weights between maps: {_work(view.operation)}"
        if view.cells is None:
            return NOT_YET[view.quantity]
        return "not enough room for one of them" if self._tiling is None else None

    def axes(self, room: int) -> str:
        """How many are shown of how many there are, where there is room to say it."""
        maps, before = map(integer, self._view.shape)
        rows, columns = integer(self._shown.rows), integer(self._shown.columns)
        if self._view.columns is None:
            shown = f"{rows} of {maps} maps"
            texts = self._hint + shown, shown, f"{rows}/{maps}"
        else:
            texts = (
                f"↓ map out {rows} of {maps} → map in {columns} of {before}",
                f"↓ out {rows}/{maps} → in {columns}/{before}",
                f"{rows}/{maps} → {columns}/{before}",
            )
        return next((text for text in texts if len(text) <= room), "")

    @property
    def _hint(self) -> str:
        """How to see what a pool kept where the pane is too small for it."""
        return "4 m: what was kept · " if self._view.kept is not None and not self._shows_before else ""

    def readout(self, row: int, column: int) -> str:
        """The number of one cell, and whose it is."""
        view = self._view
        r, c, y, x = self._index(row, column)
        value = signed(float(self._cells[r, c, y, x])) + self._fate(r, y, x)
        if view.columns is not None:
            name = f"map {view.columns[self._column_order[c]]}→{self._rows[r]}"
        else:
            name = f"map {self._rows[r]}"
        sides, step = (view.sides, view.step) if not self._shows_before else (self._cells.shape[2:], 1)
        if sides == (1, 1) and view.columns is None:
            return self._first_fitting(f"{value} · {name}", value)
        y_name, x_name = span(y, step, sides[0]), span(x, step, sides[1])
        said, short = (
            f"{value} · {name}, row {y_name}, column {x_name}",
            f"{value} · {name}, {y_name} down, {x_name} right",
        )
        if view.biases is not None:
            bias = f" · bias {signed(float(view.biases[self._row_order[r]]))}"
            return self._first_fitting(said + bias, short + bias, said, short, value)
        return self._first_fitting(said, short, value)

    def weights(self, row: int, column: int) -> tuple[tuple[int, int], ...] | None:
        """Which weight of a kernel a cell is, along all axes of their array; None where it is none."""
        columns = self._view.columns
        if columns is None:
            return None
        r, c, y, x = self._index(row, column)
        return tuple((int(at), int(at) + 1) for at in (y, x, columns[self._column_order[c]], self._rows[r]))

    def _fate(self, r: int, y: int, x: int) -> str:
        """What became of a number that went into a pool."""
        view, row = self._view, self._row_order[r]
        if not self._shows_before or view.cells is None:
            return ""
        if view.kept is None:
            return f" of mean {signed(float(view.cells[row, 0, 0, 0]))}"
        return " kept" if view.kept[row, y, x] else " lost"

    def _first_fitting(self, *texts: str) -> str:
        """The first of some texts that fits into the border, or the last one."""
        return next((text for text in texts if len(text) <= self._room[0] - 4), texts[-1])

    # The numbers that are shown

    @property
    def numbers(self) -> Array:
        """All numbers that there are to see, also those for which there is no room."""
        numbers = self._view.before if self._shows_before else self._view.cells
        assert numbers is not None
        return numbers

    @property
    def largest(self) -> float:
        """The largest magnitude of them."""
        return float(magnitudes(self.numbers).max())

    @property
    def _shown(self) -> Tiling:
        assert self._tiling is not None
        return self._tiling

    @cached_property
    def _row_order(self) -> Array:
        """Places in the view of the rows shown: those with the strongest weights, in the order of their own numbers."""
        return self._view.rows[: self._shown.rows].argsort(kind="stable")

    @cached_property
    def _rows(self) -> Array:
        rows: Array = self._view.rows[self._row_order]
        return rows

    @cached_property
    def _column_order(self) -> Array:
        columns = self._view.columns
        return np.zeros(1, np.int64) if columns is None else columns[: self._shown.columns].argsort(kind="stable")

    @cached_property
    def _cells(self) -> Array:
        """The tiles shown, (rows, columns, height, width)."""
        numbers = self.numbers[:, None] if self._shows_before else self.numbers
        tiles: Array = numbers[np.ix_(self._row_order, self._column_order)]
        return tiles

    # The cursor, which goes over all tiles as if they were one matrix

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that the cursor can stand on."""
        tiling, (_, columns, height, width) = self._shown, self._cells.shape
        return tiling.lines * height, tiling.bands * columns * width

    @property
    def peak(self) -> tuple[int, int]:
        """The cell of largest magnitude."""
        place = strongest(magnitudes(self._cells))
        r, c, y, x = (int(k) for k in np.unravel_index(place, self._cells.shape))
        _, columns, height, width = self._cells.shape
        line, band = divmod(r, self._shown.bands)
        return line * height + y, (band * columns + c) * width + x

    def _index(self, row: int, column: int) -> tuple[int, int, int, int]:
        """The cell under the cursor, as (row of tiles, column of tiles, row, column)."""
        _, columns, height, width = self._cells.shape
        line, y = divmod(row, height)
        across, x = divmod(column, width)
        band, c = divmod(across, columns)
        return line * self._shown.bands + band, c, y, x

    def holds(self, row: int, column: int) -> bool:
        """Whether there is such a cell."""
        rows, columns = self.shape
        return row < rows and column < columns and self._index(row, column)[0] < len(self._cells)

    def spot(self, row: int, column: int) -> tuple[int, int]:
        """Where on screen a cell is: (x, y)."""
        r, c, y, x = self._index(row, column)
        left, top = self._shown.corner(r, c)
        return left + pixel(x, self._shown.step), top + pixel(y, self._shown.step) // 2

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """The cell at a place on screen."""
        tiling, (rows, columns, height, width) = self._shown, self._cells.shape
        for r, c in np.ndindex(rows, columns):
            left, top = tiling.corner(r, c)
            if left <= x < left + tiling.width and top <= y < top + -(-tiling.height // 2):
                line, band = divmod(r, tiling.bands)
                down, across = number(2 * (y - top), tiling.step), number(x - left, tiling.step)
                return line * height + min(down, height - 1), (band * columns + c) * width + min(across, width - 1)
        return None

    # The picture

    def strips(self, scale: float, palette: Palette) -> list[Strip]:
        """The tiles on a scale that ends at ±`scale`, with their numbers beside them."""
        values, empty, kept = self._canvas()
        if palette.colourless:
            lines = [list(strip.text) for strip in heatmap(values, scale, palette)]
            cells = [[Segment(sign, palette.style(palette.text)) for sign in line] for line in lines]
        else:
            cells = _coloured(values, empty, kept, scale, palette)
        if kept is not None and self._shown.step % 2 == 0:
            self._mark_kept(cells, palette)
        for x, y, text in self._labels():
            cells[y][x : x + len(text)] = [Segment(sign, palette.style(palette.faint)) for sign in text]
        return [Strip(line) for line in cells]

    def _canvas(self) -> tuple[Array, Array, Array | None]:
        """Pixels of all tiles: their numbers, which of them are empty, and which are of numbers that a pool kept."""
        tiling, view = self._shown, self._view
        lines = tiling.head + (tiling.lines - 1) * tiling.line_height + -(-tiling.height // 2)
        values = np.zeros((2 * lines, min(tiling.bands * tiling.band_width, self._room[0])), np.float32)
        empty = np.ones(values.shape, bool)
        kept = np.zeros(values.shape, bool) if self._shows_before and view.kept is not None else None
        for r, c in np.ndindex(*self._cells.shape[:2]):
            x, y = tiling.corner(r, c)
            place = slice(2 * y, 2 * y + tiling.height), slice(x, x + tiling.width)
            values[place], empty[place] = self._enlarged(self._cells[r, c]), False
            if kept is not None and view.kept is not None:
                kept[place] = self._enlarged(view.kept[self._row_order[r]])
        return values, empty, kept

    def _enlarged(self, numbers: Array) -> Array:
        return stretched(stretched(numbers, self._shown.step, 0), self._shown.step, 1)

    def _mark_kept(self, cells: list[list[Segment]], palette: Palette) -> None:
        assert self._view.kept is not None
        step = self._shown.step
        for r, row in enumerate(self._row_order):
            left, top = self._shown.corner(r, 0)
            for y, x in np.argwhere(self._view.kept[row]).tolist():
                line, place = top + (y * step) // 2 + step // 4, left + x * step + step // 2
                style = cells[line][place].style or palette.style(palette.text)
                background = style.bgcolor if palette.colourless else style.color
                mark = Style(color=palette.style(palette.text).color, bgcolor=background, bold=True)
                cells[line][place] = Segment("o" if palette.colourless else "•", mark)

    def _labels(self) -> list[tuple[int, int, str]]:
        """The number of each map beside its row, and of each map before above its column: (x, y, text)."""
        tiling, columns = self._shown, self._view.columns
        labels = []
        for r, name in enumerate(self._rows.tolist()):
            x, y = tiling.corner(r, 0)
            labels.append((x - tiling.label, y, f"{name:>{tiling.label - 1}}"))
        if columns is None or not tiling.head:
            return labels
        for band in range(tiling.bands):
            for c, name in enumerate(columns[self._column_order].tolist()):
                if len(str(name)) <= tiling.width:
                    labels.append((tiling.corner(band, c)[0], 0, str(name)))
        return labels


def _coloured(values: Array, empty: Array, kept: Array | None, scale: float, palette: Palette) -> list[list[Segment]]:
    """Half-blocks of pixels; of a pool, what it did not keep is faded."""
    colours = [*palette.shades, *palette.faded, palette.background]
    shades = levels(values, scale, LEVELS) + LEVELS
    if kept is not None:
        shades[~kept] += len(palette.shades)
    shades[empty] = len(colours) - 1
    return [
        [palette.half_block(colours[above], colours[below]) for above, below in zip(upper, lower, strict=True)]
        for upper, lower in zip(shades[::2].tolist(), shades[1::2].tolist(), strict=True)
    ]
