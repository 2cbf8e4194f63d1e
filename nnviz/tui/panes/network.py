"""The layer diagram."""

from textual.strip import Strip

from nnviz.frame.frame import Frame
from nnviz.tui.drawing import diagram
from nnviz.tui.panes.framed_pane import Caption, FramedPane


class NetworkPane(FramedPane):
    """Layers as columns of nodes; the one that the last stage worked on is lit."""

    parts = frozenset({"layers"})
    turns = frozenset({0, 4})
    title = "Network"

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        # A column of weighted sums holds their ∂L/∂z, one of activations ∂L/∂a: each that of what its layer gave.
        nodes = "∂L/∂output" if diagram.shows_gradients(frame) else "output"
        signs = "⊕ ⊖" if self.palette.colourless else "blue + orange −"
        return Caption(self.title, f"● {nodes} · {signs}")

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        return diagram.draw(frame, self.palette, width, height)
