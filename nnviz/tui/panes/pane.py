"""Pane: a bordered part of the screen that draws a frame, and nothing else."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Self

from rich.segment import Segment
from textual.content import Content
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from nnviz.training.frame import Frame
from nnviz.tui.drawing.palette import DARK, Palette
from nnviz.tui.drawing.rows import page

TURNS = 8


class Caption(NamedTuple):
    """What the border of a pane says, above and below."""

    title: str
    subtitle: str | None = None


class _Border(NamedTuple):
    """What stands around the rows of a pane, as Textual has painted it."""

    above: Strip
    left: Segment
    right: Segment
    below: Strip

    @classmethod
    def of(cls, lines: list[Strip]) -> "_Border":
        """The border of a pane of at least one row."""
        left, *_, right = lines[1]
        return cls(lines[0], left, right, lines[-1])

    def around(self, rows: list[Strip], width: int) -> list[Strip]:
        """The pane with these rows."""
        return [self.above, *(Strip([self.left, *row, self.right], width) for row in rows), self.below]


class Pane(Widget, can_focus=True):
    """Draws the frame that it was shown last, once for each frame and size.

    While training runs fast, a pane draws the frames of its `turns` in a cycle of `TURNS`: a picture that changes more
    often than a person can read it only costs time, and the dear ones together would keep a key waiting. `follows`
    names what it shows at once all the same when a key changes it.
    """

    turns: ClassVar[frozenset[int]] = frozenset(range(TURNS))
    follows: ClassVar[frozenset[str]] = frozenset()
    title: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(id=type(self).__name__.removesuffix("Pane").lower())
        self._caption = Caption("")
        self._entitle(Caption(self.title))
        self.palette = DARK
        self._frame: Frame | None = None
        self._strips: list[Strip] | None = None
        self._drawn_size = (0, 0)
        self._lines: list[Strip] | None = None
        self._lines_of = Region()
        self._border: _Border | None = None

    def show(self, frame: Frame) -> None:
        """Draw this frame from now on."""
        self._frame = frame
        self._entitle(self.caption(frame))
        self.redraw()

    def recolour(self, palette: Palette) -> None:
        """Draw in these colours from now on."""
        self.palette = palette
        self.redraw()

    def on_resize(self) -> None:
        """What the border says may depend on how much fits."""
        if self._frame is not None:
            self._entitle(self.caption(self._frame))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All but the one that replaces the terminal's own colours, which panes never use."""
        return [kept for kept in super().get_line_filters() if not isinstance(kept, ANSIToTruecolor)]

    def redraw(self) -> None:
        """Draw again, at the next paint; the border stays."""
        self._strips = None
        border = self._border
        self.refresh()
        self._border = border

    def refresh(self, *regions: Region, **how: Any) -> Self:
        """Paint anew what has changed: all of the pane, or these regions of it."""
        self._lines = self._border = None
        return super().refresh(*regions, **how)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The pane with its border.

        Textual asks for the lines of all panes whenever it paints a single one, and takes longer to put a border around
        rows than it takes to draw them.
        """
        if crop.size != self.outer_size:
            return super().render_lines(crop)
        if self._lines is None or self._lines_of != crop:
            self._lines, self._lines_of = self._painted(crop), crop
        return self._lines

    def _painted(self, crop: Region) -> list[Strip]:
        width, height = self.content_size
        if self._border is not None and self._lines_of == crop and not self.get_line_filters():
            return self._border.around([self.render_line(y) for y in range(height)], crop.width)
        lines = super().render_lines(crop)
        if height > 0 and (crop.width, crop.height) == (width + 2, height + 2):
            self._border = _Border.of(lines)
        return lines

    def _entitle(self, caption: Caption) -> None:
        """Have the border say this. Textual takes its time over a title, even one that stays the same."""
        before, self._caption = self._caption, caption
        if caption.title != before.title:
            self.border_title = Content(caption.title)
        if caption.subtitle != before.subtitle:
            self.border_subtitle = None if caption.subtitle is None else Content(caption.subtitle)

    def caption(self, frame: Frame) -> Caption:  # noqa: ARG002
        """What the border says, which is painted before the rows are drawn."""
        return Caption(self.title)

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        """The frame in `height` rows of `width` cells."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        if self._strips is None or self._drawn_size != (width, height):
            drawn = self.draw(self._frame, width, height) if self._frame and width > 0 and height > 0 else []
            self._strips = page(drawn, width, height, self.palette)
            self._drawn_size = (width, height)
        return self._strips[y] if y < len(self._strips) else Strip.blank(width)
