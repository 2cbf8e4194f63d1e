"""Gate: where a watched training stops, and waits for the screen that has told it to."""

import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from nnviz.frame.stages import Phase

CHECK_SECONDS = 0.5


class Stop(NamedTuple):
    """A place to stop at: the end of a phase, or so many stages, of training step `step`, or of the next one (None)."""

    step: int | None
    place: Phase | int

    def is_reached(self, step: int, done: int, ends: Mapping[Phase, int]) -> bool:
        """Whether a training that has come so far is to stop; `ends` says how many stages are done with each phase."""
        if self.step is None or step == self.step:
            return done >= (ends[self.place] if isinstance(self.place, Phase) else self.place)
        return step > self.step


class Gate:
    """One thread trains and another one talks to the screen; `lock` is held while either reads or sets what both know.

    is_attached  whether a screen is there; without one nothing waits
    stop         where to stop next, if anywhere
    is_stopped   whether training waits
    is_over      whether the process ends
    """

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.is_attached = False
        self.stop: Stop | None = None
        self.is_stopped = self.is_over = False

    def wait(self) -> float:
        """Called by the training thread where it is to stop. Returns the seconds that it has waited."""
        began = time.perf_counter()
        with self.lock:
            self.stop, self.is_stopped = None, True
            self.lock.notify_all()
            try:
                while self.is_stopped and self.is_attached:
                    self.lock.wait(CHECK_SECONDS)
            finally:
                # However it ends, by ctrl+C too.
                self.is_stopped = False
        return time.perf_counter() - began

    def go_on(self, stop: Stop | None) -> None:
        """Let training go on, as far as that."""
        with self.lock:
            self.stop, self.is_stopped = stop, False
            self.lock.notify_all()

    def wait_for_stop(self, seconds: float) -> bool:
        """Whether it has stopped within so many seconds, or the process ends."""
        with self.lock:
            return self.lock.wait_for(lambda: self.is_stopped or self.is_over, seconds)

    def attach(self, is_attached: bool) -> None:
        """A screen has come, or is gone: then nothing is waited for."""
        with self.lock:
            self.is_attached, self.stop, self.is_stopped = is_attached, None, False
            self.lock.notify_all()

    def end(self) -> None:
        """The process ends: whoever talks to a screen waits no more."""
        with self.lock:
            self.is_over = True
            self.lock.notify_all()
