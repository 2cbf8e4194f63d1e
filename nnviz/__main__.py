"""What `nnviz` and `python -m nnviz` start."""

import os
import signal
from types import FrameType

INTERRUPTED = 130


def _leave(_: int, __: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command that the arguments name, and exit."""
    # While Python loads and unloads what it needs, a ctrl+C would print a traceback.
    handler = signal.signal(signal.SIGINT, _leave)
    from nnviz.cli import main as command

    signal.signal(signal.SIGINT, handler)
    try:
        command()
    finally:
        signal.signal(signal.SIGINT, _leave)


if __name__ == "__main__":
    main()
