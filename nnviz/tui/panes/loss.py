"""The loss curve."""

from collections.abc import Sequence

from textual.strip import Strip

from nnviz.frame.frame import Frame
from nnviz.tui.drawing.curve import LossChart
from nnviz.tui.panes.framed_pane import BORDER, Caption, FramedPane
from nnviz.wording import count, listed, percent


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
        title = f"Loss · {frame.title.loss}"
        if frame.title.only_in_training and len(frame.curves.validation_losses):
            title = _with_extras(title, frame.title.only_in_training, width - BORDER)
        if accuracy is None:
            return Caption(title)
        told = f"accuracy {percent(accuracy)}"
        return Caption(title, f"validation {told}" if len(f"validation {told}") <= width - BORDER else told)

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        return self._chart.draw(frame.curves, self.palette, width, height)


def _with_extras(title: str, extras: Sequence[str], room: int) -> str:
    """The title with what only the training loss has, in as many words as there is room for."""
    alone, one = f"only train has {listed(extras)}", f"only train has {listed(extras, 1)}"
    few = f"train has {count(len(extras), 'extra')}"
    titles = [f"{title} · {alone}", f"{title} · {one}", f"Loss · {alone}", f"Loss · {one}", f"Loss · {few}"]
    return next((words for words in titles if len(words) <= room), titles[-1])
