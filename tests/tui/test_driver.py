"""The app on a real terminal: what is typed and clicked arrives, and what is painted too."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


class Terminal:
    """The visualizer on a pseudo-terminal of 80×24."""

    def __init__(self, folder: Path) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ["TERM"] = "xterm-256color"
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execv(sys.executable, [sys.executable, "-m", "nnviz", "run", "pets", "--image-size", "8"])
        self._painted = b""
        self.read_until("READY")

    def type(self, text: str) -> None:
        """Type this; what was painted before is of no interest any more."""
        self._painted = b""
        os.write(self.fd, text.encode())

    def read_until(self, wanted: str, seconds: float = 15) -> None:
        """Read until that is painted."""
        end = time.monotonic() + seconds
        while wanted.encode() not in self._painted and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                self._painted += os.read(self.fd, 1 << 16)
        assert wanted.encode() in self._painted

    def read_for(self, seconds: float) -> None:
        """Read whatever is painted: a terminal that does not read keeps the app waiting."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                os.read(self.fd, 1 << 16)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    process = psutil.Process(terminal.pid)
    yield terminal
    terminal.type("q")
    terminal.read_until("\x1b[?1049l")
    assert process.wait(timeout=10) == 0
    os.close(terminal.fd)


def test_an_escape_alone_is_a_key_and_one_with_more_another(terminal: Terminal) -> None:
    terminal.type("?")
    terminal.read_until("escape closes")
    terminal.type("\x1b")
    terminal.read_for(0.5)
    terminal.type("\x1b[C")  # the arrow to the right: one stage
    terminal.read_until("PAUSED")


def test_a_sequence_that_comes_in_two_pieces_is_one_key(terminal: Terminal) -> None:
    terminal.type("\x1b[")
    time.sleep(0.02)
    terminal.type("C")
    terminal.read_until("PAUSED")


def test_many_keys_at_once_come_in_their_order(terminal: Terminal) -> None:
    terminal.type("+++-" + "é€" + "\r")
    terminal.read_until("lr 0.02 ")
    terminal.read_until("PAUSED")


def test_a_click_chooses_a_tab(terminal: Terminal) -> None:
    terminal.type("\x1b[<0;16;3M\x1b[<0;16;3m")
    terminal.read_until("1 of 16 in the batch")
