"""Pacing: how fast training goes on between requests, where it is to stop, and how fast it turns out to be."""

from collections.abc import Callable

from nnviz.data.batches import BatchSource
from nnviz.frame.frame import Rates
from nnviz.remote.messages import Pace

RATE_SECONDS = 0.5


class Pacing:
    """Halted, or going on at a pace. `clock` is in seconds.

    pace     None while halted
    stop_at  how many training steps are done when it is to halt, if it is to
    rates    as they were measured last
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.halt()

    def halt(self) -> None:
        """Stand still until somebody has it go on."""
        self.pace: Pace | None = None
        self.stop_at: int | None = None
        self.rates = Rates()
        self._due = self._measured_at = 0.0
        self._measured_step = 0

    def start(self, pace: Pace, stop_at: int | None, steps: int) -> None:
        """Go on at a pace, with so many training steps done."""
        self.pace, self.stop_at = pace, stop_at
        self._due = self._measured_at = self._clock()
        self._measured_step = steps

    @property
    def is_full(self) -> bool:
        """Whether training goes on as fast as it can."""
        return self.pace is not None and self.pace.per_second is None

    def waits(self) -> float | None:
        """Seconds until something is to be done: 0 at full speed, None while halted."""
        return None if self.pace is None else max(0.0, self._due - self._clock())

    def take_turn(self, per_second: float) -> None:
        """What is due is done now: of what was missed, no more than one is made up for."""
        self._due = max(self._due + 1 / per_second, self._clock())

    def measure(self, steps: int, batches: BatchSource) -> None:
        """Take the rates anew, with so many training steps done, if it is time."""
        now = self._clock()
        elapsed = now - self._measured_at
        if elapsed >= RATE_SECONDS and self.pace is not None:
            examples = batches.epochs.examples_in(steps) - batches.epochs.examples_in(self._measured_step)
            self.rates = Rates((steps - self._measured_step) / elapsed, examples / elapsed)
            self._measured_at, self._measured_step = now, steps
