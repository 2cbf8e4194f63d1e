"""Gives the terminal back to its user where the screen that was drawn on it was killed and could not."""

import contextlib
import os
import signal
import termios
from typing import Any

# What a Textual screen switches on: mouse reports, focus reports, pasting in brackets, the keyboard protocol, no line
# wrap, no cursor, the alternate screen. All of it off again.
LEAVE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[<u\x1b[?7h\x1b[?25h\x1b[?1049l"
)


class Terminal:
    """A terminal by its name, with the settings that it has now; can be sent to another process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._settings: list[Any] | None = None
        with contextlib.suppress(OSError, termios.error), self._opened() as terminal:
            self._settings = termios.tcgetattr(terminal)

    def give_back(self) -> None:
        """Make it what it was. A terminal that is gone needs nothing."""
        # This process is in the background for the terminal, which would stop it for changing the settings.
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError, termios.error), self._opened() as terminal:
            if self._settings is not None:
                termios.tcsetattr(terminal, termios.TCSANOW, self._settings)
            terminal.write(LEAVE.encode())

    def tell(self, message: str) -> None:
        """Write a line on it."""
        with contextlib.suppress(OSError), self._opened() as terminal:
            terminal.write(f"\r\n{message}\r\n".encode())

    def _opened(self) -> Any:
        return open(os.open(self._name, os.O_RDWR | os.O_NOCTTY), "wb", buffering=0)
