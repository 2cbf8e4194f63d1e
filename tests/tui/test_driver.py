"""The app on a real terminal: what is typed and clicked arrives, and what is painted too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import RUN, Terminal, opened

# What switches a mode, moves the cursor or chooses a colour, and is not shown.
SEQUENCE = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z$]+p?|[PX^_].*?\x1b\\|\].*?(\x07|\x1b\\)|.)")
PETS = f"{RUN} pets --image-size 8"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with opened(tmp_path, PETS, columns=80, rows=24) as terminal:
        terminal.read_until("READY")
        yield terminal
        terminal.type("q")
        terminal.read_until("\x1b[?1049l")
        terminal.read_until("exit code 0")
        assert terminal.is_given_back()


def test_an_escape_alone_is_a_key_and_one_with_more_another(terminal: Terminal) -> None:
    terminal.type("?")
    terminal.read_until("escape closes")
    terminal.type("\x1b")
    terminal.read_until("What just happened")
    terminal.type("\x1b[C")  # the arrow to the right: one stage
    terminal.read_until("PAUSED")


def test_many_keys_at_once_come_in_their_order(terminal: Terminal) -> None:
    terminal.type("+++-" + "é€" + "\r")
    terminal.read_until("lr 0.02 ")
    terminal.read_until("PAUSED")


def test_a_click_chooses_a_tab(terminal: Terminal) -> None:
    terminal.type("\x1b[<0;16;3M\x1b[<0;16;3m")
    terminal.read_until("1 of 16 in the batch")


def test_keys_work_again_after_a_paste_without_an_end_and_after_nonsense(terminal: Terminal) -> None:
    terminal.type("\x1b[:00R\x1b[48;1;1;1;1t\x10")
    terminal.read_until("earch for commands")
    terminal.type("\x1b[200~picture")
    terminal.read_until("Keep the screen as")  # what is found for what was pasted so far
    terminal.type("\r")
    terminal.read_until("kept as")
    terminal.type("n")
    terminal.read_until("PAUSED")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_without_unicode_gets_what_it_has(tmp_path: Path, encoding: str) -> None:
    with opened(tmp_path, f"env PYTHONIOENCODING={encoding} {PETS}") as terminal:
        terminal.read_until("READY")
        terminal.type("nq")
        terminal.read_until("exit code 0")
        painted = terminal.everything.decode(encoding)
        assert "+-" in painted
        assert "* READY" in painted
        assert "\\u" not in painted
        # The key for help, and no character that a terminal might not have.
        shown = SEQUENCE.sub("", painted)
        assert shown.count("?") == len(re.findall(r"\? *help", shown)) > 0
