"""Gives the terminal back to its user where the screen that was drawn on it was killed and could not."""

import contextlib
import os
import signal
import termios
import time
from collections.abc import Iterator
from tty import LFLAG
from typing import Any, NoReturn

# What a Textual screen switches on: mouse reports, focus reports, pasting in brackets, the keyboard protocol, no line
# wrap, no cursor, the alternate screen. All of it off again.
LEAVE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[<u\x1b[?7h\x1b[?25h\x1b[?1049l"
)
GIVE_BACK_SECONDS = 1.0


class Terminal:
    """A terminal by its name, with the settings that it has now; can be sent to another process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._settings = self._settings_now()

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Draw on it within this: it is given back at the end, and at once if this process is killed.

        For that, a process waits that has nothing else to do: the trainer may be busy for minutes, or dead.
        """
        lifeline = self._watched()
        try:
            yield
        finally:
            if self._is_taken():
                self.give_back()
            with contextlib.suppress(OSError):
                os.write(lifeline, b".")
            os.close(lifeline)

    def _watched(self) -> int:
        """Start the process that waits; the returned end of a pipe is to be written to before it is closed."""
        waiting, lifeline = os.pipe()
        child = os.fork()
        if child == 0:
            self._watch(waiting)
        os.close(waiting)
        os.waitpid(child, 0)
        return lifeline

    def _watch(self, waiting: int) -> NoReturn:
        try:
            # In a session of its own, and nobody's child: no signal to the screen's group reaches it, nor does the
            # terminal stop it for changing the settings.
            os.setsid()
            for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(ignored, signal.SIG_IGN)
            if os.fork() == 0:
                # What this process holds open, its readers would wait for.
                nothing = os.open(os.devnull, os.O_RDWR)
                for stream in range(3):
                    os.dup2(nothing, stream)
                os.closerange(3, waiting)
                os.closerange(waiting + 1, os.sysconf("SC_OPEN_MAX"))
                if not os.read(waiting, 1):
                    self.give_back()
        finally:
            os._exit(0)

    def give_back(self) -> None:
        """Make it what it was. A terminal that is gone needs nothing."""
        # This process may be in the background for the terminal, which would stop it for changing the settings.
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError, termios.error), self._opened() as terminal:
            terminal.write(LEAVE.encode())
            if self._settings is not None:
                termios.tcsetattr(terminal, termios.TCSANOW, self._settings)
        signal.signal(signal.SIGTTOU, before)

    def tell(self, message: str) -> None:
        """Write a line on it, once it is given back. If it is not, something else is drawn on it by now."""
        end = time.monotonic() + GIVE_BACK_SECONDS
        while self._is_taken() and time.monotonic() < end:
            time.sleep(0.01)
        if not self._is_taken():
            with contextlib.suppress(OSError), self._opened() as terminal:
                terminal.write(f"\r\n{message}\r\n".encode())

    def _is_taken(self) -> bool:
        """Whether a screen is drawn on it: each one reads keys as they come, and not by lines."""
        now, lines = self._settings_now(), termios.ICANON
        return bool(now and self._settings and not now[LFLAG] & lines and self._settings[LFLAG] & lines)

    def _settings_now(self) -> list[Any] | None:
        with contextlib.suppress(OSError, termios.error), self._opened() as terminal:
            return termios.tcgetattr(terminal)
        return None

    def _opened(self) -> Any:
        return open(os.open(self._name, os.O_RDWR | os.O_NOCTTY), "wb", buffering=0)
