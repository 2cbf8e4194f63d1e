"""The part of a test's page that is about the threshold of two classes."""

from typing import ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Static

from nnviz.insight.score_words import rule, threshold_rows
from nnviz.scores.thresholds import Thresholds
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.drawing.row_table import RowTable
from nnviz.tui.drawing.threshold_curve import LEAST_HEIGHT, legend, threshold_curve

# Rows above the curve, and the most that the curve takes.
ABOVE, MOST = 4, 24


class ThresholdPart(Static, can_focus=True):
    """The curves over all thresholds, and the numbers at the one under the cursor.

    thresholds       at some values, of which the middle one is 1/2
    positive, other  the class that is said from the threshold on, and the other one
    """

    KEYS = "← → threshold, home one half"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "lower threshold", show=False, id="test.lower"),
        Binding("right", "move(1)", "higher threshold", show=False, id="test.higher"),
        Binding("shift+left", "move(-10)", "much lower", show=False, id="test.much_lower"),
        Binding("shift+right", "move(10)", "much higher", show=False, id="test.much_higher"),
        Binding("home", "begin", "threshold of a half", show=False, id="test.half"),
    ]

    def __init__(self, thresholds: Thresholds, positive: str, other: str, palette: Palette) -> None:
        super().__init__(id="thresholds")
        self._thresholds, self._positive, self._other = thresholds, positive, other
        self._palette = palette
        self._cursor = len(thresholds.values) // 2
        self._room = (0, 0)

    def fit(self, width: int, height: int) -> None:
        """Draw for so much room."""
        self._room = width, height
        self._draw()

    def action_move(self, by: int) -> None:
        """Read out another threshold."""
        self._cursor = min(max(self._cursor + by, 0), len(self._thresholds.values) - 1)
        self._draw()

    def action_begin(self) -> None:
        """Read out one half."""
        self._cursor = len(self._thresholds.values) // 2
        self._draw()

    def _draw(self) -> None:
        of, palette = self._thresholds, self._palette
        width, height = self._room
        here = of.at(of.values[self._cursor : self._cursor + 1])
        parts: list[RenderableType] = [
            Text(rule(of, self._positive, self._other)),
            RowTable(threshold_rows(here)),
            legend(palette),
        ]
        tall = min(height - ABOVE, MOST)
        if tall >= LEAST_HEIGHT:
            parts.append(threshold_curve(of, self._cursor, width, tall, palette))
        self.update(Group(*parts))
