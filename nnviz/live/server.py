"""Server: talks to screens in threads of its own, so that training never waits for a socket."""

import atexit
import contextlib
import os
import socket
import threading
import time
import weakref
from collections.abc import Sequence

from msgspec.structs import replace

from nnviz.errors import InputError
from nnviz.frame.frame import Frame, FrameUpdate, Parts
from nnviz.live import wire
from nnviz.live.doors import Door
from nnviz.live.screen_side import ScreenSide
from nnviz.live.training_side import ATTACHED

STOP_SECONDS = 0.3
"""So long an answer waits for training to come to where it was told to stop."""
FIRST_SECONDS = 0.05
VERIFYING_SECONDS = 0.1
"""So long weights are compared before what came out so far is told."""
SHARE_SECONDS = 0.25
"""So long an answer waits for frames to have taken no more than their share: keys come after it."""
ON_ITS_WAY = "training is on its way: ask again when it has come there"
END_SECONDS = 5.0
"""So long the end of the process waits for the answer that is being made."""
_all: "weakref.WeakSet[Server]" = weakref.WeakSet()


class Server:
    """Listens for screens, and serves one at a time."""

    def __init__(self, screen: ScreenSide, doors: Sequence[Door], parameters: int, model: str) -> None:
        self._screen, self._doors, self._parameters, self._model = screen, doors, parameters, model
        self._turn = threading.Lock()
        self._free_at = 0.0
        self._serving: dict[threading.Thread, socket.socket] = {}
        _all.add(self)
        for door in doors:
            threading.Thread(target=self._accept, args=(door,), name="nnviz", daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        for door in self._doors:
            door.close()

    def end(self) -> None:
        """Answer no more. A thread that comes back from C++ into a Python that has ended aborts the process."""
        self._screen.shared.gate.end()
        # Of a forked process, the threads of the other one are not alive, and their sockets are not its own.
        serving = {thread: connection for thread, connection in [*self._serving.items()] if thread.is_alive()}
        for thread, connection in serving.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(END_SECONDS)

    def _accept(self, door: Door) -> None:
        while True:
            try:
                connection, _ = door.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(door, connection), name="nnviz screen", daemon=True).start()

    def _serve(self, door: Door, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, EOFError, InputError):
            door.admit(connection)
            wire.send(connection, self._hello())
            question = wire.receive(connection, wire.Question)
            if not self._turn.acquire(blocking=False):
                return
            self._serving[threading.current_thread()] = connection
            try:
                self._screen.attach(True)
                while not isinstance(question, wire.Bye):
                    wire.send(connection, wire.Answer.of(self._answer(question, connection)))
                    question = wire.receive(connection, wire.Question)
            finally:
                self._screen.attach(False)
                self._turn.release()
                del self._serving[threading.current_thread()]

    def _hello(self) -> wire.Hello:
        screen = self._screen
        return wire.Hello(
            wire.VERSION,
            screen.name,
            self._model,
            self._parameters,
            screen.shared.steps,
            os.getpid(),
            self._turn.locked(),
            screen.unheard,
        )

    def _answer(self, question: wire.Question, connection: socket.socket) -> wire.View:
        screen = self._screen
        self._await_first(connection)
        match question:
            case wire.Refocus(focus, parts):
                screen.focus = focus
                return self._view(parts)
            case wire.Verify(block, chosen):
                screen.pause()
                screen.shared.gate.wait_for_stop(STOP_SECONDS)
                try:
                    return screen.verify(block, chosen)
                except InputError as reason:
                    return self._saying(str(reason))
            case wire.GoOnVerifying():
                until = time.monotonic() + VERIFYING_SECONDS
                verified = screen.go_on_verifying(lambda: time.monotonic() > until)
                return self._saying(ON_ITS_WAY) if verified is None else verified
            case wire.GoOn(None):
                screen.run()
            case wire.GoOn(str() as goal):
                screen.advance(goal)
                screen.shared.gate.wait_for_stop(STOP_SECONDS)
            case wire.Pause():
                screen.pause()
                screen.shared.gate.wait_for_stop(STOP_SECONDS)
            case wire.SetRate(rate):
                return self._saying(screen.change_rate(rate, STOP_SECONDS))
            case wire.Follow(layer, measure):
                screen.follow(layer, measure)
            case wire.AskHealth():
                return screen.health()
            case wire.AskBlame(focus, measure, of_example, everywhere):
                blamed = screen.blame(focus, measure, of_example, everywhere)
                return self._saying(ON_ITS_WAY) if blamed is None else blamed
            case wire.Look(parts):
                return self._look(parts)
        return self._view(None)

    def _look(self, parts: Parts | None) -> Frame | FrameUpdate:
        """What there is to see; of a training that runs, no more than what frames may take of its time."""
        if not self._has_share(SHARE_SECONDS) and parts is not None:
            return self._view(frozenset())
        began = time.thread_time()
        view = self._view(parts)
        self._free_at = time.monotonic() + (time.thread_time() - began) / ATTACHED
        return view

    def _view(self, parts: Parts | None) -> Frame | FrameUpdate:
        """What there is to see, and what has gone wrong in looking, if something has."""
        view = self._screen.view(parts)
        if view is None:
            raise EOFError
        said = self._screen.told_fault
        return replace(view, said=said) if said is not None and isinstance(view, Frame) else view

    def _saying(self, said: str) -> Frame | FrameUpdate:
        """The same, with something that is said once."""
        view = self._view(None)
        return view if not isinstance(view, Frame) or view.said is not None else replace(view, said=said)

    def _has_share(self, seconds: float) -> bool:
        """Whether frames have taken no more than their share of a training that runs, or it waits, within that time."""
        gate, left = self._screen.shared.gate, self._free_at - time.monotonic()
        if left <= 0 or gate.is_stopped:
            return True
        return gate.wait_for_stop(min(left, seconds)) or left <= seconds

    def _await_first(self, connection: socket.socket) -> None:
        """Wait for the first look. Raises EOFError if the screen does not."""
        gate = self._screen.shared.gate
        connection.setblocking(False)
        try:
            while not self._screen.has_looked:
                with contextlib.suppress(BlockingIOError):
                    if not connection.recv(1, socket.MSG_PEEK):
                        raise EOFError
                with gate.lock:
                    gate.lock.wait(FIRST_SECONDS)
        finally:
            connection.setblocking(True)


@atexit.register
def _end_all() -> None:
    for server in [*_all]:
        server.end()
