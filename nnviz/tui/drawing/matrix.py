"""A matrix as a heatmap: which of its cells stands where."""

from functools import cached_property

from rich.segment import Segment
from textual.strip import Strip

from nnviz.array import Array
from nnviz.frame.focus import Quantity
from nnviz.frame.matrix_views import MatrixView
from nnviz.tui.drawing.grid import fitted, heatmap, magnitudes, number, pixel, span
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
# Cells of the screen from which on a cell of the matrix has room for its number, and one between two of them.
NUMBERED = 6


class MatrixSheet:
    """A matrix on `width` × `height` cells of the screen: enlarged, or reduced, to fill them."""

    def __init__(self, matrix: MatrixView, width: int, height: int, decimals: int | None = None) -> None:
        """With `decimals`, so many are read out of a number, where they are wanted."""
        self._matrix, self._decimals = matrix, decimals
        self._room = (width, height)

    @property
    def title(self) -> str:
        """What is seen."""
        matrix = self._matrix
        units, others = matrix.shape
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
        return self._matrix.cells

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
        """The largest magnitude."""
        return float(self._magnitudes.max())

    @property
    def peak(self) -> tuple[int, int]:
        """The cell of largest magnitude."""
        place = int(self._magnitudes.argmax())
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
        unit = span(row, matrix.row_step, matrix.shape[0])
        # Examples are counted as they are beside their picture.
        other = span(column, matrix.column_step, matrix.shape[1], first=int(matrix.by_example))
        value = signed(float(self.numbers[row, column]), decimals=self._decimals)
        if matrix.by_example:
            return self._first_fitting(f"{value} · unit {unit}, example {other}", value)
        said = f"{value} · input {other} → unit {unit}"
        biases = matrix.biases
        bias = "" if biases is None else f" · bias {signed(float(biases[row]), decimals=self._decimals)}"
        return self._first_fitting(said + bias, said, f"{value} · {other} → {unit}", value)

    def weights(self, row: int, column: int) -> tuple[tuple[int, int], ...] | None:
        """Which weights a cell stands for, along both axes of their array; None where it stands for none."""
        matrix = self._matrix
        if matrix.by_example:
            return None
        places = ((column, matrix.column_step, matrix.shape[1]), (row, matrix.row_step, matrix.shape[0]))
        return tuple((place * step, min((place + 1) * step, size)) for place, step, size in places)

    def _first_fitting(self, *texts: str) -> str:
        """The first of some texts that fits into the border, or the last one."""
        return next((text for text in texts if len(text) <= self._room[0] - 4), texts[-1])

    def axes(self, room: int) -> str:
        """What rows and columns are, where there is room to say it."""
        text = "↓ units → " + ("examples" if self._matrix.by_example else "inputs")
        return text if len(text) <= room else ""
