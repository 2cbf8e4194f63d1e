"""The loss curve."""

from textual.strip import Strip

from nnviz.training.frame import Frame
from nnviz.tui.drawing.curve import LossChart
from nnviz.tui.panes.framed_pane import Caption, FramedPane


class LossPane(FramedPane):
    """Training loss raw and smoothed, validation loss, and the best of it."""

    parts = frozenset({"curves"})
    turns = frozenset({3})
    title = "Loss"

    def __init__(self) -> None:
        super().__init__()
        self._chart = LossChart()

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        accuracy = frame.curves.accuracy
        subtitle = "" if accuracy is None else f"validation accuracy {accuracy:.1%}"
        return Caption(f"Loss · {frame.title.loss}", subtitle)

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        return self._chart.draw(frame.curves, self.palette, width, height)
