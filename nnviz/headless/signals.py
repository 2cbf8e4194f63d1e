"""What a person or a system says to a training without a screen: end now, please."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from nnviz.headless.console import acknowledge

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Takes the signals that ask a program to end: each is a KeyboardInterrupt, as ctrl+C is, until one says otherwise.

    From then on they are acknowledged at once; whoever hears of them ends when that is possible.
    """

    def __init__(self) -> None:
        self._ask: Callable[[], None] | None = None

    def hand_to(self, ask: Callable[[], None], words: str) -> None:
        """Call `ask` for each from now on; `words` are what then happens."""
        self._ask, self._words = ask, words

    def arrived(self, number: int, _: FrameType | None) -> None:
        """The handler of these signals."""
        if self._ask is None:
            raise KeyboardInterrupt
        self._ask()
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
