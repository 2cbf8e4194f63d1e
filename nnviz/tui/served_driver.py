"""ServedDriver: what passes between the app and a server that shows its screen in a browser."""

import os
from contextlib import suppress
from typing import Any

from textual import messages
from textual.drivers.web_driver import WebDriver


class ServedDriver(WebDriver):
    """Textual's own, which goes on when the server is gone: this one ends the app then."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._write = self._write_all  # type: ignore[assignment]

    def run_input_thread(self) -> None:
        """Hear what the server says, until it says nothing any more."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())

    def _write_all(self, data: bytes) -> None:
        """What a server that is gone would show is lost."""
        rest = memoryview(data)
        with suppress(OSError):
            while rest:
                rest = rest[os.write(self.fileno, rest) :]
