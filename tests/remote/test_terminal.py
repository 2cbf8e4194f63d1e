"""What becomes of a terminal whose screen is killed, and of a screen whose terminal is closed."""

import contextlib
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.logs.reading import made
from tests.terminal import RUN, Terminal, opened

PETS = f"{RUN} pets --image-size 8"
# What a screen switches on, and how each is switched off.
TAKEN = {f"\x1b[?{mode}h": f"\x1b[?{mode}l" for mode in (1000, 1003, 1004, 1006, 1015, 2004, 1049)}
TAKEN |= {"\x1b[?25l": "\x1b[?25h", "\x1b[?7l": "\x1b[?7h", "\x1b[>25u": "\x1b[<u"}


def opening(terminal: Terminal) -> None:
    """The first byte of the screen is written, and the trainer comes to nothing."""
    terminal.read_until("\x1b[?1049h")
    terminal.trainer.suspend()


def ready(terminal: Terminal) -> None:
    """Nothing is trained yet."""
    terminal.read_until("READY")


def busy(terminal: Terminal) -> None:
    """The trainer is at something that takes very long."""
    terminal.read_until("READY")
    terminal.type(" ")
    terminal.read_until("RUNNING")
    terminal.trainer.suspend()


def dead(terminal: Terminal) -> None:
    """The trainer is no more."""
    terminal.read_until("READY")
    terminal.trainer.kill()
    terminal.read_until("Press r to start again")


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more, even if nobody has asked yet how it ended."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end(processes: list[psutil.Process]) -> bool:
    """Whether all of them end. One that nobody asks how it ended is not gone, though it runs no more."""
    return all(map(has_ended, psutil.wait_procs(processes, timeout=10)[1]))


def is_off_again(written: bytes) -> bool:
    """Whether a screen was there, and all that it switched on is off again."""
    painted = written.decode(errors="replace")
    taken = [(on, off) for on, off in TAKEN.items() if on in painted]
    return "\x1b[?1049h" in painted and all(painted.rfind(off) > painted.rfind(on) for on, off in taken)


def trains(process: psutil.Process) -> bool:
    """Whether it is a trainer's process, and has not ended."""
    return not has_ended(process) and "nnviz.remote.worker" in process.cmdline()


STATES = {state.__name__: state for state in (opening, ready, busy, dead)}
WHILE_BUSY = [(name, state) for name in ("SIGTERM", "SIGQUIT", "SIGHUP", "SIGABRT") for state in ("opening", "busy")]


@pytest.mark.parametrize(("name", "state"), [*(("SIGKILL", state) for state in STATES), *WHILE_BUSY])
def test_a_killed_screen_leaves_the_terminal_as_it_was_whatever_the_trainer_does(
    tmp_path: Path, name: str, state: str
) -> None:
    with opened(tmp_path, PETS) as terminal:
        STATES[state](terminal)
        screen, trainers = terminal.screen, [c for c in terminal.screen.children() if c.is_running()]
        screen.send_signal(signal.Signals[name])
        terminal.wait_until(lambda: has_ended(screen))
        # A process of its own does that: the shell may go on a moment before.
        terminal.wait_until(lambda: terminal.is_given_back() and is_off_again(terminal.everything))
        terminal.type("hello\n")
        terminal.read_until("got hello")
        for trainer in trainers:
            with contextlib.suppress(psutil.NoSuchProcess):
                trainer.resume()
        assert end(trainers)


@pytest.mark.parametrize(("page", "sign"), [("", "READY"), ("?", "escape closes"), ("\x10", "earch for commands")])
def test_a_trainer_that_dies_is_told_at_once_on_every_page(tmp_path: Path, page: str, sign: str) -> None:
    with opened(tmp_path, PETS) as terminal:
        terminal.read_until("READY")
        if page:
            terminal.type(page)
            terminal.read_until(sign)
        terminal.trainer.kill()
        terminal.read_until("trainer was killed by SIG")


def test_the_user_of_a_killed_screen_is_told_where_the_run_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path, PETS) as terminal:
        terminal.read_until("READY")
        terminal.type("e")
        terminal.read_until("PAUSED")
        terminal.screen.kill()
        terminal.read_until("\x1b[?1049l")
        terminal.read_until("the run is kept in runs/")
        terminal.type("hello\n")
        terminal.read_until("got hello")


@pytest.mark.parametrize("state", ["opening", "ready"])
def test_a_terminal_that_was_given_back_in_order_is_left_alone(tmp_path: Path, state: str) -> None:
    with opened(tmp_path, PETS) as terminal:
        if state == "ready":
            terminal.read_until("READY")
        else:
            terminal.read_until("\x1b[?1004h")
        terminal.type("q")
        terminal.read_until("\x1b[?1049l")
        left = terminal.read_until("exit code 0")
        terminal.type("hello\n")
        assert "\x1b[?1049l" not in left + terminal.read_until("got hello")
        assert terminal.is_given_back()


@pytest.mark.parametrize("hangups", ["", "trap '' HUP; "])
def test_a_closed_terminal_ends_the_screen_and_keeps_the_run(tmp_path: Path, hangups: str) -> None:
    terminal = Terminal(tmp_path, f"{hangups}exec {PETS} --out kept")
    terminal.read_until("READY")
    screen = psutil.Process(terminal.shell)
    (trainer,) = screen.children()
    terminal.type("e")
    terminal.read_until("PAUSED")
    os.close(terminal.descriptor)
    try:
        # Where hangups are ignored, all that it sees is that its terminal cannot be read any more.
        assert screen.wait() == (1 if hangups else 130)
    finally:
        if screen.is_running():
            screen.kill()
            screen.wait()
    assert end([trainer])
    assert (tmp_path / "kept" / "result.json").exists()


def test_a_screen_of_curves_keeps_no_trainer(tmp_path: Path) -> None:
    with opened(tmp_path, f"{RUN} {made('keras').resolve()}") as terminal:
        terminal.read_until("loss")
        terminal.wait_until(lambda: not any(map(trains, terminal.screen.children())))
        terminal.type_until("q", "exit code 0")
