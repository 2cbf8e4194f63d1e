"""The runs of a sweep on the cores of this machine: each of some processes trains one after the other."""

import contextlib
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait

from nnviz.child import start_child
from nnviz.sweeping.outcome import FAILED, Outcome, Standing
from nnviz.sweeping.trial import Stop, Work
from nnviz.training.interruption import Interruption
from nnviz.training.stopping import INTERRUPTED

MODULE = "nnviz.sweeping.worker"
LOOK_SECONDS = 0.1
"""So soon is it noticed that somebody wants to end."""
GRACE_SECONDS = 10.0
Tell = Callable[[Standing | Outcome], None]


class _Process:
    """One process, and what it is at."""

    def __init__(self) -> None:
        self.connection, self._process = start_child(MODULE)
        self.work: Work | None = None

    def train(self, work: Work) -> None:
        """Begin with a run. One that is gone is noticed when it is waited for."""
        self.work = work
        self.send(work)

    def send(self, message: Work | Stop) -> None:
        """Say something, if it can still hear it."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def ended_by(self) -> str:
        """Why it is gone, in words."""
        code = self._process.wait()
        if code >= 0:
            return f"its process ended by itself (exit code {code})"
        name = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
        likely = ", as when memory runs out" if -code == signal.SIGKILL else ""
        return f"its process was killed ({name}{likely}); the same command goes on with it"

    def close(self) -> None:
        """Let it end."""
        self.connection.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def train_on_cores(works: Sequence[Work], jobs: int, interruption: Interruption, tell: Tell) -> None:
    """Train all, `jobs` at a time; `tell` hears how each stands, and once for each of them how it ended.

    A process that dies takes only its own run with it. When `interruption` is asked, those that are at work keep their
    runs, and what was not begun is told as interrupted.
    """
    waiting = deque(works)
    processes: dict[Connection, _Process] = {}
    try:
        for _ in range(min(jobs, len(works))):
            process = _Process()
            processes[process.connection] = process
            process.train(waiting.popleft())
        asked = 0
        while processes:
            if interruption.times > asked:
                asked = interruption.times
                _interrupt(waiting, processes, tell)
            for connection in wait([*processes], LOOK_SECONDS):
                assert isinstance(connection, Connection)
                _hear(processes, connection, waiting, tell)
    finally:
        for process in processes.values():
            process.close()


def _interrupt(waiting: deque[Work], processes: dict[Connection, _Process], tell: Tell) -> None:
    while waiting:
        tell(Outcome(waiting.popleft().name, INTERRUPTED, "not begun", 130))
    for process in processes.values():
        process.send(Stop())


def _hear(processes: dict[Connection, _Process], connection: Connection, waiting: deque[Work], tell: Tell) -> None:
    process = processes[connection]
    assert process.work is not None
    try:
        message = connection.recv()
    except (EOFError, OSError):
        del processes[connection]
        connection.close()
        tell(Outcome(process.work.name, FAILED, process.ended_by(), 1))
        if waiting:
            process = _Process()
            processes[process.connection] = process
            process.train(waiting.popleft())
        return
    tell(message)
    if isinstance(message, Standing):
        return
    if waiting:
        process.train(waiting.popleft())
    else:
        del processes[connection]
        process.close()
