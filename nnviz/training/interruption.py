"""Interruption: somebody wants out, and what takes long is left between two of its pieces."""

import time
from collections.abc import Callable


class AbandonedError(Exception):
    """What went on was left, because somebody asked for that or its time was up."""


class Interruption:
    """Counts how often somebody has asked that what goes on be left: by a signal, by a key, by going away.

    Counted and not just noted, because who asks again while what was asked for first takes its time wants out of that.
    """

    def __init__(self) -> None:
        self.times = 0

    def ask(self) -> None:
        """Ask (again). Safe in a signal handler."""
        self.times += 1

    def watch(self, seconds: float = float("inf"), clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
        """A check to be made between pieces of work that begins now and may take so many seconds.

        It raises AbandonedError when it was asked since, or when the time is up.
        """
        before, end = self.times, clock() + seconds

        def check() -> None:
            if self.times > before or clock() >= end:
                raise AbandonedError

        return check


def unwatched() -> None:
    """The check of work that nobody interrupts."""
