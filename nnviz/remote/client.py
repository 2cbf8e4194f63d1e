"""The screen's end: a trainer that is asked, in a process of its own or, for tests, in this one."""

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from multiprocessing import Pipe
from typing import Protocol

from nnviz.errors import InputError, TrainerDiedError
from nnviz.remote.messages import Answer, Close, Died, Order, Request, Summary


class AskableTrainer(Protocol):
    """A trainer that answers one request at a time."""

    def first(self) -> Answer:
        """Wait until the trainer is ready: its first frame. Raises InputError, TrainerDiedError."""

    def ask(self, request: Request) -> Answer:
        """Send a request and wait for the answer. Raises TrainerDiedError."""

    def close(self) -> Summary | None:
        """Have the run kept and the trainer ended, however it is; None if it could not say how it ended."""

    def again(self) -> "AskableTrainer":
        """A new trainer of the same order, for one that died; its run is kept in a directory of its own."""


class RemoteTrainer:
    """A trainer in a process of its own, started at once; it ends with this object's process, however that ends."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._connection, theirs = Pipe()
        # A fresh interpreter and not multiprocessing's: that one would import the command line's modules first, and
        # cannot be started while a Textual app owns the terminal.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nnviz.remote.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        with contextlib.suppress(OSError):
            self._connection.send(order)

    @property
    def pid(self) -> int:
        """The process number of the trainer."""
        return self._process.pid

    def first(self) -> Answer:
        return self._receive()

    def ask(self, request: Request) -> Answer:
        try:
            self._connection.send(request)
        except OSError:
            # It may have said why it died before it did.
            return self._receive()
        return self._receive()

    def _receive(self) -> Answer:
        try:
            answer: Answer = self._connection.recv()
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
        summary = None
        with contextlib.suppress(TrainerDiedError, InputError):
            answer = self.ask(Close())
            summary = answer if isinstance(answer, Summary) else None
        self._connection.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
        return summary

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

    def first(self) -> Answer:
        from nnviz.remote.messages import Look

        return self.service.answer(Look())

    def ask(self, request: Request) -> Answer:
        if self.service.waits() == 0:
            self.service.work(self._slice)
        return self.service.answer(request)

    def close(self) -> Summary | None:
        return self.service.conclude()

    def again(self) -> "LocalTrainer":
        return LocalTrainer(_elsewhere(self._order), self._slice)


def _elsewhere(order: Order) -> Order:
    from nnviz.training.run import free_path

    return replace(order, out=free_path(order.out))
