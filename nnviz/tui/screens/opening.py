"""What is seen until the first frame is there."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Middle
from textual.screen import Screen
from textual.widgets import Static


class OpeningScreen(Screen[None]):
    """One line that says what is being opened."""

    DEFAULT_CSS = """
    OpeningScreen Static { width: 100%; text-align: center; color: $foreground 70%; }
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self.pressed: list[str] = []

    def on_key(self, event: events.Key) -> None:
        """Remember what is pressed before there is anything to step; the training screen gets it."""
        self.pressed.append(event.key)

    def compose(self) -> ComposeResult:
        with Middle():
            yield Static(f"nnviz   opening {self._source} …", markup=False)
