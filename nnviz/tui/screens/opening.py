"""What is seen until the first frame is there."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ProgressBar, Static

from nnviz.outside_text import printable, short
from nnviz.remote.opening_progress import OpeningProgress


class OpeningScreen(Screen[None]):
    """One line that says what is being opened, and how far it is where images have to be decoded."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "quit", show=False)]
    DEFAULT_CSS = """
    OpeningScreen { align: center middle; }
    OpeningScreen > Static { width: auto; max-width: 100%; color: $foreground 70%; }
    OpeningScreen ProgressBar { margin-top: 1; visibility: hidden; }
    OpeningScreen Bar > .bar--bar { background: $foreground 20%; }
    """

    class Painted(Message):
        """The line can be seen."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._line = f"nnviz   opening {short(printable(source))} …"
        self.pressed: list[str] = []

    def on_mount(self) -> None:
        """Say when the line can be seen."""
        self.call_after_refresh(self.post_message, self.Painted())

    def on_key(self, event: events.Key) -> None:
        """Remember what is pressed before there is anything to step; the training screen gets it."""
        self.pressed.append(event.key)

    def show(self, opening: OpeningProgress) -> None:
        """How far it is."""
        self.query_one(Static).update("  ".join([self._line, " · ".join(opening.words())]))
        bar = self.query_one(ProgressBar)
        bar.update(total=opening.total, progress=opening.done)
        bar.visible = True

    def compose(self) -> ComposeResult:
        yield Static(self._line, markup=False)
        yield ProgressBar(show_eta=False)
