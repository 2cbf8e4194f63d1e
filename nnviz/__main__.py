"""What `nnviz` and `python -m nnviz` start."""

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnviz.remote.worker_process import Worker

INTERRUPTED = 130


def _leave(_: int, __: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def _begun() -> "Worker | None":
    """The process of a trainer, for a command that shows one on a terminal: it takes as long to load as all else."""
    if sys.argv[1:2] != ["run"] or not all(map(os.isatty, range(3))):
        return None
    from nnviz.remote.worker_process import Worker

    try:
        return Worker()
    except OSError:
        # Where there is room for no more processes, the command finds that out as well, and tells it.
        return None


def main() -> None:
    """Run the command that the arguments name, and exit."""
    # While Python loads and unloads what it needs, a ctrl+C would print a traceback.
    handler = signal.signal(signal.SIGINT, _leave)
    worker = _begun()
    from nnviz.cli import main as command

    signal.signal(signal.SIGINT, handler)
    try:
        command(worker)
    finally:
        signal.signal(signal.SIGINT, _leave)


if __name__ == "__main__":
    main()
