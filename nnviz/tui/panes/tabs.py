"""The row of tabs, where there is room for only one of several panes."""

from collections.abc import Mapping

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nnviz.tui.drawing.palette import DARK, Palette
from nnviz.tui.drawing.rows import fit, row


class TabsPane(Widget):
    """Names with their keys; a click chooses one."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, labels: Mapping[str, str]) -> None:
        super().__init__(id="tabs")
        self.palette = DARK
        self._names = labels
        self._active = next(iter(labels))

    def choose(self, name: str) -> None:
        """Mark this tab."""
        self._active = name
        self.refresh()

    def recolour(self, palette: Palette) -> None:
        """Draw in these colours from now on."""
        self.palette = palette
        self.refresh()

    def _labels(self) -> list[tuple[str, str]]:
        """(name, what is written) of each tab: all names as long as there is room, else the chosen one whole."""
        names = {name: f"{number} {label}" for number, (name, label) in enumerate(self._names.items(), 1)}
        wide = {name: f" {text} " for name, text in names.items()}
        narrow = {name: f"{text} " for name, text in names.items()}
        for texts in (wide, narrow):
            if sum(map(cell_len, texts.values())) <= self.size.width + 1:
                return list(texts.items())
        # The last one needs no space behind it.
        room = (self.size.width + 1 - cell_len(narrow[self._active])) // (len(names) - 1) - 1
        cut = {name: fit(text, min(cell_len(text), max(room, 1))) + " " for name, text in names.items()}
        return list((cut | {self._active: narrow[self._active]}).items())

    def render_line(self, y: int) -> Strip:  # noqa: ARG002
        palette = self.palette
        chosen, other = palette.style(palette.accent, bold=True), palette.style(palette.faint)
        runs = [(label, chosen if name == self._active else other) for name, label in self._labels()]
        return row(runs, self.size.width, palette)

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the mouse."""
        x = 0
        for name, label in self._labels():
            x += cell_len(label)
            if event.x < x:
                self.post_message(self.Chosen(name))
                return
