"""FramedPane: a pane with a border around it, which says what it shows."""

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.outside_text import cut
from nnviz.tui.drawing.colours import mixed
from nnviz.tui.drawing.rows import row
from nnviz.tui.panes.line import Line
from nnviz.tui.panes.pane import Pane

SEPARATOR = " · "
BORDER = 4
"""Cells of a title's row that are the border's own."""


class Caption(NamedTuple):
    """What the border of a pane says, above and below."""

    title: str
    subtitle: str = ""


class FramedPane(Pane, can_focus=True):
    """The style sheet keeps one cell free on each side of what is drawn, for the border."""

    title: ClassVar[str] = ""

    class Pointed(Message):
        """Something else is to be looked at: it was clicked."""

        def __init__(self, focus: Focus) -> None:
            super().__init__()
            self.focus = focus

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        """What the border says around `height` rows of `width` cells."""
        return Caption(self.title)

    # What keys do that mean something else where the pane has no cursor of its own; it returns None there, and else
    # what is to be looked at from now on.

    def across(self, places: int) -> Focus | None:  # noqa: ARG002
        """Move the cursor to the right, or to the left."""
        return None

    def enter(self) -> Focus | None:
        """Show more of what is under the cursor."""
        return None

    def fold(self) -> Focus | None:
        """Show less of it."""
        return None

    def leave(self) -> Focus | None:
        """Have no cursor any more."""
        return None

    # What a click does

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:  # noqa: ARG002
        """What a click on a cell of what is drawn has looked at from now on; None where there is nothing to look at."""
        return None

    def on_click(self, event: events.Click) -> None:
        """Look at what is under the mouse."""
        offset = event.get_content_offset(self)
        focus = None if offset is None or self._frame is None else self.clicked(self._frame, offset.x, offset.y)
        if focus is not None:
            self.post_message(self.Pointed(focus))

    @property
    def focus_shown(self) -> Focus | None:
        """What is looked at in the frame that is shown."""
        return None if self._frame is None else self._frame.focus

    def paint(self) -> list[Line]:
        palette, width = self.palette, self.outer_size.width
        caption = Caption(self.title) if self._frame is None else self.caption(self._frame, *self.content_size)
        line = palette.style(palette.accent if self.has_focus else mixed(palette.background, palette.text, 0.3))
        title = palette.style(palette.accent if self.has_focus else palette.text, bold=True)
        subtitle = palette.style(mixed(palette.background, palette.text, 0.6))
        side = Segment("│", line)
        above, above_room = label(caption.title, width)
        below, below_room = label(caption.subtitle, width)
        return [
            Line(row([("╭─", line), (above, title), ("─" * above_room + "╮", line)], width, palette), width),
            *(Line([side, *strip, side], width) for strip in self.rows()),
            Line(row([("╰" + "─" * below_room, line), (below, subtitle), ("─╯", line)], width, palette), width),
        ]


def label(text: str, width: int) -> tuple[str, int]:
    """What stands in a border of that width, and how many cells that leaves beside two corners and a dash.

    Of what is too long the last parts are left out: to cut it could make another number of one in it.
    """
    room = max(width - 3, 0)
    while cell_len(text) > room - 3 and SEPARATOR in text:
        text = text.rpartition(SEPARATOR)[0]
    shown = f" {cut(text, room - 3)} " if text and room > 4 else ""
    return shown, room - cell_len(shown)
