"""What becomes of a terminal whose screen is killed, and of a screen whose terminal is closed."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import psutil
import pytest


def _read_until(terminal: int, wanted: bytes, seconds: float = 15) -> bytes:
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
    assert wanted in seen
    return seen


def test_kill_minus_nine_of_the_screen_leaves_the_terminal_usable(tmp_path: Path) -> None:
    # The shell stays, as it would: the terminal is its, and has to serve it afterwards.
    command = f"{sys.executable} -m nnviz run pets --image-size 8; read line; echo got $line"
    shell, terminal = pty.fork()
    if shell == 0:
        os.chdir(tmp_path)
        os.environ["TERM"] = "xterm-256color"
        os.execv("/bin/sh", ["sh", "-c", command])
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        before = termios.tcgetattr(terminal)
        _read_until(terminal, b"READY")
        screen, trainer = psutil.Process(shell).children()[0], psutil.Process(shell).children(recursive=True)[-1]
        os.write(terminal, b"e")
        _read_until(terminal, b"PAUSED")
        assert termios.tcgetattr(terminal) != before
        screen.send_signal(signal.SIGKILL)
        seen = _read_until(terminal, b"the run is kept in runs/")
        assert b"\x1b[?1049l" in seen
        assert b"\x1b[?1003l" in seen
        assert termios.tcgetattr(terminal) == before
        psutil.wait_procs([trainer], timeout=5)
        assert not trainer.is_running()
        os.write(terminal, b"hello\n")
        _read_until(terminal, b"got hello")
    finally:
        os.close(terminal)
        os.waitpid(shell, 0)


@pytest.mark.parametrize("hangups", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_closed_terminal_ends_the_screen_and_keeps_the_run(tmp_path: Path, hangups: signal.Handlers) -> None:
    screen, terminal = pty.fork()
    if screen == 0:
        os.chdir(tmp_path)
        os.environ["TERM"] = "xterm-256color"
        signal.signal(signal.SIGHUP, hangups)
        os.execv(sys.executable, [sys.executable, "-m", "nnviz", "run", "pets", "--image-size", "8", "--out", "kept"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    _read_until(terminal, b"READY")
    process = psutil.Process(screen)
    (trainer,) = process.children()
    os.write(terminal, b"e")
    _read_until(terminal, b"PAUSED")
    os.close(terminal)
    try:
        assert process.wait(timeout=10) in (0, -signal.SIGHUP)
    finally:
        if process.is_running():
            process.kill()
            process.wait()
    psutil.wait_procs([trainer], timeout=5)
    assert not trainer.is_running()
    assert (tmp_path / "kept" / "result.json").exists()
