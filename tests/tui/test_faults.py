"""A fault of nnviz itself on the screen: the terminal is given back, one line says all, and the run is kept."""

import re
import signal
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from nnviz.runs.trained_network import load_run
from tests.terminal import RUN, Terminal, opened

# Of the processes of nnviz, the one with the screen fails, at the last of the keys below or soon after.
IN_THE_SCREEN = """if True:
    import sys
    if "run" in sys.orig_argv:
        def fail(*_, **__):
            raise ValueError("of the\\x1b[2J\\ntest")
"""
TRAINED = "\r"
FAULTS = {
    "key": (TRAINED, "l", "from nnviz.tui.screens.training import TrainingScreen as t; t.action_lock = fail"),
    "paint": (
        TRAINED,
        "n",
        """
        from nnviz.tui.panes.story import StoryPane as s
        draw = s.draw
        s.draw = lambda self, frame, *size: fail() if frame.moment.step else draw(self, frame, *size)
        """,
    ),
    "message": (
        TRAINED,
        "\x1b[<0;16;3M\x1b[<0;16;3m",
        "from nnviz.tui.screens.training import TrainingScreen as t; t.action_tab = fail",
    ),
    "timer": (TRAINED, " ", "from nnviz.tui.screens.training import TrainingScreen as t; t._look = fail"),
    "terminal": (
        TRAINED,
        "l",
        """
        from nnviz.tui.key_parser import KeyParser as k
        feed = k.feed
        k.feed = lambda self, text: fail() if text == "l" else feed(self, text)
        """,
    ),
    "received": (
        TRAINED,
        "l",
        """
        from nnviz.tui.screens.training import TrainingScreen as t
        async def ask(self):
            self._link.trainer._connection.recv = fail
            await self.action_play()
        t.action_lock = ask
        """,
    ),
    "leaving": (TRAINED, "q", "from nnviz.tui.link import Link; Link.close = fail"),
    "worker": ("", "", "import nnviz.tui.app as a; a._tame_garbage_collection = fail"),
    "opening": ("", "", "import nnviz.tui.screens.training as t; t.TrainingScreen.compose = fail"),
}


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Code that the processes of nnviz run first, and a place of their own for what they write down."""

    def arrange(code: str) -> None:
        (tmp_path / "first").mkdir()
        (tmp_path / "first" / "sitecustomize.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "first"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home" / "state"))
        (tmp_path / "work").mkdir()

    return arrange


def left_on(terminal: Terminal) -> tuple[list[str], int]:
    """The lines on a terminal that a screen has given back, and the exit code."""
    seen = terminal.read_until("exit code ")
    code = int(terminal.read_until("\r\n"))
    terminal.wait_until(terminal.is_given_back)
    return [line for line in seen.rpartition("\x1b[?1049l")[2].split("\r\n")[:-1] if line.strip("\r ")], code


@pytest.mark.parametrize("place", FAULTS)
def test_a_fault_is_one_line_the_run_is_kept_and_a_file_has_the_rest(
    begin: Callable[[str], None], tmp_path: Path, place: str
) -> None:
    first, then, code = FAULTS[place]
    begin(IN_THE_SCREEN + (code if code.startswith("\n") else f"        {code}\n"))
    with opened(tmp_path / "work", f"{RUN} xor --out kept", columns=80, rows=24) as terminal:
        if first:
            terminal.read_until("READY")
            terminal.type(first)
            terminal.read_until("PAUSED")
        terminal.type(then)
        (line,), exit_code = left_on(terminal)
        terminal.type("hello\n")
        terminal.read_until("got hello")
    assert exit_code == 1
    told = re.fullmatch(
        r".*nnviz: a fault of nnviz itself \(ValueError: of the�\[2J test\); (.+); the details are in (.+\.txt), "
        "please send it along with a report",
        line,
    )
    assert told, line
    kept, details = told[1], Path(told[2])
    assert "Traceback" not in terminal.everything.decode(errors="replace")
    if first:
        assert kept.endswith("the run is kept in kept; to go on with it: nnviz train --resume kept")
        assert load_run(tmp_path / "work" / "kept").step > 0
    else:
        assert kept == "no training step was finished, so there is nothing to keep"
    written = details.read_text(encoding="utf-8")
    for known in (f"textual {version('textual')}", "Python 3.", "Traceback", "in fail", "ValueError: of the"):
        assert known in written
    assert str(tmp_path / "home") not in written, "whose it is"


SLOW_SCORES = """if True:
    if "nnviz.remote.worker" in sys.orig_argv:
        import pathlib, threading
        from nnviz.training import evaluation
        in_order = evaluation.in_order
        def slowly(split, encoder, size):
            for batch in in_order(split, encoder, 1):
                pathlib.Path("scoring").touch()
                threading.Event().wait(0.2)
                yield batch
        evaluation.in_order = slowly
"""


def test_after_a_fault_the_wait_for_scores_has_a_word_and_ctrl_c_ends_it(
    begin: Callable[[str], None], tmp_path: Path
) -> None:
    first, then, code = FAULTS["key"]
    begin(f"{IN_THE_SCREEN}        {code}\n{SLOW_SCORES}")
    with opened(tmp_path / "work", f"{RUN} xor --out kept") as terminal:
        terminal.read_until("READY")
        terminal.type(first)
        terminal.read_until("PAUSED")
        terminal.type(then)
        terminal.read_until("keeping and scoring the run")
        terminal.wait_until((tmp_path / "work" / "scoring").exists)
        # Typed, it would end the shell as well.
        terminal.screen.send_signal(signal.SIGINT)
        terminal.read_until("nnviz: SIGINT: the run is kept, without the scores")
        terminal.read_until(
            "of the�[2J test); the run is kept in kept; to go on with it: nnviz train --resume kept; the details are"
        )
        _, exit_code = left_on(terminal)
    assert exit_code == 1
    assert load_run(tmp_path / "work" / "kept").step > 0
