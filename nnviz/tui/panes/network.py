"""The layer diagram."""

from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.tui.drawing import diagram
from nnviz.tui.drawing.diagram import Spot
from nnviz.tui.panes.framed_pane import Caption, FramedPane


class NetworkPane(FramedPane):
    """Layers as columns of nodes; the one that the last stage worked on is lit. A cursor points at a unit."""

    parts = frozenset({"layers"})
    turns = frozenset({0, 5})
    follows = frozenset({"unit"})
    title = "Network"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Cursor", show=False, id="network.up"),
        Binding("down", "move(1)", "Cursor", show=False, id="network.down"),
    ]

    class Moved(Message):
        """The cursor is to move so many nodes down."""

        def __init__(self, places: int) -> None:
            super().__init__()
            self.places = places

    def caption(self, frame: Frame, width: int, height: int) -> Caption:  # noqa: ARG002
        # A column of weighted sums holds their ∂L/∂z, one of activations ∂L/∂a: each that of what its layer gave.
        nodes = "∂L/∂output" if diagram.shows_gradients(frame) else "output"
        signs = "⊕ ⊖" if self.palette.colourless else "blue + orange −"
        return Caption(self.title, f"● {nodes} · {signs}")

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        return diagram.draw(frame, self.palette, width, height)

    # The cursor

    def _spots(self) -> list[list[Spot]]:
        """The nodes that are shown: one column for each block."""
        if self._frame is None:
            return []
        columns = diagram.spots(self._frame, *self.content_size)
        return list({column[0].block: column for column in columns if column}.values())

    def _at(self, columns: list[list[Spot]]) -> tuple[int, int] | None:
        """Column, and place in it, of the node under the cursor."""
        if self._frame is None:
            return None
        focus = self._frame.focus
        chosen = (-1, focus.input) if focus.unit is None else (focus.block, focus.unit)
        places = [(c, r) for c, column in enumerate(columns) for r, spot in enumerate(column)]
        return next(((c, r) for c, r in places if (columns[c][r].block, columns[c][r].unit) == chosen), None)

    def begin(self) -> Focus | None:
        """At the first unit of the block that is looked at, or at the first that is shown."""
        columns, focus = self._spots(), self.focus_shown
        block = 0 if focus is None else focus.block
        column = next((column for column in columns if column[0].block == block), columns[0] if columns else [])
        return self._on(column[0]) if column else focus

    def across(self, places: int) -> Focus | None:
        columns = self._spots()
        at = self._at(columns)
        if at is None:
            return self.begin()
        c, r = at
        following = columns[min(max(c + places, 0), len(columns) - 1)]
        # To the node that is nearest on the screen.
        return self._on(min(following, key=lambda spot: abs(spot.y - columns[c][r].y)))

    def down(self, places: int) -> Focus | None:
        """Move the cursor within its column, round and round."""
        columns = self._spots()
        at = self._at(columns)
        if at is None:
            return self.begin()
        column = columns[at[0]]
        return self._on(column[(at[1] + places) % len(column)])

    def leave(self) -> Focus | None:
        focus = self.focus_shown
        if focus is None or (focus.unit is None and focus.input is None):
            return None
        return replace(focus, unit=None, input=None)

    def action_move(self, down: int) -> None:
        """Have the cursor moved, in its turn: the keys before it may move it too."""
        self.post_message(self.Moved(down))

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:
        """The node there, or its number; or the layer of whose column that is the head."""
        spots = [spot for column in diagram.spots(frame, *self.content_size) for spot in column]
        if y < diagram.HEAD:
            before = [spot for spot in spots if spot.block >= 0 and spot.x - 1 <= x]
            return replace(frame.focus, block=max(before, key=lambda spot: spot.x).block) if before else None
        hit = [spot for spot in spots if spot.y == y and spot.x - 1 <= x <= spot.x + diagram.NUMBER + 1]
        return self._on(min(hit, key=lambda spot: abs(spot.x - x))) if hit else None

    def _on(self, spot: Spot) -> Focus | None:
        """The cursor on a node: a unit of the input is looked at as what comes into the first block."""
        focus = self.focus_shown
        if focus is None:
            return None
        if spot.block < 0:
            return replace(focus, block=0, unit=None, input=spot.unit)
        return replace(focus, block=spot.block, unit=spot.unit, input=None)
