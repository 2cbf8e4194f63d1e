"""The last line: the keys that there are."""

from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widgets import Footer


class KeyLine(Footer):
    """Textual's footer, composed anew only where there are other keys to show.

    Textual's own is composed at every change of focus and page, and each of its keys stays in memory: what they watch
    forgets them only when it changes (Textualize/textual, issue 6666).
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._composed: list[ActiveBinding] = []

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Compose the keys that are to be shown, if they are not those that are there."""
        shown = [active for active in screen.active_bindings.values() if active.binding.show]
        if screen is self.screen and screen.app.app_focus and shown != self._composed:
            self._composed = shown
            super().bindings_changed(screen)
