"""The inspector: what the unit under the cursor is made of, and the chain rule of one of its weights."""

from typing import ClassVar

from msgspec.structs import replace
from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Frame
from nnviz.insight.chain_rule import neighbour
from nnviz.insight.equations import Kind, Row
from nnviz.insight.unit_words import UNFOLDS, unfolded_at_first, unit_rows, unit_title
from nnviz.outside_text import cut
from nnviz.tui.drawing.rows import Run, centred, row
from nnviz.tui.drawing.unit_pictures import picture_strips
from nnviz.tui.panes.framed_pane import SEPARATOR, Caption, FramedPane
from nnviz.wording import MINUS, count

# Lines from which on the pictures of a unit stand above its numbers, and not below.
ROOM_FOR_PICTURES = 20
FEWEST_TERMS, MOST_TERMS = 3, 12


class InspectPane(FramedPane):
    """A unit in rows that add up. `enter` and `backspace` unfold and fold its chain rule, `←` `→` choose a weight."""

    parts = frozenset({"unit", "example"})
    # Those of the example's pane, so that both are of one example.
    turns = frozenset({1, 6})
    follows = frozenset({"unit", "example", "block"})
    title = "Inspector"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_rows(-1)", "Scroll", show=False, id="inspector.up"),
        Binding("down", "scroll_rows(1)", "Scroll", show=False, id="inspector.down"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._top = self._more = self._below = 0
        self._shown: tuple[int, int] | None = None

    def show(self, frame: Frame) -> None:
        unit = None if frame.unit is None else (frame.unit.block, frame.unit.unit)
        if unit != self._shown:
            self._shown, self._top, self._more = unit, 0, 0
        super().show(frame)

    def caption(self, frame: Frame, width: int, height: int) -> Caption:
        if frame.unit is None:
            return Caption(self.title)
        # How many lines are left is known once they are told.
        self.draw(frame, width, height)
        notes = [f"↓ {count(self._below, 'line')} more"] if self._below else []
        notes += ["← → weight"] if frame.unit.weight is not None else []
        return Caption(f"Inspector · {unit_title(frame, frame.unit)}", SEPARATOR.join(notes))

    def draw(self, frame: Frame, width: int, height: int) -> list[Strip]:
        view = frame.unit
        if view is None:
            words = "Press 1, then an arrow key: a unit of the network that is pointed at is told here"
            return centred(words, width, height, self.palette)
        is_roomy = height >= ROOM_FOR_PICTURES
        pictures = picture_strips(view.pictures, width, max(height // 3, 4), self.palette)
        room, unfolded = height - (len(pictures) if is_roomy else 0), self._unfolded(frame)
        # As many terms of each sum as there is room for.
        told = (unit_rows(frame, view, unfolded, most) for most in range(MOST_TERMS, FEWEST_TERMS - 1, -1))
        rows = next((rows for rows in told if len(rows) <= room), None)
        rows = rows or unit_rows(frame, view, unfolded, FEWEST_TERMS)
        strips = [strip for line in rows for strip in self._strips(line, width)]
        strips = [*pictures, *strips] if is_roomy else [*strips, *pictures]
        self._top = min(self._top, max(len(strips) - height, 0))
        self._below = max(len(strips) - self._top - height, 0)
        return strips[self._top : self._top + height]

    def _unfolded(self, frame: Frame) -> int:
        """How many links of the chain rule are told."""
        if frame.unit is None:
            return 0
        links, first = len(frame.unit.links), unfolded_at_first(frame, frame.unit)
        self._more = min(max(self._more, -first), max(links - first, 0))
        return first + self._more

    def _strips(self, told: Row, width: int) -> list[Strip]:
        """A row in one line, or in as many as it takes to cut nothing: much of it is numbers."""
        from textwrap import wrap

        if not told.result:
            return [self._strip(told._replace(name=part), width) for part in wrap(told.name, width)]
        if cell_len(told.name) + len(told.product) + len(told.result) + 2 <= width:
            return [self._strip(told, width)]
        name, rest = told._replace(product="", result=""), told._replace(name="")
        if len(told.product) + len(told.result) + 1 <= width:
            return [*self._strips(name, width), self._strip(rest, width)]
        product, result = name._replace(name=told.product), rest._replace(product="")
        return [*self._strips(name, width), *self._strips(product, width), self._strip(result, width)]

    def _strip(self, told: Row, width: int) -> Strip:
        palette = self.palette
        text, faint = palette.style(palette.text), palette.style(palette.faint)
        name, number = {
            Kind.HEAD: (palette.style(palette.text, bold=True), text),
            Kind.NOTE: (faint, faint),
            Kind.TERM: (text, text),
            Kind.CHOSEN: (palette.style(palette.accent, bold=True), text),
            Kind.TOTAL: (palette.style(palette.text, bold=True), palette.style(palette.text, bold=True)),
        }[told.kind]
        right = " ".join(filter(None, (told.product, told.result)))
        if not right:
            return row([(cut(told.name, width), name)], width, palette)
        label = cut(told.name, max(width - len(right) - 1, 0))
        gap = " " * max(width - cell_len(label) - len(right), 0)
        runs: list[Run] = [(label, name), (gap, text)]
        runs += [(f"{told.product} ", faint if told.kind is not Kind.TOTAL else text)] if told.product else []
        sign = palette.positive if told.result[:1] == "+" else palette.negative
        coloured = told.kind in (Kind.TERM, Kind.CHOSEN) and told.result[:1] in ("+", MINUS)
        runs.append((told.result, palette.style(sign) if coloured else number))
        return row(runs, width, palette)

    # Keys

    def across(self, places: int) -> Focus | None:
        frame = self._frame
        weight = None if frame is None or frame.unit is None else neighbour(frame, frame.unit, places)
        return self.focus_shown if frame is None or weight is None else replace(frame.focus, input=weight)

    def clicked(self, frame: Frame, x: int, y: int) -> Focus | None:  # noqa: ARG002
        """One link more of the chain rule, where that is offered."""
        rows = self.rows()
        return self._unfold(1) if 0 <= y < len(rows) and rows[y].text.startswith(UNFOLDS) else None

    def enter(self) -> Focus | None:
        return self._unfold(1)

    def fold(self) -> Focus | None:
        return self._unfold(-1)

    def leave(self) -> Focus | None:
        focus = self.focus_shown
        return None if focus is None or self._shown is None else replace(focus, unit=None, input=None)

    def _unfold(self, places: int) -> Focus | None:
        if self._frame is None or self._frame.unit is None or not self._frame.unit.links:
            return None
        self._more += places
        self._unfolded(self._frame)
        # What was unfolded is at the end.
        self._top = 1 << 30
        self.redraw()
        return self.focus_shown

    def action_scroll_rows(self, lines: int) -> None:
        """Show what is further up or down."""
        self._top = max(self._top + lines, 0)
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show what is further down."""
        event.stop()
        self.action_scroll_rows(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show what is further up."""
        event.stop()
        self.action_scroll_rows(-1)
