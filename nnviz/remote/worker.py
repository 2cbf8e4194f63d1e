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
from collections.abc import Iterator
from functools import lru_cache
from multiprocessing.connection import Connection

from nnviz.errors import NnvizError
from nnviz.remote.messages import Close, Died, Look, Request
from nnviz.remote.opening_progress import Watch
from nnviz.remote.service import Service
from nnviz.remote.terminal import Terminal
from nnviz.remote.wake_signal import WakeSignal
from nnviz.training.process import prepare_process

OPENING_SECONDS = 0.1
GONE = (EOFError, BrokenPipeError, ConnectionResetError)


def main() -> None:
    """Serve the connection whose file descriptor is the first argument."""
    # The screen ends this process, by a word or by going away. A signal meant for the whole terminal must not: the run
    # is still to be kept.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Connection(int(sys.argv[1])) as connection, contextlib.suppress(*GONE):
        _carry_out(connection)


def _stop_listening(connection: Connection, wake: WakeSignal) -> None:
    """To be told to end is the same as to lose the screen: noticed between training steps, never within one."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RD)
    wake.set()


@contextlib.contextmanager
def _ending_with_the_screen(connection: Connection) -> Iterator[WakeSignal]:
    """What arrives from now on wakes; until the end of this, where nothing is there to be kept, that ends the process.

    The screen asks for nothing before it is answered: all that can arrive is the end of the connection.
    """
    wake = WakeSignal(connection.fileno())
    woken = signal.signal(signal.SIGIO, lambda *_: _end_if_closed(connection))
    _end_if_closed(connection)
    yield wake
    signal.signal(signal.SIGIO, woken)


def _end_if_closed(connection: Connection) -> None:
    with contextlib.suppress(BlockingIOError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        if not end.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
            raise SystemExit


def _carry_out(connection: Connection) -> None:
    order = connection.recv()
    screen = os.getppid()
    try:
        with _ending_with_the_screen(connection) as wake:
            prepare_process()
            service = Service(order, Watch(connection.send, OPENING_SECONDS))
        signal.signal(signal.SIGTERM, lambda *_: _stop_listening(connection, wake))
        connection.send(service.answer(Look()))
        # What is there so far stays: to look through all of it for garbage again and again would hold training up.
        gc.freeze()
        try:
            _serve(connection, service, wake)
        except BaseException:
            _rescue(service, order.terminal if _is_gone(screen) else None)
            raise
    except GONE:
        raise
    except NnvizError as error:
        connection.send(Died(str(error), error.exit_code))
    except Exception as error:  # whatever it is, the screen has to say it
        connection.send(Died(f"{type(error).__name__}: {error}", 1))


def _is_gone(screen: int) -> bool:
    """Whether the screen's process has ended. One that was killed closes its connection a moment before it is gone."""
    for _ in range(50):
        if os.getppid() != screen:
            return True
        time.sleep(0.01)
    return False


def _rescue(service: Service, terminal: Terminal | None) -> None:
    """Keep the run after all; where a killed screen left a terminal behind, tell its user."""
    # If the run cannot be kept either, what came first is what has to be said.
    with contextlib.suppress(Exception):
        kept = service.conclude().directory
        if terminal:
            where = f"the run is kept in {kept}" if kept else "no epoch was done, so there is no run to keep"
            terminal.tell(f"nnviz: the screen was killed; {where}")


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
        connection.send_bytes(pickle.dumps(service.answer(request)))
        if isinstance(request, Close):
            return


if __name__ == "__main__":
    main()
