"""The app on a real terminal: what is typed and clicked arrives, and what is painted too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.screen import RUN, Terminal, opened


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The visualizer on a terminal of 80×24, from its first frame on; it ends when `q` is typed."""
    with opened(tmp_path, f"{RUN} pets --image-size 8", 80, 24) as terminal:
        terminal.read_until("READY")
        yield terminal
        terminal.type("q")
        terminal.read_until("\x1b[?1049l")
        terminal.read_until("exit code 0")


def test_an_escape_alone_is_a_key_and_one_with_more_another(terminal: Terminal) -> None:
    terminal.type("?")
    terminal.read_until("escape closes")
    terminal.type("\x1b")
    # What the help had covered.
    terminal.read_until("Backward")
    terminal.type("\x1b[C")  # the arrow to the right: one stage
    terminal.read_until("PAUSED")


def test_a_sequence_that_comes_in_two_pieces_is_one_key(tmp_path: Path) -> None:
    # Textual takes an escape after which nothing comes for so many milliseconds for the key.
    with opened(tmp_path, f"ESCDELAY=600000 {RUN} pets --image-size 8", 80, 24) as terminal:
        terminal.read_until("READY")
        terminal.type("\x1b[")
        terminal.wait_until(terminal.has_been_read)
        terminal.type("C")
        terminal.read_until("PAUSED")


def test_many_keys_at_once_come_in_their_order(terminal: Terminal) -> None:
    terminal.type("+++-" + "é€" + "\r")
    terminal.read_until("lr 0.02 ")
    terminal.read_until("PAUSED")


def test_a_click_chooses_a_tab(terminal: Terminal) -> None:
    terminal.type("\x1b[<0;16;3M\x1b[<0;16;3m")
    terminal.read_until("1 of 16 in the batch")
