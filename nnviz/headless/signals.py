"""What a person or a system says to a training without a screen: end now, please."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from nnviz.headless.console import acknowledge
from nnviz.training.interruption import Interruption

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Takes the signals that ask a program to end: each is a KeyboardInterrupt, as ctrl+C is, until one says otherwise.

    From then on they are counted, and acknowledged at once; whoever counts them ends when that is possible.
    """

    def __init__(self) -> None:
        self._interruption: Interruption | None = None

    def count(self, interruption: Interruption, words: str) -> None:
        """Ask this one from now on; `words` are what then happens."""
        self._interruption, self._words = interruption, words

    def arrived(self, number: int, _: FrameType | None) -> None:
        """The handler of these signals."""
        if self._interruption is None:
            raise KeyboardInterrupt
        self._interruption.ask()
        acknowledge(f"{signal.Signals(number).name}: {self._words}")


@contextlib.contextmanager
def taken_signals() -> Iterator[Signals]:
    """Take them; in the end, give them back as they were."""
    signals = Signals()
    before = {number: signal.getsignal(number) for number in ASKING}
    for number, handler in before.items():
        # One that is ignored from the start, as nohup has it, stays so.
        if handler is not signal.SIG_IGN or number == signal.SIGINT:
            signal.signal(number, signals.arrived)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
