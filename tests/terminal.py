"""The visualizer as a user has it: below a shell, on a pseudo-terminal."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

RUN = f"{sys.executable} -m nnviz run"
PATIENCE = 60.0


class Terminal:
    """A pseudo-terminal on which a shell runs a command, and reads a line behind it."""

    def __init__(self, folder: Path, command: str, columns: int = 120, rows: int = 40) -> None:
        self.shell, self.descriptor = pty.fork()
        if self.shell == 0:
            os.chdir(folder)
            os.environ["TERM"] = "xterm-256color"
            for size in ("COLUMNS", "LINES"):
                os.environ.pop(size, None)
            # The command begins when the first line is there: until then the terminal gets its size.
            os.execv("/bin/sh", ["sh", "-c", f"read begin; {command}; echo exit code $?; read line; echo got $line"])
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(self.descriptor)
        self.everything = self._unread = b""
        self.type("\n")

    @property
    def screen(self) -> psutil.Process:
        """The process that draws the screen."""
        return psutil.Process(self.shell).children()[0]

    @property
    def trainer(self) -> psutil.Process:
        """The process that trains; there is one as soon as the screen is there."""
        return next(child for child in self.screen.children() if "nnviz.remote.worker" in child.cmdline())

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type this."""
        os.write(self.descriptor, text.encode())

    def read_until(self, wanted: str) -> str:
        """What is painted from the last one on until that is."""
        while wanted.encode() not in self._unread:
            assert self._read(PATIENCE), f"no {wanted!r} in {self._unread[-300:]!r}"
        seen, found, self._unread = self._unread.partition(wanted.encode())
        return (seen + found).decode(errors="replace")

    def type_until(self, text: str, wanted: str) -> None:
        """Type this again and again, a second after the other, until that is painted; and read until there."""
        while wanted.encode() not in self._unread:
            self.type(text)
            end = time.monotonic() + 1
            while wanted.encode() not in self._unread and time.monotonic() < end:
                self._read(0.02)
        self.read_until(wanted)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Look again and again until that holds, and read meanwhile: what is not read keeps the screen waiting."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end
            self._read(0.02)

    def _read(self, seconds: float) -> bool:
        """Read what comes next; False if nothing does in that time."""
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        read = os.read(self.descriptor, 1 << 16)
        self._unread += read
        self.everything += read
        return True

    def has_been_read(self) -> bool:
        """Whether all that was typed has been read."""
        other_end = os.open(psutil.Process(self.shell).terminal(), os.O_RDONLY | os.O_NOCTTY)
        try:
            (unread,) = struct.unpack("i", fcntl.ioctl(other_end, termios.FIONREAD, bytes(4)))
        finally:
            os.close(other_end)
        return not unread

    def is_given_back(self) -> bool:
        """Whether lines are read as they were before."""
        return termios.tcgetattr(self.descriptor) == self.settings


@contextmanager
def opened(folder: Path, command: str, columns: int = 120, rows: int = 40) -> Iterator[Terminal]:
    """A terminal on which the command runs; whatever is left in the end is killed."""
    terminal = Terminal(folder, command, columns, rows)
    below = psutil.Process(terminal.shell)
    try:
        yield terminal
    finally:
        left = [*below.children(recursive=True), below]
        for process in left:
            process.kill()
        os.close(terminal.descriptor)
        os.waitpid(terminal.shell, 0)
