"""The heatmap of the focused block: its gradient, weights, update or activations."""

from typing import ClassVar

from msgspec.structs import replace
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from nnviz.frame.focus import Focus, Quantity
from nnviz.frame.frame import Frame, State
from nnviz.frame.matrix_views import MatrixView, TilesView
from nnviz.tui.drawing.ends import Ends
from nnviz.tui.drawing.grid import diverging
from nnviz.tui.drawing.matrix import MatrixSheet
from nnviz.tui.drawing.rows import Run, centred, filled, fit_right, row
from nnviz.tui.drawing.tiles import TilesSheet
from nnviz.tui.panes.framed_pane import Caption, FramedPane
from nnviz.wording import MINUS, trimmed

Sheet = MatrixSheet | TilesSheet


class HeatmapPane(FramedPane):
    """Numbers in diverging colours on a symmetric scale, with the one under the cursor read out."""

    parts = frozenset({"matrix"})
    turns = frozenset({2, 7})
    follows = frozenset({"block", "quantity", "zoom"})
    title = "Gradient"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Cursor", show=False, id="heatmap.up"),
        Binding("down", "move(1, 0)", "Cursor", show=False, id="heatmap.down"),
        Binding("left", "move(0, -1)", "Cursor", show=False, id="heatmap.left"),
        Binding("home", "let_go", "Cursor", show=False, id="heatmap.home"),
        Binding("end", "move_to_end", "Cursor", show=False, id="heatmap.end"),
    ]

    class Moved(Message):
        """Zoomed in, the cursor is to move so many numbers down and to the right."""

        def __init__(self, down: int, right: int) -> None:
            super().__init__()
            self.down, self.right = down, right

    def __init__(self) -> None:
        super().__init__()
        self._ends = Ends()
        self._scaled: tuple[Quantity, str] | None = None
        self._followed: MatrixView | TilesView | None = None
        self._locked = False
        # Where keys or a click have put it, and where the mouse is meanwhile.
        self._cursor: tuple[int, int] | None = None
        self._hovered: tuple[int, int] | None = None
        self._shown: tuple[object, ...] = ()
        self._sheet_kept: Sheet | None = None

    def toggle_lock(self) -> None:
        """Keep the colours' scale as it is, or let it follow the numbers again."""
        self._locked = not self._locked
        self.redraw()

    def _sheet(self, frame: Frame, width: int, height: int) -> Sheet:
        """What is shown on a pane of that size, the last line of which is the legend's."""
        shown = (id(frame.matrix), width, height, self.palette.colourless)
        # The border asks for it and so do the rows. As long as the sheet is kept, no other matrix gets that id.
        if self._sheet_kept is None or self._shown != shown:
            self._shown, self._sheet_kept = shown, self._new_sheet(frame, width, height - 1)
        return self._sheet_kept

    def _new_sheet(self, frame: Frame, width: int, height: int) -> Sheet:
        matrix = frame.matrix
        if isinstance(matrix, MatrixView):
            return MatrixSheet(matrix, width, height, frame.title.decimals)
        return TilesSheet(matrix, width, height, self.palette.colourless)

    def caption(self, frame: Frame, width: int, height: int) -> Caption:
        sheet = self._sheet(frame, width, height)
        return Caption(sheet.title, sheet.readout(*self._chosen(sheet)) if sheet.missing is None else "")

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        sheet = self._sheet(frame, width, height)
        if sheet.missing is not None:
            return centred(sheet.missing, width, height, self.palette)
        self._follow(frame, sheet.largest)
        strips = sheet.strips(self._ends.end, self.palette)
        if self._hovered is not None or self._cursor is not None or self._zoom is not None:
            strips = self._marked(strips, *sheet.spot(*self._chosen(sheet)))
        return [*(filled(strip, width, self.palette) for strip in strips), self._legend(sheet, width)]

    def _follow(self, frame: Frame, largest: float) -> None:
        """Let the scale's ends follow the numbers, unless they are locked; those of a running training once a frame."""
        shown = (frame.matrix.quantity, frame.matrix.name)
        running = frame.state is State.RUNNING
        if self._scaled != shown:
            self._ends, self._scaled = Ends(), shown
        elif self._locked or (running and self._followed is frame.matrix):
            return
        self._followed = frame.matrix
        self._ends.follow(largest, running)

    def _chosen(self, sheet: Sheet) -> tuple[int, int]:
        """The cell that is read out: under the cursor, or else the one of largest magnitude."""
        pointed = self._hovered or (None if self._zoom is not None else self._cursor)
        if pointed is None:
            return sheet.peak
        rows, columns = sheet.shape
        row, column = min(pointed[0], rows - 1), min(pointed[1], columns - 1)
        return (row, column) if sheet.holds(row, column) else sheet.peak

    def _marked(self, strips: list[Strip], x: int, y: int) -> list[Strip]:
        """The strips with the cursor's mark at a place on screen."""
        mark = Strip([Segment("┼", self.palette.style(self.palette.accent, bold=True))])
        strips[y] = Strip.join([strips[y].crop(0, x), mark, strips[y].crop(x + 1)])
        return strips

    def _legend(self, sheet: Sheet, width: int) -> Strip:
        """The colours of the scale between its ends, as many as there is room for, and what rows and columns are."""
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        end, locked = trimmed(self._ends.end), " locked" if self._locked else ""
        shades = diverging(palette, width - 2 * len(f"{MINUS}{end} ") - len(locked))
        scale: list[Run] = [(f"{MINUS}{end} ", text), *shades, (f" +{end}{locked}", text)]
        room = max(width - sum(len(run) for run, _ in scale) - 1, 0)
        return row([*scale, (" " + fit_right(sheet.axes(room), room), faint)], width, palette)

    # The cursor

    @property
    def _zoom(self) -> tuple[int, int] | None:
        """The number that is zoomed in on, in the whole matrix."""
        matrix = None if self._frame is None else self._frame.matrix
        return matrix.zoom if isinstance(matrix, MatrixView) else None

    def zoomed(self) -> Focus | None:
        """Single numbers around the cursor, or the whole matrix again; None where there is nothing to zoom in on."""
        if self._zoom is not None:
            return self.leave()
        sheet, focus = self._current_sheet(), self.focus_shown
        if focus is None or not isinstance(sheet, MatrixSheet):
            return None
        return replace(focus, zoom=sheet.number_at(*self._chosen(sheet)))

    def moved(self, down: int, right: int) -> Focus | None:
        """So many numbers further, round and round."""
        focus, at = self.focus_shown, self._zoom
        if focus is None or at is None or self._frame is None or not isinstance(self._frame.matrix, MatrixView):
            return None
        rows, columns = self._frame.matrix.shape
        return replace(focus, zoom=((at[0] + down) % rows, (at[1] + right) % columns))

    def across(self, places: int) -> Focus | None:
        if self._zoom is not None:
            return self.moved(0, places)
        self.action_move(0, places)
        return self.focus_shown

    def leave(self) -> Focus | None:
        focus = self.focus_shown
        return None if focus is None or self._zoom is None else replace(focus, zoom=None)

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor, which starts at the largest number."""
        sheet = self._current_sheet()
        if sheet is None:
            return
        if self._zoom is not None:
            # In its turn: the keys before it may move it too.
            self.post_message(self.Moved(down, right))
            return
        (row, column), (rows, columns) = self._chosen(sheet), sheet.shape
        row, column = (row + down) % rows, (column + right) % columns
        while not sheet.holds(row, column):
            row, column = (row + down) % rows, (column + right) % columns
        self._point(row, column)

    def action_let_go(self) -> None:
        """Read the largest number again, wherever it is; of single ones the first."""
        if self._zoom is not None:
            self._point_among_all(0, 0)
        self._cursor = None
        self._redraw_cursor()

    def action_move_to_end(self) -> None:
        """To the last cell."""
        sheet = self._current_sheet()
        if self._zoom is not None:
            self._point_among_all(-1, -1)
        elif sheet is not None:
            rows, columns = sheet.shape
            places = ((row, column) for row in reversed(range(rows)) for column in reversed(range(columns)))
            self._point(*next(place for place in places if sheet.holds(*place)))

    def _point_among_all(self, row: int, column: int) -> None:
        """Have that number of the whole matrix looked at, counted from its end where negative."""
        if self._zoom is not None:
            self.post_message(self.Moved(row - self._zoom[0], column - self._zoom[1]))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Read the cell under the mouse, as long as it is there."""
        cell = self._under(event)
        if cell is not None:
            self._hovered = cell
            self._redraw_cursor()

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:
        """The number that is clicked, among single ones; else nothing, and the cursor stays in the cell."""
        sheet = self._current_sheet()
        cell = None if sheet is None else sheet.at(x, y)
        if cell is None:
            return None
        if self._zoom is not None and isinstance(sheet, MatrixSheet):
            self._hovered = None
            return replace(frame.focus, zoom=sheet.number_at(*cell))
        self._point(*cell)
        return None

    def on_click(self, event: events.Click) -> None:
        """A double click zooms in on what is under the mouse, or out again; a click is handled as in other panes."""
        focus = self.zoomed() if event.chain == 2 else None
        if focus is not None:
            event.prevent_default()
            self.post_message(self.Pointed(focus))

    def on_leave(self) -> None:
        """Read the cell again that was read before the mouse came."""
        self._hovered = None
        self._redraw_cursor()

    def _under(self, event: events.MouseEvent) -> tuple[int, int] | None:
        """The cell under the mouse."""
        sheet, offset = self._current_sheet(), event.get_content_offset(self)
        return None if sheet is None or offset is None else sheet.at(offset.x, offset.y)

    def readout(self) -> str | None:
        """What is read out; None where there is nothing."""
        sheet = self._current_sheet()
        return None if sheet is None else sheet.readout(*self._chosen(sheet))

    def chosen_weights(self) -> tuple[tuple[int, int], ...] | None:
        """Which weights the cell that is read out stands for: from … to before …, axis by axis; None where for none."""
        sheet = self._current_sheet()
        return None if sheet is None else sheet.weights(*self._chosen(sheet))

    def _current_sheet(self) -> Sheet | None:
        """What is on screen now, if there is anything to see."""
        if self._frame is None:
            return None
        sheet = self._sheet(self._frame, *self.content_size)
        return sheet if sheet.missing is None else None

    def _point(self, y: int, x: int) -> None:
        self._cursor, self._hovered = (y, x), None
        self._redraw_cursor()

    def _redraw_cursor(self) -> None:
        if self._frame is not None:
            self.show(self._frame)
