"""The part of a test's page that shows predicted against true numbers."""

from textual.widgets import Static

from nnviz.array import Array
from nnviz.tui.drawing.scatter import scatter

# Rows above the picture, and its least and most of rows and cells.
ABOVE = 2
LEAST_HEIGHT, MOST_HEIGHT, MOST_WIDTH = 11, 22, 72


class ScatterPart(Static):
    """Points (n,), of true and of predicted numbers."""

    def __init__(self, true: Array, predicted: Array) -> None:
        super().__init__()
        self._true, self._predicted = true, predicted

    def fit(self, width: int, height: int) -> None:
        """Draw for so much room."""
        tall = min(max(height - ABOVE, LEAST_HEIGHT), MOST_HEIGHT)
        self.update(scatter(self._true, self._predicted, min(width, MOST_WIDTH), tall))
