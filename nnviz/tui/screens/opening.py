"""What is seen until the first frame is there."""

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static


class OpeningScreen(Screen[None]):
    """One line that says what is being opened."""

    DEFAULT_CSS = """
    OpeningScreen { align: center middle; }
    OpeningScreen Static { width: auto; color: $foreground 70%; }
    """

    class Painted(Message):
        """The line can be seen."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self.pressed: list[str] = []

    def on_mount(self) -> None:
        """Say when the line can be seen."""
        self.call_after_refresh(self.post_message, self.Painted())

    def on_key(self, event: events.Key) -> None:
        """Remember what is pressed before there is anything to step; the training screen gets it."""
        self.pressed.append(event.key)

    def compose(self) -> ComposeResult:
        yield Static(f"nnviz   opening {self._source} …", markup=False)
