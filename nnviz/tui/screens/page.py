"""Page: what covers the screen below it until it is closed."""

import gc

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget


class Page(ModalScreen[ScreenResultType]):
    """A page over another screen, which leaves nothing behind when it is closed."""

    _shown: tuple[Widget, ...] = ()

    def action_dismiss_page(self) -> None:
        """Back to the screen below."""
        self.dismiss()

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it, with a result for whoever asked for one."""
        self._shown = tuple(self.query())
        return super().dismiss(result)

    def on_unmount(self, _: events.Unmount) -> None:
        """Have all widgets forget their lines: Textual keeps what painted the last few hundred that were removed."""
        for widget in self._shown:
            widget.refresh()
        # Widgets know each other, and the next collection may be long in coming.
        self.app.call_later(gc.collect)
