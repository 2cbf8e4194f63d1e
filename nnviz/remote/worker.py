"""The trainer's process: serve requests from a connection, and train in between.

Started as `python -m nnviz.remote.worker FILE_DESCRIPTOR`. The first message is the order; it is answered by the first
frame, and before that, where it takes long, by how far the opening of the source is, again and again. The process ends
when it is told to, when the connection closes, or when the trainer fails. However it ends, it keeps the run first.
"""

import contextlib
import gc
import os
import pickle
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from multiprocessing.connection import Connection

from nnviz.errors import NnvizError
from nnviz.remote.messages import Close, Closing, Died, Look, Request, SetDown
from nnviz.remote.opening_progress import OpeningProgress, Watch
from nnviz.remote.service import Service
from nnviz.remote.terminal import Terminal
from nnviz.remote.wake_signal import WakeSignal
from nnviz.runs.ending import Ending
from nnviz.training.interruption import Interruption
from nnviz.training.process import prepare_process

OPENING_SECONDS = 0.1
# What takes no longer needs no words.
SCORING_SECONDS = 0.3
GONE = (EOFError, BrokenPipeError, ConnectionResetError)
# Nobody waits for the scores of what is kept when the screen is gone.
ORPHAN_SECONDS = 2.0


def main() -> None:
    """Serve the connection whose file descriptor is the first argument."""
    # The screen ends this process, by a word or by going away. A signal meant for the whole terminal must not: the run
    # is still to be kept.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    interruption = Interruption()
    # From the screen, which has no other way to say something while an evaluation goes on.
    signal.signal(signal.SIGUSR1, lambda *_: interruption.ask())
    with Connection(int(sys.argv[1])) as connection, contextlib.suppress(*GONE):
        _carry_out(connection, interruption)


class Told:
    """Whether this process was told to end by a signal, which is noticed between training steps, never within one."""

    def __init__(self, connection: Connection, wake: WakeSignal, interruption: Interruption) -> None:
        self._connection, self._wake, self._interruption = connection, wake, interruption
        self.at_all = False

    def __call__(self) -> None:
        """End as if the screen were gone: there is nothing to be read from it any more."""
        self.at_all = True
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as end:
            end.shutdown(socket.SHUT_RD)
        self._interruption.ask()
        self._wake.set()


@contextlib.contextmanager
def _ending_with_the_screen(connection: Connection, interruption: Interruption) -> Iterator[WakeSignal]:
    """What arrives from now on wakes; until the end of this, where nothing is there to be kept, that ends the process.

    The screen asks for nothing before it is answered: all that can arrive is the end of the connection.
    """
    wake = WakeSignal(connection.fileno(), interruption.ask)
    woken = signal.signal(signal.SIGIO, lambda *_: _end_if_closed(connection))
    _end_if_closed(connection)
    yield wake
    signal.signal(signal.SIGIO, woken)


def _end_if_closed(connection: Connection) -> None:
    with contextlib.suppress(BlockingIOError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        if not end.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            raise SystemExit


def _carry_out(connection: Connection, interruption: Interruption) -> None:
    order = connection.recv()
    screen = os.getppid()
    try:
        with _ending_with_the_screen(connection, interruption) as wake:
            prepare_process()
            steps = Watch(connection.send, OPENING_SECONDS, thing="training step")
            service = Service(
                order,
                Watch(connection.send, OPENING_SECONDS),
                interruption,
                tell_steps=steps,
                tell_scores=lambda: Watch(_sender(connection), SCORING_SECONDS, thing="batch"),
            )
        told = Told(connection, wake, interruption)
        signal.signal(signal.SIGTERM, lambda *_: told())
        connection.send(service.answer(Look()))
    except GONE:
        raise
    except Exception as error:  # whatever it is, the screen has to say it
        connection.send(_died(error))
        return
    # What is there so far stays: to look through all of it for garbage again and again would hold training up.
    gc.freeze()
    try:
        _serve(connection, service, wake)
    except BaseException as error:
        # One that was killed closes its connection a moment before it is gone.
        nobody_hears = isinstance(error, GONE) and not told.at_all
        ending = _rescue(service, order.terminal if nobody_hears and _is_gone(screen) else None)
        if not nobody_hears:
            connection.send(Died("was told to end (SIGTERM)", 1, ending) if told.at_all else _died(error, ending))


def _sender(connection: Connection) -> Callable[[OpeningProgress], None]:
    """Tells how far scores are, if anybody hears: the run is kept as well where the screen is gone."""

    def send(progress: OpeningProgress) -> None:
        with contextlib.suppress(*GONE):
            connection.send(progress)

    return send


def _died(error: BaseException, ending: Ending | None = None) -> Died:
    if isinstance(error, NnvizError):
        return Died(str(error), error.exit_code, ending)
    # It takes longer to import than all that is needed to serve.
    from nnviz.fault import fault_words, written_down

    return Died(f"failed: {fault_words(error)}", 1, ending, written_down(error))


def _is_gone(screen: int) -> bool:
    """Whether the screen's process has ended, or does so within half a second."""
    for _ in range(50):
        if os.getppid() != screen:
            return True
        time.sleep(0.01)
    return False


def _rescue(service: Service, terminal: Terminal | None) -> Ending:
    """Keep the run after all; where a killed screen left a terminal behind, tell its user."""
    try:
        ending = service.conclude(ORPHAN_SECONDS)
    except Exception as error:  # What came first is what has to be said, and the screen says it.
        ending = Ending(None, None, f"the run cannot be kept ({type(error).__name__}: {error})")
    if terminal:
        words = ["the screen was killed", ending.trouble, ending.where, ending.resuming]
        terminal.tell(f"nnviz: {'; '.join(filter(None, words))}")
    return ending


def _serve(connection: Connection, service: Service, wake: WakeSignal) -> None:
    # Connection.poll would make a selector anew for every request, and Connection.send a pickler that is written in
    # Python for every answer. Of a running training, the same few requests come again and again.
    asked = selectors.DefaultSelector()
    asked.register(connection, selectors.EVENT_READ)
    understood = lru_cache(pickle.loads)
    while True:
        wake.clear()
        if not asked.select(service.waits()):
            service.work(wake.is_set)
            continue
        request: Request = understood(connection.recv_bytes())
        if isinstance(request, SetDown | Close):
            connection.send(Closing())
        connection.send_bytes(pickle.dumps(service.answer(request)))
        if isinstance(request, Close):
            return
        service.keep_up()


if __name__ == "__main__":
    main()
