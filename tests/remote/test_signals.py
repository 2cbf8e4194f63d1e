"""Every signal in every state, to the screen, to its trainer and to a training without a screen, on a terminal.

Afterwards the terminal's modes are what they were, no process is left, what was trained is kept and named, and the exit
code says how it ended.
"""

import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from nnviz.runs.trained_network import load_run
from tests.terminal import PATIENCE, RUN, Terminal, opened

XOR = f"{RUN} xor --out kept"
TRAIN = f"{sys.executable} -m nnviz train xor --out kept"
ENDLESS = "--steps 1000000000"

# Each makes something take minutes, so that a signal meets it and nobody can have waited for its end, and says when it
# begins. Of the screen's two processes, the trainer alone is slow.
BEFORE_IT = """if True:
    import sys
    trains = "train" in sys.orig_argv or "nnviz.remote.worker" in sys.orig_argv
    if trains:
        import os, pathlib, threading
        sign = pathlib.Path("met")
        def take_long(seconds=None):
            sign.touch()
            threading.Event().wait(seconds)
"""
SLOW_READING = (
    BEFORE_IT
    + """
        from nnviz.training import assembly
        def slowly(*_):
            take_long()
        assembly.open_dataset = slowly
"""
)
SLOW_WHERE = (
    BEFORE_IT
    + """
        from nnviz.training import evaluation
        in_order = evaluation.in_order
        def slowly(split, encoder, size):
            slow = CONDITION
            for batch in in_order(split, encoder, 1):
                if slow:
                    take_long(0.2)
                yield batch
        evaluation.in_order = slowly
"""
)
# The first one. Those that come after the signal would only have the test wait.
SLOW_EVALUATION = SLOW_WHERE.replace("CONDITION", "not sign.exists()")
# Says every few batches how far the scores are, as where each takes long.
TELLING = """
        import itertools
        from nnviz.remote import opening_progress
        class Telling(opening_progress.Watch):
            def __init__(self, hear, interval, **more):
                super().__init__(hear, 50, clock=itertools.count().__next__, **more)
        opening_progress.Watch = Telling
"""
# The network is safe by then, and what it came to is written down.
SLOW_SCORING = SLOW_WHERE.replace("CONDITION", "not sign.exists() and os.path.exists('kept/result.json')")
# Whatever is scored, and somebody who leaves waits a shorter while for it.
SLOW_LEAVING = (
    SLOW_WHERE.replace("CONDITION", "True")
    + """
        from nnviz.remote import service
        service.LEAVING_SECONDS = 0.5
"""
)

Open = Callable[..., Terminal]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A command on a terminal, in whose processes some code runs first."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "first"))
    (tmp_path / "first").mkdir()
    (tmp_path / "work").mkdir()
    opening = []

    def started(command: str, code: str = "") -> Terminal:
        (tmp_path / "first" / "sitecustomize.py").write_text(code)
        opening.append(opened(tmp_path / "work", command))
        return opening[-1].__enter__()

    yield started
    for one in opening:
        one.__exit__(None, None, None)


class Case:
    """A terminal with a command in some state, and how the command's processes are called."""

    def __init__(self, terminal: Terminal, folder: Path, trained: bool) -> None:
        self.terminal, self.folder, self.trained = terminal, folder, trained
        self.processes = [terminal.screen, *terminal.screen.children(recursive=True)]

    def end(self) -> tuple[int, str]:
        """The exit code, and what is left on the terminal; no process is, and it is whole."""
        seen = self.terminal.read_until("exit code ")
        code = int(self.terminal.read_until("\r\n"))
        self.terminal.wait_until(self.terminal.is_given_back)
        _, alive = psutil.wait_procs(self.processes, timeout=PATIENCE)
        assert not alive
        left = seen.rpartition("\x1b[?1049l")[2]
        assert "Traceback" not in left
        return code, left

    def assert_kept(self, left: str) -> None:
        """What was trained is there, whole and named; and nothing else."""
        if self.trained:
            assert re.search(r"kept in kept\b", left), left
            run = self.folder / "kept"
            assert load_run(run).step > 0
            assert not [path for path in run.rglob("*") if path.suffix in (".part", ".lock")]
        else:
            assert "nothing to keep" in left, left
            assert not (self.folder / "kept").exists()
        self.terminal.type("hello\n")
        self.terminal.read_until("got hello")


