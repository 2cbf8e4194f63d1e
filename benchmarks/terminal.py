"""A program on a real pseudo-terminal, whose output this process drains and reads."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any, Self

import msgspec
import psutil

COLUMNS, ROWS = 160, 48
OVERLAP = 200
STEP = re.compile("· step ([0-9,]+)[^0-9,]".encode())
HERE = Path(__file__).parent
ENDLESS = 1_000_000_000


class Network(msgspec.Struct, frozen=True, eq=False):
    """A network to measure: the options of `nnviz run` that describe it, and the names of its layers with weights."""

    name: str
    source: str
    layers: tuple[str, ...]
    options: dict[str, Any] = {}

    def arguments(self) -> list[str]:
        """What to put behind `nnviz run`."""
        options = {"steps": ENDLESS, **self.options}
        return [self.source, *(word for key, v in options.items() for word in (f"--{key.replace('_', '-')}", str(v)))]


PETS = Network("pets: 3072-64-32-2, batch 16", "pets", ("dense1", "dense2", "dense3"))
TINY = Network(
    "plane: 2-8-2, batch 16",
    "bench-plane",
    ("dense1", "dense2"),
    {"network": "dense 8 relu", "lr": 0.05, "batch_size": 16},
)


def environment(network: Network, build: Path = HERE.parent) -> dict[str, str]:
    """The environment in which that network is measured, of the nnviz that is checked out in that folder."""
    # What makes the additional source known costs time at the start, so the built-in ones go without it.
    own = [str(HERE / "sources")] if network.source == "bench-plane" else []
    path = os.pathsep.join([*own, str(build)])
    # What is compiled is kept, as it is where nnviz is installed.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": path, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Program:
    """A program that is left by `q`, on a terminal of its own."""

    def __init__(self, command: list[str], variables: dict[str, str]) -> None:
        self._raw = b""
        self.started = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execve(command[0], command, variables)
        self._poller = select.poll()
        self._poller.register(self._terminal, select.POLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave as a user does; kill what does not end."""
        self.press("q")
        end = time.perf_counter() + 15
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.perf_counter() > end:
                os.kill(self.pid, signal.SIGKILL)
            self.read(0.05)
        os.close(self._terminal)

    def press(self, key: str) -> float:
        """Type a key; when that was."""
        now = time.perf_counter()
        os.write(self._terminal, key.encode())
        return now

    def read(self, seconds: float) -> bytes:
        """What comes next, within so many seconds."""
        if not self._poller.poll(max(seconds, 0) * 1000):
            return b""
        try:
            chunk = os.read(self._terminal, 1 << 16)
        except OSError:  # the program has ended
            time.sleep(max(seconds, 0))
            return b""
        self._raw += chunk
        return chunk

    def forget(self) -> None:
        """What was written so far is of no interest."""
        self._raw = b""

    def wait_for(self, words: str, timeout: float = 20) -> float:
        """Wait until the program has written what this regular expression finds; when that was.

        It is looked for between escape sequences, so it must be painted in one go and in one style.
        """
        pattern = re.compile(words.encode())
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            chunk = self.read(end - time.perf_counter())
            arrived = time.perf_counter()
            # Only what is new is searched: a terminal that reads slowly would keep the program waiting.
            if chunk and pattern.search(self._raw, max(0, len(self._raw) - len(chunk) - OVERLAP)):
                return arrived
        raise TimeoutError(f"{words!r} was not painted within {timeout} s")

    def watch(self, seconds: float) -> list[tuple[float, int]]:
        """(time, step) of every paint of the line that says where the training is, for so many seconds."""
        seen = []
        end = time.perf_counter() + seconds
        self.forget()
        while (now := time.perf_counter()) < end:
            self.read(end - now)
            painted = STEP.search(self._raw)
            if painted:
                seen.append((time.perf_counter(), int(painted[1].replace(b",", b""))))
            self._raw = self._raw[painted.end() :] if painted else self._raw[-OVERLAP:]
        return seen


class Visualizer(Program):
    """The real `nnviz run` of a network."""

    def __init__(self, network: Network, build: Path = HERE.parent) -> None:
        self._spare = tempfile.TemporaryDirectory(prefix="nnviz-bench-")
        out = str(Path(self._spare.name) / "run")
        # Not from the folder that this is started in (-P).
        command = [sys.executable, "-P", "-m", "nnviz", "run", *network.arguments(), "--out", out]
        super().__init__(command, environment(network, build))

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._spare.cleanup()

    def processes(self) -> tuple[psutil.Process, psutil.Process]:
        """The screen's and the trainer's."""
        screen = psutil.Process(self.pid)
        (trainer,) = screen.children()
        return screen, trainer
