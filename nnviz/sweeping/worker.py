"""A process that trains one run of a sweep after the other.

Started as `python -m nnviz.sweeping.worker FILE_DESCRIPTOR`. It is sent `Work`, and answers by `Standing` from time to
time and by the `Outcome` in the end. It ends when the connection does; what it was training is kept then.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection

from nnviz.sweeping.outcome import Outcome, Standing
from nnviz.sweeping.trial import Datasets, Stop, Work, train_trial
from nnviz.training.interruption import Interruption
from nnviz.training.process import prepare_process


def main() -> None:
    """Serve the connection whose file descriptor is the first argument."""
    interruption = Interruption()
    # The other end says when to end, by a word or by going away. A signal meant for the whole terminal must not.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    prepare_process()
    works: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
    connection = Connection(int(sys.argv[1]))
    threading.Thread(target=_listen, args=(connection, works, interruption), daemon=True).start()
    datasets = Datasets()

    def tell(message: Standing | Outcome) -> None:
        # Whoever is gone hears nothing; the run is kept all the same.
        with contextlib.suppress(OSError):
            connection.send(message)

    while (work := works.get()) is not None:
        tell(train_trial(work, datasets, interruption, tell))
    # Nothing is left to be done; the thread may be at its reading for ever.
    os._exit(0)


def _listen(connection: Connection, works: "queue.SimpleQueue[Work | None]", interruption: Interruption) -> None:
    """Hand on what arrives. When nothing will any more, end what is going on."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = connection.recv()
            if isinstance(message, Stop):
                interruption.ask()
            else:
                works.put(message)
    interruption.ask()
    works.put(None)


if __name__ == "__main__":
    main()