def met(terminal: Terminal, folder: Path) -> None:
    terminal.wait_until((folder / "met").exists)


# The screen, and its trainer -----------------------------------------------------------------------------------------


def ready(begin: Open, folder: Path) -> Case:
    terminal = begin(XOR)
    terminal.read_until("READY")
    return Case(terminal, folder, trained=False)


def paused(begin: Open, folder: Path) -> Case:
    terminal = begin(XOR)
    terminal.read_until("READY")
    terminal.type("\r")
    terminal.read_until("PAUSED")
    return Case(terminal, folder, trained=True)


def running(begin: Open, folder: Path) -> Case:
    terminal = begin(f"{XOR} {ENDLESS}")
    terminal.read_until("READY")
    terminal.type("\r")
    terminal.read_until("PAUSED")
    terminal.type(" ")
    terminal.read_until("RUNNING")
    return Case(terminal, folder, trained=True)


def evaluating(begin: Open, folder: Path) -> Case:
    terminal = begin(f"{XOR} --patience 9", SLOW_EVALUATION + TELLING)
    terminal.read_until("READY")
    terminal.type("e")
    met(terminal, folder)
    return Case(terminal, folder, trained=True)


def leaving(begin: Open, folder: Path) -> Case:
    terminal = begin(XOR, SLOW_EVALUATION)
    terminal.read_until("READY")
    terminal.type("\r")
    terminal.read_until("PAUSED")
    terminal.type("q")
    met(terminal, folder)
    return Case(terminal, folder, trained=True)


def under_test(begin: Open, folder: Path) -> Case:
    terminal = begin(f"{XOR} --patience 9", SLOW_EVALUATION)
    terminal.read_until("READY")
    terminal.type("\r")
    terminal.read_until("PAUSED")
    terminal.type("t")
    met(terminal, folder)
    return Case(terminal, folder, trained=True)


SCREEN = [ready, paused, running, evaluating, leaving]
ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
KILLING = [signal.SIGQUIT, signal.SIGKILL]


@pytest.mark.parametrize("number", ASKING)
@pytest.mark.parametrize("state", SCREEN)
def test_a_screen_that_is_asked_to_end(begin: Open, tmp_path: Path, state: Callable[..., Case], number: int) -> None:
    case = state(begin, tmp_path / "work")
    case.processes[0].send_signal(number)
    code, left = case.end()
    assert code == 130
    case.assert_kept(left)


@pytest.mark.parametrize("number", KILLING)
@pytest.mark.parametrize("state", SCREEN)
def test_a_screen_that_is_killed(begin: Open, tmp_path: Path, state: Callable[..., Case], number: int) -> None:
    case = state(begin, tmp_path / "work")
    case.processes[0].send_signal(number)
    code, left = case.end()
    assert code == 128 + number
    if "the screen was killed" not in left:
        left += case.terminal.read_until("the screen was killed") + case.terminal.read_until("\r\n")
    case.assert_kept(left)


# What is typed in the palette finds a command, and enter then chooses it.
QUIT = ("\x10quit", "Keep the run and leave", "\r")


@pytest.mark.parametrize("state", [paused, under_test])
@pytest.mark.parametrize(
    "keys",
    [("q",), ("\x03",), ("\x11",), ("?", "escape closes", "\x03"), QUIT],
    ids=["q", "ctrl+c", "ctrl+q", "help", "palette"],
)
def test_a_screen_that_is_left_by_keys(
    begin: Open, tmp_path: Path, state: Callable[..., Case], keys: tuple[str, ...]
) -> None:
    case = state(begin, tmp_path / "work")
    *page, last = keys
    for typed, shown in zip(page[::2], page[1::2], strict=True):
        case.terminal.type(typed)
        case.terminal.read_until(shown)
    case.terminal.type(last)
    code, left = case.end()
    assert code == 0
    assert "\n".join(left.split("\r\n")).count("kept in kept") == 1, left
    case.assert_kept(left)


