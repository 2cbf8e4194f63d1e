"""The heatmap of the focused block: its gradient, weights, update or activations."""

import math
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from nnviz.training.frame import Frame, MatrixView, Quantity, State
from nnviz.tui.drawing.grid import fitted, heatmap
from nnviz.tui.drawing.numbers import round_up, rounded, signed
from nnviz.tui.drawing.palette import LEVELS
from nnviz.tui.drawing.rows import Run, centred, filled, fit_right, row
from nnviz.tui.panes.pane import Pane

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
# The scale shrinks only when it is this many times too large, so that it does not jump about.
SLACK = 5


class HeatmapPane(Pane):
    """A matrix in diverging colours on a symmetric scale, with the cell under the cursor read out."""

    turns = frozenset({2, 6})
    follows = frozenset({"block", "quantity"})
    title = "Gradient"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Cursor", show=False, id="heatmap.up"),
        Binding("down", "move(1, 0)", "Cursor", show=False, id="heatmap.down"),
        Binding("left", "move(0, -1)", "Cursor", show=False, id="heatmap.left"),
        Binding("right", "move(0, 1)", "Cursor", show=False, id="heatmap.right"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._scale = 0.0
        self._scaled: tuple[Quantity, str] | None = None
        self._locked = False
        self._cursor: tuple[int, int] | None = None
        self._steps = (1, 1)

    def toggle_lock(self) -> None:
        """Keep the colours' scale as it is, or let it follow the numbers again."""
        self._locked = not self._locked
        self.redraw()

    def caption(self, frame: Frame) -> None:
        matrix = frame.matrix
        shape = f"{matrix.shape[1]:,}→{matrix.shape[0]:,}"
        if matrix.quantity is Quantity.ACTIVATION:
            shape = f"{matrix.shape[0]:,} units × {matrix.shape[1]:,} examples"
        self.border_title = f"{TITLES[matrix.quantity]} · {matrix.name} · {shape}"
        self.border_subtitle = None if matrix.cells is None else _readout(frame, self._chosen(matrix))

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        matrix = frame.matrix
        if matrix.cells is None:
            return centred(NOT_YET[matrix.quantity], width, height, self.palette)
        self._follow(matrix, frame.state is State.RUNNING)
        pixels, *steps = fitted(matrix.cells, 2 * (height - 1), width)
        self._steps = steps[0], steps[1]
        strips = heatmap(pixels, self._scale, self.palette)
        if self._cursor is not None:
            strips = self._marked(strips, self._chosen(matrix))
        return [*(filled(s, width, self.palette) for s in strips), self._legend(frame, width)]

    def _follow(self, matrix: MatrixView, running: bool) -> None:
        """Let the scale's ends follow the numbers in round steps; of a running training, not at every little change."""
        if matrix.cells is None:
            return
        shown = (matrix.quantity, matrix.name)
        if self._locked and self._scaled == shown:
            return
        largest = float(np.nan_to_num(np.abs(matrix.cells), posinf=0.0).max())
        slack = SLACK if running else 1.0
        if self._scaled != shown or largest > self._scale or largest * slack < self._scale:
            self._scale = round_up(largest) if 0 < largest < math.inf else 1.0
            self._scaled = shown

    def _chosen(self, matrix: MatrixView) -> tuple[int, int]:
        """The cell that is read out: under the cursor, or else the one of largest magnitude."""
        assert matrix.cells is not None
        rows, columns = matrix.cells.shape
        if self._cursor is None:
            place = int(np.nan_to_num(np.abs(matrix.cells), posinf=0.0).argmax())
            return place // columns, place % columns
        self._cursor = min(self._cursor[0], rows - 1), min(self._cursor[1], columns - 1)
        return self._cursor

    def _marked(self, strips: list[Strip], cell: tuple[int, int]) -> list[Strip]:
        """The strips with a mark on a cell of the matrix."""
        y, x = (_pixel(place, step) for place, step in zip(cell, self._steps, strict=True))
        y //= 2
        mark = Strip([Segment("┼", self.palette.style(self.palette.accent, bold=True))])
        strip = strips[y]
        strips[y] = Strip.join([strip.crop(0, x), mark, strip.crop(x + 1)])
        return strips

    def _legend(self, frame: Frame, width: int) -> Strip:
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        shades = [("█", palette.style(palette.shades[i])) for i in range(0, 2 * LEVELS + 1, 3)]
        if palette.colourless:
            shades = [("≡=−˗ ·+*#", text)]
        locked = " locked" if self._locked else ""
        scale: list[Run] = [(f"{rounded(-self._scale)} ", text), *shades, (f" +{rounded(self._scale)}{locked}", text)]
        used = sum(len(run) for run, _ in scale)
        axes = "↓ units → " + ("examples" if frame.matrix.quantity is Quantity.ACTIVATION else "inputs")
        return row([*scale, (" " + fit_right(axes, max(width - used - 1, 0)), faint)], width, palette)

    # The cursor

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor, which starts at the largest number."""
        if self._frame is None or self._frame.matrix.cells is None:
            return
        matrix = self._frame.matrix
        y, x = self._chosen(matrix)
        rows, columns = self._frame.matrix.cells.shape
        self._point((y + down) % rows, (x + right) % columns)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Read the cell under the mouse."""
        if self._frame is None or self._frame.matrix.cells is None:
            return
        offset = event.get_content_offset(self)
        if offset is None:
            return
        rows, columns = self._frame.matrix.cells.shape
        y, x = _place(offset.y * 2, self._steps[0]), _place(offset.x, self._steps[1])
        if y < rows and x < columns:
            self._point(y, x)

    def _point(self, y: int, x: int) -> None:
        if self._frame is not None:
            self._cursor = y, x
            self.show(self._frame)

    def on_leave(self) -> None:
        """Read the largest number again when the mouse goes."""
        self._unpoint()

    def on_blur(self) -> None:
        """Read the largest number again when the keys go elsewhere."""
        self._unpoint()

    def _unpoint(self) -> None:
        self._cursor = None
        if self._frame is not None:
            self.show(self._frame)


def _pixel(place: int, step: int) -> int:
    return place * step if step > 0 else place // -step


def _place(pixel: int, step: int) -> int:
    return pixel // step if step > 0 else pixel * -step


def _readout(frame: Frame, cell: tuple[int, int]) -> str:
    """The number of one cell of the matrix, and whose it is."""
    matrix = frame.matrix
    assert matrix.cells is not None
    unit = _range(cell[0], matrix.row_step, matrix.shape[0])
    other = _range(cell[1], matrix.column_step, matrix.shape[1])
    value = signed(float(matrix.cells[cell]))
    if matrix.quantity is Quantity.ACTIVATION:
        return f"{value} · unit {unit}, example {other}"
    return f"{value} · input {other} → unit {unit}"


def _range(place: int, step: int, size: int) -> str:
    if step == 1:
        return f"{place:,}"
    return f"{place * step:,}…{min((place + 1) * step, size) - 1:,}"
