"""A process of nnviz's own, which works for this one at the other end of a pipe. Light to import."""

import os
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection


def start_child(module: str) -> "tuple[Connection, subprocess.Popen[bytes]]":
    """Run `python -m MODULE FILE_DESCRIPTOR`, and return the connection to it. Raises OSError.

    The file descriptor is its end of the pipe; it ends by itself when this end is closed, however that comes.
    """
    connection, theirs = Pipe()
    # A fresh interpreter and not multiprocessing's: that one would import the command line's modules first, and cannot
    # be started while a Textual app owns the terminal. It finds what this process finds, and nothing in the working
    # directory (-P), where somebody's own random.py may lie.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(theirs.fileno())],
        env={"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    theirs.close()
    return connection, process
