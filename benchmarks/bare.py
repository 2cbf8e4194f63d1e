"""The smallest Textual app that answers a key: what no screen made with Textual can be faster than."""

import os

# As the visualizer has it: Textual paints when there is something to paint, not up to a frame's time later.
os.environ.setdefault("TEXTUAL_FPS", "1000")

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line, which says how many keys there were."""

    pressed = 0

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("bare line")

    def on_key(self, event: events.Key) -> None:
        """Count it, or leave."""
        if event.key == "q":
            self.exit()
        self.pressed += 1
        self.query_one(Static).update(f"key {self.pressed} answered")


if __name__ == "__main__":
    Bare().run()
