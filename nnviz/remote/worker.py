"""The trainer's process: serve requests from a connection, and train in between.

Started as `python -m nnviz.remote.worker FILE_DESCRIPTOR`. The first message is the order; it is answered by the first
frame. The process ends when it is told to, when the connection closes, or when the trainer fails. However it ends, it
keeps the run first.
"""

import contextlib
import os
import select
import signal
import socket
import sys
from multiprocessing.connection import Connection

from nnviz.errors import NnvizError
from nnviz.remote.messages import Close, Died, Look
from nnviz.remote.service import Service
from nnviz.training.process import prepare_process

SLICE_SECONDS = 0.001
GONE = (EOFError, BrokenPipeError, ConnectionResetError)


def main() -> None:
    """Serve the connection whose file descriptor is the first argument."""
    # The screen ends this process, by a word or by going away. A signal meant for the whole terminal must not: the run
    # is still to be kept.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    signal.signal(signal.SIGTERM, lambda *_: _stop_listening(connection))
    with contextlib.suppress(*GONE):
        _carry_out(connection)


def _stop_listening(connection: Connection) -> None:
    """To be told to end is the same as to lose the screen: noticed between training steps, never within one."""
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RD)


def _carry_out(connection: Connection) -> None:
    order = connection.recv()
    try:
        prepare_process()
        service = Service(order)
        connection.send(service.answer(Look()))
        try:
            _serve(connection, service)
        except BaseException:
            # If the run cannot be kept either, what came first is what has to be said.
            with contextlib.suppress(Exception):
                service.conclude()
            raise
    except GONE:
        raise
    except NnvizError as error:
        connection.send(Died(str(error), error.exit_code))
    except Exception as error:  # whatever it is, the screen has to say it
        connection.send(Died(f"{type(error).__name__}: {error}", 1))


def _serve(connection: Connection, service: Service) -> None:
    # Connection.poll makes a new selector at each call, which would cost a small network a tenth of its speed.
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    while True:
        wait = service.waits()
        if poller.poll(None if wait is None else wait * 1000):
            request = connection.recv()
            connection.send(service.answer(request))
            if isinstance(request, Close):
                return
        else:
            service.work(SLICE_SECONDS)


if __name__ == "__main__":
    main()
