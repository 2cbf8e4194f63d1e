"""What just happened, in plain sentences."""

from rich.cells import cell_len
from textual.strip import Strip

from nnviz.frame.frame import Frame
from nnviz.insight.story import tell
from nnviz.outside_text import printable
from nnviz.tui.drawing.rows import fit, row
from nnviz.tui.drawing.text import wrapped
from nnviz.tui.panes.framed_pane import Caption, FramedPane

MORE = "… press ? for more"
"""Where it stands how all of the data were read."""


class StoryPane(FramedPane):
    """The moment told with its own numbers."""

    parts = frozenset({"example", "layers", "update_rule", "said_wrong"})
    # One of the network's, which needs the layers too.
    turns = frozenset({0})
    title = "What just happened"

    def __init__(self) -> None:
        super().__init__()
        self._fault: str | None = None
        self._lesson: tuple[str, str] | None = None

    def show_fault(self, fault: str | None) -> None:
        """Say what went wrong with the trainer instead of what it did."""
        self._fault = fault and printable(fault)
        self.redraw()

    def show_lesson(self, lesson: tuple[str, str] | None) -> None:
        """Tell a passage of the lesson, with its title, instead of what just happened."""
        self._lesson = lesson
        self.redraw()

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        return Caption(self.title if self._lesson is None else self._lesson[0])

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        style = self.palette.style(self.palette.text)
        text = self._fault or (" ".join(tell(frame)) if self._lesson is None else self._lesson[1])
        lines = [text[start:end] for start, end in wrapped(text, max(width, 1))]
        if len(lines) > height > 0:
            is_of_data = bool(frame.title.caveats) and frame.title.caveats[0] in text
            lines = [*lines[: height - 1], _going_on(lines[height - 1], width, MORE if is_of_data else "…")]
        return [row([(line, style)], width, self.palette) for line in lines]


def _going_on(line: str, width: int, more: str) -> str:
    """A line with what says that there is more behind its last whole word that leaves room for it.

    A number that was cut would be another one.
    """
    while cell_len(line) + 1 + cell_len(more) > width and " " in line.rstrip():
        line = line.rstrip().rpartition(" ")[0]
    return fit(f"{line.rstrip()} {more}", width)
