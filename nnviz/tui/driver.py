"""Driver: what Textual writes is on the terminal at once."""

from contextlib import suppress
from threading import Lock

from textual.drivers.linux_driver import LinuxDriver


class PromptDriver(LinuxDriver):
    """Writes by itself, and not in a thread, which takes longer to wake than the writing takes.

    A terminal that reads slowly makes the screen wait. With a thread it would do so too, thirty paints later.
    """

    _turn = Lock()

    def write(self, data: str) -> None:
        """Write this to the terminal. What a closed terminal would have shown is lost."""
        assert self._file is not None  # without standard error there is no screen
        with self._turn, suppress(OSError):
            self._file.write(data)
            self._file.flush()
