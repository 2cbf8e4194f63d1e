"""The screen's end: a trainer that is asked, in a process of its own or, for tests, in this one."""

import contextlib
import signal
import subprocess
import threading
import time
from typing import Protocol

from msgspec.structs import replace

from nnviz.child import start_child
from nnviz.errors import InputError, NnvizError, TrainerDiedError
from nnviz.remote.messages import Answer, Close, Died, Look, Order, Request, Summary
from nnviz.remote.opening_progress import OpeningProgress

# To score the network that is kept and to write it down takes a moment; a trainer that hangs must not keep the screen.
CLOSE_SECONDS = 30.0


class AskableTrainer(Protocol):
    """A trainer that says what it is asked for, one thing at a time.

    A new one says, without being asked, how far its opening is, again and again, and then its first frame.
    """

    def send(self, request: Request) -> None:
        """Ask for something; the answer is what it says next."""

    async def has_spoken(self) -> None:
        """Wait until there is something to receive; meanwhile the event loop has other work."""

    def receive(self) -> "Answer | OpeningProgress":
        """What the trainer says next. Raises TrainerDiedError, or InputError if the run cannot be opened or kept."""

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
        self._ready = False
        self._connection, self._process = worker.connection, worker.process
        self.send(order)

    @property
    def pid(self) -> int:
        """The process number of the trainer."""
        return self._process.pid

    def send(self, request: Request | Order) -> None:
        # If it died, it may have said why before it did: that is still to be received.
        with contextlib.suppress(OSError):
            self._connection.send(request)

    async def has_spoken(self) -> None:
        if self._connection.closed:
            return
        # It takes longer to import than all that is needed to start the trainer's process.
        import asyncio

        loop, speaks = asyncio.get_running_loop(), asyncio.Event()
        descriptor = self._connection.fileno()
        loop.add_reader(descriptor, speaks.set)
        try:
            await speaks.wait()
        finally:
            # The connection may have been closed by now.
            loop.remove_reader(descriptor)

    def receive(self) -> "Answer | OpeningProgress":
        try:
            said: Answer | OpeningProgress = self._connection.recv()
        except (EOFError, OSError):
            raise TrainerDiedError(f"the trainer {self._how_it_ended()}") from None
        if isinstance(said, Died):
            if said.exit_code == InputError.exit_code:
                raise InputError(said.reason)
            raise TrainerDiedError(f"the trainer failed: {said.reason}")
        self._ready = not isinstance(said, OpeningProgress)
        return said

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
        patience = threading.Timer(CLOSE_SECONDS, self._process.kill)
        patience.start()
        try:
            self.send(Close())
            summary = self._last_words()
            self._connection.close()
            self._process.wait()
        finally:
            patience.cancel()
        return summary

    def _last_words(self) -> Summary | None:
        """How the run ended; what it was asked for before, it says before."""
        with contextlib.suppress(NnvizError):
            while True:
                said = self.receive()
                if isinstance(said, Summary):
                    return said
        return None

    def again(self) -> "RemoteTrainer":
        self.close()
        return RemoteTrainer(_elsewhere(self._order))


class LocalTrainer:
    """The same trainer in this process, for tests: a running one trains `slice_seconds` whenever it is asked."""

    def __init__(self, order: Order, slice_seconds: float = 0.005) -> None:
        from nnviz.remote.service import Service

        self._order = order
        self._slice = slice_seconds
        self._asked: Request = Look()
        self.service = Service(order)

    def send(self, request: Request) -> None:
        self._asked = request

    async def has_spoken(self) -> None:
        return

    def receive(self) -> "Answer | OpeningProgress":
        if self.service.waits() == 0:
            end = time.perf_counter() + self._slice
            self.service.work(lambda: time.perf_counter() >= end)
        return self.service.answer(self._asked)

    def close(self) -> Summary | None:
        return self.service.conclude()

    def again(self) -> "LocalTrainer":
        return LocalTrainer(_elsewhere(self._order), self._slice)


def _elsewhere(order: Order) -> Order:
    from nnviz.training.run_paths import free_path

    return replace(order, out=free_path(order.out))
