"""What just happened, in plain sentences."""

from textwrap import wrap

from textual.strip import Strip

from nnviz.insight.story import tell
from nnviz.training.frame import Frame
from nnviz.tui.drawing.rows import row
from nnviz.tui.panes.pane import Pane


class StoryPane(Pane):
    """The moment told with its own numbers."""

    turns = frozenset({7})
    title = "What just happened"

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        style = self.palette.style(self.palette.text)
        lines = wrap(" ".join(tell(frame)), max(width, 1))
        if len(lines) > height > 0:
            lines = [*lines[: height - 1], lines[height - 1][: width - 1] + "…"]
        return [row([(line, style)], width, self.palette) for line in lines]
