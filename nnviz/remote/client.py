"""The screen's end: a trainer that is asked, in a process of its own or, for tests, in this one."""

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeAlias

from nnviz.child import start_child
from nnviz.errors import InputError, NnvizError, TrainerDiedError
from nnviz.remote.messages import Answer, Close, Died, Look, Order, Request, Summary
from nnviz.remote.opening import Opening

# To score the network that is kept and to write it down takes a moment; a trainer that hangs must not keep the screen.
CLOSE_SECONDS = 30.0


Hear: TypeAlias = Callable[[Opening], None]


def nobody(_: Opening) -> None:
    """Nobody wants to know."""


class AskableTrainer(Protocol):
    """A trainer that answers one request at a time."""

    def first(self, hear: Hear = nobody) -> Answer:
        """Wait until the trainer is ready: its first frame. Asked for before all else.

        Until then, `hear` is called now and then with how far the opening is. Raises InputError, TrainerDiedError.
        """

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for the answer. Raises TrainerDiedError, or InputError if the run cannot be kept."""

    def close(self) -> Summary | None:
        """Have the run kept and the trainer ended, however it is; None if it could not say how it ended."""

    def again(self) -> "AskableTrainer":
        """A new trainer of the same order, for one that died; its run is kept in a directory of its own."""


class Worker:
    """A process that is ready to become a trainer: started before it is known what to train, since that takes time too.

    It ends when its connection closes, however that comes.
    """

    def __init__(self) -> None:
        self.connection, self.process = start_child("nnviz.remote.worker")


class RemoteTrainer:
    """A trainer in a process of its own; it ends with this object's process, however that ends."""

    def __init__(self, order: Order, worker: Worker | None = None) -> None:
        worker = worker or Worker()
        self._order = order
        self._turn = threading.Lock()
        self._ready = False
        self._connection, self._process = worker.connection, worker.process
        with contextlib.suppress(OSError):
            self._connection.send(order)

    @property
    def pid(self) -> int:
        """The process number of the trainer."""
        return self._process.pid

    def first(self, hear: Hear = nobody) -> Answer:
        with self._turn:
            answer = self._receive(hear)
            self._ready = True
        return answer

    def ask(self, request: Request) -> Answer:
        with self._turn:
            # If it died, it may have said why before it did.
            with contextlib.suppress(OSError):
                self._connection.send(request)
            return self._receive()

    def _receive(self, hear: Hear = nobody) -> Answer:
        try:
            answer: Answer | Opening = self._connection.recv()
            while isinstance(answer, Opening):
                hear(answer)
                answer = self._connection.recv()
        except (EOFError, OSError):
            raise TrainerDiedError(f"the trainer {self._how_it_ended()}") from None
        if isinstance(answer, Died):
            if answer.exit_code == InputError.exit_code:
                raise InputError(answer.reason)
            raise TrainerDiedError(f"the trainer failed: {answer.reason}")
        return answer

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "does not answer any more"
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended by itself (exit code {code})"

    def close(self) -> Summary | None:
        if not self._ready:
            # Nothing has been computed, and to read all examples may take long.
            self._process.kill()
        answer: Answer | None = None
        patience = threading.Timer(CLOSE_SECONDS, self._process.kill)
        patience.start()
        try:
            with contextlib.suppress(NnvizError):
                answer = self.ask(Close())
            self._connection.close()
            self._process.wait()
        finally:
            patience.cancel()
        return answer if isinstance(answer, Summary) else None

    def again(self) -> "RemoteTrainer":
        self.close()
        return RemoteTrainer(_elsewhere(self._order))


class LocalTrainer:
    """The same trainer in this process, for tests: a running one trains `slice_seconds` whenever it is asked."""

    def __init__(self, order: Order, slice_seconds: float = 0.005) -> None:
        from nnviz.remote.service import Service

        self._order = order
        self._slice = slice_seconds
        self.service = Service(order)

    def first(self, hear: Hear = nobody) -> Answer:  # noqa: ARG002 - it was opened before
        return self.service.answer(Look())

    def ask(self, request: Request) -> Answer:
        if self.service.waits() == 0:
            end = time.perf_counter() + self._slice
            self.service.work(lambda: time.perf_counter() >= end)
        return self.service.answer(request)

    def close(self) -> Summary | None:
        return self.service.conclude()

    def again(self) -> "LocalTrainer":
        return LocalTrainer(_elsewhere(self._order), self._slice)


def _elsewhere(order: Order) -> Order:
    from nnviz.training.places import free_path

    return replace(order, out=free_path(order.out))