def test_scores_that_take_long_are_left_out_when_somebody_leaves(begin: Open, tmp_path: Path) -> None:
    terminal = begin(XOR, SLOW_LEAVING)
    terminal.read_until("READY")
    terminal.type("\r")
    terminal.read_until("PAUSED")
    case = Case(terminal, tmp_path / "work", trained=True)
    terminal.type("q")
    code, left = case.end()
    assert code == 0
    assert "not all scores were waited for; 'nnviz test kept' scores the network" in left
    case.assert_kept(left)


# A checkpoint may be there by then, or not.
KILLED = (
    r"the trainer was killed by {}"
    r"( before its first checkpoint; the run is not kept|; step-\d+ is what it wrote last; the run is kept in )"
)

# What becomes of the trainer: how the command ends when q is pressed then, what it says, and whether the run is kept.
TRAINER = {
    signal.SIGTERM: (1, r"the trainer was told to end \(SIGTERM\)", True),
    signal.SIGKILL: (1, KILLED.format("SIGKILL"), False),
    signal.SIGQUIT: (1, KILLED.format("SIGQUIT"), False),
    # What is meant for the whole terminal is the screen's to answer.
    signal.SIGINT: (0, "", True),
    signal.SIGHUP: (0, "", True),
    signal.SIGSTOP: (0, "", True),
}


@pytest.mark.parametrize("number", TRAINER)
@pytest.mark.parametrize("state", [paused, running, evaluating])
def test_a_trainer(begin: Open, tmp_path: Path, state: Callable[..., Case], number: int) -> None:
    case = state(begin, tmp_path / "work")
    expected, words, kept = TRAINER[number]
    case.terminal.trainer.send_signal(number)
    if expected:
        # It is told at once; who leaves before it is may still have been heard.
        case.terminal.read_until("✖ ")
    case.terminal.type("q")
    code, left = case.end()
    assert code == expected
    assert re.search(words, left), left
    if kept:
        case.assert_kept(left)


# Without a screen ----------------------------------------------------------------------------------------------------


def reading(begin: Open, folder: Path) -> Case:
    terminal = begin(TRAIN, SLOW_READING)
    met(terminal, folder)
    return Case(terminal, folder, trained=False)


def training(begin: Open, folder: Path) -> Case:
    terminal = begin(f"{TRAIN} {ENDLESS}")
    terminal.read_until("examples/s")
    return Case(terminal, folder, trained=True)


def measuring(begin: Open, folder: Path) -> Case:
    terminal = begin(f"{TRAIN} --patience 9", SLOW_EVALUATION)
    met(terminal, folder)
    return Case(terminal, folder, trained=True)


def scoring(begin: Open, folder: Path) -> Case:
    terminal = begin(f"{TRAIN} --steps 9", SLOW_SCORING)
    met(terminal, folder)
    return Case(terminal, folder, trained=True)


ALONE = [reading, training, measuring, scoring]


@pytest.mark.parametrize("number", ASKING)
@pytest.mark.parametrize("state", ALONE)
def test_a_training_that_is_asked_to_end(begin: Open, tmp_path: Path, state: Callable[..., Case], number: int) -> None:
    case = state(begin, tmp_path / "work")
    case.processes[0].send_signal(number)
    code, left = case.end()
    assert code == 130
    if case.trained:
        assert f"nnviz: {signal.Signals(number).name}: " in left, "it is acknowledged"
    case.assert_kept(left)


@pytest.mark.parametrize("number", KILLING)
def test_a_training_that_is_killed_leaves_no_half_file_and_no_lock(begin: Open, tmp_path: Path, number: int) -> None:
    case = training(begin, tmp_path / "work")
    case.processes[0].send_signal(number)
    code, _ = case.end()
    assert code == 128 + number
    kept = tmp_path / "work" / "kept"
    for line in (kept / "metrics.jsonl").read_text().splitlines(keepends=True):
        assert line.endswith("\n")
    assert not list(kept.rglob("*.part"))
