"""A matrix as a heatmap: which of its cells stands where."""

from functools import cached_property

from rich.segment import Segment
from textual.strip import Strip

from nnviz.array import Array, strongest
from nnviz.frame.focus import Quantity
from nnviz.frame.matrix_views import MATRIX_ROWS, ZOOM_COLUMNS, MatrixView
from nnviz.tui.drawing.grid import fitted, heatmap, magnitudes, number, pixel
from nnviz.tui.drawing.palette import Palette, legible
from nnviz.wording import count, fitted_signed, integer, signed

TITLES = {
    Quantity.GRADIENT: "Gradient ∂L/∂W",
    Quantity.WEIGHT: "Weights W",
    Quantity.UPDATE: "Update ΔW",
    Quantity.ACTIVATION: "Activations of the batch",
}
NOT_YET = {
    Quantity.GRADIENT: "The gradient is known once backprop has come here: press b",
    Quantity.UPDATE: "The update is known once backprop is done: press b, then n",
    Quantity.ACTIVATION: "The activations are known once the forward pass has come here: press f",
    Quantity.WEIGHT: "This layer has no weights",
}
# Rows and columns of single numbers at most, so that those around the one that is looked at are in the frame.
PAGE = (MATRIX_ROWS // 2, ZOOM_COLUMNS // 2)
# Cells of the screen from which on a cell of the matrix has room for its number, and one between two of them.
NUMBERED = 6


class MatrixSheet:
    """A matrix on `width` × `height` cells of the screen: enlarged, or reduced, to fill them."""

    def __init__(self, matrix: MatrixView, width: int, height: int, decimals: int | None = None) -> None:
        """With `decimals`, so many are read out of a number, where they are wanted."""
        self._matrix, self._decimals = matrix, decimals
        self._room = (width, height)
        # Of single numbers as many are shown as have room for their digits: the page with the one that is looked at.
        self._page = _page(matrix, width, height) if matrix.zoom is not None else (slice(None), slice(None))

    @property
    def title(self) -> str:
        """What is seen."""
        matrix = self._matrix
        units, others = matrix.shape
        if matrix.zoom is not None and matrix.cells is not None:
            title = f"{'Gradient ∂L/∂a' if self._is_of_activations else TITLES[matrix.quantity]} · {matrix.name}"
            rows, columns = (self._span(0, axis, self.shape[axis] - 1) for axis in (0, 1))
            shown = f"{'examples' if matrix.by_example else 'inputs'} {columns} · units {rows}"
            return self._first_fitting(f"{title} · {shown}", f"{matrix.name} · {shown}", title)
        if not matrix.by_example:
            title = f"{TITLES[matrix.quantity]} · {matrix.name}"
            return self._first_fitting(f"{title} · {integer(others)}→{integer(units)}", title)
        title = f"{'Gradient ∂L/∂a' if matrix.quantity is Quantity.GRADIENT else 'Activations'} · {matrix.name}"
        size = f"{count(units, 'unit')} × {count(others, 'example')}"
        return self._first_fitting(f"{title} · {size}", f"{title} · {integer(units)}×{integer(others)}", title)

    @property
    def missing(self) -> str | None:
        """Why there is nothing to see, where that is so."""
        matrix = self._matrix
        if matrix.by_example and matrix.quantity in (Quantity.WEIGHT, Quantity.UPDATE):
            return f"{matrix.name} has no weights between units: it works on each number alone"
        if matrix.cells is None:
            return NOT_YET[matrix.quantity]
        return "not enough room for it" if min(self._room) < 1 else None

    @property
    def numbers(self) -> Array:
        """All numbers that there are to see."""
        assert self._matrix.cells is not None
        shown: Array = self._matrix.cells[self._page]
        return shown

    @property
    def _is_of_activations(self) -> bool:
        return self._matrix.by_example and self._matrix.quantity is Quantity.GRADIENT

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that the cursor can stand on."""
        rows, columns = self.numbers.shape
        return rows, columns

    @cached_property
    def _magnitudes(self) -> Array:
        return magnitudes(self.numbers)

    @property
    def largest(self) -> float:
        """The largest magnitude of the whole matrix."""
        return float(self._magnitudes.max()) if self._matrix.largest is None else self._matrix.largest

    @property
    def peak(self) -> tuple[int, int]:
        """The cell that is read out unless another one is pointed at: of largest magnitude, or what is zoomed in on."""
        if self._matrix.zoom is not None:
            row, column = (
                at - (first + (page.start or 0))
                for at, first, page in zip(self._matrix.zoom, self._matrix.first, self._page, strict=True)
            )
            return row, column
        place = strongest(self._magnitudes)
        return place // self.shape[1], place % self.shape[1]

    @cached_property
    def _fitted(self) -> tuple[Array, int, int]:
        width, height = self._room
        return fitted(self.numbers, 2 * height, width)

    def holds(self, row: int, column: int) -> bool:
        """Whether there is such a cell."""
        return row < self.shape[0] and column < self.shape[1]

    def strips(self, scale: float, palette: Palette) -> list[Strip]:
        """The matrix on a scale that ends at ±`scale`; where cells are large enough, with their numbers in them."""
        drawn = heatmap(self._fitted[0], scale, palette)
        _, row_step, column_step = self._fitted
        return self._numbered(drawn, scale, palette) if row_step >= 2 and column_step >= NUMBERED else drawn

    def _numbered(self, drawn: list[Strip], scale: float, palette: Palette) -> list[Strip]:
        _, row_step, column_step = self._fitted
        strips = list(drawn)
        for row, numbers in enumerate(self.numbers.tolist()):
            # The line in the middle of this row of cells.
            y = (2 * row + 1) * row_step // 4
            cells = []
            for value in numbers:
                text = f" {fitted_signed(value, column_step - 1).center(column_step - 1)}"
                ground = palette.background if palette.colourless else palette.signed(value, scale)
                cells.append(Segment(text, palette.on(legible(palette, ground), ground)))
            rest = strips[y].crop(len(numbers) * column_step)
            strips[y] = Strip.join([Strip(cells), rest])
        return strips

    def spot(self, row: int, column: int) -> tuple[int, int]:
        """Where on screen a cell is: (x, y)."""
        _, row_step, column_step = self._fitted
        return pixel(column, column_step), pixel(row, row_step) // 2

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """The cell at a place on screen."""
        _, row_step, column_step = self._fitted
        row, column = number(y * 2, row_step), number(x, column_step)
        return (row, column) if self.holds(row, column) else None

    def readout(self, row: int, column: int) -> str:
        """The number of one cell, and whose it is."""
        matrix = self._matrix
        unit, other = self._span(row, 0), self._span(column, 1)
        place = self._place(row, column)
        if place is not None:
            unit, other = self._of(row, 0, place[0], unit), self._of(column, 1, place[1], other)
        value = signed(float(self.numbers[row, column]), decimals=self._decimals)
        if matrix.by_example:
            return self._first_fitting(f"{value} · unit {unit}, example {other}", value)
        said = f"{value} · input {other} → unit {unit}"
        biases = None if matrix.biases is None else matrix.biases[self._page[0]]
        bias = "" if biases is None else f" · bias {signed(float(biases[row]), decimals=self._decimals)}"
        return self._first_fitting(said + bias, said, f"{value} · {other} → {unit}", value)

    def number_at(self, row: int, column: int) -> tuple[int, int]:
        """Where in the whole matrix the number of a cell is, or the first one of its block."""
        beside = self._place(row, column) or (0, 0)
        return self._begin(row, 0) + beside[0], self._begin(column, 1) + beside[1]

    def _place(self, row: int, column: int) -> tuple[int, int] | None:
        """Row and column in its block of the number that a cell is, where that is known."""
        matrix = self._matrix
        if matrix.places is None or matrix.places[row, column] == matrix.row_step * matrix.column_step:
            return None
        return divmod(int(matrix.places[row, column]), matrix.column_step)

    def _begin(self, cell: int, axis: int) -> int:
        """The first of the whole matrix' rows (or columns) that a cell stands for."""
        step = (self._matrix.row_step, self._matrix.column_step)[axis]
        return self._matrix.first[axis] + ((self._page[axis].start or 0) + cell) * step

    def _span(self, cell: int, axis: int, more: int = 0) -> str:
        """Which rows (or columns) a cell stands for, and `more` after it: 7, or 12…15."""
        step, first = (self._matrix.row_step, self._matrix.column_step)[axis], self._counted_from(axis)
        begin = self._begin(cell, axis)
        end = min(begin + (1 + more) * step, self._matrix.shape[axis]) - 1
        return integer(begin + first) if begin == end else f"{integer(begin + first)}…{integer(end + first)}"

    def _of(self, cell: int, axis: int, place: int, among: str) -> str:
        """Which one of those it is that the number belongs to: "13 of 12…15"."""
        one = integer(self._begin(cell, axis) + place + self._counted_from(axis))
        return one if one == among else f"{one} of {among}"

    def _counted_from(self, axis: int) -> int:
        """Examples are counted as they are beside their picture."""
        return int(axis == 1 and self._matrix.by_example)

    def weights(self, row: int, column: int) -> tuple[tuple[int, int], ...] | None:
        """Which weights a cell stands for, along both axes of their array; None where it stands for none."""
        matrix = self._matrix
        if matrix.by_example:
            return None
        places = ((column, 1, matrix.column_step), (row, 0, matrix.row_step))
        return tuple(
            (begin := self._begin(cell, axis), min(begin + step, matrix.shape[axis])) for cell, axis, step in places
        )

    def _first_fitting(self, *texts: str) -> str:
        """The first of some texts that fits into the border, or the last one."""
        return next((text for text in texts if len(text) <= self._room[0] - 4), texts[-1])

    def axes(self, room: int) -> str:
        """What rows and columns are, where there is room to say it."""
        text = "↓ units → " + ("examples" if self._matrix.by_example else "inputs")
        return text if len(text) <= room else ""


def _page(matrix: MatrixView, width: int, height: int) -> tuple[slice, slice]:
    """Which of a window's cells are shown: pages as large as the room lie side by side over the whole matrix."""
    assert matrix.zoom is not None
    room = (height, width // (NUMBERED + 1))
    pages = []
    for at, first, side, most in zip(matrix.zoom, matrix.first, room, PAGE, strict=True):
        size = min(max(side, 1), most)
        start = at // size * size - first
        pages.append(slice(max(start, 0), start + size))
    return pages[0], pages[1]
