"""The picture of curves and the rows below it; keys and mouse are told to the screen."""

from collections.abc import Sequence

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nnviz.collection.lines import Line
from nnviz.tui.drawing.axis import Scale
from nnviz.tui.drawing.curve_legend import curve_legend
from nnviz.tui.drawing.palette import DARK
from nnviz.tui.drawing.rows import page
from nnviz.tui.drawing.run_axes import View
from nnviz.tui.drawing.run_picture import Picture, run_picture

LEAST_ROWS, SHARE = 4, 4
"""Of the rows below: so few at least, and one in so many of all."""


class RunCurves(Widget, can_focus=True):
    """Draws the lines that it was shown last."""

    class Pointed(Message):
        """Somebody points at a place on x."""

        def __init__(self, x: float) -> None:
            super().__init__()
            self.x = x

    class Wheeled(Message):
        """The wheel was turned at a place on x: inwards, or outwards; or aside, by so many parts of what is seen."""

        def __init__(self, x: float, inwards: bool, aside: int = 0) -> None:
            super().__init__()
            self.x, self.inwards, self.aside = x, inwards, aside

    class Dragged(Message):
        """The picture was dragged to the right by a share of what is seen."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    class Chose(Message):
        """A line was chosen in the rows below."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__(id="curves")
        self.palette = DARK
        self.picture = Picture([], 0, 0, None, {})
        self._lines: Sequence[Line] = ()
        self._named = ""
        self._view: View | None = None
        self._first = 0
        self._rows: list[Strip] | None = None
        self._drawn_size = Size()
        self._scale: Scale | None = None
        self._dragged: int | None = None

    def show(self, lines: Sequence[Line], named: str, view: View, keeps_scale: bool = True) -> None:
        """Draw these, `named` is what they are: the y axis stays as far as it can, unless something else is drawn."""
        self._lines, self._named, self._view = lines, named, view
        self._scale = self._scale if keeps_scale and self._scale and self._scale.log == view.log else None
        self._rows = None
        self.refresh()

    @property
    def legend_rows(self) -> int:
        """Rows below the picture, the headings among them."""
        return min(len(self._lines) + 1, max(self.size.height // SHARE, LEAST_ROWS))

    @property
    def view(self) -> View | None:
        """What it was shown last."""
        return self._view

    def drawn(self) -> Picture:
        """What is on screen of them."""
        self._draw()
        return self.picture

    def _draw(self) -> None:
        width, height = self.size
        if self._view is None or not height or (self._rows is not None and self._drawn_size == self.size):
            return
        self._drawn_size = self.size
        below = self.legend_rows
        above = max(height - below, 0)
        self.picture = run_picture(self._lines, self._view, self.palette, width, above, self._scale)
        if self._view.limits is None:
            self._scale = self.picture.scale
        legend, self._first = curve_legend(self._lines, self._named, self._view, self.palette, width, below)
        self._rows = page([*self.picture.strips, *legend], width, height, self.palette)

    def render_line(self, y: int) -> Strip:
        """One row of it."""
        self._draw()
        return self._rows[y] if self._rows is not None and y < len(self._rows) else Strip.blank(self.size.width)

    def x_at(self, column: int) -> float | None:
        """The place on x that is in the middle of a cell."""
        if self._view is None or not self.picture.columns:
            return None
        share = (column - self.picture.left + 0.5) / self.picture.columns
        return self._view.first + min(max(share, 0), 1) * (self._view.last - self._view.first)

    def on_click(self, event: events.Click) -> None:
        """Point, or choose the line whose row that is."""
        below = event.y - (self.size.height - self.legend_rows) - 1
        if below >= 0:
            number = self._first + below
            if number < len(self._lines):
                self.post_message(self.Chose(number))
        elif (x := self.x_at(event.x)) is not None:
            self.post_message(self.Pointed(x))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Inwards; with shift or ctrl, to the left."""
        self._wheel(event, True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Outwards; with shift or ctrl, to the right."""
        self._wheel(event, False)

    def _wheel(self, event: events.MouseEvent, inwards: bool) -> None:
        event.stop()
        if (x := self.x_at(event.x)) is not None:
            aside = (-1 if inwards else 1) if event.shift or event.ctrl else 0
            self.post_message(self.Wheeled(x, inwards, aside))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the picture."""
        self._dragged = event.x
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag it along."""
        if self._dragged is not None and self.picture.columns and event.x != self._dragged:
            self.post_message(self.Dragged((event.x - self._dragged) / self.picture.columns))
            self._dragged = event.x

    def on_mouse_up(self, _: events.MouseUp) -> None:
        """Let go of it."""
        self._dragged = None
        self.release_mouse()
