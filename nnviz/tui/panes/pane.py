"""Pane: a part of the screen that draws a frame, and nothing else."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from nnviz.frame.frame import Frame, Parts
from nnviz.tui.drawing.palette import DARK, Palette
from nnviz.tui.drawing.rows import page
from nnviz.tui.panes.line import Line

TURNS = 10


class Pane(Widget):
    """Draws the frame that it was shown last, once for each frame and size; of its parts, it needs `parts`.

    While training runs fast, a pane draws the frames of its `turns` in a cycle of `TURNS`: a picture that changes more
    often than a person can read it only costs time, and the dear ones together would keep a key waiting. `follows`
    names what it shows at once all the same when a key changes it.
    """

    parts: ClassVar[Parts] = frozenset()
    turns: ClassVar[frozenset[int]] = frozenset(range(TURNS))
    follows: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        super().__init__(id=type(self).__name__.removesuffix("Pane").lower())
        self.palette = DARK
        self._frame: Frame | None = None
        self._rows: list[Strip] | None = None
        self._drawn_size = Size()
        self._lines: list[Strip] | None = None
        self._painted_size = Size()

    def show(self, frame: Frame) -> None:
        """Draw this frame from now on."""
        self._frame = frame
        self.redraw()

    def recolour(self, palette: Palette) -> None:
        """Draw in these colours from now on."""
        self.palette = palette
        self.redraw()

    def redraw(self) -> None:
        """Draw again, at the next paint."""
        self._rows = None
        self.refresh()

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        """The frame in `height` rows of `width` cells."""
        raise NotImplementedError

    def rows(self) -> list[Strip]:
        """What is drawn of the frame, as many rows as there is room for."""
        width, height = size = self.content_size
        if self._rows is None or self._drawn_size != size:
            drawn = self.draw(self._frame, width, height) if self._frame and width > 0 and height > 0 else []
            self._rows, self._drawn_size = page(drawn, width, height, self.palette), size
        return self._rows

    def paint(self) -> list[Line]:
        """All lines of the pane."""
        return [Line(row, row.cell_length) for row in self.rows()]

    # What Textual asks for. It asks for the lines of all panes whenever a single one has changed, and takes longer to
    # style lines and to put a border around them than it takes to draw them: both is done here.

    def refresh(self, *regions: Region, **how: Any) -> Self:
        """Paint again, at the next paint; what is drawn stays."""
        self._lines = None
        return super().refresh(*regions, **how)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The part of the pane that is to be seen."""
        size = self.outer_size
        if self._lines is None or self._painted_size != size:
            self._lines, self._painted_size = self._filtered(self.paint()), size
        if crop.size == size:
            return self._lines
        return [line.crop(*crop.column_span) for line in self._lines[crop.y : crop.bottom]]

    def _filtered(self, lines: Sequence[Strip]) -> list[Strip]:
        for line_filter in self.get_line_filters():
            filtered = (line.apply_filter(line_filter, self.background_colors[1]) for line in lines)
            lines = [Line(line, line.cell_length) for line in filtered]
        return list(lines)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All but the one that replaces the terminal's own colours, which panes never use."""
        return [kept for kept in super().get_line_filters() if not isinstance(kept, ANSIToTruecolor)]
