"""The process that helps to decode: blocks of paths in, blocks of images out.

Started as `python -m nnviz.data.images.decoder FILE_DESCRIPTOR`; it ends when the connection closes.
"""

import contextlib
import signal
import sys
from multiprocessing.connection import Connection

from threadpoolctl import threadpool_limits

from nnviz.data.images.decoding import decode_chunk


def main() -> None:
    """Serve the connection whose file descriptor is the first argument."""
    # A ctrl+C that is meant for the whole terminal is answered by the process that asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threadpool_limits(1)
    with Connection(int(sys.argv[1])) as connection, contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(decode_chunk(*connection.recv()))


if __name__ == "__main__":
    main()
